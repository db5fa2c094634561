//! The command `nn`, built beside its tormentor so that the tests of this package can start it.

use std::process::ExitCode;

fn main() -> ExitCode {
    nn_cli::main()
}
