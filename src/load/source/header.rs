//! Headers: the same in every record, or made for each.
//!
//! Cost class: per record, for records that have any; nothing is allocated. Names and the room for
//! values are kept, and lent together for the length of a call.

use std::sync::Arc;

use super::digits;
use super::plan::float;
use crate::base::{Header, Rng, mix};

/// One header.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HeaderPlan {
    /// Its name; may be empty, may repeat.
    pub name: String,
    /// Its value.
    pub value: HeaderValue,
}

/// What a header holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HeaderValue {
    /// Kafka's null.
    Null,
    /// These bytes.
    Fixed(Vec<u8>),
    /// A random UUID (version 4) as text, 36 bytes.
    Uuid,
    /// The record's number in decimal digits.
    Sequence,
    /// So many random hexadecimal digits, at most [`HeaderValue::MOST_DIGITS`].
    Random(u32),
    /// The payload clock's time, Unix milliseconds in decimal digits.
    Time,
}

impl HeaderValue {
    /// The most random digits of a header.
    pub const MOST_DIGITS: u32 = 10_000;

    /// The most bytes of a value.
    fn longest(&self) -> usize {
        match self {
            Self::Null => 0,
            Self::Fixed(bytes) => bytes.len(),
            Self::Uuid => UUID,
            Self::Sequence | Self::Time => digits::LONGEST,
            Self::Random(digits) => *digits as usize,
        }
    }

    /// The mean of a value's bytes, about.
    fn mean_len(&self) -> f64 {
        match self {
            // As many digits as a run of some million records has.
            Self::Sequence => 7.0,
            Self::Time => 13.0,
            other => float(other.longest()),
        }
    }
}

impl HeaderPlan {
    /// The most headers of a record.
    pub const MOST: usize = 32;

    /// Bytes of name and value on average, about.
    #[must_use]
    pub fn mean_len(&self) -> f64 {
        float(self.name.len()) + self.value.mean_len()
    }

    /// Bytes of name and value at most.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.name.len() + self.value.longest()
    }
}

/// Makes the headers of records.
#[derive(Clone, Debug)]
pub(super) struct Headers {
    plans: Arc<[HeaderPlan]>,
    seed: u64,
    /// The values one after another, each in the room that its longest needs.
    room: Vec<u8>,
    /// Where each begins, and where it ends in this record.
    spans: Vec<(usize, usize)>,
}

impl Headers {
    /// `None` without any.
    pub(super) fn new(plans: &Arc<[HeaderPlan]>, seed: u64) -> Option<Box<Self>> {
        if plans.is_empty() {
            return None;
        }
        let (mut room, mut spans) = (Vec::new(), Vec::new());
        for plan in plans.iter() {
            let from = room.len();
            if let HeaderValue::Fixed(bytes) = &plan.value {
                room.extend_from_slice(bytes);
            } else {
                room.resize(from + plan.value.longest(), 0);
            }
            spans.push((from, room.len()));
        }
        let seed = mix(seed ^ HEADER_STREAM);
        Some(Box::new(Self { plans: Arc::clone(plans), seed, room, spans }))
    }

    /// Makes the values of record `n`, which happened at `time` (nanoseconds since 1970).
    pub(super) fn make(&mut self, n: u64, time: i64) {
        for (index, plan) in (0u64..).zip(self.plans.iter()) {
            let span = &mut self.spans[usize::try_from(index).expect("some dozen")];
            let out = &mut self.room[span.0..];
            // Each header draws words of its own.
            let mut rng = Rng::nth(self.seed.wrapping_add(index), n);
            let length = match &plan.value {
                HeaderValue::Null | HeaderValue::Fixed(_) => continue,
                HeaderValue::Uuid => uuid(&mut rng, out),
                HeaderValue::Sequence => digits::write(n, out),
                HeaderValue::Random(digits) => hex(&mut rng, &mut out[..*digits as usize]),
                HeaderValue::Time => {
                    let ms = time.div_euclid(1_000_000);
                    digits::write(u64::try_from(ms).unwrap_or(0), out)
                }
            };
            span.1 = span.0 + length;
        }
    }

    /// Puts what was made last at the start of `out`, and returns how many that are.
    pub(super) fn lend<'a>(&'a self, out: &mut [Header<'a>]) -> usize {
        for ((plan, span), header) in self.plans.iter().zip(&self.spans).zip(out) {
            let value = (plan.value != HeaderValue::Null).then(|| &self.room[span.0..span.1]);
            *header = Header { name: &plan.name, value };
        }
        self.plans.len()
    }
}

