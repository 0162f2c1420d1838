//! The `kprod-bench` command: words in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    let exit = kprod_bench::app::cli::main(std::env::args_os().collect());
    ExitCode::from(exit.code())
}
