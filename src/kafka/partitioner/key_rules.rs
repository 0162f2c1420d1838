//! Key rules: keys with a partition of their own, and a hash for all others. What an application's
//! own partitioner does, as data.
//!
//! Cost class: per record a binary search and a hash; no allocation once the buffer for key and
//! value has grown. A record that the rules don't take is refused, which is an outcome, not an
//! error of the program.

use super::draw::{among_led, below};
use super::{KeyHash, Leaders};
use crate::base::Rng;

/// What a file of rules says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rules {
    /// Keys with a partition of their own; each key once.
    pub pins: Vec<(Vec<u8>, Pin)>,
    /// For keys without a rule.
    pub hash: KeyHash,
    /// What is hashed.
    pub over: Over,
    /// Among which partitions hashes and random draws choose.
    pub among: Among,
    /// Where records without a key go.
    pub no_key: NoKey,
    /// What is said of a refused record.
    pub message: String,
}

/// The partition of a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pin {
    /// This one.
    To(u32),
    /// The one with the highest number, however many there are.
    Last,
}

/// What is hashed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Over {
    /// The key alone.
    #[default]
    Key,
    /// The key's bytes and then the value's.
    KeyAndValue,
}

/// Among which partitions a hash chooses.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Among {
    /// All of them, also those that rules name.
    #[default]
    All,
    /// Those that no rule names.
    Rest,
}

/// Where records without a key go. An empty key is a key.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum NoKey {
    /// Nowhere: they fail with the rules' message.
    #[default]
    Refuse,
    /// Anywhere with a leader, each anew.
    Random,
    /// Where the built-in sticky partitioner says (KIP-794), over all partitions.
    Sticky,
    /// To this partition.
    To(Pin),
}

/// What the rules say of one record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ruled {
    /// It goes there.
    To(u32),
    /// [`KeyRules::draw`] decides.
    Random,
    /// The built-in sticky partitioner decides.
    Sticky,
    /// It can't be sent.
    Refused(Refusal),
}

/// Why the rules don't take a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// It has no key.
    NoKey,
    /// Its partition doesn't exist.
    NoPartition {
        /// That one.
        partition: u32,
        /// How many there are.
        partitions: u32,
    },
    /// Rules name every partition, so none is left for the other keys.
    NoneLeft,
}

/// Rules, ready for use.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyRules {
    /// Its pins are sorted by key.
    rules: Rules,
    /// Partitions that rules name by number, ascending, each once.
    named: Vec<u32>,
    names_last: bool,
}

impl KeyRules {
    /// Makes rules ready; of two rules for one key the first holds, though a file with both should
    /// have been refused.
    #[must_use]
    pub fn new(mut rules: Rules) -> Self {
        rules.pins.sort_by(|a, b| a.0.cmp(&b.0));
        rules.pins.dedup_by(|later, first| later.0 == first.0);
        let keyless = match rules.no_key {
            NoKey::To(pin) => Some(pin),
            NoKey::Refuse | NoKey::Random | NoKey::Sticky => None,
        };
        let pins = || rules.pins.iter().map(|(_, pin)| *pin).chain(keyless);
        let number = |pin| match pin {
            Pin::To(partition) => Some(partition),
            Pin::Last => None,
        };
        let mut named: Vec<u32> = pins().filter_map(number).collect();
        named.sort_unstable();
        named.dedup();
        Self { named, names_last: pins().any(|pin| pin == Pin::Last), rules }
    }

    /// What was given, pins sorted by key.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Whether the rules fit a topic of so many partitions.
    ///
    /// # Errors
    /// Says what doesn't, and how many there are.
    pub fn check(&self, partitions: u32) -> Result<(), String> {
        if let Some(partition) = self.named.iter().find(|partition| **partition >= partitions) {
            return Err(format!(
                "a rule names partition {partition}, but there are {partitions}; expected 0 to {} \
                 or last",
                partitions.saturating_sub(1)
            ));
        }
        if self.rules.among == Among::Rest && self.left(partitions) == 0 {
            return Err(format!(
                "rules name every one of the {partitions} partitions, so among: rest leaves none \
                 for other keys; expected more partitions, or among: all"
            ));
        }
        Ok(())
    }

