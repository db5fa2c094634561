//! The suite is worth something only if wrong backends fail it: here are some, each wrong in one way.

use nn_tensor::Orientation::{self, Keep, Transpose};
use nn_tensor::{
    Activation, BatchStatistics, Linear, Matrix, Moments, ReferenceTensor, Role, Shape, Tensor,
    TensorError, Update, UpdateRule, conformance,
};
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU32, Ordering};

const NOTHING: usize = 0;
const IGNORES_ORIENTATION: usize = 1;
const READS_OLD_VALUES_AT_BETA_ZERO: usize = 2;
const FORGETS_ALPHA: usize = 3;
const WRONG_PAST_A_THRESHOLD: usize = 4;
const FORGETS_BIAS: usize = 5;
const FORGETS_LAST_ROW: usize = 6;
const HIDES_NAN_IN_RELU: usize = 7;
const OVERFLOWS_IN_SOFTMAX: usize = 8;
const DROPS_OTHER_ELEMENTS: usize = 9;
const LOSES_THE_TALLY: usize = 10;
const SKIPS_ZERO_GRADIENTS: usize = 11;
const PENALISES_THE_BIAS: usize = 12;
const FORGETS_SLOPE: usize = 13;
const CLIPS_SMALL_GRADIENTS: usize = 14;
const GATHERS_STALE_ROWS: usize = 15;
const NEVER_THE_SAME_TWICE: usize = 16;
const ADDS_IN_HALF_PRECISION: usize = 17;
const FORGETS_THE_MEANS: usize = 18;
const WEIGHS_BY_POSITION: usize = 19;
const LIMITS_EVERY_ROW: usize = 20;
const MOVES_ALL_THE_WAY: usize = 21;
const FORGETS_THE_LAST_FACTOR: usize = 22;

/// How many products there were, so that they can differ from time to time.
static PRODUCTS: AtomicU32 = AtomicU32::new(0);

/// The reference, spoilt by one fault.
#[derive(Debug)]
struct Spoilt<const FAULT: usize>(ReferenceTensor<f32>);

impl<const FAULT: usize> Matrix for Spoilt<FAULT> {
    type Elem = f32;
    type Device = ();

    fn zeros((): &(), shape: Shape, role: Role) -> Result<Self, TensorError> {
        Ok(Self(ReferenceTensor::zeros(&(), shape, role)?))
    }

    fn shape(&self) -> Shape {
        self.0.shape()
    }

    fn device(&self) -> &() {
        &()
    }

    fn write(&mut self, values: &[f32]) {
        self.0.write(values);
    }

    fn read(&self, values: &mut [f32]) {
        self.0.read(values);
    }

    fn matmul(
        &mut self,
        alpha: f32,
        a: &Self,
        a_orientation: Orientation,
        b: &Self,
        b_orientation: Orientation,
        beta: f32,
    ) {
        let square = b.shape().rows == b.shape().columns;
        let b_orientation =
            if FAULT == IGNORES_ORIENTATION && square { Keep } else { b_orientation };
        let alpha = if FAULT == FORGETS_ALPHA && alpha < 0.0 { -alpha } else { alpha };
        let old = self.to_vec();
        self.0.matmul(alpha, &a.0, a_orientation, &b.0, b_orientation, beta);
        let mut values = self.to_vec();
        if FAULT == READS_OLD_VALUES_AT_BETA_ZERO && beta == 0.0 {
            values.iter_mut().zip(&old).for_each(|(new, old)| *new += beta * old);
        }
        if FAULT == WRONG_PAST_A_THRESHOLD && values.len() > 80_000 {
            values[79_999] = 0.0;
        }
        if FAULT == NEVER_THE_SAME_TWICE {
            let stir = PRODUCTS.fetch_add(1, Ordering::Relaxed).count_ones() & 1;
            values[0] *= 1.0 + stir as f32 * f32::EPSILON;
        }
        if FAULT == ADDS_IN_HALF_PRECISION {
            values.iter_mut().for_each(|value| *value = f32::from_bits(value.to_bits() & !0xfff));
        }
        self.write(&values);
    }
}

impl<const FAULT: usize> Tensor for Spoilt<FAULT> {
    fn add_bias(&mut self, bias: &Self) {
        let values = match FAULT {
            FORGETS_BIAS => self.to_vec(),
            FORGETS_LAST_ROW if self.shape().rows > 5 => {
                let last = self.to_vec()[(self.shape().rows - 1) * self.shape().columns..].to_vec();
                self.0.add_bias(&bias.0);
                let mut values = self.to_vec();
                let start = values.len() - last.len();
                values[start..].copy_from_slice(&last);
                values
            }
            _ => {
                self.0.add_bias(&bias.0);
                self.to_vec()
            }
        };
        self.write(&values);
    }

    fn gather_bytes(&mut self, source: &[u8], rows: &[u32], scale: f32) {
        let old = self.to_vec();
        self.0.gather_bytes(source, rows, scale);
        if FAULT == GATHERS_STALE_ROWS {
            let mut values = self.to_vec();
            values.iter_mut().zip(&old).filter(|(new, _)| **new == 0.0).for_each(|(n, o)| *n = *o);
            self.write(&values);
        }
    }

