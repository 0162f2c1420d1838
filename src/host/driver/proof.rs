//! The proof that records were delivered: end offsets against the ledger, and records read back.
//!
//! Cost class: once a run. Nothing is sent meanwhile. Reading holds one answer of each leader at a
//! time, so its memory doesn't grow with the run; what does is two bits and one a record.

use core::time::Duration;

use super::crew::tag_of;
use super::desk::Desk;
use super::error::RunError;
use super::observer::{Lap, Observer, Progress};
use super::offsets::{Layout, Offsets};
use super::plan::{RunPlan, StreamPlan};
use super::result::{OffsetDelta, PartitionDelta, PhaseKind, Readback};
use super::signals::Signals;
use crate::base::{Instant, PartitionSlot};
use crate::host::shell::clock;
use crate::kafka::admin::Fetched;
use crate::kafka::config::{Acks, ProducerConfig};
use crate::load::engine::PhaseEnd;
use crate::load::recorder::Partitions;
use crate::load::verify::{Missing, Traced, Verification, Verifier, VerifyPlan};

/// What the growth of each partition's end offset must lie between (measurement rule 7).
pub(super) fn delta(
    producer: &ProducerConfig,
    counts: &Partitions,
    before: &[i64],
    after: &[i64],
) -> OffsetDelta {
    let counts = counts.all();
    let partition = |index: usize| {
        let count = counts.get(index).copied().unwrap_or_default();
        let retried = if producer.enable_idempotence { 0 } else { count.retried };
        let offset = |offsets: &[i64]| offsets.get(index).copied().unwrap_or(0);
        PartitionDelta {
            grew: offset(after) - offset(before),
            delivered: count.records,
            at_least: if producer.acks == Acks::None { 0 } else { count.records },
            at_most: count.records + count.undelivered + retried,
        }
    };
    let partitions = before.len().max(after.len()).max(counts.len());
    OffsetDelta { partitions: (0..partitions).map(partition).collect() }
}

/// Reads the measurement's records back, from the offsets before to those after it.
pub(super) struct Proof<'a> {
    pub(super) desk: &'a mut Desk,
    pub(super) signals: &'a mut Signals,
    pub(super) observer: &'a mut dyn Observer,
    pub(super) plan: &'a RunPlan,
    /// The topics' names.
    pub(super) topics: &'a [String],
    /// Where their partitions stand in the result.
    pub(super) layout: &'a Layout,
    /// The tag of the run's marks.
    pub(super) tag: u32,
}

/// How far reading has come, over all topics.
struct Reading {
    begun: Instant,
    told: Instant,
    whole: u64,
    told_left: u64,
    /// Offsets of topics whose turn has not come.
    later: u64,
}

