//! Distorted images, described by directions where that is wanted, prepared while the network trains.
//!
//! Where there is a core to spare, a thread of its own prepares them ahead. Where the device computes on all of them,
//! such a thread would push its threads aside in the middle of their work, and the others would wait for
//! them; so there the device's own threads prepare a batch between two steps. What a batch holds depends on the plan
//! alone.

use crate::TrainError;
use nn_data::Dataset;
use nn_images::{Augmenter as Distorter, GradientEncoder};
use nn_tensor::Tensor;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

/// Batches that may lie ready: enough that neither side waits for the other's hiccups.
const BATCHES_AHEAD: usize = 4;

/// Samples that one of the device's threads prepares before it looks for more, and in how many parts a batch is
/// cut at most.
const SAMPLES_OF_PART: usize = 8;
const MOST_PARTS: usize = 64;

/// How the images of an epoch are distorted.
pub(super) struct Plan {
    pub(super) data: Dataset,
    pub(super) strength: f64,
    pub(super) seed: u64,
    pub(super) epoch: u64,
}

/// What prepares images, one after the other.
#[derive(Clone)]
pub(super) struct Preparer {
    distorter: Distorter,
    /// Where distorted images are described by directions.
    encoder: Option<GradientEncoder>,
    /// Distorted, to be described.
    image: Vec<u8>,
}

/// The batches of the rest of an epoch, one after the other.
pub(super) enum DistortedBatches {
    Ahead(PreparedAhead),
    BetweenSteps(Box<PreparedBetweenSteps>),
}

impl DistortedBatches {
    /// The next batch, whose samples these are: samples x bytes that the network is shown.
    pub(super) fn next<T: Tensor>(
        &mut self,
        device: &T::Device,
        samples: &[u32],
    ) -> Result<&[u8], TrainError> {
        match self {
            Self::Ahead(ahead) => ahead.next(),
            Self::BetweenSteps(between) => Ok(between.next::<T>(device, samples)),
        }
    }
}

/// Batches that a thread of their own prepares.
pub(super) struct PreparedAhead {
    filled: Option<Receiver<Vec<u8>>>,
    emptied: SyncSender<Vec<u8>>,
    thread: Option<JoinHandle<()>>,
    batch: Vec<u8>,
}

impl PreparedAhead {
    /// Starts to prepare batches of the `samples`, which are those of the rest of an epoch in order.
    pub(super) fn start(
        plan: Plan,
        preparer: Preparer,
        samples: Vec<u32>,
        batch: usize,
    ) -> Result<Self, TrainError> {
        let (give, filled) = sync_channel(BATCHES_AHEAD);
        let (emptied, take) = sync_channel(BATCHES_AHEAD + 2);
        let thread = Builder::new()
            .name("nn-distort".to_owned())
            .spawn(move || prepare_all(&plan, preparer, &samples, batch, (&give, &take)))
            .map_err(|error| TrainError::Thread(error.to_string()))?;
        Ok(Self { filled: Some(filled), emptied, thread: Some(thread), batch: Vec::new() })
    }

    fn next(&mut self) -> Result<&[u8], TrainError> {
        let batch = self.filled.as_ref().and_then(|filled| filled.recv().ok());
        let batch = batch
            .ok_or_else(|| TrainError::Thread("it ended before its work was done".to_owned()))?;
        let used = std::mem::replace(&mut self.batch, batch);
        // Its memory is filled again. With no room or nobody there it is simply freed.
        let _ = self.emptied.try_send(used);
        Ok(&self.batch)
    }
}

impl Drop for PreparedAhead {
    /// Nobody takes batches any more, so the thread ends.
    fn drop(&mut self) {
        self.filled = None;
        if let Some(thread) = self.thread.take() {
            // A panic in it has been met as a batch that did not come.
            let _ = thread.join();
        }
    }
}

/// Prepares batch after batch, until all are done or nobody takes them any more.
fn prepare_all(
    plan: &Plan,
    mut preparer: Preparer,
    samples: &[u32],
    batch: usize,
    (give, emptied): (&SyncSender<Vec<u8>>, &Receiver<Vec<u8>>),
) {
    for samples in samples.chunks(batch) {
        let mut shown = emptied.try_recv().unwrap_or_default();
        preparer.prepare(plan, samples, &mut shown);
        if give.send(shown).is_err() {
            return;
        }
    }
}

/// Batches that the device's own threads prepare when they are asked for.
pub(super) struct PreparedBetweenSteps {
    plan: Plan,
    /// Those that nobody uses, the last used on top: its memory is still in a cache.
    preparers: Mutex<Vec<Preparer>>,
    /// To be copied, where all are in use.
    preparer: Preparer,
    /// What the network is shown, part by part.
    parts: Vec<Mutex<Vec<u8>>>,
    batch: Vec<u8>,
}

impl PreparedBetweenSteps {
    /// For batches of up to so many samples.
    pub(super) fn new(plan: Plan, preparer: Preparer, batch: usize) -> Self {
        let parts = batch.div_ceil(SAMPLES_OF_PART).clamp(1, MOST_PARTS);
        let parts = (0..parts).map(|_| Mutex::default()).collect();
        Self { plan, preparers: Mutex::default(), preparer, parts, batch: Vec::new() }
    }

    fn next<T: Tensor>(&mut self, device: &T::Device, samples: &[u32]) -> &[u8] {
        let of_part = samples.len().div_ceil(self.parts.len()).max(1);
        let count = samples.len().div_ceil(of_part);
        T::for_each(device, count, |part| {
            let unused = lock(&self.preparers).pop();
            let mut preparer = unused.unwrap_or_else(|| self.preparer.clone());
            let end = samples.len().min((part + 1) * of_part);
            let samples = &samples[part * of_part..end];
            preparer.prepare(&self.plan, samples, &mut lock(&self.parts[part]));
            lock(&self.preparers).push(preparer);
        });
        self.batch.clear();
        for part in &self.parts[..count] {
            self.batch.extend_from_slice(&lock(part));
        }
        &self.batch
    }
}

/// A panic while it was held has ended the training.
fn lock<V>(value: &Mutex<V>) -> MutexGuard<'_, V> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Preparer {
    pub(super) fn new(distorter: Distorter, encoder: Option<GradientEncoder>) -> Self {
        Self { distorter, encoder, image: Vec::new() }
    }

    /// Prepares what the network is shown of these samples: samples x bytes.
    fn prepare(&mut self, plan: &Plan, samples: &[u32], shown: &mut Vec<u8>) {
        let Self { distorter, encoder, image } = self;
        let Plan { data, strength, seed, epoch } = plan;
        let pixels = data.input_width();
        let width = encoder.as_ref().map_or(pixels, GradientEncoder::features);
        image.resize(pixels, 0);
        shown.resize(samples.len() * width, 0);
        for (&sample, shown) in samples.iter().zip(shown.chunks_exact_mut(width)) {
            let undistorted = data.image(sample as usize).unwrap_or_default();
            let copy = if encoder.is_some() { &mut image[..] } else { &mut *shown };
            distorter.augment(undistorted, copy, *strength, *seed, *epoch, sample);
            if let Some(encoder) = encoder {
                encoder.encode(image, shown);
            }
        }
    }
}
