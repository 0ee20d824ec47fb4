//! Bridgewalk.

use std::process::ExitCode;

fn main() -> ExitCode {
    bridgewalk_app::cli::run(&std::env::args_os().collect::<Vec<_>>())
}
