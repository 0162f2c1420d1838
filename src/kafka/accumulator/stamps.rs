//! When each record of a batch was due, seen, handed over and appended, and, if asked, its number.
//!
//! Cost class: per record, 4 bytes of it under a schedule and none without; 4 more for a number.
//! What the records of one call share stands once in a [`Run`]. The vectors are reused from batch
//! to batch.

use core::ops::Range;

use crate::base::Instant;

/// What the caller knows of a record when it hands it over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stamp {
    /// When the schedule wanted it sent; `None` without a schedule.
    pub due: Option<Instant>,
    /// The first look at the schedule that found it due. While the caller is blocked this may be
    /// earlier than `due`; the record then counts as seen when it became due.
    pub seen: Instant,
    /// What a caller in a loop would stamp: `seen`, or the acceptance of the record before it when
    /// that came later.
    pub handed: Instant,
    /// Its number, where the caller wants to know each record's outcome.
    pub number: Option<u64>,
}

impl Stamp {
    /// A record without a schedule that is handed over now.
    #[must_use]
    pub const fn at(now: Instant) -> Self {
        Self { due: None, seen: now, handed: now, number: None }
    }
}

/// The instants that neighbouring records of a batch share.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Run {
    /// Index in the batch of the run's first record.
    pub first: u32,
    /// What the run's due offsets count from; `None` without a schedule.
    pub base_due: Option<Instant>,
    /// See [`Stamp::seen`].
    pub seen: Instant,
    /// See [`Stamp::handed`].
    pub handed: Instant,
    /// When the records went into the batch.
    pub appended: Instant,
    /// The first record's number; `None` where numbers aren't kept.
    pub number: Option<u64>,
}

/// The stamps of one batch's records, in append order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Stamps {
    runs: Vec<Run>,
    /// One a record under a schedule: nanoseconds after its run's `base_due`.
    offsets: Vec<u32>,
    /// One a record where numbers are kept: its number less its run's first.
    numbers: Vec<u32>,
    count: u32,
}

impl Stamps {
    /// No record.
    pub const EMPTY: Self =
        Self { runs: Vec::new(), offsets: Vec::new(), numbers: Vec::new(), count: 0 };

    /// How many records.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Bytes of memory that it holds, used or not.
    #[must_use]
    #[inline]
    pub const fn memory(&self) -> u64 {
        let places = (self.offsets.capacity() + self.numbers.capacity()) * size_of::<u32>();
        (self.runs.capacity() * size_of::<Run>() + places) as u64
    }

    /// Adds the next record, appended at `now`.
    #[inline]
    pub fn push(&mut self, stamp: &Stamp, now: Instant) {
        // Where no latencies are recorded nothing is kept for them.
        #[cfg(kprod_no_latency)]
        let stamp = &Stamp { due: None, ..*stamp };
        let place = self.runs.last().and_then(|run| place_in(run, stamp, now));
        let (offset, number) = place.unwrap_or_else(|| {
            self.runs.push(Run {
                first: self.count,
                base_due: stamp.due,
                seen: stamp.seen,
                handed: stamp.handed,
                appended: now,
                number: stamp.number,
            });
            (0, 0)
        });
        if stamp.due.is_some() {
            self.offsets.push(offset);
        }
        if stamp.number.is_some() {
            self.numbers.push(number);
        }
        self.count += 1;
    }

    /// Adds `more` records with the stamps of the last one, which has neither due instant nor
    /// number.
    pub(super) const fn again(&mut self, more: u32) {
        self.count += more;
    }

    /// The records' numbers, in order; none where numbers aren't kept.
    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        // Of one caller either all records have a number or none.
        let whole = self.numbers.len() == self.count as usize;
        let kept = if whole { &self.numbers[..] } else { &[] };
        self.runs.iter().enumerate().flat_map(move |(i, run)| {
            let end = self.runs.get(i + 1).map_or(self.count, |next| next.first) as usize;
            let first = run.number.unwrap_or(0);
            let of_run = kept.get(run.first as usize..end).unwrap_or_default();
            of_run.iter().map(move |number| first + u64::from(*number))
        })
    }

    /// Each run with the due offsets of its records (empty without a schedule) and their number.
    pub fn runs(&self) -> impl Iterator<Item = (&Run, &[u32], u32)> {
        self.runs.iter().enumerate().map(|(i, run)| {
            let end = self.runs.get(i + 1).map_or(self.count, |next| next.first);
            let offsets = match run.base_due {
                Some(_) => &self.offsets[run.first as usize..end as usize],
                None => &[],
            };
            (run, offsets, end - run.first)
        })
    }

    /// The earliest due instant (or, without a schedule, the first append); `None` when empty.
    #[must_use]
    pub fn first_wanted(&self) -> Option<Instant> {
        self.runs.first().map(|run| run.base_due.unwrap_or(run.appended))
    }

    /// The stamps of the records `range` alone, for the pieces of a split batch.
    ///
    /// # Panics
    /// When the range reaches past the last record.
    #[must_use]
    pub fn slice(&self, range: Range<u32>) -> Self {
        assert!(range.end <= self.count, "range {range:?} of {} records", self.count);
        let mut out = Self::default();
        for (run, offsets, len) in self.runs() {
            let from = range.start.clamp(run.first, run.first + len);
            let to = range.end.clamp(run.first, run.first + len);
            if from == to {
                continue;
            }
            out.runs.push(Run { first: from - range.start, ..*run });
            if run.base_due.is_some() {
                let within = (from - run.first) as usize..(to - run.first) as usize;
                out.offsets.extend_from_slice(&offsets[within]);
            }
            let kept = self.numbers.get(from as usize..to as usize).unwrap_or_default();
            out.numbers.extend_from_slice(kept);
        }
        out.count = range.end - range.start;
        out
    }

    /// Forgets all records and keeps the memory.
    pub fn clear(&mut self) {
        self.runs.clear();
        self.offsets.clear();
        self.numbers.clear();
        self.count = 0;
    }
}

