//! Models as safetensors files: our own, PyTorch's, and wrong ones.

use nn_core::{Activation, Architecture, Loss, NetworkValues, Values};
use nn_mlp::safetensors::{ImportOptions, export, from_bytes, import, to_bytes};
use nn_mlp::{FileFault, InputRange, Model, ModelMember, ModelParts, Pipeline, Task, TestViews};
use nn_tensor::{Linear, ReferenceTensor};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use std::path::{Path, PathBuf};

fn model() -> Model {
    let linear = |weight: &[f32], bias: &[f32]| Linear {
        weight: Values::F32(weight.to_vec()),
        bias: Values::F32(bias.to_vec()),
    };
    let architecture = Architecture {
        inputs: 2,
        hidden: vec![3, 1],
        outputs: 2,
        activation: Activation::Gelu,
        output_activation: Activation::Sigmoid,
    };
    let layers = vec![
        linear(&[0.1, 0.2, 0.3, 0.4, 0.5, 0.6], &[1.0, 2.0, 3.0]),
        linear(&[-1.0, -2.0, -3.0], &[0.5]),
        linear(&[f32::MIN_POSITIVE, f32::MAX], &[0.0, -0.0]),
    ];
    let values = NetworkValues { layers, norms: vec![] };
    Model::from_parts(ModelParts {
        task: Task::Classification,
        loss: Loss::HalfSquaredError,
        sample_shape: vec![1, 2, 1],
        input_range: InputRange::Numbers { low: -0.5, high: 2.0 },
        scaler: Some(nn_mlp::Scaler::Range { low: 0.0, high: 255.0 }),
        class_names: vec!["a".into(), "b".into()],
        views: TestViews::default(),
        members: vec![ModelMember { architecture, transforms: Pipeline::default(), values }],
    })
    .unwrap()
}

/// The only network's architecture.
fn architecture(model: &Model) -> &Architecture {
    &model.members()[0].architecture
}

/// Names and shapes.
type Tensors<'a> = &'a [(&'a str, &'a [usize])];

/// A file of single-precision tensors of ones.
fn file_of(folder: &Path, tensors: Tensors<'_>) -> PathBuf {
    typed_file_of(folder, tensors, Dtype::F32)
}

fn typed_file_of(folder: &Path, tensors: Tensors<'_>, dtype: Dtype) -> PathBuf {
    let one = 1_f32.to_le_bytes().repeat(1000);
    let views = tensors.iter().map(|(name, shape)| {
        let bytes = shape.iter().product::<usize>() * dtype.bitsize() / 8;
        (name, TensorView::new(dtype, shape.to_vec(), &one[..bytes]).unwrap())
    });
    let path = folder.join("file.safetensors");
    std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    path
}

#[test]
fn what_is_exported_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    export(&model(), &path).unwrap();
    assert_eq!(import(&path, &ImportOptions::default()).unwrap(), model());
    let first = std::fs::read(&path).unwrap();
    export(&model(), &path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), first, "equal models give equal bytes");
}

/// Names and layout are those of `torch.nn.Sequential(Linear, GELU, Linear, GELU, Linear, Sigmoid)`.
#[test]
fn names_and_shapes_are_pytorchs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    export(&model(), &path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut names = file.names();
    names.sort_unstable();
    assert_eq!(names, ["0.bias", "0.weight", "2.bias", "2.weight", "4.bias", "4.weight"]);
    let weight = file.tensor("0.weight").unwrap();
    assert_eq!((weight.shape(), weight.dtype()), (&[3, 2][..], Dtype::F32));
    let expected: Vec<u8> =
        [0.1_f32, 0.2, 0.3, 0.4, 0.5, 0.6].iter().flat_map(|w| w.to_le_bytes()).collect();
    assert_eq!(weight.data(), expected);
    assert_eq!(file.tensor("2.bias").unwrap().shape(), [1]);
}

#[derive(serde::Deserialize)]
struct FromPytorch {
    inputs: Vec<u8>,
    outputs: std::collections::BTreeMap<String, Vec<f64>>,
}

/// Files that PyTorch saved, in four precisions, give PyTorch's logits.
#[test]
fn a_state_dict_gives_the_same_outputs() {
    let golden = include_str!("golden/from-pytorch.json");
    let golden: FromPytorch = serde_json::from_str(golden).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden");
    for (precision, expected) in &golden.outputs {
        let path = folder.join(format!("pytorch-{precision}.safetensors"));
        let model = import(&path, &ImportOptions::default()).unwrap();
        assert_eq!(architecture(&model).to_string(), "4-5-3");
        assert_eq!(architecture(&model).activation, Activation::Relu);
        assert_eq!((model.loss(), model.sample_shape()), (Loss::CrossEntropy, &[4][..]));
        let network = model.to_raw_networks::<ReferenceTensor<f64>>(&()).unwrap().remove(0);
        let mut predictor = nn_core::Predictor::without_softmax(network, 1).unwrap();
        for (sample, expected) in golden.inputs.chunks(4).zip(expected.chunks(3)) {
            for (ours, theirs) in predictor.predict_bytes(sample).unwrap().iter().zip(expected) {
                assert!((ours - theirs).abs() < 1e-14, "{precision}: {ours} {theirs}");
            }
        }
    }
}

