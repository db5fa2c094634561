//! What training and using a network need done with matrices.

use crate::Orientation::{Keep, Transpose};
use crate::batch_norm;
use crate::matrix::map_elements;
use crate::provided::provided;
use crate::rows::softmax_row;
use crate::{
    Activation, BatchStatistics, Device, Element, Linear, Matrix, Moments, Penalty, Resident,
    Shape, Step, TALLY_WIDTH, Update, add_to_tally, argmax, class_weight_scale, dropout_factor,
    expect_shape, weighted_entropy_row,
};

/// The samples that are resident on the device of a tensor.
pub type ResidentSamples<T> = <<T as Matrix>::Device as Device>::Samples;

/// An epoch that is resident on the device of a tensor.
pub type ResidentEpoch<T> = <<T as Matrix>::Device as Device>::Epoch;

/// The operations of a network: forward, losses, backward, the step.
///
/// **Each body is the specification of its operation.** It copies to the host, computes plainly and
/// copies back: right, and slow. A backend made for speed overrides what it can do better, the fused
/// [`linear`](Self::linear), [`hidden_delta`](Self::hidden_delta) and
/// [`linear_update`](Self::linear_update) first, and the `conformance` suite holds each override to
/// these bodies.
///
/// Results go to `self` or to an out-parameter, so that a training step need not allocate. No
/// operation of a training step returns a number: losses add up in a tally (see
/// [`Tally`](crate::Tally)) that is read once in a while, so that an asynchronous device never waits.
/// No operation of a training step takes a number that changes from step to step or data of the host
/// (but [`write_bytes`](Self::write_bytes), for batches that the host prepares): a step takes samples,
/// order, learning rate and keys from what is [resident](Resident), so that a device may record it.
/// Operands whose shapes do not fit are a panic, as in [`Matrix`].
pub trait Tensor: Matrix {
    /// Whether a training calls the fused operations [`hidden_delta`](Self::hidden_delta),
    /// [`linear_gradient`](Self::linear_gradient) and [`linear_update`](Self::linear_update).
    ///
    /// While this is false, overriding them changes nothing: a training calls `matmul`,
    /// [`multiply_by_derivative`](Self::multiply_by_derivative), [`sum_rows`](Self::sum_rows) and
    /// [`update`](Self::update) instead. Set it once they are faster here than those.
    const FUSED: bool = false;

    // ---- batches ----

    /// Gathers the next batch of `epoch`: row i becomes its i-th sample. A class becomes 1 at its column
    /// and 0 elsewhere.
    fn gather(&mut self, samples: &ResidentSamples<Self>, epoch: &ResidentEpoch<Self>) {
        provided("gather");
        let Shape { rows, columns } = self.shape();
        let samples = samples.host();
        let width = samples.width();
        assert!(samples.fits(columns), "gather: samples of {width} for {columns} columns");
        let mut values = Vec::with_capacity(rows * columns);
        for &sample in epoch.host().rows(rows) {
            samples.push_row(sample as usize, columns, &mut values);
        }
        self.write(&values);
    }

    /// Replaces all elements by bytes of the host, row-major, times `scale`: a batch that the host prepared.
    fn write_bytes(&mut self, bytes: &[u8], scale: Self::Elem) {
        provided("write_bytes");
        let number = |&byte: &u8| scale * Self::Elem::from_f64(f64::from(byte));
        self.write(&bytes.iter().map(number).collect::<Vec<_>>());
    }

    // ---- forward ----

    /// One fully connected layer on a batch, eqs. (104) and (105): self = σ(input Wᵀ + b).
    ///
    /// `self`: batch x outputs. `input`: batch x inputs. `layer.weight`: outputs x inputs.
    /// `weighted_sum`, where given, receives Z = input Wᵀ + b; an activation whose
    /// [slope needs it](Activation::needs_weighted_sum) must be given one.
    fn linear(
        &mut self,
        input: &Self,
        layer: &Linear<Self>,
        activation: Activation,
        weighted_sum: Option<&mut Self>,
    ) {
        provided("linear");
        self.matmul(Self::Elem::ONE, input, Keep, &layer.weight, Transpose, Self::Elem::ZERO);
        self.add_bias(&layer.bias);
        if let Some(weighted_sum) = weighted_sum {
            weighted_sum.copy_from(self);
        }
        self.activate(activation);
    }

