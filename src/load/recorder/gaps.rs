//! When partitions could not be written to.
//!
//! A *wait* of a partition is the time in which a record of it sat in the producer (appended, not
//! ended well) and no ack of the partition came: from the later of the last ack and the append of
//! the oldest such record, to the ack that ended it. A wait is a *gap*, reported as unavailability,
//! when it lasted [`SHORTEST_GAP`] and ten times the partition's mean wait. So a queue that grows
//! (acks keep coming) is none, a slow cluster or a long linger.ms (all waits are long) is none, and
//! records held back by a full buffer before they were appended don't count against healthy
//! partitions. Records that failed meanwhile keep a wait open. What of a wait this client itself
//! took, by not running ([`Gaps::stalled`]) or by compressing the batch, is no part of its length.
//!
//! Cost class: per batch. Bound: [`MOST_GAPS`] candidates a worker, counted beyond, and as many
//! stalls.

use super::measured::rank_of;
use crate::base::{BrokerId, Instant, PartitionSlot};
use crate::kafka::producer::Delivery;

/// A span in which a partition had records waiting and acknowledged none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Gap {
    /// The partition.
    pub slot: PartitionSlot,
    /// Who acknowledged last before it; `None` when nobody had.
    pub from: Option<BrokerId>,
    /// Who ended it; `None` when it lasted to the end of the run.
    pub to: Option<BrokerId>,
    /// Its start.
    pub start: Instant,
    /// Its end.
    pub end: Instant,
}

/// The waits of all partitions.
#[derive(Clone, Debug, Default)]
pub(super) struct Gaps {
    partitions: Vec<Partition>,
    candidates: Vec<Gap>,
    /// Candidates that there was no room for.
    beyond: u64,
    /// When this worker did nothing, in order.
    stalls: Vec<(Instant, Instant)>,
}

#[derive(Clone, Debug, Default)]
struct Partition {
    last_ack: Option<(Instant, Option<BrokerId>)>,
    /// The oldest append among records that failed since the last ack, and the broker that was last
    /// asked.
    failed_since: Option<Instant>,
    /// Waits that are no candidates.
    waits: u64,
    waited: u128,
}

impl Gaps {
    /// A batch was delivered.
    pub(super) fn acked(&mut self, delivery: &Delivery) {
        let Delivery { slot, broker, times, seal, .. } = delivery;
        self.answered(*slot, *broker, times.created, times.ended, seal.total());
    }

    /// This worker did nothing from `from` to `to`.
    pub(super) fn stalled(&mut self, from: Instant, to: Instant) {
        if self.stalls.len() < MOST_GAPS {
            self.stalls.push((from, to));
        }
    }

    /// Records of `slot`, the oldest appended at `appended`, were delivered at `at`, after having
    /// been compressed for `sealed` nanoseconds.
    fn answered(
        &mut self,
        slot: PartitionSlot,
        broker: Option<BrokerId>,
        appended: Instant,
        at: Instant,
        sealed: u64,
    ) {
        let partition = self.partition(slot);
        let oldest = partition.failed_since.take().map_or(appended, |failed| failed.min(appended));
        let last = partition.last_ack.replace((at, broker));
        let start = last.map_or(oldest, |(ack, _)| ack.max(oldest));
        let wait = at.nanos_since(start);
        if wait < SHORTEST_GAP || self.outside(start, at, sealed) < SHORTEST_GAP {
            let partition = self.partition(slot);
            partition.waits += 1;
            partition.waited += u128::from(wait);
            return;
        }
        let from = last.and_then(|(_, broker)| broker);
        self.candidate(Gap { slot, from, to: broker, start, end: at });
    }

    /// Records of `slot`, the oldest appended at `appended`, ended badly.
    pub(super) fn failed(&mut self, slot: PartitionSlot, appended: Instant) {
        let since = &mut self.partition(slot).failed_since;
        *since = Some(since.map_or(appended, |failed| failed.min(appended)));
    }

    /// Ends the run at `end`: what failed and wasn't followed by an ack is a wait up to there.
    pub(super) fn close(&mut self, end: Instant) {
        for index in 0..self.partitions.len() {
            let partition = &mut self.partitions[index];
            let Some(failed) = partition.failed_since.take() else { continue };
            let last = partition.last_ack;
            let start = last.map_or(failed, |(ack, _)| ack.max(failed));
            if self.outside(start, end, 0) >= SHORTEST_GAP {
                let slot = u32::try_from(index).map(PartitionSlot).expect("slots are 32 bits");
                let from = last.and_then(|(_, broker)| broker);
                self.candidate(Gap { slot, from, to: None, start, end });
            }
        }
    }

