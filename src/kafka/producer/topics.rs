//! The producer's topics and the choice of a partition in each.
//!
//! Cost class: per record. Order of choice: the record's own partition, the configured partitioner,
//! the key, the sticky choice. A choice that was drawn or taken in turn and found no room is kept
//! for the next try of that record: Java, too, asks its partitioner once a record, and a second
//! turn would skip a partition. It goes with the record when that is given up, as in Java.

use std::sync::Arc;

use crate::base::{BrokerId, Instant, PartitionSlot, RecordView, Rng, TopicSlot};
use crate::kafka::accumulator::Accumulator;
use crate::kafka::cluster::Cluster;
use crate::kafka::config::{PartitionerKind, ProducerConfig};
use crate::kafka::partitioner::{
    BatchSticky, Candidate, KeyRules, Leaders, OtherClient, Refusal, RoundRobin, Ruled, Sticky,
    partition_for_key,
};

use super::request::ProducerRequest;
use super::routes::Routes;

/// One topic as the partitioners see it.
#[derive(Debug)]
pub(super) struct TopicState {
    pub(super) name: Arc<str>,
    partitioner: Partitioner,
    /// The built-in sticky choice.
    sticky: Sticky,
    /// A partition that was drawn for a record which found no room.
    kept: Option<u32>,
    /// Partitions with a leader, as of `led_version`.
    led: Vec<u32>,
    /// The cluster's version of leaders when `led` was made.
    led_version: Option<u64>,
}

/// The configured partitioner and what it remembers of one topic.
#[derive(Debug)]
enum Partitioner {
    BuiltIn {
        ignore_keys: bool,
    },
    RoundRobin(RoundRobin),
    BatchSticky {
        sticky: BatchSticky,
        hash_keys: bool,
    },
    Other(OtherClient),
    Rules {
        rules: Arc<KeyRules>,
        /// Key and value as one, for rules that hash both.
        both: Vec<u8>,
    },
}

/// Where a record goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Choice {
    /// To this partition.
    To {
        slot: PartitionSlot,
        by: By,
        /// Not to this one, whose last batch found no room for the record and so is full.
        left: Option<PartitionSlot>,
    },
    /// The topic's partitions, or the one that the record names, aren't known.
    Unknown,
    /// The key rules don't take it.
    Refused(Refusal),
}

/// What a choice rests on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum By {
    /// The record: asked again, the answer is the same.
    Record,
    /// The built-in sticky partitioner, which counts what is appended.
    Sticky,
    /// A draw or a turn.
    Draw,
}

impl Choice {
    /// The same after `left` found no room.
    fn leaving(self, from: PartitionSlot) -> Self {
        match self {
            Self::To { slot, by, .. } => Self::To { slot, by, left: Some(from) },
            Self::Unknown | Self::Refused(_) => self,
        }
    }
}

/// What a choice may look at.
pub(super) struct View<'a> {
    pub(super) config: &'a ProducerConfig,
    pub(super) cluster: &'a Cluster<ProducerRequest>,
    pub(super) accumulator: &'a Accumulator,
    pub(super) routes: &'a Routes,
    pub(super) topic: TopicSlot,
    pub(super) now: Instant,
}

impl TopicState {
    pub(super) fn new(name: &str, config: &ProducerConfig) -> Self {
        Self {
            name: Arc::from(name),
            partitioner: Partitioner::new(config),
            sticky: Sticky::new(config.batch_size, config.adaptive_partitioning),
            kept: None,
            led: Vec::new(),
            led_version: None,
        }
    }

    /// The partition of `record`.
    pub(super) fn choose(
        &mut self,
        record: &RecordView<'_>,
        view: &View<'_>,
        rng: &mut Rng,
    ) -> Choice {
        let slots = view.slots();
        if record.partition.is_some() || slots.is_empty() {
            return view.to(record.partition, By::Record);
        }
        let ignore_keys = match &self.partitioner {
            Partitioner::BuiltIn { ignore_keys } => *ignore_keys,
            Partitioner::Rules { .. } => return self.obey(record, view, rng),
            _ => return self.ask(record, view, rng),
        };
        if let Some(key) = record.key.filter(|_| !ignore_keys) {
            return view.to(Some(partition_for_key(key, view.count())), By::Record);
        }
        self.stick(record, view, rng)
    }

