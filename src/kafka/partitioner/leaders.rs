//! A topic's partitions as most partitioners see them. Cost class: lent per record.

/// How many partitions there are, and which have a leader.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Leaders<'a> {
    /// All partitions: 0 to this less one.
    pub all: u32,
    /// Those with a leader, ascending, each once.
    pub led: &'a [u32],
}

impl Leaders<'_> {
    /// Whether that partition exists and has a leader.
    #[must_use]
    pub fn has(&self, partition: u32) -> bool {
        partition < self.all && (self.all_led() || self.led.binary_search(&partition).is_ok())
    }

    fn all_led(&self) -> bool {
        u32::try_from(self.led.len()) == Ok(self.all)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A topic, to be seen.
    pub(in super::super) struct Topic {
        all: u32,
        led: Vec<u32>,
    }

    /// Partitions 0, 1, … that have a leader or don't.
    pub(in super::super) fn topic(leaders: &[bool]) -> Topic {
        let led = (0u32..).zip(leaders).filter(|(_, led)| **led).map(|(partition, _)| partition);
        Topic { all: u32::try_from(leaders.len()).unwrap(), led: led.collect() }
    }

    impl Topic {
        pub(in super::super) fn view(&self) -> Leaders<'_> {
            Leaders { all: self.all, led: &self.led }
        }
    }

    #[test]
    fn a_partition_has_a_leader_or_not() {
        let some = topic(&[true, false, true]);
        let seen: Vec<_> = (0..4).map(|partition| some.view().has(partition)).collect();
        assert_eq!(seen, [true, false, true, false]);
        assert!(topic(&[true; 3]).view().has(2));
        assert!(!topic(&[true; 3]).view().has(3));
        assert!(!topic(&[]).view().has(0));
    }
}