    /// Where a record with this key and value goes among `partitions`, 1 or more. `buffer` is kept
    /// by the caller, for its memory.
    pub fn rule(
        &self,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        partitions: u32,
        buffer: &mut Vec<u8>,
    ) -> Ruled {
        let Some(key) = key else {
            return match self.rules.no_key {
                NoKey::Refuse => Ruled::Refused(Refusal::NoKey),
                NoKey::Random => Ruled::Random,
                NoKey::Sticky => Ruled::Sticky,
                NoKey::To(pin) => pinned(pin, partitions),
            };
        };
        if let Ok(at) = self.rules.pins.binary_search_by(|(pin, _)| pin.as_slice().cmp(key)) {
            return pinned(self.rules.pins[at].1, partitions);
        }
        let hashed: &[u8] = match (self.rules.over, value) {
            (Over::Key, _) | (Over::KeyAndValue, None) => key,
            (Over::KeyAndValue, Some(value)) => {
                buffer.clear();
                buffer.extend_from_slice(key);
                buffer.extend_from_slice(value);
                buffer
            }
        };
        match self.rules.among {
            Among::All => Ruled::To(self.rules.hash.partition(hashed, partitions)),
            Among::Rest => match self.left(partitions) {
                0 => Ruled::Refused(Refusal::NoneLeft),
                left => Ruled::To(self.nth_left(self.rules.hash.partition(hashed, left))),
            },
        }
    }

    /// Draws for a record without a key; `None` without partitions, or when none is left.
    pub fn draw(&self, leaders: Leaders<'_>, rng: &mut Rng) -> Option<u32> {
        if self.rules.among == Among::All {
            return among_led(leaders, rng);
        }
        let left = leaders.led.iter().copied().filter(|at| !self.names(*at, leaders.all));
        match left.clone().count() {
            0 => match self.left(leaders.all) {
                0 => None,
                left => {
                    let at = u32::try_from(rng.below(left.into())).expect("below 32 bits");
                    Some(self.nth_left(at))
                }
            },
            count => left.clone().nth(below(count, rng)),
        }
    }

    /// Why a record was refused, in a sentence.
    #[must_use]
    pub fn reason(&self, refusal: Refusal) -> String {
        match refusal {
            Refusal::NoKey => self.rules.message.clone(),
            Refusal::NoPartition { partition, partitions } => {
                format!("a key rule names partition {partition}, but there are {partitions}")
            }
            Refusal::NoneLeft => "key rules name every partition; none is left".to_owned(),
        }
    }

    fn names(&self, partition: u32, partitions: u32) -> bool {
        self.named.binary_search(&partition).is_ok()
            || (self.names_last && partition + 1 == partitions)
    }

    /// How many partitions no rule names.
    fn left(&self, partitions: u32) -> u32 {
        let named = self.named.partition_point(|partition| *partition < partitions);
        let last_is_named = partitions > 0
            && self.names_last
            && self.named.binary_search(&(partitions - 1)).is_err();
        let named = u32::try_from(named).expect("each is a different number of 32 bits");
        partitions - named - u32::from(last_is_named)
    }

    /// The partition at `at` among those that no rule names.
    fn nth_left(&self, at: u32) -> u32 {
        // The last partition needs no step: nothing comes after it.
        self.named.iter().fold(at, |at, named| if *named <= at { at + 1 } else { at })
    }
}

