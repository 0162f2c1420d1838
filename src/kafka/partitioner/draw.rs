//! Random choices of a partition, and librdkafka's way of keeping one for a while.
//!
//! Cost class: per record at worst; nothing is walked or allocated.

use core::time::Duration;

use super::Leaders;
use crate::base::{Instant, Rng};

/// Any partition with a leader, or any at all when none has one; `None` without partitions.
pub(super) fn among_led(leaders: Leaders<'_>, rng: &mut Rng) -> Option<u32> {
    match leaders.led {
        [] => anywhere(leaders.all, rng),
        led => Some(led[below(led.len(), rng)]),
    }
}

/// Any partition, with a second and last draw when that one has no leader (librdkafka's `random`);
/// `None` without partitions.
pub(super) fn with_second_draw(leaders: Leaders<'_>, rng: &mut Rng) -> Option<u32> {
    let first = anywhere(leaders.all, rng)?;
    if leaders.has(first) { Some(first) } else { anywhere(leaders.all, rng) }
}

fn anywhere(partitions: u32, rng: &mut Rng) -> Option<u32> {
    (partitions > 0)
        .then(|| u32::try_from(rng.below(partitions.into())).expect("below a number of 32 bits"))
}

/// An index below `len`, 1 or more.
pub(super) fn below(len: usize, rng: &mut Rng) -> usize {
    usize::try_from(rng.below(len as u64)).expect("below a length")
}

/// librdkafka's `sticky.partitioning.linger.ms`: a random choice that is kept for a time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TimedDraw {
    keep: Duration,
    kept: Option<(u32, Instant)>,
}

impl TimedDraw {
    /// Keeps each choice for `keep`; zero draws for every record.
    #[must_use]
    pub const fn new(keep: Duration) -> Self {
        Self { keep, kept: None }
    }

    /// librdkafka's own default beside this `linger.ms`: twice that, at most 900 s.
    #[must_use]
    pub fn beside(linger: Duration) -> Self {
        Self::new(linger.saturating_mul(2).min(Duration::from_secs(900)))
    }

    /// The choice at `now`: a new one when the last is older than its time, has lost its leader or
    /// is no partition any more; `None` without partitions.
    pub fn next(&mut self, leaders: Leaders<'_>, now: Instant, rng: &mut Rng) -> Option<u32> {
        if let Some((partition, since)) = self.kept
            && now.since(since) <= self.keep
            && !self.keep.is_zero()
            && leaders.has(partition)
        {
            return Some(partition);
        }
        let drawn = with_second_draw(leaders, rng);
        self.kept = drawn.map(|partition| (partition, now));
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::super::leaders::tests::topic;
    use super::*;

    const fn at(millis: u64) -> Instant {
        Instant::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn a_timed_draw_is_kept_for_its_time_and_no_longer() {
        let mut rng = Rng::new(3);
        let mut draw = TimedDraw::beside(Duration::from_millis(5));
        let all = [true; 64];
        let first = draw.next(topic(&all).view(), at(1), &mut rng);
        for millis in 1..=11 {
            assert_eq!(draw.next(topic(&all).view(), at(millis), &mut rng), first);
        }
        let second = draw.next(topic(&all).view(), at(12), &mut rng);
        assert_ne!(second, first, "one in 64 for another seed");
        assert_eq!(draw.next(topic(&all).view(), at(22), &mut rng), second);
    }

    #[test]
    fn a_timed_draw_leaves_a_partition_that_lost_its_leader() {
        let mut rng = Rng::new(3);
        let mut draw = TimedDraw::new(Duration::from_secs(900));
        let first = draw.next(topic(&[true, true]).view(), at(1), &mut rng).unwrap();
        let mut leaders = [true, true];
        leaders[first as usize] = false;
        let moved =
            (0..64).any(|_| draw.next(topic(&leaders).view(), at(2), &mut rng) != Some(first));
        assert!(moved);
        let mut alone = TimedDraw::new(Duration::from_secs(1));
        assert_eq!(alone.next(topic(&[]).view(), at(1), &mut rng), None);
    }

    #[test]
    fn without_a_time_every_record_is_drawn_anew() {
        let mut rng = Rng::new(3);
        let mut draw = TimedDraw::beside(Duration::ZERO);
        let picks: Vec<_> =
            (0..100).map(|_| draw.next(topic(&[true; 10]).view(), at(1), &mut rng)).collect();
        assert!((0..10).all(|partition| picks.contains(&Some(partition))), "{picks:?}");
    }

    /// librdkafka asks a second time and then takes what comes: of two partitions the leaderless
    /// one gets a quarter of the records, not none.
    #[test]
    fn a_leaderless_partition_is_drawn_only_twice_in_a_row() {
        let mut rng = Rng::new(9);
        let draws = 10_000;
        let leaderless = (0..draws)
            .filter(|_| with_second_draw(topic(&[true, false]).view(), &mut rng) == Some(1))
            .count();
        assert!((2_200..2_800).contains(&leaderless), "{leaderless}");
    }
}
