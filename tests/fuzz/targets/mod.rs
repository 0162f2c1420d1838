//! Everything that reads bytes of somebody else's making, each as a function of bytes that must
//! not panic, loop or take memory out of proportion.
//!
//! `tests/fuzz.rs` calls them with damaged messages on every test run, `scripts/fuzz` under
//! libFuzzer for as long as one likes.

mod codecs;
mod connection;
mod machines;
mod messages;
mod network;
mod records;
mod rules;
mod settings;
mod templates;
mod text;

use kprod_bench::base::Rng;

/// One thing to feed.
pub(crate) struct Target {
    /// Its name, also that of its directory under `tests/fuzz/inputs`.
    pub(crate) name: &'static str,
    /// Takes any bytes; panics when a promise is broken.
    pub(crate) run: fn(&[u8]),
    /// Makes an input that gets far.
    pub(crate) seed: fn(&mut Rng) -> Vec<u8>,
    /// Executions on a plain test run, as many as take about a second in a debug build.
    pub(crate) executions: u32,
}

/// All of them.
pub(crate) const TARGETS: &[Target] = &[
    Target { name: "messages", run: messages::run, seed: messages::seed, executions: 60_000 },
    Target {
        name: "frames",
        run: messages::run_frames,
        seed: messages::seed_frames,
        executions: 60_000,
    },
    Target { name: "records", run: records::run, seed: records::seed, executions: 60_000 },
    Target { name: "codecs", run: codecs::run, seed: codecs::seed, executions: 8_000 },
    Target { name: "connection", run: connection::run, seed: connection::seed, executions: 60_000 },
    Target { name: "producer", run: machines::producer, seed: machines::seed, executions: 1_200 },
    Target { name: "admin", run: machines::admin, seed: machines::seed, executions: 2_000 },
    Target {
        name: "broker",
        run: machines::broker,
        seed: machines::seed_broker,
        executions: 12_000,
    },
    Target { name: "text", run: text::run, seed: text::seed, executions: 60_000 },
    Target { name: "templates", run: templates::run, seed: templates::seed, executions: 20_000 },
    Target {
        name: "command_line",
        run: settings::command_line,
        seed: settings::seed_command_line,
        executions: 300,
    },
    Target { name: "files", run: settings::files, seed: settings::seed_file, executions: 300 },
    Target {
        name: "rate_files",
        run: settings::rate_file,
        seed: settings::seed_rate_file,
        executions: 300,
    },
    Target { name: "rules", run: rules::run, seed: rules::seed, executions: 60_000 },
];

/// The bytes of an input, taken from the front; at the end everything is 0.
pub(crate) struct Script<'a> {
    bytes: &'a [u8],
}

impl<'a> Script<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) const fn is_over(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn u8(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_be_bytes([self.u8(), self.u8()])
    }

    /// As many of the next `len` bytes as there are.
    pub(crate) fn take(&mut self, len: usize) -> &'a [u8] {
        let (head, tail) = self.bytes.split_at(len.min(self.bytes.len()));
        self.bytes = tail;
        head
    }

    /// All that is left.
    pub(crate) const fn rest(&mut self) -> &'a [u8] {
        let rest = self.bytes;
        self.bytes = &[];
        rest
    }
}

/// `len` random bytes.
pub(crate) fn noise(rng: &mut Rng, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    rng.fill(&mut bytes);
    bytes
}

/// Uniform below `bound`.
pub(crate) fn below(rng: &mut Rng, bound: usize) -> usize {
    usize::try_from(rng.below(bound as u64)).expect("it is below a usize")
}
