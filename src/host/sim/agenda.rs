//! What is to happen when: a heap keyed by (instant, insertion number).
//!
//! Cost class: per event. The number makes the order total: what was put in first happens first, on
//! every platform.

use core::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::base::Instant;

/// Things to come.
#[derive(Debug)]
pub(super) struct Agenda<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    inserted: u64,
}

#[derive(Debug)]
struct Entry<T> {
    at: Instant,
    number: u64,
    what: T,
}

impl<T> Agenda<T> {
    pub(super) const fn new() -> Self {
        Self { heap: BinaryHeap::new(), inserted: 0 }
    }

    pub(super) fn put(&mut self, at: Instant, what: T) {
        self.inserted += 1;
        self.heap.push(Reverse(Entry { at, number: self.inserted, what }));
    }

    /// When the next thing is due.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }

    pub(super) fn pop(&mut self) -> Option<(Instant, T)> {
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.what))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_first_comes_first_and_equals_in_the_order_of_insertion() {
        let mut agenda = Agenda::new();
        for (at, what) in [(5, 'c'), (1, 'a'), (5, 'd'), (1, 'b')] {
            agenda.put(Instant::from_nanos(at), what);
        }
        assert_eq!(agenda.next_at(), Some(Instant::from_nanos(1)));
        let order: Vec<_> = core::iter::from_fn(|| agenda.pop().map(|(_, what)| what)).collect();
        assert_eq!(order, ['a', 'b', 'c', 'd']);
    }
}
