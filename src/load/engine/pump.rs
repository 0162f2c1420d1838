//! The way of a record from the schedule into a batch.
//!
//! Cost class: per record; no allocation, no clock, no system call. Bounded per call.
//!
//! Which look at the schedule first found a record due decides what its lateness is called: up to
//! that look it is schedule lag, the client's fault; from there it is buffer wait, the wait for
//! room. While the producer is blocked the schedule counts as looked at all the time. A call that
//! ends because it has made enough records hasn't looked at the rest.

use crate::base::Instant;
use crate::kafka::accumulator::{Place, Stamp};
use crate::kafka::partitioner::Refusal;
use crate::kafka::producer::{Failure, Sent};
use crate::kafka::wire::ErrorCode;
use crate::kafka::wire::record_batch::Envelope;
use crate::load::recorder::{Causes, ErrorSource};
use crate::load::schedule::Due;
use crate::load::source::Mark;
use crate::load::verify::Fate;

use super::engine::Engine;
use super::plan::{EnginePlan, Trace};
use super::witness::Witness;

/// What the pump remembers between two calls.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Feed {
    pub(super) blocked: Option<Blocked>,
    /// When records last arrived for certain; before the first, when the phase began.
    pub(super) arrived: Instant,
    /// Records due up to `until` were seen due at `from`, or, if that was later, when they became
    /// due.
    behind: Option<Behind>,
    /// Of this call, records that were made and dropped.
    pub(super) dropped: u32,
}

/// The record that found no room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocked {
    due: Due,
    /// From the call that found none.
    stamp: Stamp,
    /// When that was.
    since: Instant,
}

/// A record that was taken from the schedule and is for the producer to decide on.
type Left = (Due, Stamp);

impl Blocked {
    /// Whether it was due before `at`.
    pub(super) fn is_due_before(&self, at: Instant) -> bool {
        self.due.at.is_some_and(|due| due < at)
    }
}

/// What a record that can't be appended waits for.
#[derive(Clone, Copy, Debug)]
enum Lack {
    /// Room in `buffer.memory`.
    Memory,
    /// The topic's partitions, or the one that the record names.
    Metadata(Option<u32>),
}

#[derive(Clone, Copy, Debug)]
struct Behind {
    from: Instant,
    until: Instant,
}

impl Feed {
    /// Of a phase that begins at `at`.
    pub(super) fn new(at: Instant) -> Self {
        Self { arrived: at, ..Self::default() }
    }

    /// The stamp of a record that is taken at `now`, not blocked itself.
    fn stamp(&mut self, due: Due, number: Option<u64>, now: Instant) -> Stamp {
        if let (Some(behind), Some(at)) = (self.behind, due.at)
            && at <= behind.until
        {
            return Stamp { due: due.at, seen: behind.from, handed: now, number };
        }
        self.behind = None;
        Stamp { due: due.at, seen: now, handed: now, number }
    }

    /// The blocked record won't be tried again.
    pub(super) fn unblock(&mut self, now: Instant) {
        if let Some(blocked) = self.blocked.take() {
            // What fell due meanwhile was seen at once.
            self.fall_behind(blocked.since, now);
        }
    }

    /// The call at `now` made all the records that one call makes, and others are due. They wait
    /// for room only where a record before them did; otherwise the client is too slow, and that is
    /// schedule lag.
    const fn still_behind(&mut self, now: Instant) {
        if let Some(behind) = &mut self.behind {
            behind.until = now;
        }
    }

    /// The call at `now` leaves records behind that are due, for want of room.
    fn fall_behind(&mut self, from: Instant, now: Instant) {
        match &mut self.behind {
            Some(behind) => behind.until = now,
            None => self.behind = Some(Behind { from, until: now }),
        }
    }
}

impl<W: Witness> Engine<W> {
    /// Hands over what is due, until the producer takes no more.
    pub(super) fn pump(&mut self, now: Instant) {
        let timestamp_ms = self.plan.origin.unix_ms_at(now);
        self.skip_late(now);
        let Some(first) = self.hand_over_blocked(timestamp_ms, now) else { return };
        let handed =
            if self.holds_back(now) { first } else { self.hand_over_due(first, timestamp_ms, now) };
        let dropped = core::mem::take(&mut self.feed.dropped);
        self.recorder.generated(u64::from(handed - dropped));
        if self.feed.blocked.is_none() && self.schedule.next_due().is_some_and(|at| at <= now) {
            self.feed.still_behind(now);
        }
    }

