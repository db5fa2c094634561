//! Randomly augmented images as batches, prepared while the network trains.

use nn_core::{BYTE_SCALE, BatchSource, Epoch, TrainError};
use nn_data::Dataset;
use nn_images::{Draw, ImageError, Pipeline, Worker};
use nn_tensor::{BatchPreparation, Device, Element, Tensor};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

/// Batches that may lie ready, so that neither side waits for the other's hiccups.
const BATCHES_AHEAD: usize = 4;

/// Samples that one of the device's threads prepares before it takes more.
const SAMPLES_OF_PART: usize = 8;
/// Most parts into which a batch is cut.
const MOST_PARTS: usize = 64;

/// The [`BatchSource`] of images that go through random transforms, afresh in each epoch.
///
/// The fixed transforms before the first random one are applied to the whole set once, the others to each batch. Where there
/// is a core to spare, a thread prepares batches ahead; where the device computes on all cores, such a thread would
/// interrupt the others in the middle of their work, so there the device's own threads prepare a batch between two
/// steps. What a batch holds depends on seed, epoch and samples alone.
pub struct AugmentedSource {
    /// After the transforms that are applied once.
    images: Dataset,
    /// What is applied to each batch.
    worker: Worker,
    shape: Vec<usize>,
    under_way: Option<Batches>,
    /// The rows of a batch in the bytes that are prepared for it: 0, 1, 2, ...
    rows: Vec<u32>,
}

impl AugmentedSource {
    /// Prepares to send the images of `data` through `pipeline`.
    ///
    /// # Errors
    /// [`ImageError`] where samples are no images that it takes.
    pub fn new(data: &Dataset, pipeline: &Pipeline) -> Result<Self, ImageError> {
        let (once, each_epoch) = pipeline.split();
        let images = once.apply(data)?;
        if images.image(0).is_none() && !images.is_empty() {
            return Err(ImageError::NotBytes { transform: "augment" });
        }
        let worker = each_epoch.worker(images.sample_shape())?;
        let shape = worker.output_shape().to_vec();
        Ok(Self { images, worker, shape, under_way: None, rows: Vec::new() })
    }
}

impl<T: Tensor> BatchSource<T> for AugmentedSource {
    fn sample_shape(&self) -> &[usize] {
        &self.shape
    }

    fn begin_epoch(&mut self, device: &T::Device, epoch: &Epoch<'_>) -> Result<(), TrainError> {
        let plan = Plan {
            images: self.images.clone(),
            draw: Draw {
                seed: epoch.seed,
                epoch: epoch.number as u64,
                epochs: epoch.epochs as u64,
                ..Draw::default()
            },
        };
        let worker = self.worker.clone();
        self.under_way = Some(if device.batch_preparation() == BatchPreparation::BetweenSteps {
            Batches::BetweenSteps(Box::new(PreparedBetweenSteps::new(plan, worker, epoch.batch)))
        } else {
            Batches::Ahead(PreparedAhead::start(plan, worker, epoch.order.to_vec(), epoch.batch)?)
        });
        Ok(())
    }

    fn load(&mut self, samples: &[u32], input: &mut T) -> Result<(), TrainError> {
        let no_epoch = || TrainError::Source("no epoch was begun".to_owned());
        let bytes = match self.under_way.as_mut().ok_or_else(no_epoch)? {
            Batches::Ahead(ahead) => ahead.next()?,
            Batches::BetweenSteps(between) => between.next::<T>(input.device(), samples),
        };
        self.rows.clear();
        self.rows.extend(0..samples.len() as u32);
        input.gather_bytes(bytes, &self.rows, T::Elem::from_f64(BYTE_SCALE));
        Ok(())
    }

    fn end_epoch(&mut self) {
        self.under_way = None;
    }
}

/// How the images of an epoch are augmented.
struct Plan {
    images: Dataset,
    /// For sample 0.
    draw: Draw,
}

impl Plan {
    /// Writes what the network sees of these samples: samples x bytes.
    fn prepare(&self, worker: &mut Worker, samples: &[u32], seen: &mut Vec<u8>) {
        let width = worker.output_width();
        seen.resize(samples.len() * width, 0);
        for (&sample, seen) in samples.iter().zip(seen.chunks_exact_mut(width)) {
            let image = self.images.image(sample as usize).unwrap_or_default();
            worker.apply(image, seen, &Draw { sample, ..self.draw });
        }
    }
}