/// Writes a random UUID of version 4 (RFC 9562).
fn uuid(rng: &mut Rng, out: &mut [u8]) -> usize {
    let mut digits = [0; 32];
    hex(rng, &mut digits);
    digits[12] = b'4';
    // The variant: 8, 9, a or b.
    digits[16] = b"89ab"[usize::from(rng.next_u64().to_le_bytes()[0] & 3)];
    let (mut from, mut at) = (0, 0);
    for len in [8, 4, 4, 4, 12] {
        if at > 0 {
            out[at] = b'-';
            at += 1;
        }
        out[at..at + len].copy_from_slice(&digits[from..from + len]);
        from += len;
        at += len;
    }
    at
}

/// Fills `out` with random hexadecimal digits.
fn hex(rng: &mut Rng, out: &mut [u8]) -> usize {
    for chunk in out.chunks_mut(16) {
        let mut word = rng.next_u64();
        for digit in chunk {
            *digit = b"0123456789abcdef"[usize::from(word.to_le_bytes()[0] & 0xf)];
            word >>= 4;
        }
    }
    out.len()
}

/// Bytes of a UUID as text.
const UUID: usize = 36;
/// Keeps what is drawn for one seed apart; any constant does.
const HEADER_STREAM: u64 = 0x6865_6164_6865_6164;

#[cfg(test)]
mod tests {
    use super::*;

    fn made(values: &[HeaderValue], n: u64) -> Vec<(String, Option<Vec<u8>>)> {
        let plan = |value: &HeaderValue| HeaderPlan { name: "h".to_owned(), value: value.clone() };
        let plans: Arc<[HeaderPlan]> = values.iter().map(plan).collect();
        let mut headers = Headers::new(&plans, 1).unwrap();
        // What another record left behind doesn't show.
        headers.make(u64::MAX, i64::MAX);
        headers.make(n, 1_700_000_001_234_999_999);
        let mut out = [Header { name: "", value: None }; 8];
        let count = headers.lend(&mut out);
        let owned =
            |header: &Header<'_>| (header.name.to_owned(), header.value.map(<[u8]>::to_vec));
        out[..count].iter().map(owned).collect()
    }

    fn text(value: &HeaderValue, n: u64) -> String {
        let [(_, Some(value))] = &made(core::slice::from_ref(value), n)[..] else { panic!() };
        String::from_utf8(value.clone()).unwrap()
    }

    #[test]
    fn headers_are_as_planned_in_their_order() {
        let values = [
            HeaderValue::Fixed(b"v1".to_vec()),
            HeaderValue::Null,
            HeaderValue::Sequence,
            HeaderValue::Time,
            HeaderValue::Random(5),
        ];
        let all = made(&values, 1_234);
        assert_eq!(all.len(), 5);
        assert_eq!(all[0], ("h".to_owned(), Some(b"v1".to_vec())));
        assert_eq!(all[1].1, None);
        assert_eq!(all[2].1.as_deref(), Some(&b"1234"[..]));
        assert_eq!(all[3].1.as_deref(), Some(&b"1700000001234"[..]));
        assert_eq!(all[4].1.as_ref().map(Vec::len), Some(5));
        assert!(Headers::new(&Arc::from([]), 1).is_none());
    }

    #[test]
    fn uuids_are_of_version_4_and_differ() {
        let all: std::collections::BTreeSet<_> =
            (0..1_000).map(|n| text(&HeaderValue::Uuid, n)).collect();
        assert_eq!(all.len(), 1_000);
        for one in &all {
            let parts: Vec<_> = one.split('-').map(str::len).collect();
            assert_eq!(parts, [8, 4, 4, 4, 12], "{one}");
            assert!(one[14..].starts_with('4') && "89ab".contains(&one[19..20]), "{one}");
            assert!(one.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()));
        }
    }

    #[test]
    fn two_headers_of_a_record_draw_apart() {
        let all = made(&[HeaderValue::Random(32), HeaderValue::Random(32)], 7);
        assert_ne!(all[0].1, all[1].1);
        assert_eq!(all, made(&[HeaderValue::Random(32), HeaderValue::Random(32)], 7));
    }
}
