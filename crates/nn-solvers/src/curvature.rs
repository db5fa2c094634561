//! The Hessian as argmin's solvers need it.

use argmin_math::{ArgminDot, ArgminInv};
use faer::Mat;
use faer::linalg::solvers::DenseSolveCore;
use std::rc::Rc;

/// A Hessian or its approximation; clones share it.
#[derive(Clone)]
pub(crate) struct Curvature(Rc<Mat<f64>>);

impl Curvature {
    /// Creates it from size x size elements, row-major.
    pub(crate) fn new(elements: &[f64], size: usize) -> Self {
        Self(Rc::new(Mat::from_fn(size, size, |row, column| elements[row * size + column])))
    }
}

impl ArgminDot<Vec<f64>, Vec<f64>> for Curvature {
    fn dot(&self, vector: &Vec<f64>) -> Vec<f64> {
        let columns = self.0.col_iter().zip(vector);
        let mut product = vec![0.0; vector.len()];
        for (column, &factor) in columns {
            product.iter_mut().zip(column.iter()).for_each(|(to, from)| *to += factor * from);
        }
        product
    }
}

impl ArgminInv<Curvature> for Curvature {
    /// Returns the inverse, which is not finite if the matrix is singular; the run stops at the
    /// next point.
    fn inv(&self) -> Result<Curvature, argmin_math::Error> {
        Ok(Self(Rc::new(self.0.partial_piv_lu().inverse())))
    }
}
