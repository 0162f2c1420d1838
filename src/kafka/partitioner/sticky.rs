//! The built-in partitioner for records without a key (KIP-794, `BuiltInPartitioner`): stay with a
//! partition until about `batch.size` bytes went to it, then draw another one, short queues being
//! likelier.
//!
//! Loads are looked at when a partition is drawn, and at most once a millisecond: a look costs time
//! for every partition of the topic, a draw none. Java looks when its sender goes round.

use core::time::Duration;

use crate::base::{Instant, Rng};

use super::Leaders;

/// What a draw needs to know of one partition, in partition order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Candidate {
    /// Its number within the topic.
    pub partition: u32,
    /// Whether a leader is known.
    pub has_leader: bool,
    /// False when batches wait for its leader, which couldn't be sent to for
    /// `partitioner.availability.timeout.ms`.
    pub available: bool,
    /// Batches in its queue; `None` when it never had one.
    pub queued: Option<u32>,
}

/// The sticky choice of one topic.
#[derive(Clone, Debug)]
pub struct Sticky {
    current: Option<u32>,
    produced: u64,
    /// `batch.size`, at least 1.
    threshold: u64,
    adaptive: bool,
    /// Cumulative weights as of the last look; empty when it said nothing.
    table: Vec<(u64, u32)>,
    /// When loads were last looked at.
    looked: Option<Instant>,
}

impl Sticky {
    /// A topic's partitioner with `batch.size` (0 counts as 1) and whether queue lengths weigh
    /// (`partitioner.adaptive.partitioning.enable`).
    #[must_use]
    pub fn new(batch_size: u32, adaptive: bool) -> Self {
        let threshold = u64::from(batch_size.max(1));
        Self { current: None, produced: 0, threshold, adaptive, table: Vec::new(), looked: None }
    }

    /// The current partition; `None` before the first draw.
    #[must_use]
    #[inline]
    pub const fn current(&self) -> Option<u32> {
        self.current
    }

    /// Counts `appended` bytes to the current partition and says whether it is time for another
    /// one.
    ///
    /// `may_switch`: the partition's last batch is full. Without it the switch waits, up to twice
    /// the threshold, so that a long linger doesn't leave fractions of batches everywhere.
    #[inline]
    pub const fn produced(&mut self, appended: u64, may_switch: bool) -> bool {
        self.produced += appended;
        self.is_due(may_switch)
    }

    /// Whether the switch is due: see [`Sticky::produced`].
    #[must_use]
    #[inline]
    pub const fn is_due(&self, may_switch: bool) -> bool {
        self.produced >= self.threshold * 2 || (may_switch && self.produced >= self.threshold)
    }

    /// Bytes from which on the switch is due whatever the batch: 0 when it is.
    #[must_use]
    pub const fn left(&self) -> u64 {
        (self.threshold * 2).saturating_sub(self.produced)
    }

    /// Draws the next partition at `now`; `None` when there are no candidates. The same one may
    /// come again. `leaders` are those of the same partitions.
    #[inline(never)]
    pub fn draw(
        &mut self,
        candidates: impl ExactSizeIterator<Item = Candidate>,
        leaders: Leaders<'_>,
        now: Instant,
        rng: &mut Rng,
    ) -> Option<u32> {
        if self.adaptive && self.looked.is_none_or(|looked| now.since(looked) >= LOOK_EVERY) {
            self.looked = Some(now);
            if !self.weigh(candidates) {
                self.table.clear();
            }
        }
        let picked = self.pick_weighted(rng).or_else(|| pick_uniform(leaders, rng));
        self.produced = 0;
        self.current = picked;
        picked
    }

    /// Fills the table of cumulative weights, (longest + 1) − length each. False when lengths say
    /// nothing: not every partition had a batch yet, fewer than one is left, or all are equal.
    fn weigh(&mut self, candidates: impl ExactSizeIterator<Item = Candidate>) -> bool {
        self.table.clear();
        if candidates.len() < 2 {
            return false;
        }
        let (mut shortest, mut longest, mut dropped) = (u32::MAX, 0, false);
        for candidate in candidates {
            let Some(queued) = candidate.queued else { return false };
            if !candidate.has_leader {
                continue;
            }
            if !candidate.available {
                dropped = true;
                continue;
            }
            shortest = shortest.min(queued);
            longest = longest.max(queued);
            self.table.push((u64::from(queued), candidate.partition));
        }
        if self.table.is_empty() || (shortest == longest && !dropped) {
            return false;
        }
        let mut sum = 0;
        for entry in &mut self.table {
            sum += u64::from(longest) + 1 - entry.0;
            entry.0 = sum;
        }
        true
    }

