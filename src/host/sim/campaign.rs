//! Many seeds, one after another on each core.
//!
//! Cost class: per seed. Seeds know nothing of one another, so the result doesn't depend on how
//! many threads there are, nor on which of them took which seed.

use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;

use crate::base::{Instant, mix};
use crate::load::recorder::Ledger;

use super::simulate::{Keep, Outcome, simulate};
use super::swarm::sample;
use super::violation::Violation;

/// What many seeds came to.
#[derive(Clone, Debug, Default)]
pub struct Campaign {
    /// Seeds carried out.
    pub seeds: u64,
    /// Faults that were done, by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// Records of all seeds by what became of them.
    pub ledger: Ledger,
    /// Events of all seeds.
    pub events: u64,
    /// Seeds that broke an invariant, ascending, with what they broke.
    pub broken: Vec<(u64, Vec<Violation>)>,
    /// One number for all that came about; the same in every build and for any number of threads.
    pub hash: u64,
}

/// Carries out a seed; every sixteenth twice, since it must do the same again.
#[must_use]
pub fn try_seed(seed: u64) -> Outcome {
    let setup = sample(seed);
    let mut outcome = simulate(&setup, Keep::default());
    if seed.is_multiple_of(16) {
        let again = simulate(&setup, Keep::default());
        if again.hash != outcome.hash {
            let what = format!("trace hash {:016x}, then {:016x}", outcome.hash, again.hash);
            outcome.violations.push(Violation { name: "same again", at: Instant::ZERO, what });
        }
    }
    outcome
}

/// Carries out these seeds on so many threads, 1 or more; tells `on_broken` of each that breaks an
/// invariant, in no order.
pub fn campaign(
    seeds: Range<u64>,
    threads: usize,
    mut on_broken: impl FnMut(u64, &[Violation]),
) -> Campaign {
    let next = AtomicU64::new(seeds.start);
    let (told, outcomes) = mpsc::channel();
    let mut all = Campaign::default();
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            let (next, seeds, told) = (&next, &seeds, told.clone());
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || told.send((seed, try_seed(seed))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(told);
        for (seed, outcome) in outcomes {
            if !outcome.violations.is_empty() {
                on_broken(seed, &outcome.violations);
            }
            all.add(seed, outcome);
        }
    });
    all.broken.sort_by_key(|(seed, _)| *seed);
    all
}

impl Campaign {
    fn add(&mut self, seed: u64, outcome: Outcome) {
        self.seeds += 1;
        self.events += outcome.events;
        self.ledger.merge(&outcome.ledger);
        for (kind, count) in outcome.faults {
            *self.faults.entry(kind).or_default() += count;
        }
        // A sum, so that the order in which threads finish doesn't matter.
        self.hash = self.hash.wrapping_add(mix(mix(seed) ^ outcome.hash));
        if !outcome.violations.is_empty() {
            self.broken.push((seed, outcome.violations));
        }
    }
}