/// The batches of the rest of an epoch, one after the other.
enum Batches {
    Ahead(PreparedAhead),
    BetweenSteps(Box<PreparedBetweenSteps>),
}

/// Batches that a thread of their own prepares.
struct PreparedAhead {
    filled: Option<Receiver<Vec<u8>>>,
    emptied: SyncSender<Vec<u8>>,
    thread: Option<JoinHandle<()>>,
    batch: Vec<u8>,
}

impl PreparedAhead {
    /// Starts to prepare batches of the `samples`, which are those of the rest of an epoch in order.
    fn start(
        plan: Plan,
        worker: Worker,
        samples: Vec<u32>,
        batch: usize,
    ) -> Result<Self, TrainError> {
        let (give, filled) = sync_channel(BATCHES_AHEAD);
        let (emptied, take) = sync_channel(BATCHES_AHEAD + 2);
        let thread = Builder::new()
            .name("nn-augment".to_owned())
            .spawn(move || prepare_all(&plan, worker, &samples, batch, (&give, &take)))
            .map_err(|error| TrainError::Source(format!("no thread to augment images: {error}")))?;
        Ok(Self { filled: Some(filled), emptied, thread: Some(thread), batch: Vec::new() })
    }

    fn next(&mut self) -> Result<&[u8], TrainError> {
        let ended = || {
            TrainError::Source("the thread that augments images ended before its work".to_owned())
        };
        let batch = self.filled.as_ref().and_then(|filled| filled.recv().ok()).ok_or_else(ended)?;
        let used = std::mem::replace(&mut self.batch, batch);
        // Its memory is filled again. Where nobody takes it, it is freed.
        let _ = self.emptied.try_send(used);
        Ok(&self.batch)
    }
}

impl Drop for PreparedAhead {
    /// Nobody takes batches any more, so the thread ends.
    fn drop(&mut self) {
        self.filled = None;
        if let Some(thread) = self.thread.take() {
            // A panic in it has shown as a batch that did not come.
            let _ = thread.join();
        }
    }
}

/// Prepares batch after batch, until all are done or nobody takes them any more.
fn prepare_all(
    plan: &Plan,
    mut worker: Worker,
    samples: &[u32],
    batch: usize,
    (give, emptied): (&SyncSender<Vec<u8>>, &Receiver<Vec<u8>>),
) {
    for samples in samples.chunks(batch) {
        let mut seen = emptied.try_recv().unwrap_or_default();
        plan.prepare(&mut worker, samples, &mut seen);
        if give.send(seen).is_err() {
            return;
        }
    }
}

/// Batches that the device's own threads prepare when they are asked for.
struct PreparedBetweenSteps {
    plan: Plan,
    /// Those that nobody uses, the last used on top: its memory is still in a cache.
    workers: Mutex<Vec<Worker>>,
    /// To be cloned, where all are in use.
    worker: Worker,
    /// What the network sees, part by part.
    parts: Vec<Mutex<Vec<u8>>>,
    batch: Vec<u8>,
}

impl PreparedBetweenSteps {
    /// Prepares for batches of up to so many samples.
    fn new(plan: Plan, worker: Worker, batch: usize) -> Self {
        let parts = batch.div_ceil(SAMPLES_OF_PART).clamp(1, MOST_PARTS);
        let parts = (0..parts).map(|_| Mutex::default()).collect();
        Self { plan, workers: Mutex::default(), worker, parts, batch: Vec::new() }
    }

    fn next<T: Tensor>(&mut self, device: &T::Device, samples: &[u32]) -> &[u8] {
        let of_part = samples.len().div_ceil(self.parts.len()).max(1);
        let count = samples.len().div_ceil(of_part);
        device.for_each(count, |part| {
            let unused = lock(&self.workers).pop();
            let mut worker = unused.unwrap_or_else(|| self.worker.clone());
            let end = samples.len().min((part + 1) * of_part);
            let samples = &samples[part * of_part..end];
            self.plan.prepare(&mut worker, samples, &mut lock(&self.parts[part]));
            lock(&self.workers).push(worker);
        });
        self.batch.clear();
        for part in &self.parts[..count] {
            self.batch.extend_from_slice(&lock(part));
        }
        &self.batch
    }
}

/// Locks; a panic while it was held has ended the training.
fn lock<V>(value: &Mutex<V>) -> MutexGuard<'_, V> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
