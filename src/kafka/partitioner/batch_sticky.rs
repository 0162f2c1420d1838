//! The sticky choice of Kafka 2.4 to 3.9 (KIP-480, `StickyPartitionCache`): one partition a topic,
//! changed whenever a record would have opened another batch there.
//!
//! Cost class: per record a comparison; per batch a draw. Unlike KIP-794's it counts batches and
//! not bytes, so that a slow broker, whose batches wait and fill, gets as many records as a fast
//! one.

use super::Leaders;
use super::draw::{among_led, below};
use crate::base::Rng;

/// The sticky choice of one topic.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct BatchSticky {
    current: Option<u32>,
}

impl BatchSticky {
    /// The partition of the next record without a key; drawn when there is none yet, or when its
    /// number is no partition any more. `None` without partitions.
    pub fn current(&mut self, leaders: Leaders<'_>, rng: &mut Rng) -> Option<u32> {
        if self.current.is_none_or(|at| at >= leaders.all) {
            self.current = among_led(leaders, rng);
        }
        self.current
    }

    /// A record found no batch to go into in `partition`. If that is the sticky one, another with a
    /// leader takes its place, and the record goes there; a record with a key stays where it is.
    pub fn new_batch(&mut self, partition: u32, leaders: Leaders<'_>, rng: &mut Rng) {
        if self.current != Some(partition) {
            return;
        }
        let led = leaders.led;
        self.current = match led.binary_search(&partition) {
            Ok(at) if led.len() > 1 => {
                // One of the others: those behind it move up by one.
                let other = below(led.len() - 1, rng);
                Some(led[if other < at { other } else { other + 1 }])
            }
            _ => among_led(leaders, rng),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::leaders::tests::topic;
    use super::*;

    #[test]
    fn it_stays_until_its_own_partition_needs_a_new_batch() {
        let mut rng = Rng::new(2);
        let mut sticky = BatchSticky::default();
        let all = [true; 3];
        let first = sticky.current(topic(&all).view(), &mut rng).unwrap();
        for _ in 0..10 {
            assert_eq!(sticky.current(topic(&all).view(), &mut rng), Some(first));
        }
        let other = (first + 1) % 3;
        sticky.new_batch(other, topic(&all).view(), &mut rng);
        assert_eq!(sticky.current(topic(&all).view(), &mut rng), Some(first));
        for _ in 0..100 {
            let before = sticky.current(topic(&all).view(), &mut rng).unwrap();
            sticky.new_batch(before, topic(&all).view(), &mut rng);
            assert_ne!(sticky.current(topic(&all).view(), &mut rng), Some(before));
        }
    }

    #[test]
    fn a_partition_without_a_leader_is_taken_only_when_none_has_one() {
        let mut rng = Rng::new(2);
        let mut sticky = BatchSticky::default();
        let one = [false, true, false];
        assert_eq!(sticky.current(topic(&one).view(), &mut rng), Some(1));
        sticky.new_batch(1, topic(&one).view(), &mut rng);
        assert_eq!(sticky.current(topic(&one).view(), &mut rng), Some(1));
        let none = [false; 3];
        sticky.new_batch(1, topic(&none).view(), &mut rng);
        assert!(sticky.current(topic(&none).view(), &mut rng).is_some());
        assert_eq!(BatchSticky::default().current(topic(&[]).view(), &mut rng), None);
    }

    #[test]
    fn a_topic_made_anew_with_fewer_partitions_gets_a_new_choice() {
        let mut rng = Rng::new(2);
        let mut sticky = BatchSticky { current: Some(5) };
        assert_eq!(sticky.current(topic(&[true]).view(), &mut rng), Some(0));
    }
}
