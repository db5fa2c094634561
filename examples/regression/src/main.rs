//! A table: the price of a house from its size and its age, each on a scale of its own.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use nn_mlp::{Mlp, data};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let house = |i: u32| [40 + i * 37 % 160, i * 11 % 80].map(f64::from); // m², years
    let houses: Vec<[f64; 2]> = (0..600).map(house).collect();
    let prices: Vec<f64> = houses.iter().map(|[m2, years]| m2 * (3000.0 - 15.0 * years)).collect();
    let (train, test) = data::regression(&houses, &prices)?.split(0.2, 1)?;

    let model = Mlp::regressor().fit(&train)?;
    let evaluation = model.evaluate(&test)?;
    let off = evaluation.mean_absolute_error();
    println!("R² {:.4}, off by {off:.0} on average", evaluation.r_squared());
    println!("100 m², 20 years: {:.0}, in truth 270000", model.predict(&[100.0, 20.0])?.value());
    if evaluation.r_squared() < 0.99 { Err("R² should reach 0.99".into()) } else { Ok(()) }
}
