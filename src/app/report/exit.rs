//! Exit codes: what a script learns without reading a word. Cost class: once a process.

use super::model::{ExitModel, Report, Status, VerificationModel};
use crate::host::driver::RunError;
use crate::host::driver::result::Signal;

/// How the process ends; the codes are public and don't change. Of several runs the greatest
/// counts: what was proved (records) stands above what couldn't be found out (unusable).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Exit {
    /// Everything passed.
    Passed,
    /// A comparison proved nothing, where that was asked to fail.
    Inconclusive,
    /// Worse than the baseline, proved.
    Worse,
    /// An `--assert` or `--slo` doesn't hold.
    GateFailed,
    /// Not a measurement, or overloaded, where a gate was asked for.
    NotAMeasurement,
    /// The cluster can't be reached, or the topic can't be used, or a proof wasn't finished.
    Unusable,
    /// Records lost, failed or indeterminate; or reordered, with idempotence or under `--strict`.
    Records,
    /// An error of this program.
    Internal,
    /// A bad flag or configuration.
    BadInput,
    /// SIGTERM.
    Terminated,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Internal => 1,
            Self::BadInput => 2,
            Self::Unusable => 3,
            Self::Records => 4,
            Self::NotAMeasurement => 5,
            Self::GateFailed => 10,
            Self::Worse => 11,
            Self::Inconclusive => 12,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Internal => "internal",
            Self::BadInput => "bad-input",
            Self::Unusable => "unusable",
            Self::Records => "records",
            Self::NotAMeasurement => "not-a-measurement",
            Self::GateFailed => "gate-failed",
            Self::Worse => "worse",
            Self::Inconclusive => "inconclusive",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
        }
    }

    /// Whether the runs that are left to do can't be worth doing: the user ended it, or what is
    /// wrong isn't this run's alone.
    #[must_use]
    pub const fn ends_everything(self) -> bool {
        matches!(
            self,
            Self::Unusable | Self::Internal | Self::BadInput | Self::Terminated | Self::Interrupted
        )
    }

    /// Both, for a result.
    #[must_use]
    pub fn model(self) -> ExitModel {
        ExitModel { code: self.code(), name: self.name().to_owned() }
    }
}

impl From<Signal> for Exit {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Interrupt => Self::Interrupted,
            Signal::Terminate => Self::Terminated,
        }
    }
}

impl From<&RunError> for Exit {
    fn from(error: &RunError) -> Self {
        match error {
            RunError::Unusable(_) => Self::Unusable,
            RunError::Configuration(_) => Self::BadInput,
            RunError::Interrupted(signal) => (*signal).into(),
            RunError::Internal(_) => Self::Internal,
        }
    }
}

/// Whether the log breaks what the producer promised, or, with `strict`, what a user would wish:
/// without idempotence copies and moved records are allowed, with acks=0 missing ones, and what
/// retention removed can't be judged.
///
/// A record that was told as failed and is in the log counts as well, whatever the settings:
/// whoever was told so sends it again, and then it is there twice. What merely *may* have been
/// written ends indeterminate and never failed, so that this isn't Java's usual doubt after a
/// time-out: either this producer called it wrongly, or a broker refused what it then kept.
///
/// Where the reading was cut short, that something wasn't read is no wish denied; all that was
/// found by then counts as ever.
#[must_use]
pub(super) fn breaks_promise(report: &Report, proof: &VerificationModel, strict: bool) -> bool {
    let count = |found: Option<u64>| found.unwrap_or(0);
    let log = &proof.log;
    let untidy = count(log.duplicated) + count(log.reordered);
    let unknown = if proof.cut_short.is_some() { 0 } else { count(log.unknown) };
    log.lost + count(log.corrupted) + count(proof.failed_found) > 0
        || (untidy > 0 && (report.config.is_idempotent() || strict))
        || (strict && proof.written_missing + unknown > 0)
}

/// What a run must be, beside what it always must.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Demands {
    /// `--strict`: a measurement, and without what only a wish forbids.
    pub strict: bool,
    /// A gate or a baseline: a measurement.
    pub measured: bool,
}

