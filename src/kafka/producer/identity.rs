//! Asking for a producer id (InitProducerId), once and again after a retriable error.
//!
//! Cost class: per run.

use crate::base::{Instant, Rng};
use crate::kafka::config::Backoff;

/// Where the question stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct IdentityRequest {
    /// Idempotence is on.
    needed: bool,
    asked: bool,
    failures: u32,
    not_before: Option<Instant>,
}

impl IdentityRequest {
    pub(super) const fn new(needed: bool) -> Self {
        Self { needed, asked: false, failures: 0, not_before: None }
    }

    /// Whether the question should go out now, if there is no identity.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.needed && !self.asked && self.not_before.is_none_or(|at| at <= now)
    }

    /// When it becomes due, if that is still to come.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.not_before.filter(|_| self.needed && !self.asked)
    }

    pub(super) const fn sent(&mut self) {
        self.asked = true;
        self.not_before = None;
    }

    pub(super) const fn answered(&mut self) {
        self.asked = false;
        self.failures = 0;
    }

    /// No usable answer: ask again after a backoff.
    pub(super) fn failed(&mut self, backoff: &Backoff, rng: &mut Rng, now: Instant) {
        self.asked = false;
        self.failures += 1;
        self.not_before = Some(now + backoff.delay(self.failures, rng));
    }
}
