//! Every reader of foreign bytes, fed damaged messages: a fixed number of them from fixed seeds,
//! and all inputs that once broke something. KPROD_FUZZ_SECONDS goes on for that long, all targets
//! side by side.
//!
//! What an input is, is up to its target (`fuzz/targets`). `scripts/fuzz` feeds the same targets
//! under libFuzzer, guided by coverage, for as long as one likes; an input that breaks something is
//! to be put into `fuzz/inputs/TARGET/`, where it stays.

#[path = "fuzz/mutate.rs"]
mod mutate;
#[path = "fuzz/targets/mod.rs"]
mod targets;

use core::time::Duration;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::{env, fs, thread};

use kprod_bench::base::{Instant, Rng};
use kprod_bench::host::shell::clock;
use targets::{TARGETS, Target, below};

/// Runs one input; one that panics is shown as it would be kept.
fn execute(target: &Target, input: &[u8], origin: &str) {
    let ran = panic::catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    if let Err(cause) = ran {
        let hex: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
        eprintln!("target {}, {origin}: broken by {hex}", target.name);
        panic::resume_unwind(cause);
    }
}

/// The inputs kept for a target.
fn kept(target: &Target) -> Vec<(String, Vec<u8>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/inputs").join(target.name);
    let Ok(entries) = fs::read_dir(&dir) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a listing").path()).collect();
    files.sort();
    let read = |file: std::path::PathBuf| {
        (file.display().to_string(), fs::read(&file).expect("a readable file"))
    };
    files.into_iter().map(read).collect()
}

/// Seeds and kept inputs as they are, then `executions` of them damaged, and on until `end`. Says
/// how many that were.
fn feed(target: &Target, executions: u32, seed: u64, end: Option<Instant>) -> u32 {
    let mut rng = Rng::nth(seed, target.name.len() as u64);
    let mut pool = Vec::new();
    for (name, input) in kept(target) {
        execute(target, &input, &name);
        pool.push(input);
    }
    for nth in 0..50 {
        let input = (target.seed)(&mut rng);
        execute(target, &input, &format!("seed {nth}"));
        pool.push(input);
    }
    let mut fed = 0;
    for nth in 0.. {
        if nth >= executions && end.is_none_or(|end| clock::now() >= end) {
            break;
        }
        fed = nth + 1;
        let mut input = pool[below(&mut rng, pool.len())].clone();
        let other = below(&mut rng, pool.len());
        mutate::mutate(&mut input, &pool[other], &mut rng);
        execute(target, &input, &format!("execution {nth}"));
        // The pool drifts, so that damage adds up.
        if rng.below(16) == 0 && pool.len() < 500 {
            pool.push(input);
        }
    }
    fed
}

#[test]
fn damaged_input_breaks_nothing() {
    let seconds = env::var("KPROD_FUZZ_SECONDS").ok().map(|text| {
        text.parse().unwrap_or_else(|_| panic!("KPROD_FUZZ_SECONDS = {text:?}: expected seconds"))
    });
    let end = seconds.map(|seconds| clock::now() + Duration::from_secs(seconds));
    let threads: Vec<_> = TARGETS
        .iter()
        .map(|target| {
            let run = move || {
                let fed = feed(target, target.executions, 1, end);
                println!("{}: {fed} executions", target.name);
            };
            thread::Builder::new().name(target.name.to_owned()).spawn(run).expect("a thread")
        })
        .collect();
    let broken: Vec<_> = TARGETS
        .iter()
        .zip(threads)
        .filter_map(|(target, thread)| thread.join().is_err().then_some(target.name))
        .collect();
    assert!(broken.is_empty(), "broken, see above: {broken:?}");
}
