//! When metadata is asked for: triggers, age and the two backoffs of KIP-580.
//!
//! Cost class: per tick. Failed attempts and answers that bring nothing new each have a backoff of
//! their own; any progress resets both. Java's `Metadata` is the model.

use crate::base::{Instant, Rng};
use crate::kafka::config::Backoff;
use core::time::Duration;

/// What the next request asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scope {
    /// All topics.
    Full,
    /// Those without an answer.
    New,
}

/// The clockwork of metadata requests.
#[derive(Debug)]
pub(super) struct Refresh {
    backoff: Backoff,
    max_age: Duration,
    wants_full: bool,
    wants_new: bool,
    in_flight: Option<Scope>,
    failures: u32,
    repeats: u32,
    /// No request before this.
    allowed_at: Instant,
    /// When the last full answer is too old.
    expires_at: Instant,
    /// The first attempt since the last success.
    trying_since: Option<Instant>,
}

impl Refresh {
    /// Due at once.
    pub(super) const fn new(backoff: Backoff, max_age: Duration) -> Self {
        Self {
            backoff,
            max_age,
            wants_full: true,
            wants_new: false,
            in_flight: None,
            failures: 0,
            repeats: 0,
            allowed_at: Instant::ZERO,
            expires_at: Instant::ZERO,
            trying_since: None,
        }
    }

    /// Asks for a refresh as soon as the backoffs allow.
    pub(super) const fn request(&mut self) {
        self.wants_full = true;
    }

    /// A topic is new: asked for at once, whatever the backoffs say.
    pub(super) const fn request_new(&mut self, now: Instant) {
        self.wants_new = true;
        self.repeats = 0;
        self.allowed_at = now;
    }

    /// When the next request may go; `None` while one is in flight.
    pub(super) fn due_at(&self) -> Option<Instant> {
        if self.in_flight.is_some() {
            return None;
        }
        let wanted =
            if self.wants_full || self.wants_new { Instant::ZERO } else { self.expires_at };
        Some(wanted.max(self.allowed_at))
    }

    /// Whether a request should go now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due_at().is_some_and(|at| at <= now)
    }

    /// What a request that goes at `now` asks for.
    pub(super) fn scope(&self, now: Instant) -> Scope {
        if self.wants_new && !self.wants_full && self.expires_at > now {
            Scope::New
        } else {
            Scope::Full
        }
    }

    /// An attempt begins, whether or not a broker can be reached yet.
    pub(super) fn trying(&mut self, now: Instant) {
        self.trying_since.get_or_insert(now);
    }

    /// Since when no attempt has succeeded.
    pub(super) const fn trying_since(&self) -> Option<Instant> {
        self.trying_since
    }

    /// A request went out.
    pub(super) const fn sent(&mut self, scope: Scope) {
        self.in_flight = Some(scope);
        // A topic added from here on is not part of it.
        self.wants_new = false;
    }

    /// A request got no usable answer.
    pub(super) fn failed(&mut self, now: Instant, rng: &mut Rng) {
        if self.in_flight.take() == Some(Scope::New) {
            self.wants_new = true;
        } else {
            self.wants_full = true;
        }
        self.failures = self.failures.saturating_add(1);
        self.allowed_at = now + self.backoff.delay(self.failures, rng);
    }

    /// An answer was taken over. `progress`: it brought news; `stale`: it holds an error that
    /// another one may cure; `missing`: a topic was not in it.
    pub(super) fn succeeded(
        &mut self,
        progress: bool,
        stale: bool,
        missing: bool,
        now: Instant,
        rng: &mut Rng,
    ) {
        let new_meanwhile = self.wants_new;
        if self.in_flight.take() != Some(Scope::New) {
            // Ageing alone is no reason to wait longer: nothing new is what it usually finds.
            if !self.wants_full {
                self.repeats = 0;
            }
            self.wants_full = false;
            self.expires_at = now + self.max_age;
        }
        self.failures = 0;
        self.trying_since = None;
        self.repeats = if progress { 0 } else { self.repeats.saturating_add(1) };
        self.wants_full |= stale;
        self.wants_new |= missing;
        if !new_meanwhile {
            self.allowed_at = now + self.backoff.delay(self.repeats.max(1), rng);
        }
    }

    /// Everything known was dropped: start over at once.
    pub(super) const fn restart(&mut self, now: Instant) {
        self.wants_full = true;
        self.wants_new = false;
        self.in_flight = None;
        self.repeats = 0;
        self.allowed_at = now;
        self.trying_since = None;
    }
}
