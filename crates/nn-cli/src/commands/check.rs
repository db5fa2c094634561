//! `nn check`.

use crate::cli::CheckArgs;
use crate::error::CliError;
use crate::stdout;
use crate::table::{self, Side};
use nn_lecture::gradient_check::{GradientCheck, TOLERANCE, check_all};
use nn_tensor::ReferenceTensor;
use serde_json::json;

/// Compares gradients with central differences, for everything that can be trained.
pub(crate) fn run(arguments: &CheckArgs) -> Result<(), CliError> {
    let checks = check_all::<ReferenceTensor<f64>>(&())?;
    let passed = |check: &GradientCheck| check.worst_relative_error < TOLERANCE;
    let failed = checks.iter().filter(|check| !passed(check)).count();
    let worst = checks.iter().map(|check| check.worst_relative_error).fold(0.0, f64::max);
    if arguments.format.is_json() {
        for check in &checks {
            stdout::line(
                json!({"event": "gradient-check", "check": check, "passed": passed(check)})
                    .to_string(),
            )?;
        }
        let done = json!({"event": "done", "checks": checks.len(), "failed": failed, "worst_relative_error": worst});
        stdout::line(done.to_string())?;
    } else {
        table_of(&checks).iter().try_for_each(stdout::line)?;
        let parameters: usize = checks.iter().map(|check| check.parameters).sum();
        stdout::line(format!(
            "\n{} networks, {parameters} derivatives in f64; worst relative error {worst:.1e}, must be below {TOLERANCE:e}",
            checks.len()
        ))?;
    }
    if failed == 0 {
        return Ok(());
    }
    Err(CliError::Failed(format!("{failed} of {} gradient checks failed", checks.len())))
}

fn table_of(checks: &[GradientCheck]) -> Vec<String> {
    let heads = ["loss", "activation", "regulariser", "derivatives", "worst relative error", ""];
    let row = |check: &GradientCheck| {
        let verdict = if check.worst_relative_error < TOLERANCE { "ok" } else { "FAILED" };
        vec![
            check.loss.name().to_owned(),
            check.activation.name().to_owned(),
            check.regulariser.to_owned(),
            check.parameters.to_string(),
            format!("{:.1e}", check.worst_relative_error),
            verdict.to_owned(),
        ]
    };
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(checks.iter().map(row));
    table::lines(&rows, &[Side::Left, Side::Left, Side::Left, Side::Right, Side::Right, Side::Left])
}
