//! Ordinary least squares by QR, for any number of samples and any rank.

use crate::samples::{Affine, Samples};
use faer::{Mat, MatRef};

/// Rows decomposed at a time, so that memory does not grow with the data.
const ROWS: usize = 4096;

/// The solution of min Σ ‖y - W x - b‖².
pub(crate) struct LeastSquares {
    /// W and b. Inputs that depend linearly on others (a pixel that is always white) get 0.
    pub(crate) layer: Affine,
    /// Number of independent columns among the inputs and the constant 1.
    pub(crate) rank: usize,
    /// Eigenvalues of the Hessian 2/N Σ x xᵀ, with the 1 appended to x, in descending order.
    pub(crate) eigenvalues: Vec<f64>,
}

/// The rows of [X 1 | Y], written one by one by `fill(sample, row)`.
pub(crate) struct Rows<F: FnMut(usize, &mut [f64])> {
    pub(crate) samples: usize,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) fill: F,
}

/// Solves by QR of [X 1 | Y] over blocks of rows, then by column-pivoted QR of the triangle.
///
/// R of all rows is R of (R so far, next rows), so Q is never stored.
///
/// # Errors
/// Returns a message if the eigenvalues do not converge, which does not happen for finite numbers.
pub(crate) fn solve<F: FnMut(usize, &mut [f64])>(rows: Rows<F>) -> Result<LeastSquares, String> {
    let (samples, inputs, outputs) = (rows.samples, rows.inputs, rows.outputs);
    let triangle = triangle(rows);
    let width = inputs + 1;
    let design = triangle.submatrix(0, 0, triangle.nrows().min(width), width);
    let mut hessian = design.transpose() * design;
    hessian *= faer::Scale(2.0 / samples as f64);
    let eigenvalues = hessian
        .self_adjoint_eigenvalues(faer::Side::Lower)
        .map_err(|error| format!("{error:?}"))?;
    let targets = triangle.submatrix(0, width, design.nrows(), outputs);
    let (layer, rank) = solve_triangle(design, targets, samples);
    Ok(LeastSquares { layer, rank, eigenvalues: eigenvalues.into_iter().rev().collect() })
}

/// Returns R of [X 1 | Y].
fn triangle<F: FnMut(usize, &mut [f64])>(mut rows: Rows<F>) -> Mat<f64> {
    let width = rows.inputs + 1 + rows.outputs;
    let mut triangle = Mat::<f64>::zeros(0, width);
    let mut row = vec![0.0; width];
    for start in (0..rows.samples).step_by(ROWS) {
        let count = ROWS.min(rows.samples - start);
        let above = triangle.nrows();
        let mut block = Mat::<f64>::zeros(above + count, width);
        block.submatrix_mut(0, 0, above, width).copy_from(&triangle);
        for sample in 0..count {
            row.fill(0.0);
            row[rows.inputs] = 1.0;
            (rows.fill)(start + sample, &mut row);
            row.iter().enumerate().for_each(|(column, &v)| block[(above + sample, column)] = v);
        }
        triangle = block.qr().thin_R().to_owned();
        // faer stores the reflectors of Q below the diagonal.
        for column in 0..width {
            for below in column + 1..triangle.nrows() {
                triangle[(below, column)] = 0.0;
            }
        }
    }
    triangle
}

/// Returns the basic solution, in which dependent columns get the weight 0.
fn solve_triangle(
    design: MatRef<'_, f64>,
    targets: MatRef<'_, f64>,
    samples: usize,
) -> (Affine, usize) {
    let (width, outputs) = (design.ncols(), targets.ncols());
    let decomposition = design.col_piv_qr();
    let upper = decomposition.thin_R();
    let size = upper.nrows();
    let largest = if size > 0 { upper[(0, 0)].abs() } else { 0.0 };
    let negligible = f64::EPSILON * samples.max(width) as f64 * largest;
    let rank = (0..size).take_while(|&i| upper[(i, i)].abs() > negligible).count();
    let rotated = decomposition.compute_thin_Q().transpose() * targets;
    let (order, _) = decomposition.P().arrays();
    let mut layer = Affine::zeros(width - 1, outputs);
    for output in 0..outputs {
        let mut solution = vec![0.0; rank];
        for row in (0..rank).rev() {
            let known: f64 = (row + 1..rank).map(|c| upper[(row, c)] * solution[c]).sum();
            solution[row] = (rotated[(row, output)] - known) / upper[(row, row)];
        }
        for (&column, value) in order.iter().zip(solution) {
            match layer.weights.get_mut(column * outputs + output) {
                Some(weight) => *weight = value,
                None => layer.biases[output] = value,
            }
        }
    }
    (layer, rank)
}

/// Solves least squares on images with target 1 for the class and 0 for the others.
pub(crate) fn classify(train: &Samples<'_>) -> Result<LeastSquares, String> {
    let inputs = train.width();
    let fill = |sample: usize, row: &mut [f64]| {
        train.for_each_pixel(sample, |pixel, value| row[pixel] = value);
        row[inputs + 1 + train.label(sample)] = 1.0;
    };
    solve(Rows { samples: train.len(), inputs, outputs: train.classes(), fill })
}