/// The record's due offset and number within `run`, or `None` when it needs a run of its own.
#[inline]
fn place_in(run: &Run, stamp: &Stamp, now: Instant) -> Option<(u32, u32)> {
    if run.appended != now || run.seen != stamp.seen || run.handed != stamp.handed {
        return None;
    }
    let offset = match (run.base_due, stamp.due) {
        (None, None) => 0,
        (Some(base), Some(due)) if due >= base => u32::try_from(due.nanos_since(base)).ok()?,
        _ => return None,
    };
    let number = match (run.number, stamp.number) {
        (None, None) => 0,
        (Some(first), Some(number)) => u32::try_from(number.checked_sub(first)?).ok()?,
        _ => return None,
    };
    Some((offset, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    fn dues(stamps: &Stamps) -> Vec<u64> {
        let mut out = Vec::new();
        for (run, offsets, len) in stamps.runs() {
            assert_eq!(offsets.len(), len as usize);
            let base = run.base_due.expect("a schedule").as_nanos();
            out.extend(offsets.iter().map(|offset| base + u64::from(*offset)));
        }
        out
    }

    #[test]
    fn records_of_one_call_share_a_run() {
        let mut stamps = Stamps::default();
        for due in [100, 105, 110] {
            let stamp = Stamp { due: Some(at(due)), seen: at(120), handed: at(120), number: None };
            stamps.push(&stamp, at(120));
        }
        let later = Stamp { due: Some(at(115)), seen: at(130), handed: at(130), number: None };
        stamps.push(&later, at(130));
        assert_eq!(stamps.runs().count(), 2);
        assert_eq!(dues(&stamps), [100, 105, 110, 115]);
        assert_eq!(stamps.first_wanted(), Some(at(100)));
    }

    #[test]
    fn an_offset_past_u32_starts_a_run_of_its_own() {
        let far = u64::from(u32::MAX) + 7;
        let mut stamps = Stamps::default();
        for due in [0, far] {
            let stamp = Stamp { due: Some(at(due)), seen: at(far), handed: at(far), number: None };
            stamps.push(&stamp, at(far));
        }
        assert_eq!(stamps.runs().count(), 2);
        assert_eq!(dues(&stamps), [0, far]);
    }

    #[test]
    fn a_slice_keeps_its_records_stamps() {
        let mut stamps = Stamps::default();
        for i in 0..10u64 {
            let now = at(1_000 + i / 4);
            let number = Some(1_000 + i * i);
            stamps.push(&Stamp { due: Some(at(i * 10)), seen: now, handed: now, number }, now);
        }

        let piece = stamps.slice(3..9);
        assert_eq!(piece.count(), 6);
        assert_eq!(dues(&piece), [30, 40, 50, 60, 70, 80]);
        let numbers: Vec<_> = (3..9).map(|i| 1_000 + i * i).collect();
        assert_eq!(piece.numbers().collect::<Vec<_>>(), numbers);
        assert_eq!(
            piece.runs().next().map(|(run, _, len)| (run.appended, len)),
            Some((at(1_000), 1))
        );
    }

    #[test]
    fn numbers_cost_nothing_unless_asked_for() {
        let mut stamps = Stamps::default();
        stamps.push(&Stamp::at(at(5)), at(5));
        assert_eq!((stamps.numbers.capacity(), stamps.numbers().count()), (0, 0));
        stamps.clear();
        let far = u64::from(u32::MAX) + 8;
        for number in [7, far, 9] {
            stamps.push(&Stamp { number: Some(number), ..Stamp::at(at(5)) }, at(5));
        }
        // Too far ahead for the first run, and behind the second's first.
        assert_eq!(stamps.numbers().collect::<Vec<_>>(), [7, far, 9]);
        assert_eq!(stamps.runs().count(), 3);
        stamps.clear();
        assert_eq!(stamps.numbers().count(), 0);
    }
}