    fn pick_weighted(&self, rng: &mut Rng) -> Option<u32> {
        let total = self.table.last()?.0;
        self.weighted(rng.below(total))
    }

    /// The first partition whose cumulative weight is above `drawn`, a number below the last one.
    fn weighted(&self, drawn: u64) -> Option<u32> {
        let at = self.table.partition_point(|(sum, _)| *sum <= drawn);
        self.table.get(at).map(|(_, partition)| *partition)
    }
}

/// Any partition with a leader, or any at all when none has one.
fn pick_uniform(leaders: Leaders<'_>, rng: &mut Rng) -> Option<u32> {
    let below = |of: u64, rng: &mut Rng| usize::try_from(rng.below(of)).unwrap_or(0);
    if !leaders.led.is_empty() {
        return leaders.led.get(below(leaders.led.len() as u64, rng)).copied();
    }
    let any = || u32::try_from(rng.below(u64::from(leaders.all))).unwrap_or(0);
    (leaders.all > 0).then(any)
}

/// How old a look at the loads may be.
const LOOK_EVERY: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn queues(lengths: &[u32]) -> std::vec::IntoIter<Candidate> {
        (0u32..)
            .zip(lengths)
            .map(|(partition, &queued)| Candidate {
                partition,
                has_leader: true,
                available: true,
                queued: Some(queued),
            })
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// A draw at `millis` among candidates, as the producer asks for it.
    fn draw(
        sticky: &mut Sticky,
        candidates: &[Candidate],
        millis: u64,
        rng: &mut Rng,
    ) -> Option<u32> {
        let led = candidates.iter().filter(|one| one.has_leader).map(|one| one.partition);
        let led: Vec<u32> = led.collect();
        let all = u32::try_from(candidates.len()).unwrap();
        let now = Instant::from_nanos(millis * 1_000_000);
        sticky.draw(candidates.iter().copied(), Leaders { all, led: &led }, now, rng)
    }

    /// Goal: a draw costs nothing for partitions that have nothing to do. Method: loads that change
    /// between two draws count from the next millisecond on.
    #[test]
    fn loads_are_looked_at_once_a_millisecond() {
        let (mut sticky, mut rng) = (Sticky::new(1, true), Rng::new(3));
        let (first, second): (Vec<_>, Vec<_>) =
            (queues(&[0, 99_999_999]).collect(), queues(&[99_999_999, 0]).collect());
        for _ in 0..100 {
            assert_eq!(draw(&mut sticky, &first, 5, &mut rng), Some(0));
            assert_eq!(draw(&mut sticky, &second, 5, &mut rng), Some(0));
        }
        for _ in 0..100 {
            assert_eq!(draw(&mut sticky, &second, 6, &mut rng), Some(1));
        }
        // Nothing to tell is kept as well as a table.
        let equal: Vec<_> = queues(&[7, 7]).collect();
        let picks: Vec<_> = (0..99).map(|_| draw(&mut sticky, &equal, 7, &mut rng)).collect();
        assert!(picks.contains(&Some(0)) && picks.contains(&Some(1)));
    }

    /// `BuiltInPartitionerTest.adaptivePartitionsTest`: lengths {5,0,3,0,1} give exactly
    /// {1,6,3,6,5} of 21.
    #[test]
    fn short_queues_are_likelier_in_java_s_proportion() {
        let mut sticky = Sticky::new(1, true);
        assert!(sticky.weigh(queues(&[5, 0, 3, 0, 1])));
        let mut counts = [0u32; 5];
        for drawn in (0..21).chain(0..21) {
            counts[sticky.weighted(drawn).unwrap() as usize] += 1;
        }
        assert_eq!(counts, [2, 12, 6, 12, 10]);
        assert_eq!(sticky.weighted(21), None);
        assert!(sticky.weigh(queues(&[0, 3, 1])));
        let picks: Vec<_> = (0..8).map(|drawn| sticky.weighted(drawn).unwrap()).collect();
        assert_eq!(picks, [0, 0, 0, 0, 1, 2, 2, 2]);
    }

    /// The draws themselves follow the table.
    #[test]
    fn draws_have_the_table_s_frequencies() {
        let mut sticky = Sticky::new(1, true);
        let mut rng = Rng::new(11);
        let mut counts = [0u32; 5];
        let some: Vec<_> = queues(&[5, 0, 3, 0, 1]).collect();
        for _ in 0..21_000 {
            let pick = draw(&mut sticky, &some, 1, &mut rng).unwrap();
            counts[pick as usize] += 1;
        }
        for (count, weight) in counts.iter().zip([1u32, 6, 3, 6, 5]) {
            let expected = weight * 1_000;
            assert!(count.abs_diff(expected) < 150 + expected / 20, "{counts:?}");
        }
    }

    /// `BuiltInPartitioner.updatePartitionLoadStats`: no table for one partition, for equal
    /// lengths, or before each partition had a batch; one partition left of several is a table.
    #[test]
    fn lengths_that_say_nothing_leave_the_choice_uniform() {
        let mut sticky = Sticky::new(1, true);
        assert!(!sticky.weigh(queues(&[3])));
        assert!(!sticky.weigh(queues(&[2, 2, 2])));
        let mut unused: Vec<_> = queues(&[5, 0, 1]).collect();
        unused[1].queued = None;
        assert!(!sticky.weigh(unused.into_iter()));
        let mut slow: Vec<_> = queues(&[2, 2]).collect();
        slow[1].available = false;
        assert!(sticky.weigh(slow.clone().into_iter()));
        assert_eq!(sticky.weighted(0), Some(0));
        slow[0].available = false;
        assert!(!sticky.weigh(slow.into_iter()));
    }

    #[test]
    fn a_partition_without_a_leader_is_drawn_only_when_none_has_one() {
        let mut rng = Rng::new(5);
        let mut sticky = Sticky::new(1, true);
        let mut some: Vec<_> = queues(&[0, 0, 0]).collect();
        some[1].has_leader = false;
        for _ in 0..100 {
            assert_ne!(draw(&mut sticky, &some, 1, &mut rng), Some(1));
        }
        let none: Vec<_> = some.into_iter().map(|c| Candidate { has_leader: false, ..c }).collect();
        assert!(draw(&mut sticky, &none, 1, &mut rng).is_some());
        assert_eq!(draw(&mut sticky, &[], 1, &mut rng), None);
    }

    #[test]
    fn switches_after_batch_size_when_the_batch_is_full_and_after_twice_that_anyway() {
        let mut sticky = Sticky::new(100, false);
        assert!(!sticky.produced(99, true));
        assert!(sticky.produced(1, true));
        assert!(!sticky.is_due(false));
        assert!(sticky.produced(100, false));
        let one: Vec<_> = queues(&[0]).collect();
        draw(&mut sticky, &one, 1, &mut Rng::new(1));
        assert!(!sticky.is_due(true));
    }

    /// `testStickyBatchSizeMoreThatZero` refuses 0; here it counts as 1, as the producer sees to.
    #[test]
    fn a_batch_size_of_zero_switches_after_every_record() {
        let mut sticky = Sticky::new(0, false);
        assert!(sticky.produced(1, true));
        let one: Vec<_> = queues(&[0]).collect();
        assert_eq!(draw(&mut sticky, &one, 1, &mut Rng::new(1)), Some(0));
        assert_eq!(sticky.current(), Some(0));
    }

    #[test]
    fn a_slow_leader_s_partitions_are_left_out() {
        let mut rng = Rng::new(5);
        let mut sticky = Sticky::new(1, true);
        let mut some: Vec<_> = queues(&[2, 2, 2]).collect();
        some[0].available = false;
        for _ in 0..100 {
            assert_ne!(draw(&mut sticky, &some, 1, &mut rng), Some(0));
        }
    }
}
