//! `--on-late` and `--on-full`: what becomes of records that can't be sent in time. Cost class:
//! once a process.

use core::time::Duration;

use crate::base::units::parse_duration;
use crate::load::schedule::{Full, Late};

/// Reads `catchup`, `skip` (later than [`SKIPPED_AFTER`]) or `skip:BOUND`; the error is the end of
/// a message about it.
pub(super) fn late(text: &str) -> Result<Late, String> {
    match text.split_once(':') {
        None if text == "catchup" => Ok(Late::CatchUp),
        None if text == "skip" => Ok(Late::Skip(SKIPPED_AFTER)),
        Some(("skip", bound)) => parse_duration(bound, Duration::from_millis(1))
            .map(Late::Skip)
            .map_err(|error| format!("{error} after skip:")),
        _ => Err("expected catchup, skip (what is more than 100 ms late) or skip:BOUND such as \
                  skip:20ms"
            .to_owned()),
    }
}

/// Reads `block` or `drop`; the error is the end of a message about it.
pub(super) fn full(text: &str) -> Result<Full, String> {
    match text {
        "block" => Ok(Full::Block),
        "drop" => Ok(Full::Drop),
        _ => Err("expected block (up to max.block.ms) or drop".to_owned()),
    }
}

/// Lateness that `skip` lets pass: a pause shorter than that is caught up with.
const SKIPPED_AFTER: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read_or_refused_with_what_there_is() {
        assert_eq!(late("catchup"), Ok(Late::CatchUp));
        assert_eq!(late("skip"), Ok(Late::Skip(Duration::from_millis(100))));
        assert_eq!(late("skip:2s"), Ok(Late::Skip(Duration::from_secs(2))));
        assert!(late("skip:soon").unwrap_err().ends_with("or 2m after skip:"));
        assert!(late("never").unwrap_err().starts_with("expected catchup, skip"));
        assert_eq!((full("block"), full("drop")), (Ok(Full::Block), Ok(Full::Drop)));
        assert!(full("wait").is_err());
    }
}