    /// Adds `bias` (1 x columns) to every row.
    fn add_bias(&mut self, bias: &Self) {
        provided("add_bias");
        let columns = self.shape().columns;
        expect_shape("add_bias", "bias", bias.shape(), Shape::new(1, columns));
        let bias = bias.to_vec();
        map_elements(self, |index, value| value + bias[index % columns]);
    }

    /// self = σ(self), element by element.
    fn activate(&mut self, activation: Activation) {
        provided("activate");
        map_elements(self, |_, value| activation.apply(value));
    }

    /// Batch normalisation (Ioffe and Szegedy 2015), column by column: self = γ x̂ + β with
    /// x̂ = (self - μ) / √(v + ε), where μ and v are mean and variance of the column and ε is
    /// [`BATCH_NORM_EPSILON`](crate::BATCH_NORM_EPSILON).
    ///
    /// `affine`: γ as weight, β as bias. `batch` receives x̂, 1 / √(v + ε), μ and v.
    fn batch_norm(&mut self, affine: &Linear<Self>, batch: &mut BatchStatistics<Self>) {
        provided("batch_norm");
        batch_norm::forward(self, affine, batch);
    }

    /// Multiplies each element by 0 or 1 / (1 - rate), as [`keeps`](crate::keeps) decides from the
    /// element's row-major index and the key of `layer` in this step.
    fn drop_out(&mut self, rate: f64, layer: usize, step: Step<'_, ResidentEpoch<Self>>) {
        provided("drop_out");
        let key = step.epoch.host().dropout_key(step.member, layer);
        map_elements(self, |index, value| value * dropout_factor(key, index as u64, rate));
    }

    /// Row by row, self = exp(logits) / Σ exp(logits): eq. (90), the probability of each class.
    fn softmax(&mut self, logits: &Self) {
        provided("softmax");
        expect_shape("softmax", "logits", logits.shape(), self.shape());
        let mut values = logits.to_vec();
        for row in values.chunks_mut(self.shape().columns.max(1)) {
            softmax_row(row);
        }
        self.write(&values);
    }

    // ---- losses ----

    /// Mean cross-entropy of softmax(logits) with the classes of the batch that is next in `epoch`, as
    /// PyTorch's `CrossEntropyLoss(weight, label_smoothing)` defines it.
    ///
    /// With class weights w, a sample of class y has the targets
    /// `t[c]` = (1 - smoothing) `w[y]` one-hot(y) + smoothing / columns · `w[c]`, each times
    /// N / Σ `w[y]` over the N samples of the batch. self = factor · (Σ t · softmax(logits) - t), which
    /// is the gradient with respect to the logits when `factor` is 1 / N. Adds Σ Σ -t ln p, N times the
    /// weighted mean, and the number of correct samples to `tally`.
    /// Without smoothing and weights these are softmax(logits) - one-hot(y) and Σ -ln p(y).
    fn softmax_cross_entropy(
        &mut self,
        logits: &Self,
        labels: &ResidentSamples<Self>,
        epoch: &ResidentEpoch<Self>,
        target: &ClassTarget<'_, Self>,
        tally: &mut Self,
    ) {
        provided("softmax_cross_entropy");
        let Shape { rows, columns } = self.shape();
        expect_shape("softmax_cross_entropy", "logits", logits.shape(), self.shape());
        let labels = labels.host();
        let weights = target.class_weights.map(Matrix::to_vec);
        let weights = weights.as_deref();
        let classes = epoch.host().rows(rows).iter().map(|&sample| labels.class(sample as usize));
        let scale = weights.map_or(Self::Elem::ONE, |w| class_weight_scale(w, classes.clone()));
        let factor = target.factor * scale;
        let mut values = logits.to_vec();
        let (mut loss, mut correct) = (0.0, 0);
        for (row, class) in values.chunks_mut(columns.max(1)).zip(classes) {
            correct += usize::from(argmax(row) == class);
            let of_row = weighted_entropy_row(row, class, target.smoothing, factor, weights);
            loss += (scale * of_row).to_f64();
        }
        self.write(&values);
        tally.add_batch(loss, correct);
    }

