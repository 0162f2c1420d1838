//! What must hold whatever goes wrong: the end of a phase against what the witness saw.
//!
//! Cost class: per record, once a phase. The logs are checked in `log.rs`, what must hold at every
//! instant in `worker.rs` and `net.rs`.

use crate::kafka::producer::Outcome;
use crate::load::engine::PhaseEnd;
use crate::load::recorder::{Ledger, Measured};

use super::notary::{Fate, Notary, Told};

/// How much a witness had seen when a phase ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark {
    records: usize,
    told: usize,
    latencies: usize,
    failures: usize,
    left_out: (u64, u64),
}

impl Mark {
    pub(super) fn of(notary: &Notary) -> Self {
        Self {
            records: notary.records().len(),
            told: notary.told().len(),
            latencies: notary.latencies().len(),
            failures: notary.failures().len(),
            left_out: notary.left_out(),
        }
    }
}

/// What is wrong with the account of a phase that began at `since`, by the invariant's name.
pub(super) fn phase(notary: &Notary, since: &Mark, end: &PhaseEnd) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    let ledger = &end.tally.ledger;
    let seen = count(notary, since);
    let never_sent = notary.records()[since.records..].iter().filter(|r| r.fate == Fate::Open);
    let never_sent = never_sent.count() as u64;
    // What was due when the drain was cut and never handed over is unsent, and no witness saw it.
    let unseen = ledger.unsent - never_sent.min(ledger.unsent);
    let expected =
        Ledger { generated: seen.generated + unseen, unsent: never_sent + unseen, ..seen };
    if *ledger != expected || (!end.cut && never_sent > 0) {
        wrong.push(("ledger", format!("it says {ledger:?}, seen was {expected:?}")));
    }
    if let Err(imbalance) = ledger.balance(0) {
        wrong.push(("ledger", imbalance.to_string()));
    }
    if ledger.due() != end.due {
        wrong.push(("ledger", format!("{} were due, {} accounted for", end.due, ledger.due())));
    }
    let latencies = &notary.latencies()[since.latencies..];
    wrong.extend(compare("latency", end.tally.headline(), latencies));
    // Refused records end badly, too, and no delivery speaks of them.
    let refused = notary.records()[since.records..].iter().filter(|r| r.fate == Fate::Refused);
    if refused.count() == 0 {
        wrong.extend(compare("failure", &end.tally.failure, &notary.failures()[since.failures..]));
    }
    let stages: u128 = end.tally.stages.all().iter().map(|(_, stage)| stage.sum()).sum();
    let whole = end.tally.headline().sum();
    if stages != whole {
        wrong.push(("stages add up", format!("{stages} ns in stages, {whole} ns in all")));
    }
    wrong
}

fn count(notary: &Notary, since: &Mark) -> Ledger {
    let mut seen = Ledger::default();
    for Told { records, outcome, .. } in &notary.told()[since.told..] {
        let records = u64::from(*records);
        match outcome {
            Outcome::Acked { .. } => seen.acked += records,
            Outcome::Duplicate => seen.duplicate += records,
            Outcome::Written => seen.written += records,
            Outcome::Failed(_) => seen.failed += records,
            Outcome::Indeterminate(_) => seen.indeterminate += records,
        }
    }
    let (dropped, skipped) = notary.left_out();
    seen.dropped = dropped - since.left_out.0;
    seen.skipped = skipped - since.left_out.1;
    let handed = &notary.records()[since.records..];
    seen.generated = handed.len() as u64;
    seen.failed += handed.iter().filter(|record| record.fate == Fate::Refused).count() as u64;
    seen
}

/// Holds a histogram against one made anew of the same latencies.
fn compare(what: &str, recorded: &Measured, nanos: &[u64]) -> Option<(&'static str, String)> {
    let mut anew = Measured::new(HIGHEST);
    nanos.iter().for_each(|nanos| anew.record(*nanos));
    if *recorded == anew {
        return None;
    }
    let words =
        |it: &Measured| format!("{} values, sum {}, max {:?}", it.count(), it.sum(), it.max());
    let what = format!("{what}: recorded {}, seen {}", words(recorded), words(&anew));
    Some(("histogram", what))
}

/// The range of the histograms of a simulated run.
pub(super) const HIGHEST: core::time::Duration = core::time::Duration::from_secs(600);
