//! Objectives of the solvers.

/// Why an objective could not be evaluated, such as a device failure.
pub type ObjectiveError = Box<dyn std::error::Error + Send + Sync>;

/// A cost that depends on a vector of parameters, with its derivatives.
pub trait Objective {
    /// Returns the number of parameters.
    fn dimension(&self) -> usize;

    /// Returns the cost at a point, and writes its gradient.
    ///
    /// # Errors
    /// Returns the error of the objective.
    fn evaluate(&mut self, at: &[f64], gradient: &mut [f64]) -> Result<f64, ObjectiveError>;

    /// Returns the relative rounding error of the cost, below which two costs are the same: that of
    /// `f64`, unless the objective computes in less.
    fn rounding(&self) -> f64 {
        f64::EPSILON
    }

    /// Writes the Hessian at a point, dimension x dimension, row-major.
    ///
    /// The provided body uses central differences of the gradient.
    ///
    /// # Errors
    /// Returns the errors of [`evaluate`](Self::evaluate).
    fn hessian(&mut self, at: &[f64], hessian: &mut [f64]) -> Result<(), ObjectiveError> {
        difference_hessian(self, at, 1e-5, hessian)
    }

    /// Writes a positive semidefinite approximation of the Hessian, such as JᵀJ of the residuals.
    ///
    /// Returns whether there is one; the provided body returns `false`.
    ///
    /// # Errors
    /// Returns the errors of [`evaluate`](Self::evaluate).
    fn gauss_newton(&mut self, _at: &[f64], _matrix: &mut [f64]) -> Result<bool, ObjectiveError> {
        Ok(false)
    }
}

/// Computes the Hessian by central differences of the gradient, made symmetric.
///
/// Takes 2 x dimension evaluations. `step` is the distance of the points from `at`, relative to
/// each parameter that is larger than 1.
///
/// # Errors
/// Returns the errors of [`Objective::evaluate`].
pub fn difference_hessian<O: Objective + ?Sized>(
    objective: &mut O,
    at: &[f64],
    step: f64,
    hessian: &mut [f64],
) -> Result<(), ObjectiveError> {
    let size = at.len();
    let (mut moved, mut right, mut left) = (at.to_vec(), vec![0.0; size], vec![0.0; size]);
    for (index, row) in hessian.chunks_exact_mut(size).enumerate() {
        let distance = step * at[index].abs().max(1.0);
        moved[index] = at[index] + distance;
        objective.evaluate(&moved, &mut right)?;
        moved[index] = at[index] - distance;
        objective.evaluate(&moved, &mut left)?;
        moved[index] = at[index];
        for ((element, right), left) in row.iter_mut().zip(&right).zip(&left) {
            *element = (right - left) / (2.0 * distance);
        }
    }
    for row in 0..size {
        for column in 0..row {
            let mean = 0.5 * (hessian[row * size + column] + hessian[column * size + row]);
            hessian[row * size + column] = mean;
            hessian[column * size + row] = mean;
        }
    }
    Ok(())
}
