//! Random simulations: whatever goes wrong, no invariant breaks.

use kprod_bench::host::sim::{Keep, sample, simulate};

#[test]
fn three_hundred_seeds_break_no_invariant() {
    let mut broken = Vec::new();
    for seed in 0..300 {
        let outcome = simulate(&sample(seed), Keep::default());
        if let Some(violation) = outcome.violations.first() {
            broken.push(format!("seed {seed}: {violation}; kprod-bench sim --seed {seed} -v"));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_seed_does_the_same_again() {
    for seed in [3, 33, 133] {
        let hash = || simulate(&sample(seed), Keep::default()).hash;
        assert_eq!(hash(), hash(), "seed {seed}");
    }
}