    /// Without a rate nothing is late, so that records wait for the compression of those before
    /// them: otherwise they would fill `buffer.memory` with batches that no request can carry, long
    /// gone from every cache when their turn comes.
    fn holds_back(&self, now: Instant) -> bool {
        // The schedule notices its end when it is asked for a record.
        let goes_on = self.schedule.window_end().is_none_or(|end| now < end);
        !self.plan.schedule.is_paced()
            && goes_on
            && self.producer.accumulator().unsealed() >= MOST_UNSEALED
    }

    /// Tries the record that found no room again: how many records that made, or `None` while it
    /// waits.
    fn hand_over_blocked(&mut self, timestamp_ms: i64, now: Instant) -> Option<u32> {
        let Some(Blocked { due, stamp, .. }) = self.feed.blocked else { return Some(0) };
        if !self.hand_over_one(due, &stamp, timestamp_ms, now) {
            return None;
        }
        self.feed.unblock(now);
        Some(1)
    }

    /// Makes the records that are due and hands them over, `handed` already among those of this
    /// call: into open batches as long as nothing else has to be decided, the way of most.
    fn hand_over_due(&mut self, mut handed: u32, timestamp_ms: i64, now: Instant) -> u32 {
        let by_key = self.source.has_keys() && !self.plan.producer.ignore_keys;
        let spread = by_key || self.source.names_partition();
        while handed < RECORDS_PER_CALL {
            let (more, left) = if spread {
                self.by_fan(RECORDS_PER_CALL - handed, timestamp_ms, now)
            } else {
                self.by_stretch(RECORDS_PER_CALL - handed, timestamp_ms, now)
            };
            handed += more;
            let Some((due, stamp)) = left else { return handed };
            if !self.hand_over_one(due, &stamp, timestamp_ms, now) {
                return handed;
            }
            handed += 1;
        }
        handed
    }

    /// Makes records that are due, up to `most`, and appends them to the open batch of the
    /// partition that the partitioner sticks to. How many, and the one that it didn't take, if
    /// there is one. A function of its own, or registers are short in the loop: 12 instructions a
    /// record.
    #[inline(never)]
    fn by_stretch(&mut self, most: u32, timestamp_ms: i64, now: Instant) -> (u32, Option<Left>) {
        let plain = self.source.plain().filter(|it| it.size() <= Envelope::LARGEST_VALUE);
        let open = self.is_plain().then(|| self.producer.stretch(self.topic, timestamp_ms, now));
        let (mut stretch, mut handed) = (open.flatten(), 0);
        while handed < most {
            let Some(due) = self.schedule.take(now) else { return (handed, None) };
            let stamp = self.feed.stamp(due, number_of(&self.plan, due), now);
            let place = stretch.as_mut().and_then(|open| match plain {
                Some(it) => open.push_value(it.size(), |room| it.write(due.record, room), &stamp),
                None => open.push(&self.source.record(due.record, timestamp_ms), &stamp),
            });
            let (Some(open), Some(place)) = (&stretch, place) else {
                return (handed, Some((due, stamp)));
            };
            let (slot, source, n) = (open.slot(), &mut self.source, due.record);
            self.witness.appended(n, || source.record(n, timestamp_ms), slot, place, now);
            handed += 1;
        }
        (handed, None)
    }

    /// The same into the open batches of the partitions that records name or keys choose.
    #[inline(never)]
    fn by_fan(&mut self, most: u32, timestamp_ms: i64, now: Instant) -> (u32, Option<Left>) {
        let values = self.source.values();
        let open = self.is_plain().then(|| self.producer.fan(self.topic, timestamp_ms, now));
        let (mut fan, mut handed) = (open.flatten(), 0);
        while handed < most {
            let Some(due) = self.schedule.take(now) else { return (handed, None) };
            let stamp = self.feed.stamp(due, number_of(&self.plan, due), now);
            let (source, n) = (&mut self.source, due.record);
            let place = fan.as_mut().and_then(|open| match values {
                Some(it) => {
                    let fill = |room: &mut [u8]| it.write(n, room);
                    open.push_value(source.key(n)?, it.size(), fill, &stamp)
                }
                None => open.push(&source.record(n, timestamp_ms), &stamp),
            });
            let Some((slot, place)) = place else { return (handed, Some((due, stamp))) };
            self.witness.appended(n, || source.record(n, timestamp_ms), slot, place, now);
            handed += 1;
        }
        (handed, None)
    }

