//! Arrays of your own, with names for classes: the season from temperature and hours of daylight.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use nn_mlp::{Mlp, data};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let day = |i: u8| [i % 3 * 11 + i % 7, 8 + i % 3 * 4 + i % 2].map(f32::from); // °C, hours
    let days: Vec<[f32; 2]> = (0..90).map(day).collect();
    let seasons = ["winter", "spring", "summer"].repeat(30);
    let data = data::classification(&days, &seasons)?;
    let model = Mlp::classifier().hidden([16]).epochs(100).standardise().fit(&data)?;

    let answer = model.predict(&[23.0_f32, 16.0])?;
    println!("{} with probability {:.2}", answer.class_name(), answer.probability());
    if answer.class_name() == "summer" { Ok(()) } else { Err("it should be summer".into()) }
}
