//! Whether a training fits into this machine. The system promises more memory than it has, and ends
//! the process that takes it at its word.

use crate::error::CliError;
use nn_core::{Architecture, Optimizer};

/// Refuses a network (of these branches) whose training could not but take more memory than there is.
pub(crate) fn expect_room(forms: &[Architecture], optimizer: &Optimizer) -> Result<(), CliError> {
    forms.iter().try_for_each(Architecture::validate)?;
    match available() {
        Some(room) => fits(forms, optimizer, room),
        None => Ok(()),
    }
}

fn fits(forms: &[Architecture], optimizer: &Optimizer, room: u64) -> Result<(), CliError> {
    // Weights and moments in single precision: what cannot be done without.
    let copies = 1 + optimizer.moment_count() as u64;
    let parameters =
        |sum: u64, form: &Architecture| sum.saturating_add(form.parameter_count() as u64);
    let needed = forms.iter().fold(0, parameters).saturating_mul(4 * copies);
    if needed <= room {
        return Ok(());
    }
    let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    Err(CliError::Failed(format!(
        "training this network takes at least {:.1} GiB of memory, and {:.1} GiB are free; use a \
         smaller network",
        gib(needed),
        gib(room)
    )))
}

/// Bytes that a process may still have, where the system says so.
fn available() -> Option<u64> {
    available_in(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

/// From the line `MemAvailable:   12345 kB`.
fn available_in(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nn_core::Activation;

    #[test]
    fn a_network_fits_to_the_byte() {
        let form = Architecture {
            inputs: 3,
            hidden: vec![2],
            outputs: 1,
            activation: Activation::Relu,
            output_activation: Activation::Identity,
        };
        // 3 x 2 + 2 and 2 x 1 + 1 numbers, and as many velocities, of four bytes each.
        let optimizer = Optimizer::from_name("momentum").unwrap();
        let (one, two) = ([form.clone()], [form.clone(), form]);
        assert!(fits(&one, &optimizer, 88).is_ok());
        let message = fits(&one, &optimizer, 87).unwrap_err().to_string();
        assert!(message.contains("use a smaller network") && !message.contains('\n'), "{message}");
        assert!(fits(&one, &Optimizer::Sgd, 44).is_ok());
        assert!(
            fits(&two, &Optimizer::Sgd, 88).is_ok() && fits(&two, &Optimizer::Sgd, 87).is_err()
        );
    }

    #[test]
    fn the_system_is_understood_or_left_alone() {
        let text = "MemTotal:       24683104 kB\nMemAvailable:   22642880 kB\n";
        assert_eq!(available_in(text), Some(22_642_880 * 1024));
        for text in ["", "MemAvailable:", "MemAvailable: 1 MB", "MemAvailable: -1 kB"] {
            assert_eq!(available_in(text), None, "{text}");
        }
    }
}
