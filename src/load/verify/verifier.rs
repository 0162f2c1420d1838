//! Holds fetched batches against what was sent.
//!
//! Cost class: per record read: two checksums, one record made again, no allocation in the steady
//! state. A reader asks each partition where to go on ([`Verifier::next_offset`]), feeds what it
//! fetched, and says what it could not have; nothing here fetches.

use super::fates::{Fate, Fates, Seen};
use super::findings::{Findings, Missing, Verification};
use crate::base::{PartitionSlot, WorkerIndex};
use crate::kafka::compression::{Codec, decompress};
use crate::kafka::wire::record_batch::{Batch, Record, Records, attributes};
use crate::load::source::{Mark, SequenceError, Source, SourcePlan, TimestampPlan, parse_sequence};

/// What a phase sent to a topic.
#[derive(Clone, Debug)]
pub struct VerifyPlan {
    /// Who wrote there, one at least. Of several each has a mark of its own, or nobody could tell
    /// whose record one is.
    pub streams: Vec<Traced>,
    /// Bytes that a batch may unpack to; one that claims more counts as damaged.
    pub largest_body: usize,
}

/// Records that can be told from all others.
#[derive(Clone, Debug)]
pub struct Traced {
    /// What they hold.
    pub source: SourcePlan,
    /// The tag where they carry a [`Mark`]; `None` where their values name them
    /// ([`SourcePlan::names_itself`]).
    pub mark: Option<u32>,
}

/// Reads the logs of one phase. See the room's documentation.
#[derive(Debug)]
pub struct Verifier {
    streams: Vec<Stream>,
    largest_body: usize,
    workers: Vec<Worker>,
    partitions: Vec<Partition>,
    /// The unpacked body of a compressed batch.
    body: Vec<u8>,
}

/// Some of the workers, neighbours.
#[derive(Clone, Copy, Debug)]
struct Stream {
    mark: Option<u32>,
    /// The first of them.
    first: usize,
    /// How many they are.
    workers: u32,
}

/// One worker's records.
#[derive(Debug)]
struct Worker {
    source: Source,
    fates: Fates,
    seen: Seen,
}

/// One partition's log.
#[derive(Debug, Default)]
struct Partition {
    /// The next offset to read; `end` or more when it was read.
    next: i64,
    end: i64,
    /// One more than the highest number found so far, by worker.
    highest: Vec<u64>,
    /// Damaged records that stand where intact ones should: they are not lost as well.
    stand_ins: u64,
    findings: Findings,
}

/// Which record one is.
enum Identity {
    Named { stream: usize, worker: u32, number: u64 },
    Damaged,
    Foreign,
}

/// A batch as it stands in a log.
struct Framed<'a> {
    base: i64,
    /// The first offset behind it, as its header has it.
    after: i64,
    /// `None` when it is damaged: then only `base` is likely to be true.
    intact: Option<Batch<'a>>,
}

impl<'a> Framed<'a> {
    /// The first batch of `bytes` and what stands behind it; `None` when it is not all there.
    fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let Ok((batch, rest)) = Batch::parse(bytes) else {
            // No batch is empty, so it stands in one offset at least.
            let (base, rest) = Batch::pass_over(bytes).ok()?;
            return Some((Self { base, after: base.saturating_add(1), intact: None }, rest));
        };
        let base = batch.header.base_offset;
        let after = base.saturating_add(batch.header.last_offset_delta.into()).saturating_add(1);
        Some((Self { base, after, intact: batch.crc_ok().then_some(batch) }, rest))
    }
}

