//! Digits from few images: deskewed, augmented at random, trained until the validation loss rises.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use nn_images::Augment;
use nn_mlp::{Control, Mlp};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = nn_mlp::data::sample()?;
    let augment = Augment { rotation: 10.0, scale: 0.1, shift: 1.0, ..Augment::default() };
    let mlp = Mlp::classifier().deskew().augment(augment).epochs(12).early_stopping(3);
    let mlp = mlp.on_epoch(|epoch| {
        let loss = epoch.validation_loss.unwrap_or(f64::NAN);
        println!("epoch {}: validation loss {loss:.4}", epoch.epoch);
        Control::Continue
    });
    let model = mlp.fit(&data.train)?;
    println!("{:.1} % of the test digits", 100.0 * model.evaluate(&data.test)?.accuracy());
    Ok(())
}
