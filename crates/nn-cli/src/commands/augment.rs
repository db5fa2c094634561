//! `nn data augment`.

use crate::cli::AugmentArgs;
use crate::data_source::DataSource;
use crate::error::CliError;
use crate::picture::{Tile, save_png, sheet};
use crate::run_settings::RunSettings;
use crate::stderr;
use nn_data::{Dataset, epoch_order};
use nn_images::{Draw, ImageError, Pipeline};
use nn_mlp::settings::Layer;

/// Draws a sheet: each row an image, and augmented copies of it as a training sees them.
pub(crate) fn run(arguments: &AugmentArgs) -> Result<(), CliError> {
    let transforms = transforms(arguments)?;
    let (data, _) = DataSource::load_given(arguments.data.as_deref())?;
    let train = &data.train;
    let order = epoch_order(arguments.seed, 0, train.len());
    let chosen = &order[..order.len().min(usize::from(arguments.count))];
    let &[height, width] = train.sample_shape() else {
        let shape = train.sample_shape().to_vec();
        return Err(ImageError::NotAnImage { transform: "augment", shape }.into());
    };
    let mut tiles = Vec::new();
    let mut worker = transforms.worker(train.sample_shape())?;
    for &sample in chosen {
        let image = train.image(sample as usize).unwrap_or_default();
        tiles.push(tile(image.to_vec(), train, sample));
        let copies = if arguments.deskew { 1 } else { u64::from(arguments.copies) };
        for epoch in 0..copies {
            let mut copy = vec![0; image.len()];
            let (seed, strength) = (arguments.seed, Some(1.0));
            worker.apply(image, &mut copy, &Draw { seed, epoch, epochs: copies, sample, strength });
            tiles.push(Tile { sample: copy, caption: String::new() });
        }
    }
    let columns = if arguments.deskew { 10 } else { usize::from(arguments.copies) + 1 };
    save_png(&sheet(&tiles, height, width, columns), &arguments.out)?;
    let path = arguments.out.display();
    stderr::note(format!("{path}: {} images; {}", chosen.len(), in_words(&transforms)));
    Ok(())
}

fn tile(sample: Vec<u8>, data: &Dataset, number: u32) -> Tile {
    let caption = data.label(number as usize).map_or(String::new(), |label| label.to_string());
    Tile { sample, caption }
}

/// The transforms of the first member that leave an image an image; with --deskew that one alone.
fn transforms(arguments: &AugmentArgs) -> Result<Pipeline, CliError> {
    if arguments.deskew {
        return Ok(Pipeline::new([nn_images::Deskew::default().into()]));
    }
    let file = arguments.config.as_deref();
    let run = RunSettings::merge(Some(arguments.preset), file, Layer::default())?;
    let first = run.settings.members().into_iter().next();
    let transforms = first.map(|member| member.transforms).unwrap_or_default();
    let steps = transforms.steps().iter().filter(|step| step.transform().is_random());
    Ok(Pipeline::new(steps.cloned()))
}

fn in_words(transforms: &Pipeline) -> String {
    let kinds: Vec<&str> = transforms.steps().iter().map(|step| step.kind().name).collect();
    match kinds.is_empty() {
        true => "each and copies of it, alike: these settings have no random transform".to_owned(),
        false => format!("the first of each pair or row as it is; {}", kinds.join(", ")),
    }
}