impl Verifier {
    /// A verifier of what the workers sent; `fates` by stream, and within it by worker index.
    ///
    /// # Panics
    /// When there aren't as many fates as the plan has workers, a source can't be, or records have
    /// neither mark nor number, or the same mark as those of another stream.
    #[must_use]
    pub fn new(plan: &VerifyPlan, fates: Vec<Fates>) -> Self {
        let count: u32 = plan.streams.iter().map(|stream| stream.source.workers).sum();
        assert_eq!(fates.len(), count as usize, "every worker has its fates");
        let named = |one: &Traced| one.mark.is_some() || one.source.names_itself();
        assert!(plan.streams.iter().all(named), "records that name themselves are needed");
        let alone = |(at, one): (usize, &Traced)| {
            one.mark.is_some() && plan.streams[..at].iter().all(|other| other.mark != one.mark)
        };
        let told_apart = plan.streams.len() == 1 || plan.streams.iter().enumerate().all(alone);
        assert!(told_apart, "streams of one topic need a mark each");
        let mut verifier = Self {
            streams: Vec::new(),
            largest_body: plan.largest_body,
            workers: Vec::new(),
            partitions: Vec::new(),
            body: Vec::new(),
        };
        let mut fates = fates.into_iter();
        for Traced { source: plan, mark } in &plan.streams {
            // Stamps aren't compared, since brokers may replace them: nobody needs to make them.
            let plan = &SourcePlan { timestamps: TimestampPlan::Now, ..plan.clone() };
            let (first, workers) = (verifier.workers.len(), plan.workers);
            verifier.streams.push(Stream { mark: *mark, first, workers });
            let of_stream = (0..workers).zip(fates.by_ref()).map(|(index, fates)| Worker {
                source: Source::new(plan, WorkerIndex(index)),
                fates,
                seen: Seen::default(),
            });
            verifier.workers.extend(of_stream);
        }
        verifier
    }

    /// The phase's records of `partition` stand from offset `from` up to but not including `end`;
    /// `delivered` of them were acknowledged there (acks=0: written). Before its log is fed.
    pub fn expect(&mut self, partition: PartitionSlot, from: i64, end: i64, delivered: u64) {
        let workers = self.workers.len();
        let index = partition.index();
        if self.partitions.len() <= index {
            self.partitions.resize_with(index + 1, Partition::default);
        }
        self.partitions[index] = Partition {
            next: from,
            end,
            highest: vec![0; workers],
            stand_ins: 0,
            findings: Findings { expected: delivered, ..Findings::default() },
        };
    }

    /// The partitions whose logs aren't read to their ends, each with the next offset.
    pub fn unfinished(&self) -> impl Iterator<Item = (PartitionSlot, i64)> {
        let slots = (0..).map(PartitionSlot).zip(&self.partitions);
        slots.filter_map(|(slot, log)| (log.next < log.end).then_some((slot, log.next)))
    }

