//! Truncation at every length and every flipped bit of a small IDX file, plain and gzip, and of a
//! small checkpoint.

use nn_data::{Compression, IdxArray, IdxValues, embedded_sample, read_idx_from, write_idx_to};
use nn_mlp::Checkpoint;

use crate::samples::small_checkpoint;
use crate::trial::{Effort, Tally};

/// Damages each file in every way, within the time limit.
pub fn run(effort: &Effort) -> Tally {
    let mut tally = Tally::default();
    let result = small_checkpoint()
        .and_then(|checkpoint| checkpoint.to_bytes().map_err(|error| error.to_string()))
        .and_then(|file| each(effort, &file, &mut tally, checkpoint_is_refused));
    tally.check(result.map_err(|error| format!("checkpoint: {error}")));
    for compression in [Compression::None, Compression::Gzip] {
        let result = images().and_then(|images| {
            let mut file = Vec::new();
            write_idx_to(&mut file, &images, compression, "memory")
                .map_err(|error| error.to_string())?;
            let header = if compression == Compression::None { 16 } else { file.len() };
            each(effort, &file, &mut tally, |bytes, place| {
                idx_is_right(bytes, place, &images, header)
            })
        });
        tally.check(result.map_err(|error| format!("IDX, {compression:?}: {error}")));
    }
    tally
}

/// The damage of a file: truncated, or a bit of this byte flipped.
#[derive(Clone, Copy, Debug)]
enum Place {
    Truncated,
    Byte(usize),
}

fn each(
    effort: &Effort,
    file: &[u8],
    tally: &mut Tally,
    check: impl Fn(&[u8], Place) -> Result<(), String>,
) -> Result<(), String> {
    for length in (0..file.len()).take_while(|_| effort.continues(0)) {
        check(&file[..length], Place::Truncated)
            .map_err(|error| format!("truncated to {length}: {error}"))?;
        tally.count(1, "files truncated");
    }
    let mut damaged = file.to_vec();
    for bit in (0..8 * file.len()).take_while(|_| effort.continues(0)) {
        damaged[bit / 8] ^= 1 << (bit % 8);
        check(&damaged, Place::Byte(bit / 8)).map_err(|error| format!("bit {bit}: {error}"))?;
        tally.count(1, "files with one bit flipped");
        damaged[bit / 8] ^= 1 << (bit % 8);
    }
    Ok(())
}

fn checkpoint_is_refused(bytes: &[u8], _: Place) -> Result<(), String> {
    match Checkpoint::from_bytes(bytes) {
        Err(_) => Ok(()),
        Ok(_) => Err("a damaged checkpoint was accepted".to_owned()),
    }
}

/// Returns three digits.
fn images() -> Result<IdxArray, String> {
    let sample = embedded_sample().map_err(|error| error.to_string())?;
    let nn_data::Inputs::Bytes(pixels) = sample.train.inputs() else {
        return Err("the sample does not have bytes".to_owned());
    };
    IdxArray::new(vec![3, 28, 28], IdxValues::U8(pixels[..3 * 784].to_vec()))
        .map_err(|error| error.to_string())
}

/// Checks that a damaged IDX file is refused, or the damage is undetectable.
///
/// Undetectable are unused bits of a gzip header, one value of a plain file, and the bit that makes
/// the type signed.
fn idx_is_right(bytes: &[u8], place: Place, sound: &IdxArray, header: usize) -> Result<(), String> {
    let Ok(array) = read_idx_from(bytes, "damaged") else { return Ok(()) };
    if &array == sound && matches!(place, Place::Byte(_)) {
        return Ok(());
    }
    match (place, array.values(), sound.values()) {
        (Place::Byte(byte), IdxValues::U8(found), IdxValues::U8(expected)) if byte >= header => {
            let differ = found.iter().zip(expected).filter(|(a, b)| a != b).count();
            if array.shape() == sound.shape() && differ == 1 {
                Ok(())
            } else {
                Err("more than one value changed".to_owned())
            }
        }
        (Place::Byte(2), IdxValues::I8(_), _) => Ok(()),
        _ => Err("a damaged file was accepted".to_owned()),
    }
}
