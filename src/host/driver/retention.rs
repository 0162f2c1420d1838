//! Whether a topic keeps records as old as a run's. Cost class: once a run.
//!
//! A broker removes what is older than `retention.ms` by the timestamps that records bring, however
//! lately they were written. How soon it does depends on its segments, so that this is a warning.

use std::collections::BTreeMap;

use super::plan::StreamPlan;
use crate::host::shell::clock;
use crate::load::source::TimestampPlan;

/// What to say of the records for the topic at `at`, whose settings these are, where the first of
/// them are too old to be kept at `now_ms`; `None` where they aren't.
pub(super) fn outdated(
    streams: &[StreamPlan],
    at: usize,
    configs: &BTreeMap<String, String>,
    now_ms: i64,
) -> Option<String> {
    let word = |name: &str| configs.get(name).map(String::as_str);
    let kept_ms: i64 = word("retention.ms")?.parse().ok().filter(|ms| *ms >= 0)?;
    let by_broker = word("message.timestamp.type") == Some("LogAppendTime");
    if by_broker || word("cleanup.policy").is_some_and(|it| !it.contains("delete")) {
        return None;
    }
    let streams = streams.iter().filter(|stream| stream.topic == at);
    let first_ms = streams.filter_map(stamped_from).min()?;
    let age_ms = now_ms.saturating_sub(first_ms);
    (age_ms > kept_ms).then(|| {
        format!(
            "retention.ms = {kept_ms} ({:.1} h): the first records are stamped {:.1} h ago by \
             --timestamps or --time-origin, so that brokers remove them soon after they are \
             written; raise that setting, or let times begin later",
            hours(kept_ms),
            hours(age_ms)
        )
    })
}

/// The time that a stream's first record bears, Unix milliseconds, where that is planned.
const fn stamped_from(stream: &StreamPlan) -> Option<i64> {
    match stream.source.timestamps {
        TimestampPlan::Now => None,
        TimestampPlan::Step { start_ms: Some(start_ms), .. } => Some(start_ms),
        TimestampPlan::Step { start_ms: None, .. } | TimestampPlan::Event { .. } => {
            stream.source.clock.origin_ms
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds between dates are below 2^53")]
fn hours(ms: i64) -> f64 {
    ms as f64 / 3_600_000.0
}

/// This machine's time.
pub(super) fn unix_ms_now() -> i64 {
    i64::try_from(clock::unix_ms()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::load::source::{PayloadClock, SourcePlan};

    const HOUR: i64 = 3_600_000;

    fn configs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_planned_times_older_than_retention_are_told() {
        let mut streams = [StreamPlan {
            name: "t".to_owned(),
            topic: 0,
            weight: 1,
            source: SourcePlan::default(),
        }];
        let day = configs(&[("retention.ms", "86400000"), ("cleanup.policy", "delete")]);
        let now = 100 * HOUR;
        assert_eq!(outdated(&streams, 0, &day, now), None);
        streams[0].source.timestamps =
            TimestampPlan::Step { start_ms: Some(75 * HOUR), step: Duration::from_secs(1) };
        let said = outdated(&streams, 0, &day, now).unwrap();
        assert!(said.starts_with("retention.ms = 86400000 (24.0 h): "), "{said}");
        assert!(said.contains("stamped 25.0 h ago"), "{said}");
        assert_eq!(outdated(&streams, 1, &day, now), None);
        assert_eq!(outdated(&streams, 0, &day, 99 * HOUR), None);
        // Of an origin too, where stamps go by it.
        let source = &mut streams[0].source;
        source.timestamps = TimestampPlan::Step { start_ms: None, step: Duration::from_secs(1) };
        source.clock = PayloadClock::default();
        assert_eq!(outdated(&streams, 0, &day, now), None);
        streams[0].source.clock = PayloadClock { origin_ms: Some(0), timetable: None };
        assert!(outdated(&streams, 0, &day, now).is_some());
        // What is kept for ever, or not by records' own times, or by keys alone.
        for pairs in [
            &[][..],
            &[("retention.ms", "-1")],
            &[("retention.ms", "1"), ("message.timestamp.type", "LogAppendTime")],
            &[("retention.ms", "1"), ("cleanup.policy", "compact")],
        ] {
            assert_eq!(outdated(&streams, 0, &configs(pairs), now), None, "{pairs:?}");
        }
    }
}