impl Proof<'_> {
    /// Reads and judges. What stands in the way ends up in the result, not as an error: the
    /// measurement stands.
    pub(super) async fn read_back(
        mut self,
        ends: &mut [PhaseEnd],
        offsets: Option<(&Offsets, &Offsets)>,
    ) -> Readback {
        let begun = clock::now();
        let of_topic = |at: usize| offsets.map(|(before, after)| (&before[at][..], &after[at][..]));
        let topics = 0..self.topics.len();
        let mut logs: Vec<_> =
            topics.map(|topic| self.verifier(topic, ends, of_topic(topic))).collect();
        let read = match offsets {
            None => Err("the topic's end offsets are not known".to_owned()),
            Some(_) => self.read(&mut logs).await,
        };
        let found = logs.into_iter().map(Verifier::finish).collect();
        Readback {
            found: self.joined(found),
            cut_short: read.err(),
            span: clock::now().since(begun),
        }
    }

    /// The workers that write to a topic, in their order.
    fn workers_of(&self, topic: usize) -> impl Iterator<Item = usize> {
        let posts = self.plan.posts().enumerate();
        posts.filter(move |(_, post)| post.topic == topic).map(|(worker, _)| worker)
    }

    /// Expects of one topic's log what was counted for it.
    fn verifier(
        &self,
        topic: usize,
        ends: &mut [PhaseEnd],
        offsets: Option<(&[i64], &[i64])>,
    ) -> Verifier {
        let fates = self.workers_of(topic).map(|worker| ends[worker].fates.take());
        let fates = fates.map(Option::unwrap_or_default).collect();
        let mut verifier = Verifier::new(&self.verify_plan(topic), fates);
        let counts: Vec<_> =
            self.workers_of(topic).map(|worker| ends[worker].tally.partitions.all()).collect();
        let delivered = |partition: usize| -> u64 {
            counts
                .iter()
                .filter_map(|of_worker| of_worker.get(partition))
                .map(|it| it.records)
                .sum()
        };
        let counted = counts.iter().map(|of_worker| of_worker.len()).max().unwrap_or(0);
        let known = offsets.map_or(0, |(_, after)| after.len());
        for partition in 0..counted.max(known) {
            let delivered = delivered(partition);
            let (from, end) = match offsets {
                Some((before, after)) => {
                    let offset = |of: &[i64]| of.get(partition).copied().unwrap_or(0);
                    (offset(before), offset(after))
                }
                // As many offsets as records, none of which can be read.
                None => (0, i64::try_from(delivered).unwrap_or(i64::MAX)),
            };
            verifier.expect(slot(partition), from, end, delivered);
        }
        verifier
    }

    /// The streams that write to a topic.
    fn verify_plan(&self, topic: usize) -> VerifyPlan {
        let streams = self.plan.streams.iter().enumerate();
        let streams = streams.filter(|(_, stream)| stream.topic == topic);
        let largest = streams.clone().map(|(_, stream)| stream.source.largest_value()).max();
        let batch = (self.plan.producer.batch_size as usize).max(largest.unwrap_or(0));
        let traced = |(at, stream): (usize, &StreamPlan)| Traced {
            source: stream.source.clone(),
            mark: self.plan.marks(stream).then(|| tag_of(self.tag, at)),
        };
        VerifyPlan {
            streams: streams.map(traced).collect(),
            largest_body: LARGEST_BODY.max(batch.saturating_mul(2)),
        }
    }

    /// What was found in all topics.
    fn joined(&self, by_topic: Vec<Verification>) -> Verification {
        let mut all = Verification::default();
        let mut partitions = Vec::new();
        for (topic, one) in by_topic.into_iter().enumerate() {
            let workers: Vec<_> = self.workers_of(topic).collect();
            all.total += one.total;
            partitions.push(one.partitions);
            all.missing.extend(one.missing.into_iter().map(|missing| {
                let worker = workers[missing.producer as usize];
                Missing { producer: u32::try_from(worker).unwrap_or(u32::MAX), ..missing }
            }));
        }
        all.missing.truncate(Verification::MOST_MISSING);
        all.partitions = self.layout.flat(partitions);
        all
    }

    async fn read(&mut self, logs: &mut [Verifier]) -> Result<(), String> {
        self.observer.phase(PhaseKind::Verify);
        let now = clock::now();
        let whole = logs.iter().map(Verifier::left).sum();
        let mut reading = Reading { begun: now, told: now, whole, told_left: whole, later: whole };
        for (topic, verifier) in self.topics.iter().zip(logs) {
            reading.later -= verifier.left();
            self.read_one(topic, verifier, &mut reading).await?;
        }
        Ok(())
    }

    async fn read_one(
        &mut self,
        topic: &str,
        verifier: &mut Verifier,
        reading: &mut Reading,
    ) -> Result<(), String> {
        self.skip_removed(topic, verifier).await?;
        let mut moved = clock::now();
        loop {
            let from: Vec<(i32, i64)> = verifier.unfinished().map(named).collect();
            if from.is_empty() {
                return Ok(());
            }
            let asked = self.desk.fetch(topic, from, ANSWER_BYTES);
            let fetched = interruptible(self.signals, asked).await?;
            let Taken { advanced, gone } = take(verifier, &fetched);
            self.tell(reading, verifier);
            // A log that begins later now is told from one that ends early by asking, and at once:
            // others may get on for long.
            let skipped = (gone || !advanced) && self.skip_removed(topic, verifier).await?;
            if advanced || skipped {
                moved = clock::now();
            } else if clock::now().since(moved) > PATIENCE {
                return self.cut_off(topic, verifier).await;
            }
        }
    }

    /// Leaves out what the log no longer holds; whether there was any.
    async fn skip_removed(&mut self, topic: &str, verifier: &mut Verifier) -> Result<bool, String> {
        let asked = self.desk.first_offsets(topic);
        let firsts = interruptible(self.signals, asked).await?;
        let firsts = (0..).map(PartitionSlot).zip(firsts);
        Ok(firsts.fold(false, |any, (partition, first)| skip(verifier, partition, first) || any))
    }

    /// Nothing came for long. A log that is shorter than it was lost its end; others can't be read.
    async fn cut_off(&mut self, topic: &str, verifier: &mut Verifier) -> Result<(), String> {
        let asked = self.desk.offsets(topic);
        let ends = interruptible(self.signals, asked).await?;
        for (partition, end) in (0..).map(PartitionSlot).zip(ends) {
            if verifier.next_offset(partition).is_some_and(|next| end <= next) {
                verifier.ends_at(partition, end);
            }
        }
        match verifier.unfinished().next() {
            None => Ok(()),
            Some((partition, next)) => {
                let topic =
                    if self.topics.len() > 1 { format!("topic {topic}, ") } else { String::new() };
                Err(format!(
                    "{topic}partition {partition} gave no records from offset {next} on for {} s",
                    PATIENCE.as_secs()
                ))
            }
        }
    }

    fn tell(&mut self, reading: &mut Reading, verifier: &Verifier) {
        let now = clock::now();
        if now.since(reading.told) < self.plan.progress_every {
            return;
        }
        let left = verifier.left() + reading.later;
        let read = reading.whole.saturating_sub(left);
        let lap = Lap {
            span: now.since(reading.told),
            acked: reading.told_left.saturating_sub(left),
            ..Lap::default()
        };
        (reading.told, reading.told_left) = (now, left);
        self.observer.progress(&Progress {
            phase: PhaseKind::Verify,
            elapsed: now.since(reading.begun),
            planned_records: Some(reading.whole),
            due: read,
            acked: read,
            since_last: lap,
            ..Progress::default()
        });
    }
}

