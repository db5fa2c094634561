//! The number of threads and the width of the registers change the time and nothing else.

mod network;

use network::{Data, Extras, Network, epoch, images, update_by};
use nn_cpu::{CpuDevice, CpuElement, CpuTensor};
use nn_tensor::{Activation, Device, Element, StepNumbers, TALLY_WIDTH, UpdateRule};
use std::panic::AssertUnwindSafe;

/// The networks that are measured, and their batches.
const NETWORKS: [(&[usize], usize); 4] = [
    (&[784, 30, 10], 10),
    (&[784, 128, 10], 64),
    (&[784, 800, 10], 128),
    (&[784, 512, 512, 10], 256),
];

/// A training of some steps; everything it has come to.
fn trained<E: CpuElement>(
    device: &CpuDevice,
    (sizes, batch): (&[usize], usize),
    rule: UpdateRule<E>,
    extras: Extras,
) -> Vec<E> {
    let labels = (0..2 * batch as u32).map(|row| row % 10).collect();
    let data = Data::<CpuTensor<E>>::new(device, images(2 * batch, sizes[0]), sizes[0], labels);
    let row = |at: usize| ((at % batch * 3 + at / batch) % (2 * batch)) as u32;
    let order = (0..5 * batch).map(row).collect();
    let numbers = StepNumbers { learning_rate: 0.05, corrected_rate: 0.5, root_correction: 10.0 };
    let mut epoch = epoch::<CpuTensor<E>>(device, order, batch, numbers, sizes.len());
    let mut network = Network::<CpuTensor<E>>::new(device, sizes, batch);
    device.run(|| {
        for _ in 0..5 {
            network.step(&data, &mut epoch, &update_by(rule), extras);
        }
        network.contents()
    })
}

fn bits<E: Element>(values: &[E]) -> Vec<u64> {
    values.iter().map(|&value| value.to_f64().to_bits()).collect()
}

/// Devices that must give the same bytes: with each of the instruction sets that round a multiplication and an
/// addition once, or else with what this CPU has, on one to four threads.
fn devices() -> Vec<CpuDevice> {
    // The portable kernels too, where they are compiled for a CPU that has it.
    let fma = cfg!(any(target_feature = "fma", target_arch = "aarch64"));
    let names = ["avx512", "avx2", "portable"].into_iter().take(if fma { 3 } else { 2 });
    let with = |name| (1..=4).map_while(move |threads| CpuDevice::with_simd(threads, name).ok());
    let devices: Vec<_> = names.flat_map(with).collect();
    let plain = || {
        (1..=4).map(|threads| CpuDevice::oversubscribed(threads).expect("four threads")).collect()
    };
    if devices.is_empty() { plain() } else { devices }
}

/// Trains every network by every rule, with and without dropout, on all [`devices`]; returns a hash of all
/// weights that they came to.
fn same_everywhere<E: CpuElement>(rules: &[UpdateRule<E>], many: &[Extras]) -> u64 {
    let devices = devices();
    let mut hash = 0xcbf2_9ce4_8422_2325; // FNV-1a
    for network in NETWORKS {
        for &rule in rules {
            for &extras in many {
                let first = bits(&trained::<E>(&devices[0], network, rule, extras));
                for device in &devices[1..] {
                    let other = bits(&trained::<E>(device, network, rule, extras));
                    let with = device.instructions();
                    assert!(first == other, "{network:?} {rule:?} differs on {device:?}, {with}");
                }
                // The tally, at the end, goes through the logarithm of the system's library.
                // The lower half of a single-precision number is 0 in double precision.
                for bits in &first[..first.len() - TALLY_WIDTH] {
                    hash = (hash ^ bits ^ (bits >> 32)).wrapping_mul(0x0100_0000_01b3);
                }
            }
        }
    }
    hash
}

fn adam<E: CpuElement>() -> UpdateRule<E> {
    UpdateRule::adam(0.9, 0.999, 1e-8)
}

const DROPOUT: Extras = Extras { dropout: 0.2, ..Extras::NONE };
const TANH: Extras = Extras { activation: Activation::Tanh, ..DROPOUT };
const RICH: Extras =
    Extras { activation: Activation::Gelu, dropout: 0.2, clip: true, smoothing: 0.1 };

/// The hash of every training here, on any CPU that multiplies and adds in one rounding. So far x86-64 alone has
/// shown it, with AVX-512, AVX2 and the portable kernels.
const GOLDEN: u64 = 0x27ef_21a6_444c_2290;

#[test]
fn f32_same_bytes_with_every_optimizer() {
    let of = |momentum, nesterov| UpdateRule::Momentum { momentum, nesterov };
    let rules = [
        UpdateRule::Descent,
        of(0.9, false),
        of(0.9, true),
        UpdateRule::rms_prop(0.99, 1e-8),
        adam(),
    ];
    let hash = same_everywhere::<f32>(&rules, &[Extras::NONE, DROPOUT, TANH]);
    let has_fma = CpuDevice::with_simd(1, "avx2").is_ok() || cfg!(target_arch = "aarch64");
    assert!(!has_fma || hash == GOLDEN, "{hash:#x}");
}

#[test]
fn f32_same_bytes_with_everything() {
    same_everywhere::<f32>(&[UpdateRule::Descent, adam()], &[RICH]);
}

#[test]
fn f64_same_bytes() {
    same_everywhere::<f64>(&[UpdateRule::Descent], &[Extras::NONE, RICH]);
}

/// Two trainings at once, each with its own threads, and two on the same device.
#[test]
fn trainings_at_the_same_time_do_not_disturb_each_other() {
    let network = NETWORKS[1];
    let alone = bits(&trained::<f32>(&CpuDevice::new(1).unwrap(), network, adam(), Extras::NONE));
    let devices = [CpuDevice::oversubscribed(2).unwrap(), CpuDevice::oversubscribed(3).unwrap()];
    std::thread::scope(|scope| {
        let runs: Vec<_> = [0, 1, 1, 0]
            .map(|index| {
                let device = &devices[index];
                scope.spawn(move || {
                    (0..5)
                        .map(|_| bits(&trained::<f32>(device, network, adam(), Extras::NONE)))
                        .collect::<Vec<_>>()
                })
            })
            .into();
        for run in runs {
            assert!(run.join().unwrap().iter().all(|result| *result == alone));
        }
    });
}

/// A run inside a run, and a panic inside a run, leave the device usable.
#[test]
fn runs_nest_and_survive_a_panic() {
    let device = CpuDevice::oversubscribed(2).unwrap();
    let nested =
        device.run(|| device.run(|| trained::<f32>(&device, NETWORKS[1], adam(), Extras::NONE)));
    let panic = std::panic::catch_unwind(AssertUnwindSafe(|| device.run(|| panic!("as planned"))));
    assert!(panic.is_err());
    let after = trained::<f32>(&device, NETWORKS[1], adam(), Extras::NONE);
    assert_eq!(bits(&nested), bits(&after));
}
