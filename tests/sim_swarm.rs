//! Random simulations: whatever goes wrong, no invariant breaks.

use kprod_bench::host::sim::campaign;

/// Each seed that is a multiple of 16 is carried out twice, and must do the same again.
#[test]
fn three_hundred_seeds_break_no_invariant() {
    let all = campaign(0..300, 2, |_, _| {});
    let broken: Vec<String> = all
        .broken
        .iter()
        .map(|(seed, found)| format!("{}; replay: kprod-bench sim --seed {seed} -v", found[0]))
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert_eq!(all.seeds, 300);
    assert!(all.faults.len() > 24, "some kind of fault never struck: {:?}", all.faults);
}
