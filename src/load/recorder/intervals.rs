//! The run second by second: latencies by the second in which a record was due, outcomes by the
//! second in which they came.
//!
//! Cost class: per run of records (finding the interval) and per interval (packing it). A record's
//! latency is recorded once, in its interval; the totals are sums of intervals. Bounds: at most
//! [`LIVE`] intervals are open at a time (a record of another one reopens that and packs the one
//! least recently used, so nothing is lost, whatever order acks come in), and at most [`MOST_ROWS`]
//! are kept: when a run outgrows them, neighbours are joined and intervals become twice as long.

use super::measured::Measured;
use super::spectrum::Spectrum;
use crate::base::Instant;

/// What one interval holds, apart from when it was.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Row {
    /// Records acknowledged or written in it, whenever they were due.
    pub(super) acked: u64,
    /// Records that failed or became indeterminate in it.
    pub(super) errors: u64,
    /// Response of the records that were due in it; without a rate, service of those handed over in
    /// it.
    pub(super) latency: Spectrum,
    /// Schedule lag of the records that were due in it.
    pub(super) lag: Spectrum,
}

/// The rows of one worker, and the open ones' histograms.
#[derive(Clone, Debug)]
pub(super) struct Intervals {
    start: Instant,
    /// Of one interval, in nanoseconds.
    length: u64,
    rows: Vec<Row>,
    live: Vec<Live>,
    /// The open interval of the last lookup: nearly always that of the next.
    last: usize,
    /// Counts lookups of another than the last, to know which interval is least recently used.
    lookups: u64,
    /// All closed intervals together.
    latency: Measured,
    lag: Measured,
}

/// An interval that records are added to.
#[derive(Clone, Debug)]
pub(super) struct Live {
    row: usize,
    /// Its first instant, and the first that is no longer part of it.
    from: Instant,
    end: Instant,
    used: u64,
    /// See [`Row::latency`].
    pub(super) latency: Measured,
    /// See [`Row::lag`].
    pub(super) lag: Measured,
}

/// All intervals of a phase, packed.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// Of one interval, in nanoseconds.
    pub(super) length: u64,
    /// From the phase's start on, without gaps.
    pub(super) rows: Vec<Row>,
}

/// All intervals closed: the rows, and their latencies and lags together.
#[derive(Debug)]
pub(super) struct Closed {
    pub(super) rows: Rows,
    pub(super) latency: Measured,
    pub(super) lag: Measured,
}

impl Intervals {
    /// Intervals of `length` nanoseconds from `start` on; `empty` gives the range of the
    /// histograms.
    pub(super) fn new(start: Instant, length: u64, empty: &Measured) -> Self {
        Self {
            start,
            length: length.max(1),
            rows: Vec::new(),
            live: Vec::new(),
            last: 0,
            lookups: 0,
            latency: empty.clone(),
            lag: empty.clone(),
        }
    }

    /// The open interval of `at`, and when it ends (the first instant that is no longer part of
    /// it).
    #[inline]
    pub(super) fn at(&mut self, at: Instant) -> (&mut Live, Instant) {
        let found = self.live.get(self.last).is_some_and(|live| live.from <= at && at < live.end);
        if !found {
            self.last = self.find(at);
        }
        let live = &mut self.live[self.last];
        let end = live.end;
        (live, end)
    }

    /// The row of the interval in which `at` lies, for counts.
    pub(super) fn row(&mut self, at: Instant) -> &mut Row {
        let row = self.row_of(at);
        &mut self.rows[row]
    }

    /// All latencies so far, open intervals included, added to `into`.
    pub(super) fn latencies(&self, into: &mut Measured) {
        into.merge(&self.latency);
        for live in &self.live {
            into.merge(&live.latency);
        }
    }

    /// Packs what is open.
    pub(super) fn close(mut self) -> Closed {
        self.pack_all();
        let rows = Rows { length: self.length, rows: self.rows };
        Closed { rows, latency: self.latency, lag: self.lag }
    }

    /// Finds the row, and makes room for it. What lies before the start belongs to the first.
    fn row_of(&mut self, at: Instant) -> usize {
        let offset = at.nanos_since(self.start);
        while offset / self.length >= MOST_ROWS as u64 {
            self.pack_all();
            double(&mut self.rows, &mut self.length);
        }
        let row = usize::try_from(offset / self.length).expect("below the most rows");
        if row >= self.rows.len() {
            self.rows.resize_with(row + 1, Row::default);
        }
        row
    }

    /// The index of the open interval of `at`, which is opened if need be.
    fn find(&mut self, at: Instant) -> usize {
        let row = self.row_of(at);
        let found = self.live.iter().position(|live| live.row == row);
        let index = found.unwrap_or_else(|| self.open(row));
        // What lies before the start belongs to the first.
        let from = self.length.saturating_mul(row as u64);
        let live = &mut self.live[index];
        live.from = if row == 0 { Instant::ZERO } else { self.start.plus_nanos(from) };
        live.end = self.start.plus_nanos(from.saturating_add(self.length));
        self.lookups += 1;
        live.used = self.lookups;
        index
    }