/// What one answer brought.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Taken {
    /// A partition got on.
    advanced: bool,
    /// A log doesn't hold the offset that was wanted, and didn't say where it begins.
    gone: bool,
}

/// Gives fetched records to the verifier. A log that says that it begins behind the offset wanted
/// is skipped to there at once.
fn take(verifier: &mut Verifier, fetched: &[Fetched]) -> Taken {
    let mut taken = Taken::default();
    for one in fetched {
        let partition = slot(usize::try_from(one.partition).unwrap_or(usize::MAX));
        let skipped = skip(verifier, partition, one.log_start);
        match &one.records {
            Some(records) => taken.advanced |= verifier.feed(partition, records) || skipped,
            None if skipped => taken.advanced = true,
            None => taken.gone |= verifier.next_offset(partition).is_some(),
        }
    }
    taken
}

/// The log of `partition` begins at `first`; whether that is behind what was to be read next.
fn skip(verifier: &mut Verifier, partition: PartitionSlot, first: i64) -> bool {
    let removed = verifier.next_offset(partition).is_some_and(|next| next < first);
    if removed {
        verifier.begins_at(partition, first);
    }
    removed
}

/// A signal ends the reading; what was read stands.
async fn interruptible<T>(
    signals: &mut Signals,
    work: impl Future<Output = Result<T, RunError>>,
) -> Result<T, String> {
    tokio::select! {
        done = work => done.map_err(|error| error.to_string()),
        _ = signals.next() => Err("it was interrupted".to_owned()),
    }
}

