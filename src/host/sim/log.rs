//! What must hold of the logs: every stored batch against what the sources generate and what the
//! engines were told.
//!
//! Cost class: per stored record, once a simulation. Invariants checked, by name:
//!
//! - *crc*, *offsets*: every stored batch has a right checksum, offsets grow without a gap;
//! - *content*: every stored record is one that some source makes, byte for byte, at its time;
//! - *sequence*: within a producer id and epoch a partition's sequences follow one another. A
//!   broker takes any first sequence, so the first may lie as far from 0 as records ended
//!   indeterminate;
//! - *exactly once*, *order*: with idempotence no log holds a record twice, nor after a later one
//!   of its producer. Excused is what was under way while the brokers lost what they knew of
//!   producers;
//! - *order of acks*: with one request in flight, offsets acknowledged grow with the records;
//! - *acked and missing*, *failed and stored*: an ack means the record is at its offset, a failure
//!   that it is nowhere.

use std::collections::BTreeMap;

use crate::base::{Instant, PartitionSlot, RecordView, WorkerIndex, mix};
use crate::kafka::broker::{Partition, Topic};
use crate::kafka::compression::{Codec, decompress};
use crate::kafka::wire::record_batch::{Batch, Records};
use crate::load::source::{Source, SourcePlan};

use super::TOPIC;
use super::notary::{Fate, Seen};
use super::world::World;

/// A record in a log.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    /// How many topics of this name were deleted before.
    pub generation: usize,
    /// The partition's index.
    pub partition: usize,
    /// Its offset.
    pub offset: i64,
    /// Whose it is.
    pub worker: usize,
    /// Its place among all that its worker handed over.
    pub index: usize,
}

/// What sequences a partition expects of a producer id and epoch.
type Expected = BTreeMap<(i64, i16), i32>;

/// Reads all logs and holds them against what was seen; returns what they hold.
pub(super) fn check(world: &mut World) -> Vec<Stored> {
    let mut reader = Reader {
        known: known(world),
        in_doubt: world.workers.iter().map(|it| in_doubt(it.engine.witness().records())).collect(),
        stored: Vec::new(),
        wrong: Vec::new(),
    };
    let graves = core::mem::take(&mut world.net.graves);
    let forgetful = !world.net.losses.is_empty();
    for (generation, topic) in graves.iter().enumerate() {
        reader.read_topic(topic, generation, forgetful);
    }
    if let Some(topic) = world.net.broker.cluster().topic(TOPIC) {
        reader.read_topic(topic, graves.len(), forgetful);
    }
    let Reader { stored, mut wrong, .. } = reader;
    let config = &world.setup.producer;
    let seen: Vec<&[Seen]> =
        world.workers.iter().map(|worker| worker.engine.witness().records()).collect();
    if config.enable_idempotence {
        check_order(&stored, &seen, &world.net.losses, &mut wrong);
    } else if config.max_in_flight == 1 {
        check_acks_in_order(&seen, !graves.is_empty(), &mut wrong);
    }
    check_fates(&stored, &seen, !graves.is_empty(), &mut wrong);
    world.net.graves = graves;
    for (name, what) in wrong.into_iter().take(MOST) {
        world.net.violated(name, what);
    }
    stored
}

/// Every record that was handed over, as its source makes it again: by content, whose and which.
fn known(world: &World) -> BTreeMap<u64, (usize, usize, i64)> {
    let mut known = BTreeMap::new();
    for (worker, found) in world.workers.iter().enumerate() {
        let mut source = source(&world.source, worker);
        for (index, seen) in found.engine.witness().records().iter().enumerate() {
            if seen.fate != Fate::Refused {
                let record = source.record(seen.number, seen.timestamp_ms);
                known.insert(content(&record), (worker, index, seen.timestamp_ms));
            }
        }
    }
    known
}

fn in_doubt(records: &[Seen]) -> Vec<(PartitionSlot, usize)> {
    let found = records.iter().enumerate().filter(|(_, seen)| seen.fate == Fate::Indeterminate);
    found.map(|(index, seen)| (seen.slot, index)).collect()
}

fn source(plan: &SourcePlan, worker: usize) -> Source {
    Source::new(plan, WorkerIndex(u32::try_from(worker).expect("workers are few")))
}