    /// Whether open batches may take records without the producer: they have neither marks nor
    /// headers, and one timestamp for all that are handed over at once.
    const fn is_plain(&self) -> bool {
        matches!(self.plan.trace, Trace::Off) && self.source.is_bare()
    }

    /// Makes a record and lets the producer decide. False when it waits.
    fn hand_over_one(&mut self, due: Due, stamp: &Stamp, timestamp_ms: i64, now: Instant) -> bool {
        let mark = mark_of(&self.plan, stamp);
        let (producer, witness, topic) = (&mut self.producer, &mut self.witness, self.topic);
        let (sent, partition) = self.source.with_record(due.record, timestamp_ms, mark, |record| {
            let sent = producer.send(topic, record, stamp, now);
            if let Sent::Appended { slot, batch, index } = sent {
                witness.appended(due.record, || *record, slot, Place { batch, index }, now);
            }
            (sent, record.partition)
        });
        matches!(sent, Sent::Appended { .. }) || self.not_appended(sent, partition, due, stamp, now)
    }

    /// What is done with a record that isn't in a batch. False when it waits.
    #[cold]
    fn not_appended(
        &mut self,
        sent: Sent,
        partition: Option<u32>,
        due: Due,
        stamp: &Stamp,
        now: Instant,
    ) -> bool {
        match sent {
            Sent::Full if self.drops() => self.drop_record(),
            Sent::Full => return self.wait_for(Lack::Memory, due, stamp, now),
            Sent::NoMetadata => return self.wait_for(Lack::Metadata(partition), due, stamp, now),
            Sent::Declined(why) => self.decline(due, stamp, why, now),
            Sent::Refused(failure) => {
                let fatal = self.producer.fatal().is_some();
                self.recorder.because(if fatal { FATAL } else { REFUSED });
                self.refuse(due, stamp, (&failure, ErrorSource::Refused), now);
                if fatal && due.at.is_none() {
                    // Without a rate there would be no end to refused records.
                    self.schedule.cut(now);
                }
            }
            Sent::Appended { .. } => {}
        }
        true
    }

    /// Keeps a record that found no room. True when it has waited for `max.block.ms` and failed.
    fn wait_for(&mut self, lack: Lack, due: Due, stamp: &Stamp, now: Instant) -> bool {
        let since = self.feed.blocked.map_or(now, |blocked| blocked.since);
        self.feed.fall_behind(since, now);
        let limit = self.plan.producer.max_block;
        if now.since(since) < limit {
            self.feed.blocked = Some(Blocked { due, stamp: *stamp, since });
            return false;
        }
        let mut cause = Causes::default();
        let source = match lack {
            Lack::Memory => ErrorSource::BufferExhausted,
            Lack::Metadata(_) => ErrorSource::NoMetadata,
        };
        let failure = match lack {
            Lack::Memory => {
                cause.buffer_exhausted = 1;
                // The same record as before: its number decides what it holds.
                let timestamp_ms = self.plan.origin.unix_ms_at(now);
                let (producer, mark) = (&self.producer, mark_of(&self.plan, stamp));
                self.source.with_record(due.record, timestamp_ms, mark, |record| {
                    producer.exhaustion(record, limit)
                })
            }
            Lack::Metadata(partition) => {
                cause.no_metadata = 1;
                self.producer.absence(self.topic, partition, limit)
            }
        };
        self.producer.forgo(self.topic);
        self.recorder.because(cause);
        self.refuse(due, stamp, (&failure, source), now);
        true
    }

    fn refuse(
        &mut self,
        due: Due,
        stamp: &Stamp,
        (failure, source): (&Failure, ErrorSource),
        now: Instant,
    ) {
        let kind = (failure.code, source);
        self.recorder.refused(stamp, kind, now, || failure.message.clone());
        self.ended_badly(stamp);
        self.witness.refused(due.record, failure.code, now);
    }

