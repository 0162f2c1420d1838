//! How far behind a rate that varies a run ends, in time instead of records.
//!
//! Cost class: once a phase. At a rate that rises, records under way grow with it although nobody
//! falls behind; so the lag is asked for: how long ago the youngest record was due of as many as
//! have ended. At a constant rate that is the backlog over the rate, and its growth over the window
//! is the backlog's over the offered records.

use core::time::Duration;

use super::backlog::{Backlog, Level};

impl Backlog {
    /// By how much later records ended over the last tenth of `window` than over its first, in the
    /// medians of both, at least 0. `None` when either has no sample.
    pub(super) fn lag_growth(&self, window: Duration) -> Option<Duration> {
        let tenth = window / 10;
        let samples: Vec<(Duration, Level)> = self.samples().collect();
        let first = median(&samples, Duration::ZERO, tenth)?;
        let last = median(&samples, window.saturating_sub(tenth), window)?;
        Some(last.saturating_sub(first))
    }
}

fn median(samples: &[(Duration, Level)], from: Duration, to: Duration) -> Option<Duration> {
    let first = samples.partition_point(|(at, _)| *at < from);
    let end = samples.partition_point(|(at, _)| *at < to);
    let mut lags: Vec<_> = (first..end).map(|index| lag(samples, index)).collect();
    let middle = lags.len() / 2;
    (!lags.is_empty()).then(|| *lags.select_nth_unstable(middle).1)
}

/// How long before the sample at `index` as many records were due as have ended by then; between
/// two samples records are taken to fall due evenly.
#[expect(clippy::cast_precision_loss, reason = "a share of the time between two samples")]
fn lag(samples: &[(Duration, Level)], index: usize) -> Duration {
    let (now, level) = samples[index];
    let ended = level.ended();
    if ended >= level.due {
        return Duration::ZERO;
    }
    let behind = samples[..index].partition_point(|(_, level)| level.due <= ended);
    let (next, above) = samples[behind];
    let (begin, below) = match behind.checked_sub(1) {
        Some(before) => (samples[before].0, samples[before].1.due),
        None => (Duration::ZERO, 0),
    };
    let share = (ended - below) as f64 / (above.due - below).max(1) as f64;
    now.saturating_sub(begin + next.saturating_sub(begin).mul_f64(share.clamp(0.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Instant;

    /// Ten seconds of samples every 50 ms; `due` and `ended` by milliseconds.
    fn sampled(due: impl Fn(u64) -> u64, ended: impl Fn(u64) -> u64) -> Backlog {
        let mut out = Backlog::new(Instant::ZERO);
        for at in (0..=10_000).step_by(50) {
            let level = Level { due: due(at), acked: ended(at), ..Level::default() };
            out.sample(Instant::ZERO + Duration::from_millis(at), level);
        }
        out
    }

    const WINDOW: Duration = Duration::from_secs(10);

    /// Records due after so many milliseconds of a ramp from 0 to 20,000 a second.
    const fn ramp(at: u64) -> u64 {
        at * at / 1_000
    }

    #[test]
    fn a_ramp_with_a_steady_answer_isn_t_behind() {
        let steady = sampled(ramp, |at| ramp(at.saturating_sub(200)));
        // The first tenth has hardly 200 ms of a ramp that begins at 0.
        let growth = steady.lag_growth(WINDOW).unwrap();
        assert!(growth < Duration::from_millis(20), "{growth:?}");
        // Its backlog grows all the same: 200 ms at 20,000/s.
        assert!(steady.growth(WINDOW).unwrap() > 3_000);
    }

    #[test]
    fn a_cluster_that_takes_half_is_behind_by_half_at_any_shape() {
        let half = sampled(|at| 2 * at, |at| at);
        let growth = half.lag_growth(WINDOW).unwrap();
        assert!((Duration::from_millis(4_400)..Duration::from_millis(4_600)).contains(&growth));
        let capped = sampled(ramp, |at| ramp(at).min(ramp(5_000) + 10 * at.saturating_sub(5_000)));
        let growth = capped.lag_growth(WINDOW).unwrap();
        // 25,000 + 45,000 of 90,250 records at 9.5 s: those due until 8.37 s.
        assert!((growth.as_secs_f64() - 1.13).abs() < 0.1, "{growth:?}");
    }

    #[test]
    fn what_is_due_at_once_and_ends_is_no_lag() {
        let bursts = |at: u64| (at / 1_000 + 1) * 5_000;
        let calm = sampled(bursts, |at| bursts(at.saturating_sub(100)).max(5_000));
        assert_eq!(calm.lag_growth(WINDOW), Some(Duration::ZERO));
        let none = Backlog::new(Instant::ZERO);
        assert_eq!(none.lag_growth(WINDOW), None);
    }
}