#[test]
fn layers_come_in_natural_order_under_any_prefix() {
    let folder = tempfile::tempdir().unwrap();
    for prefixes in
        [["0", "2", "10"], ["layers.0", "layers.9", "layers.11"], ["fc1", "fc2", "fc10"]]
    {
        let [first, second, third] = prefixes;
        let names = prefixes.map(|prefix| [format!("{prefix}.weight"), format!("{prefix}.bias")]);
        let shapes: [[&[usize]; 2]; 3] = [[&[5, 4], &[5]], [&[3, 5], &[3]], [&[2, 3], &[2]]];
        let tensors: Vec<(&str, &[usize])> = names
            .iter()
            .zip(shapes)
            .flat_map(|(names, shapes)| [(&*names[0], shapes[0]), (&*names[1], shapes[1])])
            .collect();
        let path = file_of(folder.path(), &tensors);
        let model = import(&path, &ImportOptions::default()).unwrap();
        assert_eq!(architecture(&model).to_string(), "4-5-3-2", "{first} {second} {third}");
    }
}

/// What was read in the order of the alphabet and answered at chance: refused, and read once the order is given.
#[test]
fn an_order_that_names_do_not_say_must_be_given() {
    let folder = tempfile::tempdir().unwrap();
    let square: &[usize] = &[4, 4];
    let tensors: Vec<(String, &[usize])> = ["input", "layer_two", "layer_three", "output"]
        .iter()
        .flat_map(|name| {
            [(format!("{name}.weight"), square), (format!("{name}.bias"), &square[..1])]
        })
        .collect();
    let tensors: Vec<(&str, &[usize])> =
        tensors.iter().map(|(name, shape)| (&**name, *shape)).collect();
    let path = file_of(folder.path(), &tensors);
    let fault = import(&path, &ImportOptions::default()).unwrap_err().fault;
    assert!(matches!(&fault, FileFault::AmbiguousOrder { names } if names.len() == 4), "{fault}");
    let order = ["input", "layer_two", "layer_three", "output"].map(str::to_owned).to_vec();
    let options = ImportOptions { order: Some(order), ..ImportOptions::default() };
    assert_eq!(architecture(&import(&path, &options).unwrap()).to_string(), "4-4-4-4-4");
}

#[test]
fn options_beat_metadata_and_metadata_beats_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let options = ImportOptions {
        activation: Some(Activation::Tanh),
        output_activation: Some(Activation::Identity),
        loss: Some(Loss::CrossEntropy),
        sample_shape: Some(vec![2]),
        order: Some(vec!["0".into(), "2".into(), "4".into()]),
    };
    let path = folder.path().join("model.safetensors");
    export(&model(), &path).unwrap();
    let read = import(&path, &options).unwrap();
    assert_eq!(architecture(&read).activation, Activation::Tanh);
    assert_eq!(architecture(&read).output_activation, Activation::Identity);
    assert_eq!((read.loss(), read.sample_shape()), (Loss::CrossEntropy, &[2][..]));

    let mnist = file_of(folder.path(), &[("weight", &[1, 784]), ("bias", &[1])]);
    assert_eq!(import(&mnist, &ImportOptions::default()).unwrap().sample_shape(), [28, 28]);
}

