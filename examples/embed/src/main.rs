//! A network inside a program of your own: train, save, load, predict.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use nn_mlp::{Mlp, Model};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = nn_mlp::data::sample()?; // 6,000 + 1,000 digits that are compiled into the library
    let path = std::env::temp_dir().join(format!("embed-{}.nn", std::process::id()));
    Mlp::classifier().hidden([64]).epochs(5).batch(32).fit(&data.train)?.save(&path)?;

    let model = Model::load(&path)?;
    std::fs::remove_file(&path)?;
    let accuracy = model.evaluate(&data.test)?.accuracy();
    println!("{:.1} % of {} digits", 100.0 * accuracy, data.test.len());
    let answer = model.predict(data.test.image(0).ok_or("the sample has images")?)?;
    println!("the first is a {} with probability {:.3}", answer.class(), answer.probability());
    if accuracy < 0.93 { Err("it should reach 93 %".into()) } else { Ok(()) }
}