    /// Offsets that are still to be read, over all partitions.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.partitions.iter().map(|log| span(log.next, log.end)).sum()
    }

    /// The offset from which on a partition's log is to be read; `None` when it was read.
    #[must_use]
    pub fn next_offset(&self, partition: PartitionSlot) -> Option<i64> {
        let log = self.partitions.get(partition.index())?;
        (log.next < log.end).then_some(log.next)
    }

    /// Takes the batches of one fetch, as they stand in a log: whole ones one after another, the
    /// last perhaps cut short. What was read before or lies past the end is left out, and skipped
    /// offsets are gone: a fetch begins with what comes next. Returns whether the partition got on.
    ///
    /// Where a batch with a wrong checksum ends, its own header can't be trusted to say: it ends
    /// where the next intact one begins, or the next whatever it is if both headers agree. Without
    /// such a one the next fetch is to begin with it. In one that did its claim is all there is,
    /// and unless that is the log's end, what it claims beyond one record counts as unread.
    pub fn feed(&mut self, partition: PartitionSlot, mut bytes: &[u8]) -> bool {
        let Some(from) = self.next_offset(partition) else { return false };
        let at = partition.index();
        let mut open = None;
        while let Some((framed, rest)) = Framed::parse(bytes) {
            bytes = rest;
            open = self.batch(at, &framed, open);
        }
        let log = &mut self.partitions[at];
        if let Some(claim) = open.filter(|claim| log.next == from && *claim > from) {
            // No batch is empty: one record at least is damaged.
            log.damaged_to(if claim == log.end { claim } else { from.saturating_add(1) });
            log.findings.unread += span(log.next, claim.min(log.end));
            log.next = log.next.max(claim.min(log.end));
        }
        log.next > from
    }

    /// The log begins at `start` only: what stood before is gone. Nothing when it was read.
    pub fn begins_at(&mut self, partition: PartitionSlot, start: i64) {
        let log = &mut self.partitions[partition.index()];
        log.skip_to(start.min(log.end));
    }

    /// The log ends at `end`, before the end that was expected: what stood behind it is lost.
    pub fn ends_at(&mut self, partition: PartitionSlot, end: i64) {
        let log = &mut self.partitions[partition.index()];
        log.end = log.end.min(end);
    }

    /// The rest of the log can't be read.
    pub fn give_up(&mut self, partition: PartitionSlot) {
        let log = &mut self.partitions[partition.index()];
        log.findings.unread += span(log.next, log.end);
        log.next = log.end;
    }

    /// What it came to; what is unfinished counts as given up.
    #[must_use]
    pub fn finish(mut self) -> Verification {
        let open: Vec<_> = self.unfinished().map(|(slot, _)| slot).collect();
        open.into_iter().for_each(|slot| self.give_up(slot));
        let mut total = Findings::default();
        let partitions: Vec<_> = self.partitions.into_iter().map(Partition::finish).collect();
        partitions.iter().for_each(|findings| total += *findings);
        Verification { partitions, total, missing: missing(&self.workers) }
    }

    /// One batch. `open` is where a damaged one before it, at the next offset to read, claims to
    /// end; returned is what is open behind this one.
    fn batch(&mut self, at: usize, framed: &Framed<'_>, mut open: Option<i64>) -> Option<i64> {
        let (base, after) = (framed.base, framed.after);
        let log = &mut self.partitions[at];
        if open.is_some() && (framed.intact.is_some() || open == Some(base)) {
            log.damaged_to(base);
            open = None;
        }
        if open.is_some() || after <= log.next || base < 0 {
            return open;
        }
        if base >= log.end {
            // A fetch gives what comes next: nothing stands before this any more.
            log.skip_to(log.end);
            return None;
        }
        log.skip_to(base);
        let Some(batch) = &framed.intact else { return Some(after) };
        let header = &batch.header;
        // A batch that began to be read, or ends past the end, is judged by its records' offsets.
        let whole = base >= log.next && after <= log.end;
        let offsets = i64::from(header.last_offset_delta) + 1;
        let records = i64::from(header.record_count);
        let covered = span(log.next, after.min(log.end));
        if header.attributes & attributes::CONTROL != 0 {
            log.findings.markers += u64::from(header.record_count.unsigned_abs()).min(covered);
        } else {
            if whole {
                log.findings.removed += u64::try_from(offsets - records).unwrap_or(0);
            }
            self.records(at, batch, covered);
        }
        let log = &mut self.partitions[at];
        log.next = after.min(log.end);
        None
    }

    /// The records of a batch whose checksum is right, and that stands in `covered` offsets to
    /// read.
    fn records(&mut self, at: usize, batch: &Batch<'_>, covered: u64) {
        let mut body = core::mem::take(&mut self.body);
        body.clear();
        let unpacked = match Codec::from_id(batch.header.codec_id()) {
            Some(Codec::None) => Some(batch.body()),
            Some(codec) => decompress(codec, batch.body(), &mut body, self.largest_body)
                .ok()
                .map(|()| &body[..]),
            None => None,
        };
        let count = batch.header.record_count;
        let mut walked = 0;
        for record in unpacked.into_iter().flat_map(|body| Records::new(body, count)) {
            let Ok(record) = record else { break };
            walked += 1;
            let offset = batch.header.base_offset.saturating_add(record.offset_delta.into());
            let log = &self.partitions[at];
            if (log.next..log.end).contains(&offset) {
                self.record(at, &record);
            }
        }
        let unread = u64::from((count - walked).unsigned_abs());
        self.partitions[at].damaged(unread.min(covered));
        self.body = body;
    }

    /// One record.
    fn record(&mut self, at: usize, record: &Record<'_>) {
        let log = &mut self.partitions[at];
        let (stream, index, number) = match identify(&self.streams, record) {
            Identity::Named { stream, worker, number } => (self.streams[stream], worker, number),
            Identity::Damaged => return log.damaged(1),
            Identity::Foreign => return log.findings.foreign += 1,
        };
        if index >= stream.workers {
            return log.findings.foreign += 1;
        }
        let at = stream.first + index as usize;
        let worker = &mut self.workers[at];
        if number < worker.fates.first() {
            return log.findings.earlier += 1;
        }
        let Some(fate) = worker.fates.get(number) else {
            return log.findings.foreign += 1;
        };
        let again = worker.seen.set(number - worker.fates.first());
        let made = number * u64::from(stream.workers) + u64::from(index);
        if !is_as_made(&mut worker.source, made, record) {
            log.findings.corrupted += 1;
            log.stand_ins += u64::from(!again && fate == Fate::Delivered);
            return;
        }
        if again {
            return log.findings.duplicated += 1;
        }
        let highest = &mut log.highest[at];
        if number < *highest {
            log.findings.reordered += 1;
        }
        *highest = (*highest).max(number + 1);
        match fate {
            Fate::Delivered => log.findings.found += 1,
            Fate::Failed => log.findings.failed_found += 1,
            Fate::Indeterminate => log.findings.indeterminate_found += 1,
        }
    }
}

