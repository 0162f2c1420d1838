//! Every codec against its own library: batches packed by our compressor, and the same bodies by
//! the library called in a loop with all that it lets one keep, turn by turn in one run.
//!
//! `cargo bench --bench codecs` prints both rates, the ratio, and how ours stands to the library's:
//! 0.90 or more is the aim. `-- --quick` is for a look. The time is the thread's processor time,
//! the figures are medians of the turns. The library is given the blocks that Kafka's frames
//! consist of (snappy's of 32 KiB, lz4's of 64 KiB) and room for the worst case, and does nothing
//! else; `-- --whole` gives it each body in one piece instead, which no broker would take.

#[path = "support/bodies.rs"]
mod bodies;

use bodies::Values;
use kprod_bench::kafka::compression::{Codec, Compression, Compressor};

fn main() {
    let is = |name: &str| std::env::args().any(|arg| arg == name);
    // `cargo test` runs it without a word: then it only shows that it works.
    let turns = match (is("--bench"), is("--quick")) {
        (false, _) => 1,
        (true, true) => 11,
        (true, false) => 101,
    };
    let whole = is("--whole");
    println!(
        "{:<7} {:>8} {:>5} {:>9} {:>10} {:>10} {:>10} {:>12}",
        "codec", "values", "KiB", "ratio", "MB/s in", "MB/s out", "library", "ours/library"
    );
    for &codec in Codec::ALL.iter().filter(|codec| **codec != Codec::None) {
        for values in Values::ALL {
            for kib in [16, 128] {
                case(codec, values, kib, turns, whole);
            }
        }
    }
}

/// Prints one line.
fn case(codec: Codec, values: Values, kib: usize, turns: usize, whole: bool) {
    let body = bodies::body(values, 100, kib * 1024);
    let mut ours = Ours::new(codec, &body);
    let mut theirs = Library::new(codec, body.len(), whole);
    let by_library = theirs.pack(&body);
    let packed = ours.pack(1);
    let (mut our, mut their, mut quotients) = (Vec::new(), Vec::new(), Vec::new());
    // Up to some milliseconds a turn.
    let once = seconds(|| theirs.pack(&body)).max(1e-7);
    let bodies = if turns == 1 { 1 } else { at_most(BODIES, 4e-3 / once) };
    for turn in 0..turns {
        ours.refill(&body);
        let own = |ours: &mut Ours| seconds(|| ours.pack(bodies));
        let first = (turn % 2 == 0).then(|| {
            let time = own(&mut ours);
            ours.refill(&body);
            time
        });
        let library = seconds(|| ours.bodies[..bodies].iter().map(|it| theirs.pack(it)).sum());
        let own = first.unwrap_or_else(|| own(&mut ours));
        our.push(own);
        their.push(library);
        quotients.push(library / own);
    }
    let megabytes = |len: usize, time: f64| float(len * bodies) / 1e6 / time;
    let (own, library) = (median(&mut our), median(&mut their));
    println!(
        "{:<7} {:>8} {:>5} {:>9.3} {:>10.0} {:>10.0} {:>10.0} {:>12.2}",
        codec.name(),
        values.name(),
        kib,
        float(packed) / float(body.len()),
        megabytes(body.len(), own),
        megabytes(packed, own),
        megabytes(body.len(), library),
        median(&mut quotients),
    );
    // Frames cost a few bytes; another level would cost or save many.
    let apart = packed.abs_diff(by_library);
    assert!(whole || apart <= 64, "{packed} bytes, {by_library} by the library");
}

/// Our compressor between its bodies, as an accumulator passes them round: an output becomes a
/// batch's body, and the body that was packed the next output.
struct Ours {
    compressor: Compressor,
    bodies: Vec<Vec<u8>>,
    out: Vec<u8>,
}

impl Ours {
    fn new(codec: Codec, body: &[u8]) -> Self {
        let compressor = Compressor::new(Compression::of(codec)).expect("a default level");
        Self { compressor, bodies: vec![body.to_vec(); BODIES], out: body.to_vec() }
    }

    fn refill(&mut self, body: &[u8]) {
        for one in &mut self.bodies {
            one.clear();
            one.extend_from_slice(body);
        }
    }

    /// Packs the first `count` bodies; returns the bytes of the last.
    fn pack(&mut self, count: usize) -> usize {
        for body in &mut self.bodies[..count] {
            self.compressor.replace(body, &mut self.out).expect("memory");
            core::mem::swap(body, &mut self.out);
        }
        self.bodies[count - 1].len()
    }
}

/// A codec's library with its state and a buffer that is large enough.
struct Library {
    state: State,
    /// Bytes that it is given at a time.
    block: usize,
    buffer: Vec<u8>,
}

enum State {
    Gzip(flate2::Compress),
    Snappy(Box<snap::raw::Encoder>),
    Lz4(lz4::block::CompressionMode),
    Zstd(zstd::bulk::Compressor<'static>),
}

impl Library {
    fn new(codec: Codec, len: usize, whole: bool) -> Self {
        let block = match codec {
            Codec::Snappy if !whole => 32 * 1024,
            Codec::Lz4 if !whole => 64 * 1024,
            _ => len,
        };
        let state = match codec {
            Codec::Gzip => {
                State::Gzip(flate2::Compress::new_gzip(flate2::Compression::default(), 15))
            }
            Codec::Snappy => State::Snappy(Box::new(snap::raw::Encoder::new())),
            Codec::Lz4 => State::Lz4(lz4::block::CompressionMode::DEFAULT),
            Codec::Zstd => State::Zstd(zstd::bulk::Compressor::new(3).expect("a level")),
            Codec::None => panic!("none has no library"),
        };
        Self { state, block, buffer: vec![0; snap::raw::max_compress_len(len) + 1_024] }
    }

    /// Bytes that the body takes, packed.
    fn pack(&mut self, body: &[u8]) -> usize {
        body.chunks(self.block).map(|block| self.pack_block(block)).sum()
    }

    fn pack_block(&mut self, body: &[u8]) -> usize {
        let buffer = &mut self.buffer[..];
        match &mut self.state {
            State::Gzip(packer) => {
                packer.reset();
                let done = packer.compress(body, buffer, flate2::FlushCompress::Finish);
                assert_eq!(done.expect("memory"), flate2::Status::StreamEnd);
                usize::try_from(packer.total_out()).expect("a buffer's length")
            }
            State::Snappy(packer) => packer.compress(body, buffer).expect("room"),
            State::Lz4(mode) => {
                lz4::block::compress_to_buffer(body, Some(*mode), false, buffer).expect("room")
            }
            State::Zstd(packer) => packer.compress_to_buffer(body, buffer).expect("room"),
        }
    }
}

/// Processor seconds of this thread for a call.
fn seconds(call: impl FnOnce() -> usize) -> f64 {
    let before = now();
    core::hint::black_box(call());
    now() - before
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds of some minutes fit a double")]
fn now() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small number, and held to it"
)]
fn at_most(most: usize, wanted: f64) -> usize {
    wanted.clamp(1.0, float(most)) as usize
}

fn float(len: usize) -> f64 {
    f64::from(u32::try_from(len).expect("a batch"))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Bodies that are packed in a turn at most: two megabytes of 128 KiB ones.
const BODIES: usize = 16;
