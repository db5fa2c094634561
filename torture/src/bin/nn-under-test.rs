//! The command `nn`, built in this package so that its tests can start it.

use std::process::ExitCode;

fn main() -> ExitCode {
    nn_cli::main()
}