impl Partition {
    /// Goes on at `offset`; the offsets before it are gone.
    fn skip_to(&mut self, offset: i64) {
        self.findings.removed += span(self.next, offset);
        self.next = self.next.max(offset);
    }

    /// Records that can't be told from one another.
    const fn damaged(&mut self, records: u64) {
        self.findings.corrupted += records;
        self.stand_ins += records;
    }

    /// Goes on at `offset`; a damaged batch stands in all offsets before it.
    fn damaged_to(&mut self, offset: i64) {
        let to = offset.min(self.end);
        self.damaged(span(self.next, to));
        self.next = self.next.max(to);
    }

    /// Splits what wasn't found into damaged, unknown and lost. Which records stood in offsets that
    /// are gone nobody can tell, so as many as there are offsets may have been there.
    fn finish(mut self) -> Findings {
        let findings = &mut self.findings;
        let missing = findings.expected.saturating_sub(findings.found + self.stand_ins);
        findings.unknown = missing.min(findings.removed + findings.unread);
        findings.lost = missing - findings.unknown;
        self.findings
    }
}

/// Which record one is, by its mark or its value.
fn identify(streams: &[Stream], record: &Record<'_>) -> Identity {
    if let [Stream { mark: None, .. }] = streams {
        return match parse_sequence(record.value.unwrap_or_default()) {
            Ok((worker, number)) => Identity::Named { stream: 0, worker, number },
            Err(SequenceError::Damaged) => Identity::Damaged,
            Err(SequenceError::Foreign) => Identity::Foreign,
        };
    }
    let header = record.headers().find(|header| header.name == Mark::NAME);
    let bytes = header.and_then(|header| header.value).unwrap_or_default();
    let Some(mark) = Mark::read(bytes) else { return Identity::Foreign };
    let Some(stream) = streams.iter().position(|stream| stream.mark == Some(mark.run)) else {
        return Identity::Foreign;
    };
    if Mark::is_intact(bytes, record.key, record.value) {
        Identity::Named { stream, worker: mark.producer, number: mark.number }
    } else {
        Identity::Damaged
    }
}

/// Whether key, value and headers but the mark are those that the source makes for record `n`.
fn is_as_made(source: &mut Source, n: u64, record: &Record<'_>) -> bool {
    source.with_record(n, 0, None, |made| {
        let headers = record.headers().filter(|header| header.name != Mark::NAME);
        made.key == record.key
            && made.value == record.value
            && headers.eq(made.headers.iter().copied())
    })
}

/// The first stretches of delivered records that weren't found.
fn missing(workers: &[Worker]) -> Vec<Missing> {
    let mut found: Vec<Missing> = Vec::new();
    for (producer, worker) in (0..).zip(workers) {
        let first = worker.fates.first();
        for number in first..worker.fates.end() {
            let delivered = worker.fates.get(number) == Some(Fate::Delivered);
            if !delivered || worker.seen.has(number - first) {
                continue;
            }
            let before = found.last_mut();
            if let Some(last) = before.filter(|it| it.producer == producer && it.last + 1 == number)
            {
                last.last = number;
            } else if found.len() < Verification::MOST_MISSING {
                found.push(Missing { producer, first: number, last: number });
            } else {
                return found;
            }
        }
    }
    found
}

/// Offsets from `from` up to `to`; 0 when there are none.
fn span(from: i64, to: i64) -> u64 {
    u64::try_from(to.saturating_sub(from)).unwrap_or(0)
}
