//! When somebody who waits in front of a run is told what for. Cost class: per run.

use core::time::Duration;

use crate::base::Instant;
use crate::host::shell::clock;

/// A wait, and what was last said of it.
#[derive(Debug)]
pub(super) struct Patience {
    since: Instant,
    said: String,
}

impl Patience {
    /// A wait that begins now.
    pub(super) fn begin() -> Self {
        Self { since: clock::now(), said: String::new() }
    }

    /// How long to wait before the next look at it.
    pub(super) const fn next_look(&self) -> Duration {
        LOOK_EVERY
    }

    /// Whether it has lasted so long that something must be said.
    pub(super) fn is_over(&self) -> bool {
        self.waited() >= SPEAK_AFTER
    }

    /// The line that says it, unless it was said before.
    pub(super) fn words(&mut self, obstacle: &str) -> Option<String> {
        if obstacle == self.said {
            return None;
        }
        obstacle.clone_into(&mut self.said);
        let seconds = self.waited().as_secs();
        Some(format!("still waiting after {seconds} s: {obstacle}"))
    }

    fn waited(&self) -> Duration {
        clock::now().since(self.since)
    }
}

/// How often a wait is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Nothing is said of shorter waits.
const SPEAK_AFTER: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_obstacle_is_named_once_and_another_one_again() {
        let mut patience = Patience::begin();
        assert!(!patience.is_over());
        let words = patience.words("partition 3 has no leader").unwrap();
        assert_eq!(words, "still waiting after 0 s: partition 3 has no leader");
        assert_eq!(patience.words("partition 3 has no leader"), None);
        assert!(patience.words("partition 4 has no leader").is_some());
    }
}