fn slot(partition: usize) -> PartitionSlot {
    PartitionSlot(u32::try_from(partition).unwrap_or(u32::MAX))
}

fn named((partition, offset): (PartitionSlot, i64)) -> (i32, i64) {
    (i32::try_from(partition.0).unwrap_or(i32::MAX), offset)
}

/// Bytes of one leader's answer. With three leaders some 50 MB with all copies.
const ANSWER_BYTES: i32 = 4 << 20;
/// A batch may unpack to this much, unless the run's own are larger.
const LARGEST_BODY: usize = 64 << 20;
/// How long no partition may get on before the reading ends.
const PATIENCE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::source::{SizePlan, SourcePlan, ValuePlan};
    use crate::load::verify::Fates;

    #[test]
    fn a_partition_that_came_later_began_at_nothing() {
        let producer = ProducerConfig::default();
        let found = delta(&producer, &Partitions::default(), &[5, 7], &[5, 9, 4]);
        assert_eq!(found.partitions.iter().map(|one| one.grew).collect::<Vec<_>>(), [0, 2, 4]);
        assert_eq!((found.grew(), found.lost(), found.other_writer()), (6, 0, true));
    }

    #[test]
    fn a_log_that_begins_behind_what_is_wanted_is_skipped_to_there_at_once() {
        let source = SourcePlan {
            value: ValuePlan::Sequence,
            size: SizePlan::Fixed(40),
            ..SourcePlan::default()
        };
        let streams = vec![Traced { source, mark: None }];
        let plan = VerifyPlan { streams, largest_body: 1 << 20 };
        let mut verifier = Verifier::new(&plan, vec![Fates::new(0)]);
        (0..3).for_each(|partition| verifier.expect(PartitionSlot(partition), 0, 100, 100));
        let at = |verifier: &Verifier| verifier.unfinished().map(|(_, at)| at).collect::<Vec<_>>();
        let answer = |partition, records: Option<&'static [u8]>, log_start| Fetched {
            partition,
            records: records.map(bytes::Bytes::from_static),
            log_start,
        };
        // Empty answers and errors alike say where the log begins, if the leader tells.
        let taken = take(
            &mut verifier,
            &[answer(0, Some(b""), 40), answer(1, None, 60), answer(2, None, -1)],
        );
        assert_eq!(taken, Taken { advanced: true, gone: true });
        assert_eq!(at(&verifier), [40, 60, 0]);
        let nothing = take(&mut verifier, &[answer(0, Some(b""), 40), answer(1, Some(b""), -1)]);
        assert_eq!(nothing, Taken::default());
        // All of it went, and more was written since.
        assert!(!take(&mut verifier, &[answer(0, None, 500)]).gone);
        assert_eq!(at(&verifier), [60, 0]);
        let found = verifier.finish();
        assert_eq!((found.partitions[0].removed, found.partitions[0].lost), (100, 0));
    }

    #[test]
    fn a_loss_in_one_partition_is_not_made_up_for_by_another() {
        let part = |grew, acked| PartitionDelta {
            grew,
            delivered: acked,
            at_least: acked,
            at_most: acked,
        };
        let found = OffsetDelta { partitions: vec![part(10, 12), part(12, 10), part(5, 5)] };
        assert_eq!((found.grew(), found.lost(), found.missing()), (27, 2, 2));
        assert!(found.other_writer() && !found.confirms());
        let unanswered = PartitionDelta { grew: 3, delivered: 5, at_least: 0, at_most: 5 };
        assert_eq!((unanswered.lost(), unanswered.missing()), (0, 2));
        assert!(unanswered.confirms());
    }
}