    /// Slot 0 becomes slot `by`.
    pub(super) fn shift(&mut self, by: u32) {
        self.partitions.splice(..0, (0..by).map(|_| Partition::default()));
        self.candidates.iter_mut().for_each(|gap| gap.slot.0 += by);
    }

    /// Adds another worker's.
    pub(super) fn merge(&mut self, other: &Self) {
        for (slot, more) in (0..).map(PartitionSlot).zip(&other.partitions) {
            let partition = self.partition(slot);
            partition.waits += more.waits;
            partition.waited += more.waited;
        }
        for &gap in &other.candidates {
            self.candidate(gap);
        }
        self.beyond += other.beyond;
    }

    /// The gaps by partition and time; those of several workers that overlap are one.
    pub(super) fn found(&self) -> Vec<Gap> {
        let mut gaps: Vec<Gap> =
            self.candidates.iter().copied().filter(|gap| self.stands_out(gap)).collect();
        gaps.sort_by_key(|gap| (gap.slot, gap.start, gap.end));
        let mut joined: Vec<Gap> = Vec::with_capacity(gaps.len());
        for gap in gaps {
            match joined.last_mut() {
                Some(last) if last.slot == gap.slot && gap.start <= last.end => {
                    if gap.end > last.end {
                        (last.end, last.to) = (gap.end, gap.to);
                    }
                }
                _ => joined.push(gap),
            }
        }
        joined
    }

    /// How many waits of a second or more there was no room to keep.
    pub(super) const fn beyond(&self) -> u64 {
        self.beyond
    }

    /// What of the time from `start` to `end` went by outside this client, in nanoseconds.
    fn outside(&self, start: Instant, end: Instant, sealed: u64) -> u64 {
        let stalls = self.stalls.iter().rev().take_while(|(_, to)| *to > start);
        let within = stalls.map(|(from, to)| (*to).min(end).nanos_since((*from).max(start)));
        end.nanos_since(start).saturating_sub(sealed).saturating_sub(within.sum())
    }

    fn stands_out(&self, gap: &Gap) -> bool {
        let Some(partition) = self.partitions.get(gap.slot.index()) else { return true };
        let mean = partition.waited.checked_div(partition.waits.into()).unwrap_or(0);
        let typical = mean.max(self.typical_candidate(gap.slot, partition.waits));
        u128::from(gap.end.nanos_since(gap.start)) >= 10 * typical
    }

    /// The median of a partition's waits of a second or more when they are the rule, that is as
    /// many as the shorter ones; else 0.
    fn typical_candidate(&self, slot: PartitionSlot, shorter: u64) -> u128 {
        let of_slot = self.candidates.iter().filter(|gap| gap.slot == slot);
        let mut waits: Vec<u64> = of_slot.map(|gap| gap.end.nanos_since(gap.start)).collect();
        let count = waits.len() as u64;
        if count < FEW || count < shorter {
            return 0;
        }
        waits.sort_unstable();
        let rank = rank_of(0.5, count).expect("there are some");
        u128::from(waits[usize::try_from(rank).expect("a rank of a vector") - 1])
    }

    fn candidate(&mut self, gap: Gap) {
        if self.candidates.len() < MOST_GAPS {
            self.candidates.push(gap);
        } else {
            self.beyond += 1;
        }
    }

    fn partition(&mut self, slot: PartitionSlot) -> &mut Partition {
        if self.partitions.len() <= slot.index() {
            self.partitions.resize_with(slot.index() + 1, Partition::default);
        }
        &mut self.partitions[slot.index()]
    }
}

/// One second in nanoseconds: shorter interruptions are latency, not unavailability.
const SHORTEST_GAP: u64 = 1_000_000_000;

/// Candidates kept; more than a partition going away every second for an hour.
const MOST_GAPS: usize = 4_096;