    /// Squared distance: self = factor · (output - target), the gradient with respect to the output
    /// of `factor/2 · Σ‖target - output‖²`; eq. (120) before Σ', with `factor` = 2 / batch.
    ///
    /// Adds Σ‖target - output‖² to `tally`, and the number of rows in which output and target are
    /// largest in the same column.
    fn squared_error(
        &mut self,
        output: &Self,
        target: &Self,
        factor: Self::Elem,
        tally: &mut Self,
    ) {
        provided("squared_error");
        expect_shape("squared_error", "output", output.shape(), self.shape());
        expect_shape("squared_error", "target", target.shape(), self.shape());
        let columns = self.shape().columns.max(1);
        let (mut output, target) = (output.to_vec(), target.to_vec());
        let (mut loss, mut correct) = (0.0, 0);
        for (output, target) in output.chunks_mut(columns).zip(target.chunks(columns)) {
            correct += usize::from(argmax(output) == argmax(target));
            for (value, &target) in output.iter_mut().zip(target) {
                let difference = *value - target;
                loss += (difference * difference).to_f64();
                *value = factor * difference;
            }
        }
        self.write(&output);
        tally.add_batch(loss, correct);
    }

    /// Adds one batch to this tally (1 x [`TALLY_WIDTH`]).
    fn add_batch(&mut self, loss: f64, correct: usize) {
        provided("add_batch");
        expect_shape("add_batch", "tally", self.shape(), Shape::new(1, TALLY_WIDTH));
        let mut columns = [Self::Elem::ZERO; TALLY_WIDTH];
        self.read(&mut columns);
        add_to_tally(&mut columns, loss, correct);
        self.write(&columns);
    }

    // ---- backward ----

    /// self = self ⊙ σ', the product with the diagonal matrix Σ' of eqs. (119) and (120).
    ///
    /// `activated` is a = σ(z); `weighted_sum` is z, for activations whose
    /// [slope needs it](Activation::needs_weighted_sum).
    fn multiply_by_derivative(
        &mut self,
        activation: Activation,
        activated: &Self,
        weighted_sum: Option<&Self>,
    ) {
        provided("multiply_by_derivative");
        if activation.needs_weighted_sum() {
            let z = weighted_sum.expect("the trait's contract: z is kept for such an activation");
            expect_shape("multiply_by_derivative", "weighted_sum", z.shape(), self.shape());
            let z = z.to_vec();
            map_elements(self, |index, delta| delta * activation.derivative(z[index]));
        } else {
            expect_shape("multiply_by_derivative", "activated", activated.shape(), self.shape());
            let a = activated.to_vec();
            map_elements(self, |index, delta| delta * activation.derivative_from_output(a[index]));
        }
    }

    /// δ of a hidden layer from the next one's, eq. (119): self = (next_delta W) ⊙ σ'.
    ///
    /// `self`: batch x outputs of layer l. `next_delta`: batch x outputs of layer l+1.
    /// `next_weight`: W of layer l+1. `activated`, `weighted_sum`: a and z of layer l.
    fn hidden_delta(
        &mut self,
        next_delta: &Self,
        next_weight: &Self,
        activation: Activation,
        activated: &Self,
        weighted_sum: Option<&Self>,
    ) {
        provided("hidden_delta");
        self.matmul(Self::Elem::ONE, next_delta, Keep, next_weight, Keep, Self::Elem::ZERO);
        self.multiply_by_derivative(activation, activated, weighted_sum);
    }

