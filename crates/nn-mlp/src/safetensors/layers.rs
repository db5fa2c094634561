//! From the tensors of a safetensors file to a chain of layers.

use crate::file::error::FileFault;
use crate::model::Values;
use nn_tensor::{Linear, Shape};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;

/// One fully connected layer of a file.
pub(crate) struct Layer {
    /// Outputs x inputs.
    pub(crate) shape: Shape,
    /// Weights and biases.
    pub(crate) values: Linear<Values>,
}

/// All layers of a file, in the natural order of their prefixes.
///
/// The crate that opened the file has checked that shapes, types and byte counts agree.
pub(crate) fn read_layers(file: &SafeTensors<'_>) -> Result<Vec<Layer>, FileFault> {
    let mut layers = Vec::new();
    for (prefix, (weight, bias)) in pairs_by_prefix(file)? {
        let name = prefix.text;
        let weight = weight.ok_or_else(|| fault(name, "bias", "there is no weight beside it"))?;
        let bias = bias.ok_or_else(|| fault(name, "weight", "there is no bias beside it"))?;
        layers.push(read_layer(name, &weight, &bias)?);
    }
    if layers.is_empty() {
        return Err(FileFault::NoLayers);
    }
    Ok(layers)
}

/// Weight and bias of each prefix.
type Pairs<'a> = BTreeMap<NaturalOrder<'a>, (Option<TensorView<'a>>, Option<TensorView<'a>>)>;

fn pairs_by_prefix<'a>(file: &'a SafeTensors<'a>) -> Result<Pairs<'a>, FileFault> {
    let mut pairs = Pairs::new();
    let mut names = file.names();
    names.sort_unstable(); // so that of several faults the same one is named every time
    for name in names {
        let tensor = file.tensor(name).map_err(|error| {
            let (tensor, cause) = (name.to_owned(), error.to_string());
            FileFault::Tensor { tensor, cause }
        })?;
        let (prefix, kind) = name.rsplit_once('.').unwrap_or(("", name));
        let pair = pairs.entry(NaturalOrder::of(prefix)).or_default();
        match kind {
            "weight" => pair.0 = Some(tensor),
            "bias" => pair.1 = Some(tensor),
            _ => {
                let cause = "it is neither a weight nor a bias".to_owned();
                return Err(FileFault::Tensor { tensor: name.to_owned(), cause });
            }
        }
    }
    check_chain(&pairs)?;
    Ok(pairs)
}

/// Each layer takes in what the one before gives out, in one element type.
fn check_chain(pairs: &Pairs<'_>) -> Result<(), FileFault> {
    let weights: Vec<_> = pairs
        .iter()
        .filter_map(|(prefix, (weight, _))| Some((prefix.text, weight.as_ref()?)))
        .collect();
    for pair in weights.windows(2) {
        let ((before, outputs), (name, inputs)) = (&pair[0], &pair[1]);
        let (gives, takes) = (outputs.shape().first(), inputs.shape().get(1));
        if gives != takes {
            let of = |count: Option<&usize>| count.map_or(0, |&count| count);
            let (takes, gives) = (of(takes), of(gives));
            let cause = format!("it takes {takes} inputs, {before}.weight gives {gives} outputs");
            return Err(fault(name, "weight", &cause));
        }
    }
    Ok(())
}

fn fault(prefix: &str, kind: &str, cause: &str) -> FileFault {
    let tensor = if prefix.is_empty() { kind.to_owned() } else { format!("{prefix}.{kind}") };
    FileFault::Tensor { tensor, cause: cause.to_owned() }
}

fn read_layer(
    name: &str,
    weight: &TensorView<'_>,
    bias: &TensorView<'_>,
) -> Result<Layer, FileFault> {
    let &[outputs, inputs] = weight.shape() else {
        let cause = format!("its shape is {:?}, a weight is outputs x inputs", weight.shape());
        return Err(fault(name, "weight", &cause));
    };
    if bias.shape() != [outputs] {
        let cause = format!("its shape is {:?}, its weight has {outputs} outputs", bias.shape());
        return Err(fault(name, "bias", &cause));
    }
    let weight = read_values(weight).map_err(|cause| fault(name, "weight", &cause))?;
    let bias = read_values(bias).map_err(|cause| fault(name, "bias", &cause))?;
    Ok(Layer { shape: Shape::new(outputs, inputs), values: Linear { weight, bias } })
}

/// The elements of a tensor; its bytes are already in memory, and this takes at most twice as many.
fn read_values(tensor: &TensorView<'_>) -> Result<Values, String> {
    let bytes = tensor.data();
    match tensor.dtype() {
        Dtype::F64 => Ok(Values::F64(elements(bytes, f64::from_le_bytes))),
        Dtype::F32 => Ok(Values::F32(elements(bytes, f32::from_le_bytes))),
        Dtype::F16 => Ok(Values::F32(elements(bytes, |pair| from_f16(u16::from_le_bytes(pair))))),
        Dtype::BF16 => Ok(Values::F32(elements(bytes, |pair| from_bf16(u16::from_le_bytes(pair))))),
        other => Err(format!("its elements are {other}, must be F64, F32, F16 or BF16")),
    }
}

fn elements<const SIZE: usize, E>(bytes: &[u8], element: impl Fn([u8; SIZE]) -> E) -> Vec<E> {
    let (chunks, _) = bytes.as_chunks::<SIZE>();
    chunks.iter().map(|&chunk| element(chunk)).collect()
}

/// Half precision (IEEE 754 binary16) to single, exactly.
fn from_f16(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f32::from(bits & 0x3ff);
    let magnitude = match exponent {
        0 => fraction * (-24_f32).exp2(),
        0x1f if fraction == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        _ => (1024.0 + fraction) * ((exponent - 25) as f32).exp2(),
    };
    sign * magnitude
}

/// The upper half of a single, which is what bfloat16 is.
fn from_bf16(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// A name that sorts as a person counts: `fc2` before `fc10`.
struct NaturalOrder<'a> {
    text: &'a str,
    parts: Vec<Part<'a>>,
}

/// A run of digits, or of anything else.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    /// Without leading zeros: the longer is the larger, equal lengths compare as text.
    Number(usize, &'a str),
    Text(&'a str),
}

impl<'a> NaturalOrder<'a> {
    fn of(text: &'a str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let digits = first.is_ascii_digit();
            let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            let number = part.trim_start_matches('0');
            parts.push(if digits { Part::Number(number.len(), number) } else { Part::Text(part) });
            rest = after;
        }
        Self { text, parts }
    }

    fn key(&self) -> (&[Part<'a>], &'a str) {
        (&self.parts, self.text)
    }
}

impl PartialEq for NaturalOrder<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for NaturalOrder<'_> {}

impl PartialOrd for NaturalOrder<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for NaturalOrder<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_a_person_counts() {
        let mut names = ["fc10", "net.2.a", "fc2", "10", "9", "net.10.a", "", "007", "7"];
        names.sort_by_key(|name| NaturalOrder::of(name));
        assert_eq!(names, ["", "007", "7", "9", "10", "fc2", "fc10", "net.2.a", "net.10.a"]);
    }

    /// Bit patterns from the tables of IEEE 754 and bfloat16.
    #[test]
    fn half_precision_is_widened_exactly() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x0400, 6.103_515_6e-5),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(from_f16(bits), value, "{bits:04x}");
        }
        assert!(from_f16(0x7e00).is_nan());
        assert!(from_f16(0x8000).is_sign_negative());
        assert_eq!(from_bf16(0x3f80), 1.0);
        assert_eq!(from_bf16(0xc049), -3.140_625);
    }
}