    /// The built-in partitioner, where it stays while the batch there isn't full, and whether it
    /// ignores keys; `None` with another one, and before the first draw.
    pub(super) fn stuck(
        &mut self,
        slots: &[PartitionSlot],
    ) -> Option<(&mut Sticky, PartitionSlot, bool)> {
        let Partitioner::BuiltIn { ignore_keys } = self.partitioner else { return None };
        let slot = *slots.get(self.sticky.current()? as usize)?;
        Some((&mut self.sticky, slot, ignore_keys))
    }

    /// Whether a record's key alone chooses its partition, where it has one.
    pub(super) const fn goes_by_key(&self) -> bool {
        matches!(self.partitioner, Partitioner::BuiltIn { ignore_keys: false })
    }

    /// Does what the key rules say.
    fn obey(&mut self, record: &RecordView<'_>, view: &View<'_>, rng: &mut Rng) -> Choice {
        let all = view.count();
        let Partitioner::Rules { rules, both } = &mut self.partitioner else {
            return Choice::Unknown;
        };
        match rules.rule(record.key, record.value, all, both) {
            Ruled::To(partition) => view.to(Some(partition), By::Record),
            Ruled::Sticky => self.stick(record, view, rng),
            Ruled::Refused(why) => Choice::Refused(why),
            Ruled::Random => self.ask(record, view, rng),
        }
    }

    /// Asks a partitioner that isn't the built-in one, unless its last draw wasn't used.
    fn ask(&mut self, record: &RecordView<'_>, view: &View<'_>, rng: &mut Rng) -> Choice {
        let all = view.count();
        let fixed = match &self.partitioner {
            Partitioner::BatchSticky { hash_keys: true, .. } => {
                record.key.map(|key| partition_for_key(key, all))
            }
            Partitioner::Other(client) => client.by_key(record.key, all),
            _ => None,
        };
        if fixed.is_some() {
            self.note_new_batch(fixed, record, view, rng);
            return view.to(fixed, By::Record);
        }
        if let Some(kept) = self.kept.take().filter(|&partition| partition < all) {
            return view.to(Some(kept), By::Draw);
        }
        self.look_for_leaders(view);
        let leaders = Leaders { all, led: &self.led };
        let drawn = match &mut self.partitioner {
            Partitioner::RoundRobin(turns) => turns.next(leaders),
            Partitioner::BatchSticky { sticky, .. } => sticky.current(leaders, rng),
            Partitioner::Other(client) => client.draw(record.key, leaders, view.now, rng),
            Partitioner::Rules { rules, .. } => rules.draw(leaders, rng),
            Partitioner::BuiltIn { .. } => None,
        };
        match self.note_new_batch(drawn, record, view, rng) {
            Some((left, partition)) => view.to(partition, By::Draw).leaving(left),
            None => view.to(drawn, By::Draw),
        }
    }

    /// Tells the sticky partitioner of KIP-480 that `record` would open a batch in `partition`;
    /// what it leaves, and its choice then. `None` when nothing was told.
    fn note_new_batch(
        &mut self,
        partition: Option<u32>,
        record: &RecordView<'_>,
        view: &View<'_>,
        rng: &mut Rng,
    ) -> Option<(PartitionSlot, Option<u32>)> {
        let partition = partition?;
        let Partitioner::BatchSticky { .. } = &self.partitioner else { return None };
        let slot = *view.slots().get(partition as usize)?;
        if !view.accumulator.needs_batch(slot, record) {
            return None;
        }
        self.look_for_leaders(view);
        let leaders = Leaders { all: view.count(), led: &self.led };
        let Partitioner::BatchSticky { sticky, .. } = &mut self.partitioner else { return None };
        sticky.new_batch(partition, leaders, rng);
        Some((slot, sticky.current(leaders, rng)))
    }

    /// The append of a record that went where `by` says found no room: a draw holds until it is
    /// used.
    pub(super) fn found_no_room(&mut self, slot: PartitionSlot, by: By, view: &View<'_>) {
        if by == By::Draw {
            self.kept = u32::try_from(view.cluster.partition(slot).index).ok();
        }
    }

    /// The record that found no room won't be tried again: its draw is nobody else's.
    pub(super) fn forgo(&mut self) {
        self.kept = None;
    }

