//! The reference that every backend is held to.

use crate::{Element, Matrix, Orientation, Role, Shape, Tensor, TensorError, expect_shape};

/// A matrix in a `Vec`, with the three nested loops of the definition for its product and the
/// traits' provided bodies for everything else. Slow, and plainly right.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferenceTensor<E> {
    shape: Shape,
    values: Vec<E>,
}

impl<E: Element> ReferenceTensor<E> {
    /// Element (row, column) of `self` seen through `orientation`.
    fn at(&self, orientation: Orientation, row: usize, column: usize) -> E {
        match orientation {
            Orientation::Keep => self.values[row * self.shape.columns + column],
            Orientation::Transpose => self.values[column * self.shape.columns + row],
        }
    }
}

impl<E: Element> Tensor for ReferenceTensor<E> {}

impl<E: Element> Matrix for ReferenceTensor<E> {
    type Elem = E;
    type Device = ();

    fn zeros((): &(), shape: Shape, _role: Role) -> Result<Self, TensorError> {
        let mut values = Vec::new();
        // Where the size in bytes does not overflow, the length does not either.
        if shape.bytes::<E>().is_none() || values.try_reserve_exact(shape.len()).is_err() {
            return Err(TensorError::out_of_memory::<E>(shape));
        }
        values.resize(shape.len(), E::ZERO);
        Ok(Self { shape, values })
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn device(&self) -> &() {
        &()
    }

    fn write(&mut self, values: &[E]) {
        self.values.copy_from_slice(values);
    }

    fn read(&self, values: &mut [E]) {
        values.copy_from_slice(&self.values);
    }

    fn matmul(
        &mut self,
        alpha: E,
        a: &Self,
        a_orientation: Orientation,
        b: &Self,
        b_orientation: Orientation,
        beta: E,
    ) {
        let (a_shape, b_shape) = (a.shape.oriented(a_orientation), b.shape.oriented(b_orientation));
        expect_shape("matmul", "op(b)", b_shape, Shape::new(a_shape.columns, b_shape.columns));
        expect_shape("matmul", "self", self.shape, Shape::new(a_shape.rows, b_shape.columns));
        for row in 0..self.shape.rows {
            for column in 0..self.shape.columns {
                let sum: E = (0..a_shape.columns)
                    .map(|inner| {
                        a.at(a_orientation, row, inner) * b.at(b_orientation, inner, column)
                    })
                    .sum();
                let old = &mut self.values[row * self.shape.columns + column];
                let kept = if beta == E::ZERO { E::ZERO } else { beta * *old };
                *old = alpha * sum + kept;
            }
        }
    }
}