    /// Opens `row`, in the place of the least recently used one if there are enough, and returns
    /// its index.
    fn open(&mut self, row: usize) -> usize {
        if self.live.len() < LIVE {
            let empty = Live {
                row,
                from: Instant::FAR_FUTURE,
                end: Instant::ZERO,
                used: 0,
                latency: Measured::like(&self.latency),
                lag: Measured::like(&self.lag),
            };
            self.live.push(empty);
            return self.live.len() - 1;
        }
        let oldest = (0..LIVE).min_by_key(|&index| self.live[index].used);
        let oldest = oldest.expect("some intervals are open");
        self.pack(oldest);
        self.live[oldest].row = row;
        oldest
    }

    fn pack(&mut self, index: usize) {
        let live = &mut self.live[index];
        let row = &mut self.rows[live.row];
        row.latency.add(&live.latency);
        row.lag.add(&live.lag);
        self.latency.merge(&live.latency);
        self.lag.merge(&live.lag);
        live.latency.clear();
        live.lag.clear();
    }

    fn pack_all(&mut self) {
        for index in 0..self.live.len() {
            self.pack(index);
        }
        self.live.clear();
    }
}

impl Rows {
    /// Adds the intervals of a worker that started at the same instant.
    pub(super) fn merge(&mut self, mut other: Self) {
        while self.length < other.length {
            double(&mut self.rows, &mut self.length);
        }
        while other.length < self.length {
            double(&mut other.rows, &mut other.length);
        }
        if self.rows.len() < other.rows.len() {
            self.rows.resize_with(other.rows.len(), Row::default);
        }
        for (row, other) in self.rows.iter_mut().zip(&other.rows) {
            row.merge(other);
        }
    }
}

impl Row {
    fn merge(&mut self, other: &Self) {
        self.acked += other.acked;
        self.errors += other.errors;
        self.latency.merge(&other.latency);
        self.lag.merge(&other.lag);
    }
}

/// Joins each two neighbours.
fn double(rows: &mut Vec<Row>, length: &mut u64) {
    *length = length.saturating_mul(2);
    for to in 0..rows.len().div_ceil(2) {
        let mut row = core::mem::take(&mut rows[2 * to]);
        if let Some(right) = rows.get(2 * to + 1) {
            row.merge(right);
        }
        rows[to] = row;
    }
    rows.truncate(rows.len().div_ceil(2));
}

/// Open intervals: the current one and the one before (acks are late), and as many again for
/// partitions that were away and catch up meanwhile. Two histograms each.
const LIVE: usize = 4;

/// An hour of seconds; about 4 KB each under load.
const MOST_ROWS: usize = 3_600;

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    const START: Instant = Instant::from_nanos(5_000);
    const SECOND: u64 = 1_000_000_000;

    fn intervals() -> Intervals {
        Intervals::new(START, SECOND, &Measured::new(Duration::from_secs(120)))
    }

    fn second(second: u64) -> Instant {
        START.plus_nanos(second * SECOND)
    }

    #[test]
    fn stragglers_reopen_their_second() {
        let mut intervals = intervals();
        for round in 0..3u64 {
            for index in 0..10 {
                let (live, end) = intervals.at(second(index));
                live.latency.record(1_000_000 * (round + 1) + index);
                assert_eq!(end, second(index + 1));
            }
            assert!(intervals.live.len() <= LIVE);
        }
        let mut so_far = Measured::new(Duration::from_secs(120));
        intervals.latencies(&mut so_far);
        assert_eq!(so_far.count(), 30);
        let closed = intervals.close();
        assert_eq!(closed.rows.rows.len(), 10);
        assert!(closed.rows.rows.iter().all(|row| row.latency.count() == 3));
        assert_eq!(closed.rows.rows[4].latency.max(), Some(3_000_004));
        assert_eq!(closed.latency, so_far);
    }

    #[test]
    fn a_long_run_keeps_a_bounded_number_of_rows() {
        let mut intervals = intervals();
        let seconds = 3 * MOST_ROWS as u64 + 1;
        for index in 0..seconds {
            intervals.at(second(index)).0.latency.record(index);
            intervals.row(second(index)).acked += 1;
        }
        let closed = intervals.close();
        assert_eq!(closed.rows.length, 4 * SECOND);
        assert_eq!(closed.rows.rows.len(), 2_701);
        assert_eq!(closed.rows.rows.iter().map(|row| row.acked).sum::<u64>(), seconds);
        assert_eq!(closed.rows.rows[1].latency.max(), Some(7));
        assert_eq!(closed.latency.count(), seconds);
    }

    #[test]
    fn merging_brings_both_to_the_longer_intervals() {
        let mut left = intervals();
        let mut right = intervals();
        for index in 0..8 {
            left.row(second(index)).acked += 1;
            right.row(second(index)).errors += 1;
        }
        right.row(second(MOST_ROWS as u64)).acked += 5;
        let mut merged = left.close().rows;
        merged.merge(right.close().rows);
        assert_eq!(merged.length, 2 * SECOND);
        assert_eq!((merged.rows[3].acked, merged.rows[3].errors), (2, 2));
        assert_eq!(merged.rows.last().map(|row| row.acked), Some(5));
    }
}