const fn pinned(pin: Pin, partitions: u32) -> Ruled {
    match pin {
        Pin::To(partition) if partition >= partitions => {
            Ruled::Refused(Refusal::NoPartition { partition, partitions })
        }
        Pin::To(partition) => Ruled::To(partition),
        Pin::Last => Ruled::To(partitions - 1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::leaders::tests::topic;
    use super::*;
    use crate::base::Rng;

    fn rules(pins: &[(&str, Pin)], among: Among) -> KeyRules {
        KeyRules::new(Rules {
            pins: pins.iter().map(|(key, pin)| (key.as_bytes().to_vec(), *pin)).collect(),
            hash: KeyHash::Murmur2,
            over: Over::Key,
            among,
            no_key: NoKey::Refuse,
            message: "Need message key".to_owned(),
        })
    }

    fn ruled(rules: &KeyRules, key: &str, partitions: u32) -> Ruled {
        rules.rule(Some(key.as_bytes()), None, partitions, &mut Vec::new())
    }

    /// The custom partitioner of many a textbook.
    #[test]
    fn pangyo_goes_to_partition_0_and_the_others_where_java_s_hash_says() {
        let rules = rules(&[("Pangyo", Pin::To(0))], Among::All);
        for partitions in [1, 2, 3, 6, 12, 100] {
            assert_eq!(ruled(&rules, "Pangyo", partitions), Ruled::To(0));
            for key in ["Seoul", "Busan", "", "kafka", "pangyo", "Pangyo "] {
                let hashed = KeyHash::Murmur2.partition(key.as_bytes(), partitions);
                assert_eq!(ruled(&rules, key, partitions), Ruled::To(hashed));
            }
        }
        let refused = rules.rule(None, Some(b"v"), 6, &mut Vec::new());
        assert_eq!(refused, Ruled::Refused(Refusal::NoKey));
        assert_eq!(rules.reason(Refusal::NoKey), "Need message key");
    }

    #[test]
    fn among_the_rest_no_partition_of_a_rule_is_chosen() {
        let pins = [("a", Pin::To(4)), ("b", Pin::To(0)), ("c", Pin::To(4)), ("d", Pin::Last)];
        let rules = rules(&pins, Among::Rest);
        assert_eq!(rules.left(6), 3);
        assert_eq!([0, 1, 2].map(|at| rules.nth_left(at)), [1, 2, 3]);
        assert_eq!(rules.left(5), 3);
        for key in 0..200 {
            let Ruled::To(partition) = ruled(&rules, &key.to_string(), 6) else { panic!() };
            assert!([1, 2, 3].contains(&partition), "{partition}");
        }
        assert_eq!(ruled(&rules, "d", 6), Ruled::To(5));
        assert_eq!(ruled(&rules, "d", 9), Ruled::To(8));
    }

    #[test]
    fn rules_that_a_topic_has_no_room_for_are_found_before_and_refuse_after() {
        let seventh = rules(&[("a", Pin::To(6))], Among::All);
        assert_eq!(
            seventh.check(6).unwrap_err(),
            "a rule names partition 6, but there are 6; expected 0 to 5 or last"
        );
        assert_eq!(seventh.check(7), Ok(()));
        let refusal = Refusal::NoPartition { partition: 6, partitions: 6 };
        assert_eq!(ruled(&seventh, "a", 6), Ruled::Refused(refusal));
        let all = rules(&[("a", Pin::To(0)), ("b", Pin::Last)], Among::Rest);
        assert!(all.check(2).unwrap_err().starts_with("rules name every one of the 2 partitions"));
        assert_eq!(ruled(&all, "x", 2), Ruled::Refused(Refusal::NoneLeft));
        assert_eq!(all.draw(topic(&[true; 2]).view(), &mut Rng::new(1)), None);
        assert_eq!(all.check(3), Ok(()));
        assert_eq!(ruled(&all, "x", 3), Ruled::To(1));
    }

    #[test]
    fn key_and_value_are_hashed_as_one() {
        let mut both = rules(&[], Among::All).rules;
        both.over = Over::KeyAndValue;
        let both = KeyRules::new(both);
        let mut buffer = Vec::new();
        let ruled = both.rule(Some(b"foo"), Some(b"bar"), 100, &mut buffer);
        assert_eq!(ruled, Ruled::To(KeyHash::Murmur2.partition(b"foobar", 100)));
        let ruled = both.rule(Some(b"foobar"), None, 100, &mut buffer);
        assert_eq!(ruled, Ruled::To(66));
    }

    #[test]
    fn records_without_a_key_go_where_the_rules_say() {
        let with = |no_key, among| {
            let rules = rules(&[("a", Pin::To(1))], among).rules;
            KeyRules::new(Rules { no_key, ..rules })
        };
        let of = |no_key| with(no_key, Among::All).rule(None, None, 6, &mut Vec::new());
        assert_eq!(of(NoKey::Random), Ruled::Random);
        assert_eq!(of(NoKey::Sticky), Ruled::Sticky);
        assert_eq!(of(NoKey::To(Pin::To(2))), Ruled::To(2));
        assert_eq!(of(NoKey::To(Pin::Last)), Ruled::To(5));
        let rest = with(NoKey::Random, Among::Rest);
        let mut rng = Rng::new(1);
        let some = topic(&[true, true, false, true]);
        let draws: Vec<_> = (0..100).map(|_| rest.draw(some.view(), &mut rng)).collect();
        assert!(draws.iter().all(|draw| matches!(draw, Some(0 | 3))), "{draws:?}");
        assert!(draws.contains(&Some(0)) && draws.contains(&Some(3)));
        // Without any leader the choice is among all that are left.
        let none = topic(&[false; 3]);
        assert!((0..100).all(|_| matches!(rest.draw(none.view(), &mut rng), Some(0 | 2))));
    }

    proptest! {
        /// What is left is what no rule names, in order, whatever the rules.
        #[test]
        fn the_rest_is_all_but_the_named(
            pins in prop::collection::vec((0u32..12, any::<bool>()), 0..12),
            partitions in 1u32..12,
        ) {
            let pins: Vec<_> = pins
                .iter()
                .enumerate()
                .map(|(key, &(at, last))| {
                    (key.to_string(), if last { Pin::Last } else { Pin::To(at) })
                })
                .collect();
            let pins: Vec<_> = pins.iter().map(|(key, pin)| (key.as_str(), *pin)).collect();
            let rules = rules(&pins, Among::Rest);
            let expected: Vec<_> =
                (0..partitions).filter(|at| !rules.names(*at, partitions)).collect();
            let left: Vec<_> =
                (0..rules.left(partitions)).map(|at| rules.nth_left(at)).collect();
            prop_assert_eq!(left, expected);
        }
    }
}