/// A number for key and value: two records have the same with a chance of one in 2^64.
pub(super) fn content(record: &RecordView<'_>) -> u64 {
    let mut hash = 0;
    for part in [record.key, record.value] {
        hash = mix(hash ^ part.map_or(1, |part| part.len() as u64 + 2));
        for chunk in part.unwrap_or_default().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            hash = mix(hash ^ u64::from_le_bytes(word));
        }
    }
    hash
}

struct Reader {
    known: BTreeMap<u64, (usize, usize, i64)>,
    /// By worker: partition and place of each record that ended indeterminate.
    in_doubt: Vec<Vec<(PartitionSlot, usize)>>,
    stored: Vec<Stored>,
    wrong: Vec<(&'static str, String)>,
}

impl Reader {
    fn read_topic(&mut self, topic: &Topic, generation: usize, forgetful: bool) {
        for (index, partition) in topic.partitions().iter().enumerate() {
            self.read_partition(partition, generation, index, forgetful);
        }
    }

    fn read_partition(
        &mut self,
        partition: &Partition,
        generation: usize,
        index: usize,
        forgetful: bool,
    ) {
        let mut end = 0;
        let mut expected = Expected::new();
        for bytes in partition.log().batches() {
            let Ok((batch, _)) = Batch::parse(bytes) else {
                let what = format!("partition {index} holds what is no batch behind {end}");
                return self.wrong.push(("crc", what));
            };
            let at = format!("partition {index} offset {}", batch.header.base_offset);
            if !batch.crc_ok() {
                self.wrong.push(("crc", at.clone()));
            }
            if batch.header.base_offset != end {
                self.wrong.push(("offsets", format!("{at} follows {end}")));
            }
            end = batch.header.base_offset + i64::from(batch.header.record_count);
            let first = self.stored.len();
            self.read_batch(&batch, generation, index, &at);
            if batch.header.producer_id >= 0 && !forgetful {
                let lost = self.stored.get(first).map_or(0, |first| self.in_doubt_before(first));
                self.check_sequence(&batch, lost, &mut expected, &at);
            }
        }
    }

    /// Records of the same worker and partition, before this one, that ended indeterminate: their
    /// sequences are spent, whether they are in the log or not.
    fn in_doubt_before(&self, found: &Stored) -> i32 {
        let doubtful = &self.in_doubt[found.worker];
        let before = doubtful.iter().filter(|(slot, index)| {
            usize::try_from(slot.0) == Ok(found.partition) && *index < found.index
        });
        i32::try_from(before.count()).unwrap_or(i32::MAX)
    }

    fn check_sequence(
        &mut self,
        batch: &Batch<'_>,
        in_doubt: i32,
        expected: &mut Expected,
        at: &str,
    ) {
        let header = &batch.header;
        let key = (header.producer_id, header.producer_epoch);
        let first = !expected.contains_key(&key);
        let next = expected.get(&key).copied().unwrap_or(0);
        let accepted = first && (0..=in_doubt).contains(&header.base_sequence);
        if header.base_sequence != next && !accepted {
            let (id, epoch) = key;
            let found = header.base_sequence;
            let what =
                format!("{at}: producer {id} epoch {epoch} has {found} where {next} follows");
            self.wrong.push(("sequence", what));
        }
        expected.insert(key, header.base_sequence.wrapping_add(header.record_count) & i32::MAX);
    }

