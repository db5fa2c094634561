//! Predicting one image allocates nothing, on a backend that does not. Alone in its file, because it
//! counts what the whole process allocates.

#![allow(unsafe_code, clippy::unwrap_used, reason = "a counting allocator; helpers of tests")]

use nn_core::{Activation, Architecture, Initializer, Loss, Network, Predictor};
use nn_tensor::{Linear, Matrix, Orientation, ReferenceTensor, Role, Shape, Tensor, TensorError};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The plainest backend that does a forward pass in place.
struct InPlace {
    shape: Shape,
    values: Vec<f32>,
}

impl Matrix for InPlace {
    type Elem = f32;
    type Device = ();

    fn zeros((): &(), shape: Shape, _role: Role) -> Result<Self, TensorError> {
        Ok(Self { shape, values: vec![0.0; shape.len()] })
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn device(&self) -> &() {
        &()
    }

    fn write(&mut self, values: &[f32]) {
        self.values.copy_from_slice(values);
    }

    fn read(&self, values: &mut [f32]) {
        values.copy_from_slice(&self.values);
    }

    fn matmul(&mut self, _: f32, _: &Self, _: Orientation, _: &Self, _: Orientation, _: f32) {
        unreachable!("linear does it all")
    }
}

impl Tensor for InPlace {
    fn gather_bytes(&mut self, source: &[u8], rows: &[u32], scale: f32) {
        let columns = self.shape.columns;
        for (target, &row) in self.values.chunks_exact_mut(columns).zip(rows) {
            for (value, &byte) in target.iter_mut().zip(&source[row as usize * columns..]) {
                *value = scale * f32::from(byte);
            }
        }
    }

    fn linear(
        &mut self,
        input: &Self,
        layer: &Linear<Self>,
        activation: Activation,
        _weighted_sum: Option<&mut Self>,
    ) {
        let (inputs, outputs) = (input.shape.columns, self.shape.columns);
        for (target, x) in
            self.values.chunks_exact_mut(outputs).zip(input.values.chunks_exact(inputs))
        {
            let weights = layer.weight.values.chunks_exact(inputs);
            for ((value, w), bias) in target.iter_mut().zip(weights).zip(&layer.bias.values) {
                let sum: f32 = w.iter().zip(x).map(|(w, x)| w * x).sum();
                *value = activation.apply(sum + bias);
            }
        }
    }

    fn softmax(&mut self, logits: &Self) {
        let sum: f32 = logits.values.iter().map(|logit| logit.exp()).sum();
        for (value, logit) in self.values.iter_mut().zip(&logits.values) {
            *value = logit.exp() / sum;
        }
    }
}

#[test]
fn one_image_allocates_nothing() {
    let architecture = Architecture::new(16, [8, 5], 3, Activation::Tanh);
    let start = Initializer::GlorotUniform;
    let network = Network::<InPlace>::new(&(), &architecture, start, 7).unwrap();
    let mut predictor = Predictor::new(network, Loss::CrossEntropy, 64).unwrap();
    let image: [u8; 16] = std::array::from_fn(|index| 15 * index as u8);

    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let answer = predictor.predict_bytes(&image);
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    let answer = answer.unwrap();
    assert_eq!(allocations, 0);

    // And it is the reference's answer.
    let reference = Network::<ReferenceTensor<f32>>::new(&(), &architecture, start, 7).unwrap();
    let mut reference = Predictor::new(reference, Loss::CrossEntropy, 1).unwrap();
    for (ours, theirs) in answer.iter().zip(reference.predict_bytes(&image).unwrap()) {
        assert!((ours - theirs).abs() < 1e-6, "{ours} {theirs}");
    }
}