    /// Back through [`batch_norm`](Self::batch_norm): self is ∂C/∂y before and ∂C/∂z after.
    ///
    /// With sums over the batch of N: ∂C/∂γ = Σ δ x̂, ∂C/∂β = Σ δ, and
    /// ∂C/∂z = γ / √(v + ε) · (δ - (Σ δ + x̂ Σ δ x̂) / N). The two sums are written to `gradient`.
    fn batch_norm_gradient(
        &mut self,
        gradient: &mut Linear<Self>,
        scale: &Self,
        batch: &BatchStatistics<Self>,
    ) {
        provided("batch_norm_gradient");
        batch_norm::gradient(self, gradient, scale, batch);
    }

    /// self (1 x columns) = the sum of the rows of `source`: the gradient of a bias from δ.
    fn sum_rows(&mut self, source: &Self) {
        provided("sum_rows");
        let columns = source.shape().columns;
        expect_shape("sum_rows", "self", self.shape(), Shape::new(1, columns));
        let mut sums = vec![Self::Elem::ZERO; columns];
        for row in source.to_vec().chunks(columns.max(1)) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
        self.write(&sums);
    }

    /// Gradient of a layer's weights and bias, eq. (118) summed over the batch: dW = δᵀ input,
    /// db = Σ δ.
    fn linear_gradient(gradient: &mut Linear<Self>, delta: &Self, input: &Self) {
        provided("linear_gradient");
        gradient.weight.matmul(Self::Elem::ONE, delta, Transpose, input, Keep, Self::Elem::ZERO);
        gradient.bias.sum_rows(delta);
    }

    /// self += the penalty's gradient at `weight`: `l1 sign(w) + l2 w`.
    fn add_penalty_gradient(&mut self, weight: &Self, penalty: Penalty<Self::Elem>) {
        provided("add_penalty_gradient");
        expect_shape("add_penalty_gradient", "weight", weight.shape(), self.shape());
        let weight = weight.to_vec();
        map_elements(self, |index, gradient| gradient + penalty.gradient(weight[index]));
    }

    // ---- the step ----

    /// One optimizer step on this tensor, see [`Update::apply`].
    ///
    /// # Panics
    /// When the rule needs a moment that `moments` does not hold.
    fn update(
        &mut self,
        gradient: &Self,
        moments: &mut Moments<Self>,
        update: &Update<Self::Elem>,
        step: Step<'_, ResidentEpoch<Self>>,
    ) {
        provided("update");
        expect_shape("update", "gradient", gradient.shape(), self.shape());
        let numbers = step.epoch.host().numbers(step.member);
        let gradient = gradient.to_vec();
        let mut first = moments.first.as_ref().map(Self::to_vec);
        let mut second = moments.second.as_ref().map(Self::to_vec);
        map_elements(self, |index, weight| {
            let (mut no_first, mut no_second) = (Self::Elem::ZERO, Self::Elem::ZERO);
            let first = first.as_mut().map_or(&mut no_first, |values| &mut values[index]);
            let second = second.as_mut().map_or(&mut no_second, |values| &mut values[index]);
            update.apply(&numbers, weight, gradient[index], first, second)
        });
        if let (Some(tensor), Some(values)) = (&mut moments.first, &first) {
            tensor.write(values);
        }
        if let (Some(tensor), Some(values)) = (&mut moments.second, &second) {
            tensor.write(values);
        }
    }