    fn read_batch(&mut self, batch: &Batch<'_>, generation: usize, partition: usize, at: &str) {
        let mut body = Vec::new();
        let codec = Codec::from_id(batch.header.codec_id());
        let unpacked = codec.map(|codec| decompress(codec, batch.body(), &mut body, LARGEST));
        if !matches!(unpacked, Some(Ok(()))) {
            return self.wrong.push(("content", format!("{at} can't be unpacked")));
        }
        for (nth, record) in (0i64..).zip(Records::new(&body, batch.header.record_count)) {
            let offset = batch.header.base_offset + nth;
            let found = record.ok().and_then(|record| {
                let view = RecordView {
                    partition: None,
                    key: record.key,
                    value: record.value,
                    headers: &[],
                    timestamp_ms: batch.header.base_timestamp + record.timestamp_delta,
                };
                let known = self.known.get(&content(&view))?;
                (known.2 == view.timestamp_ms && record.header_count == 0).then_some(*known)
            });
            let Some((worker, index, _)) = found else {
                let what =
                    format!("partition {partition} offset {offset} holds no source's record");
                return self.wrong.push(("content", what));
            };
            self.stored.push(Stored { generation, partition, offset, worker, index });
        }
    }
}

/// With idempotence a producer's records stand in each log once and in the order in which they were
/// appended.
fn check_order(
    stored: &[Stored],
    seen: &[&[Seen]],
    losses: &[(Instant, Option<i32>)],
    wrong: &mut Vec<(&'static str, String)>,
) {
    let excused = |record: &Seen, partition: usize| {
        losses.iter().any(|(at, of)| {
            let here = of.is_none_or(|of| usize::try_from(of) == Ok(partition));
            here && record.appended <= *at && (*at <= record.ended || record.fate == Fate::Open)
        })
    };
    let mut last: BTreeMap<(usize, usize, usize), &Stored> = BTreeMap::new();
    for found in stored {
        let key = (found.generation, found.partition, found.worker);
        if let Some(before) = last.get(&key)
            && found.index <= before.index
        {
            let (one, other) =
                (&seen[found.worker][before.index], &seen[found.worker][found.index]);
            if !excused(one, found.partition) && !excused(other, found.partition) {
                let name = if found.index == before.index || is_there(stored, found) {
                    "exactly once"
                } else {
                    "order"
                };
                let what = format!(
                    "partition {} offset {}: record {} of worker {} stands behind its record {}",
                    found.partition, found.offset, other.number, found.worker, one.number
                );
                wrong.push((name, what));
            }
        }
        last.insert(key, found);
    }
}

/// Whether the same record stands in the same log before.
fn is_there(stored: &[Stored], found: &Stored) -> bool {
    stored.iter().any(|other| {
        (other.generation, other.partition) == (found.generation, found.partition)
            && (other.worker, other.index) == (found.worker, found.index)
            && other.offset < found.offset
    })
}

/// Offsets acknowledged grow with the records of a partition.
fn check_acks_in_order(seen: &[&[Seen]], renewed: bool, wrong: &mut Vec<(&'static str, String)>) {
    if renewed {
        return;
    }
    for (worker, records) in seen.iter().enumerate() {
        let mut last: BTreeMap<u32, i64> = BTreeMap::new();
        for record in *records {
            let Fate::Acked(offset) = record.fate else { continue };
            let before = last.insert(record.slot.0, offset);
            if before.is_some_and(|before| before >= offset) {
                let what = format!(
                    "worker {worker} partition {}: record {} at {offset} behind {before:?}",
                    record.slot, record.number
                );
                wrong.push(("order of acks", what));
            }
        }
    }
}

/// What an engine was told of each record against what the logs hold.
fn check_fates(
    stored: &[Stored],
    seen: &[&[Seen]],
    renewed: bool,
    wrong: &mut Vec<(&'static str, String)>,
) {
    let mut places: BTreeMap<(usize, usize), Vec<&Stored>> = BTreeMap::new();
    for found in stored {
        places.entry((found.worker, found.index)).or_default().push(found);
    }
    for (worker, records) in seen.iter().enumerate() {
        for (index, record) in records.iter().enumerate() {
            let places = places.get(&(worker, index)).map_or(&[][..], |places| &places[..]);
            let Some(name) = contradiction(record, places, renewed) else { continue };
            let what = format!(
                "record {} of worker {worker}, partition {}, is {:?}; it stands at {:?}",
                record.number,
                record.slot,
                record.fate,
                places.iter().map(|place| (place.partition, place.offset)).collect::<Vec<_>>()
            );
            wrong.push((name, what));
        }
    }
}

/// How a record's fate contradicts where it stands, if it does.
fn contradiction(record: &Seen, places: &[&Stored], renewed: bool) -> Option<&'static str> {
    let slot = record.slot.index();
    if places.iter().any(|place| place.partition != slot) {
        return Some("wrong partition");
    }
    match record.fate {
        Fate::Acked(-1) | Fate::Duplicate if places.is_empty() => Some("acked and missing"),
        Fate::Acked(offset) if offset >= 0 => {
            let there = places.iter().any(|place| place.offset == offset);
            (!there).then_some("acked and missing")
        }
        Fate::Failed | Fate::Open if !places.is_empty() && !renewed => Some("failed and stored"),
        _ => None,
    }
}

/// No batch unpacks to more.
const LARGEST: usize = 64 * 1024 * 1024;
/// Violations of one kind of check that are told: one bug breaks many records.
const MOST: usize = 8;
