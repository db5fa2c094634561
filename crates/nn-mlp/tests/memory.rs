//! Hostile lengths in a file take no memory, and a prediction allocates nothing. Alone in its file, because it counts what the
//! whole process allocates.

#![allow(unsafe_code, clippy::unwrap_used, reason = "a counting allocator; helpers of tests")]

use nn_cpu::{CpuDevice, CpuTensor};
use nn_mlp::safetensors::{ImportOptions, import};
use nn_mlp::{Checkpoint, Mlp, Model};
use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Most bytes in use at once while `work` runs, beyond those before it.
fn peak_of(work: impl FnOnce()) -> usize {
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    work();
    PEAK.load(Ordering::Relaxed) - before
}

/// One test, so that nothing else allocates meanwhile.
#[test]
fn neither_hostile_lengths_nor_predictions_take_memory() {
    predictions_allocate_nothing();
    let folder = tempfile::tempdir().unwrap();
    for hostile in [1_u64 << 30, 1 << 33, 1 << 40, 1 << 60, u64::MAX] {
        lengths_in_the_payload(hostile);
        length_in_the_header(hostile, &folder.path().join("hostile.nn"));
        lengths_in_safetensors(hostile, &folder.path().join("hostile.safetensors"));
    }
}

/// Of bytes, numbers, images that are deskewed first, and by several networks; on one thread and on more.
fn predictions_allocate_nothing() {
    let data = nn_mlp::data::sample().unwrap();
    let few = data.train.subset(&(0..200).collect::<Vec<u32>>()).unwrap();
    let fit = |mlp: Mlp<'_>| mlp.hidden([64]).epochs(1).fit(&few).unwrap();
    let plain = fit(Mlp::classifier());
    let deskewed = fit(Mlp::classifier().deskew());
    let both = Model::ensemble([plain.clone(), deskewed.clone()]).unwrap();
    let image = data.test.image(0).unwrap();
    let numbers: Vec<f32> = image.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    for threads in [1, 3] {
        let device = CpuDevice::oversubscribed(threads).unwrap();
        for model in [&plain, &deskewed, &both] {
            let mut predictor = model.predictor::<CpuTensor<f32>>(&device).unwrap();
            let mut twice = || {
                predictor.predict(image).unwrap();
                predictor.predict(&numbers).unwrap();
            };
            twice();
            let before = ALLOCATIONS.load(Ordering::Relaxed);
            twice();
            let after = ALLOCATIONS.load(Ordering::Relaxed);
            assert_eq!(after, before, "{} on {threads} threads", model.networks_in_words());
        }
    }
}

/// Size of a checkpoint's header.
const HEADER: usize = 24;
const CHECKPOINT: &[u8] = include_bytes!("it/golden/checkpoint.nn");
/// serde reserves at most 1 MiB on the word of a length, and lengths nest.
const BOUND: usize = 4 << 20;

/// Any eight bytes of the payload, so every length in it, behind a right checksum.
fn lengths_in_the_payload(hostile: u64) {
    for start in HEADER..=CHECKPOINT.len() - 8 {
        let mut bytes = CHECKPOINT.to_vec();
        bytes[start..start + 8].copy_from_slice(&hostile.to_le_bytes());
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&bytes[..HEADER - 4]);
        hasher.update(&bytes[HEADER..]);
        bytes[HEADER - 4..HEADER].copy_from_slice(&hasher.finalize().to_le_bytes());
        let peak = peak_of(|| drop(Checkpoint::from_bytes(&bytes)));
        assert!(peak < BOUND, "{hostile} at byte {start}: {peak} bytes");
    }
}

fn length_in_the_header(hostile: u64, path: &Path) {
    let mut bytes = CHECKPOINT.to_vec();
    bytes[12..20].copy_from_slice(&hostile.to_le_bytes());
    std::fs::write(path, &bytes).unwrap();
    let peak = peak_of(|| assert!(Checkpoint::load(path).is_err()));
    assert!(peak < BOUND, "header says {hostile}: {peak} bytes");
}

/// The length of the header, a shape, an offset, and the widths that the metadata tells of.
fn lengths_in_safetensors(hostile: u64, path: &Path) {
    let tensor = |shape: u64, end: u64| {
        let bias = r#""0.bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#;
        format!(
            r#"{{{bias},"0.weight":{{"dtype":"F32","shape":[1,{shape}],"data_offsets":[4,{end}]}}}}"#
        )
    };
    let description = format!(
        r#"{{"architecture":{{"inputs":1,"hidden":[{hostile}],"outputs":1,"activation":"relu","output-activation":"identity"}},"loss":"squared-error","task":"regression","input-range":{{"kind":"bytes"}},"sample-shape":[{hostile}]}}"#
    );
    let quoted = serde_json::to_string(&description).unwrap();
    let with_metadata =
        tensor(1, 8).replacen('{', &format!(r#"{{"__metadata__":{{"nn":{quoted}}},"#), 1);
    let sound = tensor(1, 8);
    for (header, length) in [
        (&sound, hostile),
        (&tensor(hostile, 8), 0),
        (&tensor(1, hostile), 0),
        (&tensor(hostile, hostile), 0),
        (&with_metadata, 0),
    ] {
        let length = if length == 0 { header.len() as u64 } else { length };
        let bytes = [&length.to_le_bytes(), header.as_bytes(), &[0; 8]].concat();
        std::fs::write(path, bytes).unwrap();
        let peak = peak_of(|| assert!(import(path, &ImportOptions::default()).is_err()));
        assert!(peak < BOUND, "{hostile} in {header}: {peak} bytes");
    }
    // What is not hostile is read, so the refusals above are not for another reason.
    let bytes = [&(sound.len() as u64).to_le_bytes(), sound.as_bytes(), &[0; 8]].concat();
    std::fs::write(path, bytes).unwrap();
    import(path, &ImportOptions::default()).unwrap();
}
