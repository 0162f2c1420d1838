//! The `kprod-bench` command.
fn main() {}
