//! Slow jobs on helper threads, so that compressing a batch stops neither pacing nor acks.
//!
//! Cost class: per batch. Threads start when jobs wait and none is idle, up to the machine's
//! processors, and end with the pool. The queue's bound is the machine's: it hands out a job per
//! batch that it holds. Jobs come back in any order.

use std::any::Any;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle, available_parallelism};

use super::clock;
use super::wake::{Bell, Hub, Token, lock};
use crate::base::Job;

/// The helper threads of one loop.
pub(super) struct Sealer<J> {
    shared: Arc<Shared<J>>,
    threads: Vec<JoinHandle<()>>,
    limit: usize,
}

struct Shared<J> {
    queue: Mutex<Queue<J>>,
    more: Condvar,
    done: Mutex<Vec<Done<J>>>,
    bell: Arc<Bell>,
}

struct Queue<J> {
    jobs: VecDeque<J>,
    idle: usize,
    ended: bool,
}

/// A job that ran and for how many nanoseconds, or what it panicked with.
pub(super) type Done<J> = Result<(J, u64), Box<dyn Any + Send>>;

impl<J: Job> Sealer<J> {
    /// No thread yet.
    pub(super) fn new(hub: &Arc<Hub>) -> Self {
        let queue = Queue { jobs: VecDeque::new(), idle: 0, ended: false };
        let shared = Shared {
            queue: Mutex::new(queue),
            more: Condvar::new(),
            done: Mutex::new(Vec::new()),
            bell: Bell::new(Token::Sealer, hub),
        };
        let limit = available_parallelism().map_or(1, usize::from);
        Self { shared: Arc::new(shared), threads: Vec::new(), limit }
    }

    /// Queues `job` for a helper thread. The line rings when it is done.
    ///
    /// # Errors
    /// Gives the job back when there is no thread and none can be started; it can still be run in
    /// place.
    pub(super) fn submit(&mut self, job: J) -> Result<(), J> {
        let queue = lock(&self.shared.queue);
        let short = queue.jobs.len() >= queue.idle && self.threads.len() < self.limit;
        drop(queue);
        if short && self.start().is_err() && self.threads.is_empty() {
            return Err(job);
        }
        lock(&self.shared.queue).jobs.push_back(job);
        self.shared.more.notify_one();
        Ok(())
    }

    /// Moves the jobs that are done behind `into`.
    pub(super) fn take(&self, into: &mut Vec<Done<J>>) {
        self.shared.bell.answer();
        into.append(&mut lock(&self.shared.done));
    }

    fn start(&mut self) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let thread = Builder::new().name("seal".into()).spawn(move || shared.run())?;
        self.threads.push(thread);
        Ok(())
    }
}

impl<J: Job> Shared<J> {
    /// A helper thread's life.
    fn run(&self) {
        while let Some(mut job) = self.next() {
            let began = clock::now();
            // The job is given up after a panic, so nobody sees it half done.
            let end = catch_unwind(AssertUnwindSafe(|| job.run()));
            let took = clock::now().nanos_since(began);
            lock(&self.done).push(end.map(|()| (job, took)));
            self.bell.ring();
        }
    }

    /// Waits for a job; `None` when the pool ends.
    fn next(&self) -> Option<J> {
        let mut queue = lock(&self.queue);
        loop {
            if queue.ended {
                return None;
            }
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            queue.idle += 1;
            queue = self.more.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
        }
    }
}

impl<J> Drop for Sealer<J> {
    /// Drops what is queued and waits for the jobs that run, a few milliseconds: no thread outlives
    /// its loop.
    fn drop(&mut self) {
        let mut queue = lock(&self.shared.queue);
        queue.ended = true;
        let unrun = core::mem::take(&mut queue.jobs);
        drop(queue);
        drop(unrun);
        self.shared.more.notify_all();
        for thread in self.threads.drain(..) {
            // A job's panic was caught and has been, or no longer needs to be, reported.
            drop(thread.join());
        }
    }
}
