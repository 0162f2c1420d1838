//! `RoundRobinPartitioner`: a counter a topic, the key ignored, leaderless partitions left out while
//! another one has a leader.

use super::Candidate;

/// The counter of one topic.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoundRobin {
    counter: u32,
}

impl RoundRobin {
    /// The next partition among `candidates`; `None` when there are none.
    pub fn next(
        &mut self,
        candidates: impl ExactSizeIterator<Item = Candidate> + Clone,
    ) -> Option<u32> {
        let all = candidates.len();
        let turn = (self.counter & 0x7fff_ffff) as usize;
        self.counter = self.counter.wrapping_add(1);
        let available = candidates.clone().filter(|candidate| candidate.has_leader).count();
        if available == 0 {
            return candidates.map(|candidate| candidate.partition).nth(turn.checked_rem(all)?);
        }
        candidates
            .filter(|candidate| candidate.has_leader)
            .map(|candidate| candidate.partition)
            .nth(turn % available)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(leaders: &[bool]) -> impl ExactSizeIterator<Item = Candidate> + Clone {
        (0u32..)
            .zip(leaders.iter())
            .map(|(partition, &has_leader)| Candidate {
                partition,
                has_leader,
                available: has_leader,
                queued: None,
            })
            .collect::<Vec<_>>()
            .into_iter()
    }

    #[test]
    fn takes_turns_among_partitions_with_a_leader() {
        let mut turns = RoundRobin::default();
        let picks: Vec<_> = (0..6).map(|_| turns.next(candidates(&[true, false, true]))).collect();
        assert_eq!(picks, [Some(0), Some(2), Some(0), Some(2), Some(0), Some(2)]);
    }

    #[test]
    fn without_any_leader_it_takes_turns_among_all() {
        let mut turns = RoundRobin::default();
        let picks: Vec<_> = (0..3).map(|_| turns.next(candidates(&[false, false]))).collect();
        assert_eq!(picks, [Some(0), Some(1), Some(0)]);
        assert_eq!(turns.next(candidates(&[])), None);
    }
}