    /// Makes the list of partitions with a leader anew if leaders have changed.
    fn look_for_leaders(&mut self, view: &View<'_>) {
        let version = view.cluster.leaders_version();
        if self.led_version == Some(version) {
            return;
        }
        self.led_version = Some(version);
        self.led.clear();
        let led = (0u32..).zip(view.slots());
        let led = led.filter(|(_, slot)| view.cluster.partition(**slot).leader.is_some());
        self.led.extend(led.map(|(partition, _)| partition));
    }

    /// The sticky partition, after a switch that was put off until its batch was full: Java asks
    /// before it tries to append and again when that found no room, so that a record which closes a
    /// batch goes to the next partition instead of opening another batch here, alone.
    fn stick(&mut self, record: &RecordView<'_>, view: &View<'_>, rng: &mut Rng) -> Choice {
        let current = self.sticky.current();
        let stays = current.and_then(|at| Some((at, *view.slots().get(at as usize)?)));
        let mut left = None;
        if let Some((at, slot)) = stays.filter(|_| !self.sticky.is_due(false)) {
            let full = self.sticky.is_due(true) && {
                left = view.accumulator.needs_batch(slot, record).then_some(slot);
                left.is_some() || view.accumulator.all_full(slot)
            };
            if !full {
                return view.to(Some(at), By::Sticky);
            }
        }
        let drawn = view.to(self.draw(view, rng), By::Sticky);
        left.map_or(drawn, |left| drawn.leaving(left))
    }

    /// Counts what a sticky record added; draws the next partition when it is time.
    #[inline]
    pub(super) fn count(&mut self, bytes: u64, all_full: bool, view: &View<'_>, rng: &mut Rng) {
        if self.sticky.produced(bytes, all_full) {
            self.draw(view, rng);
        }
    }

    /// Draws the sticky partition anew.
    fn draw(&mut self, view: &View<'_>, rng: &mut Rng) -> Option<u32> {
        self.look_for_leaders(view);
        let leaders = Leaders { all: view.count(), led: &self.led };
        self.sticky.draw(view.candidates(), leaders, view.now, rng)
    }
}

impl Partitioner {
    fn new(config: &ProducerConfig) -> Self {
        if let Some(rules) = &config.key_rules {
            return Self::Rules { rules: Arc::clone(rules), both: Vec::new() };
        }
        let sticky = BatchSticky::default();
        match (config.partitioner, OtherClient::new(config.partitioner, config.linger)) {
            (_, Some(client)) => Self::Other(client),
            (PartitionerKind::RoundRobin, None) => Self::RoundRobin(RoundRobin::default()),
            (PartitionerKind::UniformSticky, None) => {
                Self::BatchSticky { sticky, hash_keys: false }
            }
            (PartitionerKind::LegacyDefault, None) => Self::BatchSticky { sticky, hash_keys: true },
            (_, None) => Self::BuiltIn { ignore_keys: config.ignore_keys },
        }
    }
}

impl<'a> View<'a> {
    /// The topic's partitions.
    #[inline]
    fn slots(&self) -> &'a [PartitionSlot] {
        self.cluster.topic(self.topic).partitions()
    }

    fn count(&self) -> u32 {
        u32::try_from(self.slots().len()).expect("partitions are counted in 32 bits")
    }

    fn to(&self, partition: Option<u32>, by: By) -> Choice {
        let slot = partition.and_then(|at| self.slots().get(at as usize));
        slot.map_or(Choice::Unknown, |&slot| Choice::To { slot, by, left: None })
    }

    /// The topic's partitions as a draw of the built-in partitioner sees them.
    fn candidates(&'a self) -> impl ExactSizeIterator<Item = Candidate> + 'a {
        self.slots().iter().enumerate().map(|(partition, &slot)| {
            let leader = self.cluster.partition(slot).leader;
            let queued = self.accumulator.queued(slot);
            Candidate {
                partition: u32::try_from(partition).expect("partitions are counted in 32 bits"),
                has_leader: leader.is_some(),
                // As in Java, a broker is slow only towards partitions that wait for it.
                available: queued.is_none_or(|waiting| waiting == 0)
                    || leader.is_some_and(|leader| self.is_available(leader)),
                queued,
            }
        })
    }

    /// Whether a broker could be sent to recently enough (`partitioner.availability.timeout.ms`).
    fn is_available(&self, leader: BrokerId) -> bool {
        let limit = self.config.availability_timeout;
        limit.is_zero() || self.routes.waited(leader) <= limit
    }
}
