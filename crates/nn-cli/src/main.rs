//! The command `nn`; all of it is in the library beside this file, where its readers can be tried alone.

use std::process::ExitCode;

fn main() -> ExitCode {
    nn_cli::main()
}
