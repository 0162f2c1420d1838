//! The generator alone: records are made as in a run, and dropped. Cost class: per record, in
//! threads of its own; one clock reading for many records, as in the engine's pump.

use core::hint::black_box;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::thread::{self, ScopedJoinHandle};

use tokio::runtime::Builder;
use tokio::time::timeout;

use super::{Pace, in_shares};
use crate::host::driver::environment::process_cpu;
use crate::host::driver::error::RunError;
use crate::host::driver::plan::{Post, RunPlan};
use crate::host::driver::result::Signal;
use crate::host::driver::signals::Signals;
use crate::host::shell::clock;
use crate::load::schedule::{Schedule, Stop};
use crate::load::source::Source;

/// How fast `plan`'s workers make records for `span` when nobody takes them.
pub(super) fn alone(plan: &RunPlan, span: Duration) -> Result<Pace, RunError> {
    let stop = AtomicBool::new(false);
    let (began, cpu) = (clock::now(), process_cpu());
    let (made, signal) = thread::scope(|scope| {
        let stop = &stop;
        let start = |(worker, post): (usize, Post)| {
            let build = thread::Builder::new().name(format!("generator-{}", worker + 1));
            build.spawn_scoped(scope, move || make(plan, post, stop))
        };
        let workers: Vec<_> = plan.posts().enumerate().map(start).collect();
        let signal = wait(span);
        stop.store(true, Ordering::Relaxed);
        let mut made: Vec<_> = plan.streams.iter().map(|_| Made::default()).collect();
        for (worker, post) in workers.into_iter().zip(plan.posts()) {
            made[post.stream].add(&joined(worker.map_err(|error| error.to_string()))?);
        }
        Ok((made, signal?))
    })?;
    match signal {
        Some(signal) => Err(RunError::Interrupted(signal)),
        None => {
            let whole = Pace {
                records: made.iter().map(|made| made.records).sum(),
                payload_bytes: made.iter().map(|made| made.bytes).sum(),
                span: clock::now().since(began),
                cpu: process_cpu().saturating_sub(cpu),
            };
            let each: Vec<_> = made.iter().map(|made| (made.records, made.bytes)).collect();
            Ok(in_shares(plan, whole, &each))
        }
    }
}

/// What a worker made.
#[derive(Default)]
struct Made {
    records: u64,
    bytes: u64,
}

impl Made {
    const fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.bytes += other.bytes;
    }
}

fn joined(worker: Result<ScopedJoinHandle<'_, Made>, String>) -> Result<Made, RunError> {
    let internal = |why: String| RunError::Internal(format!("a generator's thread: {why}"));
    worker.map_err(internal)?.join().map_err(|_| internal("panicked".to_owned()))
}

/// Makes records until told to stop.
fn make(plan: &RunPlan, post: Post, stop: &AtomicBool) -> Made {
    let stream = &plan.streams[post.stream];
    let mut schedule = Schedule::new(&plan.schedule_of(post.stream).saturated(), post.producer);
    let mut source = Source::new(&stream.source, post.producer);
    let timestamp_ms = i64::try_from(clock::unix_ms()).unwrap_or(i64::MAX);
    schedule.start(clock::now(), Stop::default());
    let mut made = Made::default();
    while !stop.load(Ordering::Relaxed) {
        let now = clock::now();
        for _ in 0..RECORDS_A_LOOK {
            let Some(due) = schedule.take(now) else { break };
            let bytes = source
                .with_record(due.record, timestamp_ms, None, |record| black_box(record).payload());
            made.records += 1;
            made.bytes += bytes as u64;
        }
    }
    made
}

/// Waits for `span`, or for a signal that comes before.
fn wait(span: Duration) -> Result<Option<Signal>, RunError> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| RunError::Internal(format!("no runtime: {error}")))?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        Ok(timeout(span, signals.next()).await.ok())
    })
}

/// As many as the pump takes in one call.
const RECORDS_A_LOOK: u32 = 2_048;
