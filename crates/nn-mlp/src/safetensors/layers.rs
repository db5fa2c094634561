//! From the tensors of a safetensors file to a chain of layers.

use crate::file::FileFault;
use crate::safetensors::order::in_order;
use ::safetensors::tensor::TensorView;
use ::safetensors::{Dtype, SafeTensors};
use nn_core::Values;
use nn_tensor::{Linear, Shape};
use std::collections::BTreeMap;

/// One fully connected layer of a file.
pub(crate) struct Layer {
    /// Outputs x inputs.
    pub(crate) shape: Shape,
    /// Weights and biases.
    pub(crate) values: Linear<Values>,
}

/// Returns all layers of a file, in `order` where one is given, otherwise in the one that names and shapes say.
///
/// The crate that opened the file has checked that shapes, types and byte counts agree.
pub(crate) fn read_layers(
    file: &SafeTensors<'_>,
    order: Option<&[String]>,
) -> Result<Vec<Layer>, FileFault> {
    let mut layers = Vec::new();
    for (name, (weight, bias)) in pairs_by_prefix(file)? {
        let weight = weight.ok_or_else(|| fault(name, "bias", "there is no weight beside it"))?;
        let bias = bias.ok_or_else(|| fault(name, "weight", "there is no bias beside it"))?;
        let shape = shape_of(name, &weight)?;
        layers.push((name, shape, weight, bias));
    }
    let shapes: Vec<(&str, Shape)> =
        layers.iter().map(|(name, shape, ..)| (*name, *shape)).collect();
    let order = in_order(&shapes, order)?;
    check_chain(&order.iter().map(|&index| shapes[index]).collect::<Vec<_>>())?;
    let read = |index: usize| {
        let (name, shape, weight, bias) = &layers[index];
        read_layer(name, *shape, weight, bias)
    };
    let layers: Vec<Layer> = order.into_iter().map(read).collect::<Result<_, _>>()?;
    if layers.is_empty() { Err(FileFault::NoLayers) } else { Ok(layers) }
}

/// Weight and bias of each prefix.
type Pairs<'a> = BTreeMap<&'a str, (Option<TensorView<'a>>, Option<TensorView<'a>>)>;

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
        let pair = pairs.entry(prefix).or_default();
        match kind {
            "weight" => pair.0 = Some(tensor),
            "bias" => pair.1 = Some(tensor),
            _ => {
                let cause = "it is neither a weight nor a bias".to_owned();
                return Err(FileFault::Tensor { tensor: name.to_owned(), cause });
            }
        }
    }
    Ok(pairs)
}

/// Checks that each layer takes in what the one before gives out.
fn check_chain(layers: &[(&str, Shape)]) -> Result<(), FileFault> {
    for pair in layers.windows(2) {
        let ((before, gives), (name, takes)) = (pair[0], pair[1]);
        let (gives, takes) = (gives.rows, takes.columns);
        if gives != takes {
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

/// Returns outputs and inputs of a weight.
fn shape_of(name: &str, weight: &TensorView<'_>) -> Result<Shape, FileFault> {
    let &[outputs, inputs] = weight.shape() else {
        let cause = format!("its shape is {:?}, a weight is outputs x inputs", weight.shape());
        return Err(fault(name, "weight", &cause));
    };
    Ok(Shape::new(outputs, inputs))
}

fn read_layer(
    name: &str,
    shape: Shape,
    weight: &TensorView<'_>,
    bias: &TensorView<'_>,
) -> Result<Layer, FileFault> {
    let outputs = shape.rows;
    if bias.shape() != [outputs] {
        let cause = format!("its shape is {:?}, its weight has {outputs} outputs", bias.shape());
        return Err(fault(name, "bias", &cause));
    }
    let weight = read_values(weight).map_err(|cause| fault(name, "weight", &cause))?;
    let bias = read_values(bias).map_err(|cause| fault(name, "bias", &cause))?;
    Ok(Layer { shape, values: Linear { weight, bias } })
}

/// Reads the elements of a tensor: its bytes are in memory already, and this takes at most twice as many.
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

#[cfg(test)]
mod tests {
    use super::*;

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
