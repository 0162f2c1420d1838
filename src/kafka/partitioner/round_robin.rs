//! `RoundRobinPartitioner`: a counter a topic, the key ignored, leaderless partitions left out
//! while another one has a leader.

use super::Leaders;

/// The counter of one topic.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoundRobin {
    counter: u32,
}

impl RoundRobin {
    /// The next partition; `None` without partitions.
    pub fn next(&mut self, leaders: Leaders<'_>) -> Option<u32> {
        let turn = self.counter & 0x7fff_ffff;
        self.counter = self.counter.wrapping_add(1);
        match leaders.led {
            [] => turn.checked_rem(leaders.all),
            led => led.get(turn as usize % led.len()).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::leaders::tests::topic;
    use super::*;

    #[test]
    fn takes_turns_among_partitions_with_a_leader() {
        let mut turns = RoundRobin::default();
        let picks: Vec<_> =
            (0..6).map(|_| turns.next(topic(&[true, false, true]).view())).collect();
        assert_eq!(picks, [Some(0), Some(2), Some(0), Some(2), Some(0), Some(2)]);
    }

    #[test]
    fn without_any_leader_it_takes_turns_among_all() {
        let mut turns = RoundRobin::default();
        let picks: Vec<_> = (0..3).map(|_| turns.next(topic(&[false, false]).view())).collect();
        assert_eq!(picks, [Some(0), Some(1), Some(0)]);
        assert_eq!(turns.next(topic(&[]).view()), None);
    }

    /// `RoundRobinPartitionerTest`: 100 records over two of three partitions, and two topics of
    /// three whose counters don't know each other.
    #[test]
    fn shares_are_equal_and_topics_independent() {
        let count = |turns: &mut RoundRobin, records: u32, leaders: &[bool], other: bool| {
            let (mut counts, mut its) = ([0; 3], RoundRobin::default());
            for record in 0..records {
                counts[turns.next(topic(leaders).view()).unwrap() as usize] += 1;
                if other && record % 5 == 0 {
                    its.next(topic(leaders).view());
                }
            }
            counts
        };
        let mut turns = RoundRobin::default();
        assert_eq!(count(&mut turns, 100, &[true, false, true], false), [50, 0, 50]);
        let mut turns = RoundRobin::default();
        assert_eq!(count(&mut turns, 30, &[true; 3], true), [10, 10, 10]);
    }

    /// Java's counter is a signed number made positive by a mask.
    #[test]
    fn the_counter_wraps_at_31_bits() {
        let mut turns = RoundRobin { counter: 0x7fff_ffff };
        let picks: Vec<_> = (0..3).map(|_| turns.next(topic(&[true; 5]).view())).collect();
        assert_eq!(picks, [Some(2), Some(0), Some(1)]);
    }
}
