//! Distorted images, described by directions where that is wanted, prepared by a thread of their own while the
//! network trains.

use crate::TrainError;
use nn_data::{Dataset, DirectionEncoder, Distorter};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

/// Batches that may lie ready: enough that neither side waits for the other's hiccups.
const BATCHES_AHEAD: usize = 4;

/// What is to be distorted: the rest of an epoch.
pub(super) struct Plan {
    pub(super) data: Dataset,
    pub(super) distorter: Distorter,
    /// Where distorted images are described by directions.
    pub(super) encoder: Option<DirectionEncoder>,
    pub(super) strength: f64,
    pub(super) seed: u64,
    pub(super) epoch: u64,
    /// Samples of the epoch that are still to come, in order.
    pub(super) samples: Vec<u32>,
    pub(super) batch: usize,
}

/// The batches of the rest of an epoch, one after the other. What they hold depends on the plan
/// alone.
pub(super) struct DistortedBatches {
    filled: Option<Receiver<Vec<u8>>>,
    emptied: SyncSender<Vec<u8>>,
    thread: Option<JoinHandle<()>>,
}

impl DistortedBatches {
    /// Starts to prepare them.
    pub(super) fn start(plan: Plan) -> Result<Self, TrainError> {
        let (give, filled) = sync_channel(BATCHES_AHEAD);
        let (emptied, take) = sync_channel(BATCHES_AHEAD + 2);
        let thread = Builder::new()
            .name("nn-distort".to_owned())
            .spawn(move || plan.carry_out(&give, &take))
            .map_err(|error| TrainError::Thread(error.to_string()))?;
        Ok(Self { filled: Some(filled), emptied, thread: Some(thread) })
    }

    /// The next batch: samples x bytes that the network is shown.
    pub(super) fn next(&self) -> Result<Vec<u8>, TrainError> {
        let batch = self.filled.as_ref().and_then(|filled| filled.recv().ok());
        batch.ok_or_else(|| TrainError::Thread("it ended before its work was done".to_owned()))
    }

    /// Hands a batch's memory back, to be filled again.
    pub(super) fn give_back(&self, batch: Vec<u8>) {
        // With no room or nobody there it is simply freed.
        let _ = self.emptied.try_send(batch);
    }
}

impl Drop for DistortedBatches {
    /// Nobody takes batches any more, so the thread ends.
    fn drop(&mut self) {
        self.filled = None;
        if let Some(thread) = self.thread.take() {
            // A panic in it has been met as a batch that did not come.
            let _ = thread.join();
        }
    }
}

impl Plan {
    fn carry_out(mut self, give: &SyncSender<Vec<u8>>, emptied: &Receiver<Vec<u8>>) {
        let pixels = self.data.input_width();
        let width = if self.encoder.is_some() { DirectionEncoder::WIDTH } else { pixels };
        let mut image = vec![0; pixels];
        for samples in self.samples.chunks(self.batch) {
            let mut bytes = emptied.try_recv().unwrap_or_default();
            bytes.resize(samples.len() * width, 0);
            for (&sample, shown) in samples.iter().zip(bytes.chunks_exact_mut(width)) {
                let undistorted = self.data.image(sample as usize).unwrap_or_default();
                let (strength, seed, epoch) = (self.strength, self.seed, self.epoch);
                let copy = if self.encoder.is_some() { &mut image[..] } else { &mut *shown };
                self.distorter.distort(undistorted, copy, strength, seed, epoch, sample);
                if let Some(encoder) = &mut self.encoder {
                    encoder.encode(&image, shown);
                }
            }
            if give.send(bytes).is_err() {
                return;
            }
        }
    }
}
