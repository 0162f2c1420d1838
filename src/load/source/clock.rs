//! The clock inside records: when record n happened, as far as its payload is concerned.
//!
//! Cost class: per record, without a clock. Invariant: the time depends on the record's number
//! alone, so that a record can be made again. Under a constant rate it is the record's due instant
//! to the nanosecond, warm-up counted; otherwise it goes by the mean rate that is planned. Of
//! several streams each goes by its share of the rate, off its due instants by a turn at most.

/// When records happened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PayloadClock {
    /// When record 0 happened, Unix milliseconds; `None`: when the run began.
    pub origin_ms: Option<i64>,
    /// So many records…
    records: u64,
    /// …happen in so many seconds.
    seconds: u64,
}

impl Default for PayloadClock {
    /// From the run's begin, at the pace of a run without a rate.
    fn default() -> Self {
        Self { origin_ms: None, records: Self::SATURATED, seconds: 1 }
    }
}

impl PayloadClock {
    /// Records a second where nobody plans a rate.
    pub const SATURATED: u64 = 1_000_000;

    /// At `records` in every `seconds`, both above 0.
    #[must_use]
    pub fn new(origin_ms: Option<i64>, records: u64, seconds: u64) -> Self {
        Self { origin_ms, records: records.max(1), seconds: seconds.max(1) }
    }

    /// The clock of a stream of which `weight` of every `weights` records of this one are.
    #[must_use]
    pub fn share(self, weight: u32, weights: u64) -> Self {
        let mut records = u128::from(self.records) * u128::from(weight);
        let mut seconds = u128::from(self.seconds) * u128::from(weights);
        let shared = greatest_common_divisor(records, seconds);
        (records, seconds) = (records / shared, seconds / shared);
        // A rate in billionths is known to ten digits still.
        while seconds > MOST_SECONDS || records > u128::from(u64::MAX) {
            (records, seconds) = (records / 2, seconds / 2);
        }
        let narrow = |part| u64::try_from(part).expect("no more than 64 bits are left");
        Self::new(self.origin_ms, narrow(records), narrow(seconds))
    }

    /// The same clock, begun at `unix_ms` unless it has another origin.
    #[must_use]
    pub fn begun_at(self, unix_ms: i64) -> Self {
        Self { origin_ms: Some(self.origin_ms.unwrap_or(unix_ms)), ..self }
    }

    /// When record `n` happened, nanoseconds since 1970; held within what 64 bits can say, which
    /// ends in 2262.
    #[must_use]
    pub fn at(self, n: u64) -> i64 {
        let origin = self.origin_ms.unwrap_or(0).saturating_mul(1_000_000);
        origin.saturating_add(i64::try_from(self.offset(n)).unwrap_or(i64::MAX))
    }

    /// Nanoseconds from the origin to record `n`.
    fn offset(self, n: u64) -> u64 {
        let (turns, rest) = (n / self.records, n % self.records);
        let turn = self.seconds.saturating_mul(BILLION);
        let rest = match rest.checked_mul(turn) {
            Some(scaled) => scaled / self.records,
            // A rate in billionths of a record.
            None => {
                let exact = u128::from(rest) * u128::from(turn) / u128::from(self.records);
                u64::try_from(exact).unwrap_or(u64::MAX)
            }
        };
        turns.saturating_mul(turn).saturating_add(rest)
    }
}

const fn greatest_common_divisor(mut one: u128, mut other: u128) -> u128 {
    while other > 0 {
        (one, other) = (other, one % other);
    }
    if one == 0 { 1 } else { one }
}

const BILLION: u64 = 1_000_000_000;
/// As many have fewer nanoseconds than 64 bits count.
const MOST_SECONDS: u128 = 18_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_happens_its_number_of_periods_after_the_origin() {
        let clock = PayloadClock::new(Some(1_000), 200_000, 1);
        assert_eq!(clock.at(0), 1_000_000_000);
        assert_eq!(clock.at(1), 1_000_005_000);
        assert_eq!(clock.at(400_000), 3_000_000_000);
        // A third of a record a second: floored, and exact again every third.
        let slow = PayloadClock::new(Some(0), 3, 10);
        assert_eq!(
            [0, 1, 2, 3].map(|n| slow.at(n)),
            [0, 3_333_333_333, 6_666_666_666, 10_000_000_000]
        );
        // Far beyond 64 bits on the way.
        let odd = PayloadClock::new(Some(0), 333_333_333_333_333, 1_000_000_000);
        assert_eq!(odd.at(333_333), 999_999_000);
        assert_eq!(odd.at(u64::MAX), i64::MAX);
    }

    #[test]
    fn a_stream_s_records_lie_as_far_apart_as_its_share_is_small() {
        let run = PayloadClock::new(Some(5), 200_000, 1);
        let part = run.share(3, 4);
        assert_eq!(part, PayloadClock::new(Some(5), 150_000, 1));
        assert_eq!(part.at(150_000), run.at(200_000));
        assert_eq!(run.share(1, 1), run);
        assert_eq!(run.share(2, 3).at(400_000), 3_005_000_000);
        // A third of a million in billionths, of which a stream has the thousandth part.
        let odd = PayloadClock::new(Some(0), 333_333_333_333_333, 1_000_000_000).share(1, 1_000);
        assert!(odd.at(1_000).abs_diff(3_000_000_000) < 1_000, "{}", odd.at(1_000));
    }

    #[test]
    fn a_clock_begins_with_the_run_or_where_it_was_told() {
        let clock = PayloadClock::default();
        assert_eq!(clock.begun_at(5).at(1_000_000), 1_005_000_000);
        assert_eq!(PayloadClock::new(Some(7), 1, 1).begun_at(5).origin_ms, Some(7));
    }
}