#[test]
fn metadata_of_another_network_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    export(&model(), &path).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    for (from, to, words) in [
        (r#"[3,1]"#, r#"[3,2]"#, "the metadata says 2-3-2-2, the tensors are 2-3-1-2"),
        (r#"gelu"#, r#"gulp"#, "its metadata: unknown variant `gulp`"),
    ] {
        let at = bytes.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
        bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
        std::fs::write(&path, &bytes).unwrap();
        let message = import(&path, &ImportOptions::default()).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
        bytes[at..at + from.len()].copy_from_slice(from.as_bytes());
    }
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_of(folder.path(), &[("0.weight", &[3, 2]), ("0.bias", &[3])]);
    for options in [
        ImportOptions { sample_shape: Some(vec![28, 28]), ..Default::default() },
        ImportOptions { sample_shape: Some(vec![usize::MAX, 2]), ..Default::default() },
        ImportOptions { output_activation: Some(Activation::Relu), ..Default::default() },
    ] {
        let fault = import(&path, &options).unwrap_err().fault;
        assert!(matches!(fault, FileFault::Inconsistent { .. }), "{fault}");
    }
}

/// Everything that is no chain of fully connected layers, with the tensor that is named.
#[test]
fn other_networks_are_refused_by_tensor() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(Tensors<'_>, &str, &str); 9] = [
        (&[("0.weight", &[3, 2])], "0.weight", "no bias"),
        (&[("0.bias", &[3])], "0.bias", "no weight"),
        (&[("0.weight", &[3, 2]), ("0.bias", &[2])], "0.bias", "3 outputs"),
        (&[("0.weight", &[3, 2]), ("0.bias", &[3, 1])], "0.bias", "[3, 1]"),
        (&[("0.weight", &[3, 2, 1, 1]), ("0.bias", &[3])], "0.weight", "[3, 2, 1, 1]"),
        (&[("0.weight", &[]), ("0.bias", &[])], "0.weight", "outputs x inputs"),
        (&[("0.running_mean", &[3])], "0.running_mean", "neither"),
        (
            &[("0.weight", &[3, 2]), ("0.bias", &[3]), ("2.weight", &[2, 4]), ("2.bias", &[2])],
            "2.weight",
            "takes 4 inputs, 0.weight gives 3",
        ),
        (
            &[("0.weight", &[3, 2]), ("0.bias", &[3]), ("1.weight", &[3]), ("1.bias", &[3])],
            "1.weight",
            "its shape is [3]",
        ),
    ];
    for (tensors, named, words) in cases {
        let path = file_of(folder.path(), tensors);
        let error = import(&path, &ImportOptions::default()).unwrap_err();
        let message = error.to_string();
        assert!(message.starts_with(&path.display().to_string()), "{message}");
        assert!(message.contains(words) && !message.contains('\n'), "{message}");
        match error.fault {
            FileFault::Tensor { tensor, .. } => assert_eq!(tensor, named, "{message}"),
            other => panic!("{other}"),
        }
    }
    let none = file_of(folder.path(), &[]);
    let fault = import(&none, &ImportOptions::default()).unwrap_err().fault;
    assert!(matches!(fault, FileFault::NoLayers), "{fault}");
}

#[test]
fn layers_without_neurons_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for inputs in [0, usize::MAX] {
        let path = file_of(folder.path(), &[("0.weight", &[0, inputs]), ("0.bias", &[0])]);
        let fault = import(&path, &ImportOptions::default()).unwrap_err().fault;
        assert!(matches!(fault, FileFault::Inconsistent { .. }), "{fault}");
    }
}

#[test]
fn numbers_that_are_no_weights_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for dtype in [Dtype::I64, Dtype::U8, Dtype::BOOL, Dtype::F8_E4M3] {
        let tensors: [(&str, &[usize]); 2] = [("0.weight", &[3, 2]), ("0.bias", &[3])];
        let path = typed_file_of(folder.path(), &tensors, dtype);
        let message = import(&path, &ImportOptions::default()).unwrap_err().to_string();
        assert!(message.contains(&format!("its elements are {dtype}")), "{message}");
    }
    // A NaN is no weight either.
    let nan = f32::NAN.to_le_bytes().repeat(6);
    let weight = TensorView::new(Dtype::F32, vec![3, 2], &nan).unwrap();
    let bias = TensorView::new(Dtype::F32, vec![3], &nan[..12]).unwrap();
    let bytes = safetensors::serialize([("0.weight", weight), ("0.bias", bias)], None).unwrap();
    let path = folder.path().join("nan.safetensors");
    std::fs::write(&path, bytes).unwrap();
    let fault = import(&path, &ImportOptions::default()).unwrap_err().fault;
    assert!(matches!(fault, FileFault::Inconsistent { .. }), "{fault}");
}

/// A name in a file neither breaks a message into lines nor commands the terminal.
#[test]
fn names_in_messages_stay_on_one_line() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a\nb\x1b[31m.weight", "a\nb\x1b[31m"] {
        let path = file_of(folder.path(), &[(name, &[1, 1])]);
        let message = import(&path, &ImportOptions::default()).unwrap_err().to_string();
        assert!(message.contains("tensor a\\nb\\u{1b}[31m"), "{message}");
        assert!(!message.contains(char::is_control), "{message:?}");
    }
}

/// Any truncation is refused, and no flipped bit makes a panic. (The format has no checksum, so a
/// changed weight cannot be told from a right one.)
#[test]
fn damage_never_panics() {
    let options = ImportOptions::default();
    let mut bytes = to_bytes(&model()).unwrap();
    for length in 0..bytes.len() {
        let fault = from_bytes(&bytes[..length], &options).unwrap_err();
        assert!(matches!(fault, FileFault::NotSafetensors { .. }), "{length}: {fault}");
    }
    for bit in 0..8 * bytes.len() {
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(model) = from_bytes(&bytes, &options) {
            model.parts().validate().unwrap();
        }
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    let checkpoint = include_bytes!("golden/numbers.nn");
    for other in [b"".as_slice(), b"<html></html>", &[0xff; 64], checkpoint] {
        let fault = from_bytes(other, &options).unwrap_err();
        assert!(matches!(fault, FileFault::NotSafetensors { .. }), "{fault}");
    }
}