    fn activate(&mut self, activation: Activation) {
        if FAULT == HIDES_NAN_IN_RELU && activation == Activation::Relu {
            let values: Vec<f32> = self.to_vec().iter().map(|z| z.max(0.0)).collect();
            self.write(&values);
        } else {
            self.0.activate(activation);
        }
    }

    fn drop_out(&mut self, rate: f64, key: u64) {
        let key = if FAULT == DROPS_OTHER_ELEMENTS { key.wrapping_add(1) } else { key };
        self.0.drop_out(rate, key);
    }

    fn softmax(&mut self, logits: &Self) {
        self.0.softmax(&logits.0);
        if FAULT == OVERFLOWS_IN_SOFTMAX {
            let mut values = logits.to_vec();
            for row in values.chunks_mut(self.shape().columns) {
                let sum: f32 = row.iter().map(|logit| logit.exp()).sum();
                row.iter_mut().for_each(|value| *value = value.exp() / sum);
            }
            self.write(&values);
        }
    }

    fn softmax_cross_entropy(
        &mut self,
        logits: &Self,
        classes: &[u32],
        factor: f32,
        tally: &mut Self,
    ) {
        if FAULT == LOSES_THE_TALLY {
            tally.fill(0.0);
        }
        self.0.softmax_cross_entropy(&logits.0, classes, factor, &mut tally.0);
    }

    fn hidden_delta(
        &mut self,
        next_delta: &Self,
        next_weight: &Self,
        activation: Activation,
        activated: &Self,
        weighted_sum: Option<&Self>,
    ) {
        self.matmul(1.0, next_delta, Keep, next_weight, Keep, 0.0);
        if FAULT != FORGETS_SLOPE {
            self.multiply_by_derivative(activation, activated, weighted_sum);
        }
    }

    fn linear_update(
        layer: &mut Linear<Self>,
        moments: &mut Linear<Moments<Self>>,
        gradient: &mut Linear<Self>,
        delta: &Self,
        input: &Self,
        update: &Update<f32>,
    ) {
        let old = layer.weight.to_vec();
        Self::linear_gradient(gradient, delta, input);
        layer.weight.update(&gradient.weight, &mut moments.weight, update);
        let bias_update = if FAULT == PENALISES_THE_BIAS { *update } else { update.for_bias() };
        layer.bias.update(&gradient.bias, &mut moments.bias, &bias_update);
        if FAULT == SKIPS_ZERO_GRADIENTS && update.rule != UpdateRule::Descent {
            let mut new = layer.weight.to_vec();
            let gradient = gradient.weight.to_vec();
            for ((new, old), gradient) in new.iter_mut().zip(old).zip(gradient) {
                *new = if gradient == 0.0 { old } else { *new };
            }
            layer.weight.write(&new);
        }
    }

    fn batch_norm_gradient(
        &mut self,
        gradient: &mut Linear<Self>,
        scale: &Self,
        batch: &BatchStatistics<Self>,
    ) {
        let columns = self.shape().columns;
        if FAULT == FORGETS_THE_MEANS {
            let (scale, inverse) = (scale.to_vec(), batch.inverse_deviation.to_vec());
            let mut values = self.to_vec();
            for (index, delta) in values.iter_mut().enumerate() {
                *delta *= scale[index % columns] * inverse[index % columns];
            }
            return self.write(&values);
        }
        let (mut delta, normalized) = (self.0.clone(), batch.normalized.0.clone());
        let mut inner =
            BatchStatistics::<ReferenceTensor<f32>>::zeros(&(), self.shape().rows, columns)
                .expect("memory");
        inner.normalized.copy_from(&normalized);
        inner.inverse_deviation.copy_from(&batch.inverse_deviation.0);
        let mut inner_gradient =
            Linear { weight: gradient.weight.0.clone(), bias: gradient.bias.0.clone() };
        delta.batch_norm_gradient(&mut inner_gradient, &scale.0, &inner);
        self.0.copy_from(&delta);
        gradient.weight.0.copy_from(&inner_gradient.weight);
        gradient.bias.0.copy_from(&inner_gradient.bias);
    }

    fn weighted_cross_entropy(
        &mut self,
        logits: &Self,
        classes: &[u32],
        factor: f32,
        smoothing: f32,
        class_weights: &[f32],
        tally: &mut Self,
    ) {
        let mut weights = class_weights.to_vec();
        if FAULT == WEIGHS_BY_POSITION {
            weights.reverse();
        }
        let (logits, tally) = (&logits.0, &mut tally.0);
        self.0.weighted_cross_entropy(logits, classes, factor, smoothing, &weights, tally);
    }