/// So many waits of a second or more in one partition may be its normal pace; fewer are events.
const FEW: u64 = 8;

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    const SLOT: PartitionSlot = PartitionSlot(3);
    const ONE: Option<BrokerId> = Some(BrokerId(1));
    const TWO: Option<BrokerId> = Some(BrokerId(2));

    fn ms(ms: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(ms)
    }

    /// Acks every 10 ms of records that waited 5 ms, over `range` in ms.
    fn steady(gaps: &mut Gaps, range: core::ops::Range<u64>) {
        for at in range.step_by(10) {
            gaps.answered(SLOT, ONE, ms(at.saturating_sub(5)), ms(at), 0);
        }
    }

    #[test]
    fn a_leader_that_goes_away_is_a_gap_from_its_last_ack() {
        let mut gaps = Gaps::default();
        steady(&mut gaps, 10..20_000);
        // The next batch was appended before the last ack, and waited for the new leader.
        gaps.answered(SLOT, TWO, ms(19_988), ms(26_000), 0);
        steady(&mut gaps, 26_010..30_000);
        gaps.close(ms(30_000));
        let gap = Gap { slot: SLOT, from: ONE, to: TWO, start: ms(19_990), end: ms(26_000) };
        assert_eq!(gaps.found(), [gap]);
    }

    #[test]
    fn a_partition_without_records_is_not_unavailable() {
        let mut gaps = Gaps::default();
        steady(&mut gaps, 10..1_000);
        steady(&mut gaps, 60_000..61_000);
        gaps.close(ms(90_000));
        assert_eq!(gaps.found(), []);
    }

    #[test]
    fn failed_records_keep_a_gap_open() {
        let mut gaps = Gaps::default();
        steady(&mut gaps, 10..1_000);
        gaps.failed(SLOT, ms(3_000));
        gaps.failed(SLOT, ms(5_000));
        let mut ends = gaps.clone();
        gaps.answered(SLOT, TWO, ms(8_900), ms(9_000), 0);
        let gap = Gap { slot: SLOT, from: ONE, to: TWO, start: ms(3_000), end: ms(9_000) };
        assert_eq!(gaps.found(), [gap]);
        ends.close(ms(7_000));
        assert_eq!(ends.found(), [Gap { to: None, end: ms(7_000), ..gap }]);
    }

    #[test]
    fn a_slow_cluster_or_a_long_linger_is_not_unavailable() {
        let mut gaps = Gaps::default();
        // Every batch waits 2.5 s, one after another.
        for i in 0..20 {
            gaps.answered(SLOT, ONE, ms(i * 2_500), ms(2_500 + i * 2_500), 0);
        }
        gaps.close(ms(60_000));
        assert_eq!(gaps.found(), []);
    }

    #[test]
    fn what_the_client_took_itself_is_no_gap() {
        let mut gaps = Gaps::default();
        steady(&mut gaps, 10..1_000);
        // Not called for 1.4 s of a wait of 1.9 s.
        gaps.stalled(ms(1_100), ms(2_500));
        gaps.answered(SLOT, TWO, ms(990), ms(2_900), 0);
        // Compressed for 3 s of 3.5 s.
        gaps.answered(SLOT, TWO, ms(3_000), ms(6_500), 3_000_000_000);
        // Away for 4 s, of which the client slept through 1 s.
        gaps.stalled(ms(8_000), ms(9_000));
        gaps.answered(SLOT, ONE, ms(7_000), ms(11_000), 0);
        let gap = Gap { slot: SLOT, from: TWO, to: ONE, start: ms(7_000), end: ms(11_000) };
        assert_eq!(gaps.found(), [gap]);
    }

    #[test]
    fn one_outage_seen_by_two_workers_is_one_gap() {
        let mut left = Gaps::default();
        let mut right = Gaps::default();
        steady(&mut left, 10..1_000);
        steady(&mut right, 10..1_200);
        left.answered(SLOT, TWO, ms(990), ms(4_000), 0);
        right.answered(SLOT, TWO, ms(1_195), ms(4_100), 0);
        left.merge(&right);
        let gap = Gap { slot: SLOT, from: ONE, to: TWO, start: ms(990), end: ms(4_100) };
        assert_eq!(left.found(), [gap]);
    }

    #[test]
    fn candidates_are_bounded_and_counted_beyond() {
        let mut gaps = Gaps::default();
        for i in 0..MOST_GAPS as u64 + 5 {
            gaps.answered(SLOT, ONE, ms(i * 2_000), ms(i * 2_000 + 1_500), 0);
        }
        assert_eq!((gaps.candidates.len(), gaps.beyond()), (MOST_GAPS, 5));
    }
}