    /// Gradient and step of one layer in one: what [`linear_gradient`](Self::linear_gradient) and
    /// then [`update`](Self::update) compute.
    ///
    /// `gradient` is scratch space that a backend may leave untouched: a fused kernel applies the
    /// step to a tile of W while that tile of dW is in registers, and never writes dW to memory.
    fn linear_update(
        layer: &mut Linear<Self>,
        moments: &mut Linear<Moments<Self>>,
        gradient: &mut Linear<Self>,
        delta: &Self,
        input: &Self,
        update: &Update<Self::Elem>,
        step: Step<'_, ResidentEpoch<Self>>,
    ) {
        provided("linear_update");
        Self::linear_gradient(gradient, delta, input);
        layer.weight.update(&gradient.weight, &mut moments.weight, update, step);
        layer.bias.update(&gradient.bias, &mut moments.bias, &update.for_bias(), step);
    }

    // ---- after the step ----

    /// self += share · (target - self): a running mean, or an average of weights.
    fn move_towards(&mut self, target: &Self, share: Self::Elem) {
        provided("move_towards");
        expect_shape("move_towards", "target", target.shape(), self.shape());
        let target = target.to_vec();
        map_elements(self, |index, value| value + share * (target[index] - value));
    }

    /// self = self ⊙ factors, element by element: with factors of 1 and 0, weights that are not there are put
    /// back to 0.
    fn multiply_elements(&mut self, factors: &Self) {
        provided("multiply_elements");
        expect_shape("multiply_elements", "factors", factors.shape(), self.shape());
        let factors = factors.to_vec();
        map_elements(self, |index, value| value * factors[index]);
    }

    /// Shortens each row whose Euclidean norm is above `longest` to that norm: max-norm
    /// regularisation of the weights that lead into one neuron (Srivastava et al. 2014).
    fn limit_row_norms(&mut self, longest: Self::Elem) {
        provided("limit_row_norms");
        let columns = self.shape().columns.max(1);
        let mut values = self.to_vec();
        for row in values.chunks_mut(columns) {
            let squares: Self::Elem = row.iter().map(|&value| value * value).sum();
            let norm = num_traits::Float::sqrt(squares);
            if norm > longest {
                row.iter_mut().for_each(|value| *value = *value * (longest / norm));
            }
        }
        self.write(&values);
    }

    // ---- clipping by the global norm ----

    /// Adds Σ self² to `total`, a tensor of 1 x 1.
    fn add_sum_of_squares(&self, total: &mut Self) {
        provided("add_sum_of_squares");
        expect_shape("add_sum_of_squares", "total", total.shape(), Shape::new(1, 1));
        // Row by row: one long sum of 100,000 squares was wrong in the 13th place.
        let square_sum = |row: &[Self::Elem]| {
            row.iter().map(|value| value.to_f64() * value.to_f64()).sum::<f64>()
        };
        let sum: f64 = self.to_vec().chunks(self.shape().columns.max(1)).map(square_sum).sum();
        let old = total.to_vec()[0].to_f64();
        total.write(&[Self::Elem::from_f64(old + sum)]);
    }

    /// self *= min(1, max_norm / √total), where `total` (1 x 1) is a sum of squares.
    fn clip_to_norm(&mut self, total: &Self, max_norm: Self::Elem) {
        provided("clip_to_norm");
        expect_shape("clip_to_norm", "total", total.shape(), Shape::new(1, 1));
        let norm = num_traits::Float::sqrt(total.to_vec()[0]);
        if norm > max_norm {
            map_elements(self, |_, value| value * (max_norm / norm));
        }
    }
}

/// What the cross-entropy compares with besides the classes.
pub struct ClassTarget<'a, T: Matrix> {
    /// What the gradient is multiplied by: 1 / batch for a mean.
    pub factor: T::Elem,
    /// Share of the target that goes to all classes evenly.
    pub smoothing: T::Elem,
    /// The weight w of each class, above 0, 1 x classes; without, each is 1.
    pub class_weights: Option<&'a T>,
}

impl<T: Matrix> ClassTarget<'_, T> {
    /// The classes as they are.
    #[must_use]
    pub fn plain(factor: T::Elem) -> Self {
        Self { factor, smoothing: T::Elem::ZERO, class_weights: None }
    }
}
