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
    // What is left out on purpose is accounted for, in each seed and in all.
    let ledger = &all.ledger;
    assert!(ledger.dropped > 0 && ledger.skipped > 0, "no policy ever had an effect: {ledger:?}");
    assert_eq!(ledger.due(), ledger.generated + ledger.dropped + ledger.skipped);
    assert!(all.faults.len() > 24, "some kind of fault never struck: {:?}", all.faults);
}
