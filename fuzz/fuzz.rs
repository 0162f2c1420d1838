//! One target of `tests/fuzz` under libFuzzer, named by KPROD_FUZZ_TARGET; `scripts/fuzz` runs it.
//!
//! With KPROD_FUZZ_SEEDS, a directory, it writes inputs that get far there before it begins.

#![no_main]

#[path = "../tests/fuzz/mutate.rs"]
mod mutate;
#[path = "../tests/fuzz/targets/mod.rs"]
#[expect(dead_code, reason = "how often a plain test run feeds a target means nothing here")]
mod targets;

use std::sync::LazyLock;
use std::{env, fs};

use kprod_bench::base::Rng;
use targets::{TARGETS, Target};

static TARGET: LazyLock<&'static Target> = LazyLock::new(|| {
    let name = env::var("KPROD_FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.iter().find(|target| target.name == name);
    found.unwrap_or_else(|| {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("KPROD_FUZZ_TARGET = {name:?}: expected one of {}", names.join(", "));
        std::process::exit(2)
    })
});

fn write_seeds() {
    let Ok(dir) = env::var("KPROD_FUZZ_SEEDS") else { return };
    let mut rng = Rng::new(1);
    for nth in 0..200 {
        let input = (TARGET.seed)(&mut rng);
        fs::write(format!("{dir}/seed-{nth}"), input).expect("a directory to write to");
    }
}

libfuzzer_sys::fuzz_target!(init: write_seeds(), |data: &[u8]| (TARGET.run)(data));

// Half of the changes are ours, which know lengths; the other half libFuzzer's own.
libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut rng = Rng::new(u64::from(seed));
    if rng.below(2) == 0 {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    let mut input = data[..size].to_vec();
    let other = input.clone();
    mutate::mutate(&mut input, &other, &mut rng);
    let len = input.len().min(max_size);
    data[..len].copy_from_slice(&input[..len]);
    len
});
