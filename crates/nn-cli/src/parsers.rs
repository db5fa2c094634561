//! Parsers of what is typed behind a flag.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use nn_core::{Activation, Loss};
use nn_mlp::settings::Preset;

/// A sample's shape, as `28x28`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape(pub(crate) Vec<usize>);

/// Takes a whole number from `least` to `most`; `u64::MAX` is no limit.
pub(crate) fn whole<T: TryFrom<u64>>(
    least: u64,
    most: u64,
) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| {
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| match most {
            u64::MAX => format!("must be a whole number of {least} or more"),
            _ => format!("must be a whole number from {least} to {most}"),
        })
    }
}

/// Takes a number from 0 to 1.
pub(crate) fn fraction(text: &str) -> Result<f64, String> {
    let fraction: f64 = text.parse().map_err(|_| "must be a number from 0 to 1".to_owned())?;
    let hint = if fraction > 1.0 { "; 98 % is 0.98" } else { "" };
    if (0.0..=1.0).contains(&fraction) {
        Ok(fraction)
    } else {
        Err(format!("must be a number from 0 to 1{hint}"))
    }
}

/// Takes a shape such as `28x28`.
pub(crate) fn shape(text: &str) -> Result<Shape, String> {
    let sizes: Result<Vec<usize>, _> = text.split('x').map(str::parse).collect();
    let valid = sizes.ok().filter(|sizes| sizes.len() <= 3 && !sizes.contains(&0));
    valid.map(Shape).ok_or_else(|| "not a shape such as 28x28 or 784".to_owned())
}

/// Takes `NAME=VALUE`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("not of the form NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// Takes the name of an activation.
pub(crate) fn activation() -> impl TypedValueParser<Value = Activation> {
    let names = PossibleValuesParser::new(Activation::ALL.map(Activation::name));
    names.try_map(|name| Activation::ALL.into_iter().find(|a| a.name() == name).ok_or(name))
}

/// Takes the name of a loss.
pub(crate) fn loss() -> impl TypedValueParser<Value = Loss> {
    let names = PossibleValuesParser::new(Loss::ALL.map(Loss::name));
    names.try_map(|name| Loss::ALL.into_iter().find(|loss| loss.name() == name).ok_or(name))
}

/// Takes the name of a preset.
pub(crate) fn preset() -> impl TypedValueParser<Value = Preset> {
    let values = Preset::ALL.map(|preset| PossibleValue::new(preset.name).help(preset.help));
    PossibleValuesParser::new(values).try_map(|name| Preset::find(&name).ok_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_out_of_range_are_refused() {
        let seed = whole::<u64>(0, u64::MAX);
        assert_eq!(seed("7"), Ok(7));
        for wrong in ["-1", "1e3", "x", ""] {
            assert_eq!(seed(wrong).unwrap_err(), "must be a whole number of 0 or more");
        }
        let count = whole::<u8>(1, 100);
        assert_eq!(count("101").unwrap_err(), "must be a whole number from 1 to 100");
        assert!(fraction("98").unwrap_err().contains("0.98"));
        assert!(fraction("nan").is_err());
        assert_eq!(shape("28x28"), Ok(Shape(vec![28, 28])));
        assert!(shape("28x").is_err() && shape("0x1").is_err());
    }
}