    /// The key rules don't take the record: it failed. Words are made for the first such alone.
    fn decline(&mut self, due: Due, stamp: &Stamp, why: Refusal, now: Instant) {
        let producer = &self.producer;
        let words = || producer.declined(why).message;
        self.recorder.because(REFUSED);
        let kind = (ErrorCode::INVALID_RECORD, ErrorSource::Refused);
        self.recorder.refused(stamp, kind, now, words);
        self.ended_badly(stamp);
        self.witness.refused(due.record, ErrorCode::INVALID_RECORD, now);
    }

    /// A record that never got into a batch.
    fn ended_badly(&mut self, stamp: &Stamp) {
        if let (Some(fates), Some(number)) = (&mut self.fates, stamp.number) {
            fates.set(number, Fate::Failed);
        }
    }

    /// Counts what is due and was never taken, a blocked record first, as generated and unsent.
    pub(super) fn leave_unsent(&mut self, now: Instant) {
        self.skip_late(now);
        if let Some(blocked) = self.feed.blocked.take() {
            self.producer.forgo(self.topic);
            self.recorder.generated(1);
            self.recorder.unsent(&blocked.stamp, now);
            self.ended_badly(&blocked.stamp);
        }
        // Without a rate nothing is due that wasn't taken.
        if !self.plan.schedule.is_paced() {
            return self.schedule.end();
        }
        while let Some(due) = self.schedule.take(now) {
            let stamp = self.feed.stamp(due, number_of(&self.plan, due), now);
            self.recorder.generated(1);
            self.recorder.unsent(&stamp, now);
            self.ended_badly(&stamp);
        }
    }

    /// When the pump should be called next: for the next due record on the grid, at once when it
    /// stopped for its bound alone, or when a blocked record's time is over.
    pub(super) fn pump_deadline(&self) -> Option<Instant> {
        if let Some(blocked) = self.feed.blocked {
            let given_up = blocked.since + self.plan.producer.max_block;
            return self.too_late_at(blocked.due).into_iter().chain([given_up]).min();
        }
        if self.holds_back(self.now) {
            // The end of a compression is what it waits for.
            return None;
        }
        let due = self.schedule.next_due()?;
        if self.plan.quantum.is_zero() && self.plan.schedule.is_paced() {
            // Spinning: ask again at once, until the record is due.
            return Some(Instant::ZERO);
        }
        if due <= self.now || !self.plan.schedule.is_paced() {
            return Some(due);
        }
        Some(self.on_grid(due))
    }

    /// The first point of the pacing grid at or after `due`. The grid starts with the clock, so
    /// that several workers wake together.
    fn on_grid(&self, due: Instant) -> Instant {
        let quantum = u64::try_from(self.plan.quantum.as_nanos()).unwrap_or(u64::MAX).max(1);
        Instant::from_nanos(due.as_nanos().div_ceil(quantum).saturating_mul(quantum))
    }
}

/// The record's number within its worker, where records are traced.
#[inline]
fn number_of(plan: &EnginePlan, due: Due) -> Option<u64> {
    (plan.trace != Trace::Off).then(|| due.record / u64::from(plan.source.workers))
}

/// The record's mark, where marks are asked for.
#[inline]
fn mark_of(plan: &EnginePlan, stamp: &Stamp) -> Option<Mark> {
    let Trace::ByMark(run) = plan.trace else { return None };
    Some(Mark { run, producer: plan.worker.0, number: stamp.number.unwrap_or(0) })
}

/// A record that the producer didn't take.
const REFUSED: Causes = Causes { refused: 1, ..NO_CAUSE };
/// A record that came after the producer's end.
const FATAL: Causes = Causes { fatal: 1, ..NO_CAUSE };
const NO_CAUSE: Causes =
    Causes { buffer_exhausted: 0, no_metadata: 0, expired: 0, refused: 0, fatal: 0, rejected: 0 };
/// How many batches may wait for their compression while records are made without a rate: enough
/// for the helper threads of a large machine.
const MOST_UNSEALED: usize = 32;
/// How many records one call hands over at most: some 100 µs of work, so that acks are read.
const RECORDS_PER_CALL: u32 = 2_048;
