//! Bodies of record batches to compress: records of one size, encoded as the producer encodes them.

use kprod_bench::base::{RecordView, Rng, WorkerIndex};
use kprod_bench::kafka::wire::record_batch;
use kprod_bench::load::source::{SizePlan, Source, SourcePlan, ValuePlan};

/// What the values are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Values {
    /// Events in JSON, a few dozen words and many numbers: what codecs are made for.
    Events,
    /// The `sequence` generator's: a number, a checksum, and padding that repeats.
    Sequence,
    /// The `random` generator's: no codec makes them shorter.
    Random,
}

impl Values {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Events, Self::Sequence, Self::Random];

    /// What it is called.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Sequence => "sequence",
            Self::Random => "random",
        }
    }
}

/// The body of a batch of about `bytes`, with values of `record_size` bytes.
pub(crate) fn body(values: Values, record_size: u32, bytes: usize) -> Vec<u8> {
    let mut source = Source::new(&plan(values, record_size), WorkerIndex(0));
    let mut text = Vec::new();
    let mut body = Vec::with_capacity(bytes);
    for count in 0.. {
        let mut record = source.record(u64::from(count), 0);
        if values == Values::Events {
            event(u64::from(count), record_size as usize, &mut text);
            record = RecordView { value: Some(&text), ..record };
        }
        if body.len() + record_batch::record_len(count, 0, &record) > bytes {
            break;
        }
        record_batch::append_record(&mut body, count, 0, &record);
    }
    body
}

/// A plan of values as the program makes them.
pub(crate) fn plan(values: Values, record_size: u32) -> SourcePlan {
    let value = match values {
        Values::Sequence => ValuePlan::Sequence,
        Values::Random | Values::Events => ValuePlan::Random,
    };
    SourcePlan { value, size: SizePlan::Fixed(record_size), ..SourcePlan::default() }
}

/// Event `n`, cut to `size` bytes.
fn event(n: u64, size: usize, out: &mut Vec<u8>) {
    const KINDS: [&str; 8] =
        ["view", "click", "search", "basket", "checkout", "payment", "refund", "login"];
    out.clear();
    let mut rng = Rng::nth(1, n);
    while out.len() < size {
        let (kind, user) = (rng.below(8), rng.below(100_000));
        let (page, took) = (rng.below(500), rng.below(3_000));
        let kind = KINDS[usize::try_from(kind).expect("below 8")];
        let text = format!(
            "{{\"event\":\"{kind}\",\"user\":{user},\"page\":\"/shop/{page}\",\"ms\":{took}}}"
        );
        out.extend_from_slice(text.as_bytes());
    }
    out.truncate(size);
}