/// How a process ends whose only run is `report`, gates apart; `early`: what ended it before its
/// time, where that says it all.
///
/// What is proved comes before what could not be found out: a loss that was found stays one when
/// the reading ended early.
#[must_use]
pub fn of_report(report: &Report, early: Option<Exit>, demands: Demands) -> Exit {
    let Demands { strict, measured } = demands;
    if let Some(early) = early {
        return early;
    }
    let records = &report.records;
    let proof = report.verification.as_ref();
    let cut_short = proof.is_some_and(|proof| proof.cut_short.is_some());
    let broken = proof.is_some_and(|proof| breaks_promise(report, proof, strict));
    if records.failed + records.indeterminate > 0 || broken {
        return Exit::Records;
    }
    // What a producer without idempotence is known to do is no failure unless asked for.
    if records.reordered > 0 && (strict || report.config.is_idempotent()) {
        return Exit::Records;
    }
    if cut_short {
        return Exit::Unusable;
    }
    // Whoever bounds a run wants to know that the bound was passed.
    if report.partial.is_some() {
        return Exit::NotAMeasurement;
    }
    if (strict || measured)
        && matches!(report.validity.status, Status::Invalid | Status::Overloaded)
    {
        return Exit::NotAMeasurement;
    }
    Exit::Passed
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn demands(strict: bool) -> Demands {
        Demands { strict, measured: false }
    }

    #[test]
    fn a_gate_wants_a_measurement_and_nothing_more() {
        let gated = Demands { strict: false, measured: true };
        let mut report = sample::report();
        for (status, exit) in [
            (Status::Suspect, Exit::Passed),
            (Status::Overloaded, Exit::NotAMeasurement),
            (Status::Invalid, Exit::NotAMeasurement),
        ] {
            report.validity.status = status;
            assert_eq!(of_report(&report, None, gated), exit, "{status:?}");
            assert_eq!(of_report(&report, None, demands(false)), Exit::Passed);
        }
    }

    /// Goal: of several the greatest counts, in the order that is published.
    #[test]
    fn the_order_is_that_of_the_table() {
        let order = [
            Exit::Passed,
            Exit::Inconclusive,
            Exit::Worse,
            Exit::GateFailed,
            Exit::NotAMeasurement,
            Exit::Records,
        ];
        assert!(order.is_sorted());
        assert_eq!(order.map(Exit::code), [0, 12, 11, 10, 5, 4]);
        assert!(!order.iter().any(|exit| exit.ends_everything()));
    }

    fn ended(idempotence: &str, strict: bool, change: impl FnOnce(&mut VerificationModel)) -> u8 {
        let mut report = sample::report();
        let effective = &mut report.config.effective;
        effective.insert("enable.idempotence".to_owned(), idempotence.to_owned());
        change(report.verification.as_mut().unwrap());
        of_report(&report, None, demands(strict)).code()
    }

    #[test]
    fn a_run_that_its_own_bound_ended_is_no_measurement() {
        let mut report = sample::report();
        assert_eq!(of_report(&report, None, demands(false)), Exit::Passed);
        report.partial = Some("--abort-on backlog > 1".to_owned());
        assert_eq!(of_report(&report, None, demands(false)), Exit::NotAMeasurement);
        // What ended a run before its time says it all, a loss or not.
        report.records.failed = 1;
        for early in [Exit::from(Signal::Interrupt), Exit::Internal] {
            assert_eq!(of_report(&report, Some(early), demands(true)), early);
        }
    }

    #[test]
    fn what_was_promised_decides_what_fails() {
        for (idempotence, strict) in [("true", false), ("false", true)] {
            assert_eq!(ended(idempotence, strict, |proof| proof.log.duplicated = Some(1)), 4);
            assert_eq!(ended(idempotence, strict, |proof| proof.log.reordered = Some(1)), 4);
        }
        assert_eq!(ended("false", false, |proof| proof.log.duplicated = Some(1)), 0);
        assert_eq!(ended("false", false, |proof| proof.log.reordered = Some(1)), 0);
        assert_eq!(ended("false", false, |proof| proof.log.lost = 1), 4);
        assert_eq!(ended("false", false, |proof| proof.log.corrupted = Some(1)), 4);
        for (strict, code) in [(false, 0), (true, 4)] {
            assert_eq!(ended("true", strict, |proof| proof.written_missing = 1), code);
            assert_eq!(ended("true", strict, |proof| proof.log.unknown = Some(1)), code);
            assert_eq!(ended("true", strict, |proof| proof.log.foreign = Some(1)), 0);
            assert_eq!(ended("true", strict, |proof| proof.log.unacked_found = Some(1)), 0);
        }
    }

    #[test]
    fn a_proof_that_was_not_finished_is_no_pass() {
        let cut = |proof: &mut VerificationModel| proof.cut_short = Some("x".to_owned());
        assert_eq!(ended("true", false, cut), 3);
        for strict in [false, true] {
            let unread = |proof: &mut VerificationModel| {
                cut(proof);
                proof.log.unknown = Some(5);
            };
            assert_eq!(ended("true", strict, unread), 3);
        }
    }

    #[test]
    fn a_proven_loss_outweighs_a_proof_that_was_not_finished() {
        let breaks: [fn(&mut VerificationModel); 5] = [
            |proof| proof.log.lost = 1,
            |proof| proof.log.corrupted = Some(1),
            |proof| proof.failed_found = Some(1),
            |proof| proof.log.duplicated = Some(7),
            |proof| proof.log.reordered = Some(1),
        ];
        let cut = |breaks: fn(&mut VerificationModel)| {
            move |proof: &mut VerificationModel| {
                proof.cut_short = Some("x".to_owned());
                proof.log.unknown = Some(5);
                breaks(proof);
            }
        };
        for breaks in breaks {
            assert_eq!(ended("true", false, cut(breaks)), 4);
            assert_eq!(ended("false", true, cut(breaks)), 4);
        }
        assert_eq!(ended("false", true, cut(|proof| proof.written_missing = 1)), 4);
        assert_eq!(ended("false", false, cut(|proof| proof.log.duplicated = Some(7))), 3);
        assert_eq!([Exit::Unusable, Exit::Records].into_iter().max(), Some(Exit::Records));
    }

    #[test]
    fn a_record_told_as_failed_and_found_breaks_a_promise_under_any_settings() {
        for idempotence in ["true", "false"] {
            assert_eq!(ended(idempotence, false, |proof| proof.failed_found = Some(1)), 4);
        }
    }

    #[test]
    fn reordered_records_fail_a_run_with_idempotence_and_a_strict_one() {
        for (idempotent, strict, exit) in [
            ("false", false, Exit::Passed),
            ("false", true, Exit::Records),
            ("true", false, Exit::Records),
        ] {
            let mut report = sample::report();
            report.config.effective.insert("enable.idempotence".to_owned(), idempotent.to_owned());
            report.records.reordered = 3;
            assert_eq!(of_report(&report, None, demands(strict)), exit, "{idempotent}, {strict}");
        }
    }
}
