//! The matrix in memory: its numbers in the packed layout, or the bytes that it was gathered from.

use crate::CpuDevice;
use crate::element::KernelElement;
use crate::layout::Layout;
use crate::lines::Lines;
use crate::pixels::{Pixels, WriteBytes};
use nn_tensor::{Role, Shape, TensorError};
use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::{Mutex, OnceLock, PoisonError};

/// A matrix of `f32` or `f64` in main memory.
///
/// See the [crate](crate) for an example and for its layout in memory.
pub struct CpuTensor<E> {
    pub(crate) shape: Shape,
    pub(crate) layout: Layout,
    pub(crate) device: CpuDevice,
    /// The numbers; empty while `pixels` holds them and nobody has asked for all of them.
    whole: OnceLock<Lines>,
    /// The buffer of `whole` while that is empty.
    spare: Mutex<Option<Lines>>,
    /// The same numbers without their zeros, as long as they are those of the last gather.
    pixels: Pixels,
    holds_pixels: bool,
    /// Scratch for the rows of a batch in the bytes that it is gathered from.
    rows: Vec<u32>,
    element: PhantomData<E>,
}

impl<E: KernelElement> CpuTensor<E> {
    /// A matrix of zeros, in the layout of `role`.
    pub(crate) fn packed_zeros(
        device: &CpuDevice,
        shape: Shape,
        role: Role,
    ) -> Result<Self, TensorError> {
        let refused = || TensorError::out_of_memory::<E>(shape);
        let layout = Layout::new::<E>(shape, role).ok_or_else(refused)?;
        let lines = Lines::zeros(layout.lines()).ok_or_else(refused)?;
        Ok(Self {
            shape,
            layout,
            device: device.clone(),
            whole: OnceLock::from(lines),
            spare: Mutex::new(None),
            pixels: Pixels::for_rows(layout.rows),
            holds_pixels: false,
            rows: Vec::new(),
            element: PhantomData,
        })
    }

    /// All numbers, in the order of memory; written out first, if they were gathered from bytes.
    #[inline]
    pub(crate) fn values(&self) -> &[E] {
        self.whole.get_or_init(|| self.write_out()).numbers()
    }

    /// The numbers that `pixels` holds, zeros included.
    #[cold]
    fn write_out(&self) -> Lines {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = spare.take().expect("a tensor has no numbers after a gather that panicked");
        self.pixels.write_out::<E>(&self.layout, lines.numbers_mut());
        lines
    }

    /// All numbers, to be changed.
    pub(crate) fn values_mut(&mut self) -> &mut [E] {
        self.parts_mut().2
    }

    /// Device, layout and numbers, to be changed.
    pub(crate) fn parts_mut(&mut self) -> (&CpuDevice, &Layout, &mut [E]) {
        self.whole.get_or_init(|| self.write_out());
        self.holds_pixels = false;
        let lines = self.whole.get_mut().expect("just made sure of");
        (&self.device, &self.layout, lines.numbers_mut())
    }

    /// The numbers without their zeros, if they were gathered from bytes.
    #[inline]
    pub(crate) fn pixels(&self) -> Option<&Pixels> {
        self.holds_pixels.then_some(&self.pixels)
    }

    /// Copies all numbers to `values`, row-major.
    pub(crate) fn copy_to(&self, values: &mut [E]) {
        let (step, own) = (self.layout.index_step(), self.values());
        self.layout.for_each_run(|start, index, width| {
            for (lane, &value) in own[start..start + width].iter().enumerate() {
                values[index + lane * step] = value;
            }
        });
    }

    /// The numbers of `other`, which has the same shape, in the layout of this one: borrowed, or
    /// copied where the two were created for different roles.
    pub(crate) fn in_this_layout<'a>(&self, other: &'a Self) -> Cow<'a, [E]> {
        if self.layout == other.layout {
            return Cow::Borrowed(other.values());
        }
        let mut plain = vec![E::ZERO; other.shape.len()];
        other.copy_to(&mut plain);
        let mut values = vec![E::ZERO; self.values().len()];
        let step = self.layout.index_step();
        self.layout.for_each_run(|start, index, width| {
            for lane in 0..width {
                values[start + lane] = plain[index + lane * step];
            }
        });
        Cow::Owned(values)
    }

    /// Computes each number from its row-major index and itself.
    pub(crate) fn map_indexed(&mut self, mut function: impl FnMut(usize, E) -> E) {
        let layout = self.layout;
        let step = layout.index_step();
        let values = self.values_mut();
        layout.for_each_run(|start, index, width| {
            for (lane, value) in values[start..start + width].iter_mut().enumerate() {
                *value = function(index + lane * step, *value);
            }
        });
    }

    /// Row i becomes row i of `bytes` times `scale`.
    pub(crate) fn write_bytes(&mut self, bytes: &[u8], scale: E) {
        if self.layout.rows == 1 {
            let (device, _, numbers) = self.parts_mut();
            let simd = device.simd();
            return E::dispatch(simd, WriteBytes { bytes, scale, numbers });
        }
        let mut rows = std::mem::take(&mut self.rows);
        rows.clear();
        rows.extend(0..self.shape.rows as u32); // samples are counted in u32
        self.take_bytes(bytes, &rows, scale);
        self.rows = rows;
    }

    /// Row i becomes the sample number `samples[i]` of `source` times `scale`; `view`, where there is
    /// one, has the row of each sample.
    pub(crate) fn gather_bytes(
        &mut self,
        (source, view): (&[u8], Option<&[u32]>),
        samples: &[u32],
        scale: E,
    ) {
        let Some(view) = view else { return self.take_bytes(source, samples, scale) };
        let mut rows = std::mem::take(&mut self.rows);
        rows.clear();
        rows.extend(samples.iter().map(|&sample| view[sample as usize]));
        self.take_bytes(source, &rows, scale);
        self.rows = rows;
    }

    /// Row i becomes row `rows[i]` of `source` times `scale`; kept as lists without zeros where there
    /// is memory for them.
    fn take_bytes(&mut self, source: &[u8], rows: &[u32], scale: E) {
        let columns = self.shape.columns;
        let spare = self.spare.get_mut().unwrap_or_else(PoisonError::into_inner);
        // Held here while lists are half made: should that panic, whoever asks for numbers gets none.
        let lines = self.whole.take().or(spare.take());
        let lines = lines.or_else(|| Lines::zeros(self.layout.lines()));
        self.holds_pixels = false;
        let listed = !self.layout.transposed
            && !self.shape.is_empty()
            && self.pixels.gather(&self.device, source, columns, rows, scale);
        if listed {
            *spare = lines;
            self.holds_pixels = true;
        } else {
            // What was gathered before is gone; its buffer takes the numbers themselves.
            self.whole = lines.map_or_else(OnceLock::new, OnceLock::from);
            self.map_indexed(|index, _| {
                let byte = source[rows[index / columns] as usize * columns + index % columns];
                scale * E::from_f64(f64::from(byte))
            });
        }
    }
}