    fn limit_row_norms(&mut self, longest: f32) {
        if FAULT == LIMITS_EVERY_ROW {
            let columns = self.shape().columns;
            let mut values = self.to_vec();
            for row in values.chunks_mut(columns) {
                let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
                row.iter_mut().for_each(|value| *value *= longest / norm);
            }
            self.write(&values);
        } else {
            self.0.limit_row_norms(longest);
        }
    }

    fn move_towards(&mut self, target: &Self, share: f32) {
        self.0.move_towards(&target.0, if FAULT == MOVES_ALL_THE_WAY { 1.0 } else { share });
    }

    fn multiply_elements(&mut self, factors: &Self) {
        self.0.multiply_elements(&factors.0);
        if FAULT == FORGETS_THE_LAST_FACTOR {
            let mut values = self.to_vec();
            values.iter_mut().rev().take(1).for_each(|value| *value = 1.0);
            self.write(&values);
        }
    }

    fn clip_to_norm(&mut self, total: &Self, max_norm: f32) {
        if FAULT == CLIPS_SMALL_GRADIENTS {
            let norm = total.to_vec()[0].sqrt();
            let values: Vec<f32> = self.to_vec().iter().map(|x| x * max_norm / norm).collect();
            self.write(&values);
        } else {
            self.0.clip_to_norm(&total.0, max_norm);
        }
    }
}

/// What the suite says of a backend.
fn complaint_of<const FAULT: usize>() -> Option<String> {
    let outcome = catch_unwind(|| conformance::run::<Spoilt<FAULT>>(&()));
    let payload = outcome.err()?;
    Some(payload.downcast_ref::<String>().expect("panics with a formatted message").clone())
}

/// The suite must refuse the backend, and name the operation that is wrong.
fn expect_complaint<const FAULT: usize>(operation: &str) {
    let complaint = complaint_of::<FAULT>().expect("the suite let a wrong backend pass");
    assert!(complaint.contains("conformance"), "{complaint}");
    assert!(complaint.contains(operation), "expected {operation}: {complaint}");
}

#[test]
fn without_a_fault_it_passes() {
    assert_eq!(complaint_of::<NOTHING>(), None);
}

#[test]
fn wrong_products_fail() {
    expect_complaint::<IGNORES_ORIENTATION>("matmul");
    expect_complaint::<READS_OLD_VALUES_AT_BETA_ZERO>("beta 0");
    expect_complaint::<FORGETS_ALPHA>("matmul");
    expect_complaint::<WRONG_PAST_A_THRESHOLD>("matmul");
    expect_complaint::<ADDS_IN_HALF_PRECISION>("matmul");
}

#[test]
fn wrong_forward_operations_fail() {
    expect_complaint::<FORGETS_BIAS>("add_bias");
    expect_complaint::<FORGETS_LAST_ROW>("add_bias");
    expect_complaint::<HIDES_NAN_IN_RELU>("relu");
    expect_complaint::<OVERFLOWS_IN_SOFTMAX>("softmax");
    expect_complaint::<DROPS_OTHER_ELEMENTS>("drop_out");
    expect_complaint::<GATHERS_STALE_ROWS>("gather_bytes");
}

#[test]
fn wrong_backward_operations_and_steps_fail() {
    expect_complaint::<LOSES_THE_TALLY>("softmax_cross_entropy");
    expect_complaint::<FORGETS_SLOPE>("hidden_delta");
    expect_complaint::<SKIPS_ZERO_GRADIENTS>("linear_update");
    expect_complaint::<PENALISES_THE_BIAS>("linear_update");
    expect_complaint::<CLIPS_SMALL_GRADIENTS>("clip_to_norm");
}

#[test]
fn wrong_regularisation_fails() {
    expect_complaint::<FORGETS_THE_MEANS>("batch_norm_gradient");
    expect_complaint::<WEIGHS_BY_POSITION>("weighted_cross_entropy");
    expect_complaint::<LIMITS_EVERY_ROW>("limit_row_norms");
    expect_complaint::<MOVES_ALL_THE_WAY>("move_towards");
    expect_complaint::<FORGETS_THE_LAST_FACTOR>("multiply_elements");
}

#[test]
fn results_that_change_from_run_to_run_fail() {
    // The spoilt product is within every bound, so only the comparison of bits can tell.
    let outcome = catch_unwind(|| conformance::repeat::run::<Spoilt<NEVER_THE_SAME_TWICE>>(&()));
    assert!(outcome.is_err(), "the suite let a backend pass whose results change from run to run");
}

#[test]
fn transposed_reads_are_told_apart() {
    // The harness itself: an orientation really changes what the reference computes.
    let square = |values: &[f32]| {
        ReferenceTensor::from_values(&(), Shape::new(2, 2), Role::Activation, values).unwrap()
    };
    let (unit, given) = (square(&[1.0, 0.0, 0.0, 1.0]), square(&[1.0, 2.0, 3.0, 4.0]));
    let mut product = square(&[0.0; 4]);
    product.matmul(1.0, &unit, Keep, &given, Transpose, 0.0);
    assert_eq!(product.to_vec(), [1.0, 3.0, 2.0, 4.0]);
}
