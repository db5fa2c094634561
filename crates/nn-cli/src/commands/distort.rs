//! `nn data distort`.

use super::data::load;
use crate::adapter;
use crate::cli::DistortArgs;
use crate::error::CliError;
use crate::picture::{Tile, save_png, sheet};
use crate::run_settings::RunSettings;
use crate::stderr;
use nn_data::{Dataset, epoch_order};
use nn_images::{Augment as Distortion, Augmenter as Distorter, ImageError, deskew};
use nn_mlp::settings::Layer;

/// Draws a sheet: each row an image, and copies of it as a training on distorted images sees them.
pub(crate) fn run(arguments: &DistortArgs) -> Result<(), CliError> {
    let distortion = distortion(arguments)?;
    let (data, _) = load(arguments.data.as_deref())?;
    let train = &data.train;
    let order = epoch_order(arguments.seed, 0, train.len());
    let chosen = &order[..order.len().min(usize::from(arguments.count))];
    let &[height, width] = train.sample_shape() else {
        let shape = train.sample_shape().to_vec();
        return Err(ImageError::NotAnImage { transform: "augment", shape }.into());
    };
    let mut tiles = Vec::new();
    let mut distorter = Distorter::for_dataset(train, distortion)?;
    for &sample in chosen {
        let image = train.image(sample as usize).unwrap_or_default();
        tiles.push(tile(image.to_vec(), train, sample));
        if arguments.deskew {
            tiles.push(tile(deskew(image, height, width)?, train, sample));
        }
        let copies = if arguments.deskew { 0 } else { u64::from(arguments.copies) };
        for epoch in 0..copies {
            let mut copy = vec![0; image.len()];
            distorter.augment(image, &mut copy, 1.0, arguments.seed, epoch, sample);
            tiles.push(Tile { sample: copy, caption: String::new() });
        }
    }
    let columns = if arguments.deskew { 10 } else { usize::from(arguments.copies) + 1 };
    save_png(&sheet(&tiles, height, width, columns), &arguments.out)?;
    let path = arguments.out.display();
    stderr::note(format!("{path}: {} images; {}", chosen.len(), in_words(&distortion, arguments)));
    Ok(())
}

fn tile(sample: Vec<u8>, data: &Dataset, number: u32) -> Tile {
    let caption = data.label(number as usize).map_or(String::new(), |label| label.to_string());
    Tile { sample, caption }
}

/// The augmentation of the first member that has one.
fn distortion(arguments: &DistortArgs) -> Result<Distortion, CliError> {
    let file = arguments.config.as_deref();
    let run = RunSettings::merge(Some(arguments.preset), file, Layer::default())?;
    let members = run.settings.members();
    let all = members.iter().map(adapter::distortion).collect::<Result<Vec<_>, _>>()?;
    Ok(all.into_iter().flatten().next().unwrap_or_default())
}

fn in_words(distortion: &Distortion, arguments: &DistortArgs) -> String {
    if arguments.deskew {
        return "each as it is, and upright and of one size".to_owned();
    }
    if distortion.is_none() {
        return "each and copies of it, alike: these settings distort none".to_owned();
    }
    let Distortion { rotation, scale, shear, shift, elastic, sigma, .. } = distortion;
    format!(
        "the first of each row as it is; rotation {rotation}, scale {scale}, shear {shear}, shift \
         {shift}, elastic {elastic} (sigma {sigma})"
    )
}
