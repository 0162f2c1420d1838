//! A machine with a thread of its own: one thread, one runtime, one machine.
//!
//! Cost class: per run. The machine is built on its thread, so it need not be `Send`. A panic in it
//! ends the thread and is handed to whoever joins; before, the machine may say its last words.

use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use tokio::runtime::{self, Runtime};

use super::listen::Bound;
use super::mailbox::Mailbox;
use super::shell::{Inbox, Shell};
use super::stats::LoopStats;
use super::wake::Hub;
use crate::base::{Machine, Server};

/// A running machine. Dropping it asks the loop to stop and doesn't wait for that.
#[derive(Debug)]
#[must_use = "dropping it stops the machine"]
pub struct Worker<C> {
    name: String,
    mailbox: Mailbox<C>,
    stats: Arc<LoopStats>,
    /// Taken by `wait` alone.
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// Why a worker ended otherwise than in good order.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// Its code failed; a defect of this program.
    #[error("thread {name} panicked: {message}")]
    Panicked {
        /// The thread's name.
        name: String,
        /// What the panic said.
        message: String,
    },
    /// The system didn't give it what it needs to start.
    #[error("thread {name} could not start: {source}")]
    Start {
        /// The thread's name.
        name: String,
        /// The system's words.
        source: io::Error,
    },
}

impl<C> Worker<C> {
    /// Hands `command` to the machine.
    ///
    /// # Errors
    /// Gives the command back when the loop has ended.
    pub fn send(&self, command: C) -> Result<(), C> {
        self.mailbox.send(command)
    }

    /// An address for commands that any thread may use.
    #[must_use]
    pub fn mailbox(&self) -> Mailbox<C> {
        self.mailbox.clone()
    }

    /// Asks the loop to end after the commands sent so far, whatever the machine still has to do.
    pub fn stop(&self) {
        self.mailbox.stop();
    }

    /// The loop's running counts.
    #[must_use]
    pub fn stats(&self) -> Arc<LoopStats> {
        Arc::clone(&self.stats)
    }

    /// Whether the thread has ended, so that `join` won't wait.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until the machine is done, or stopped, and its thread has ended.
    ///
    /// # Errors
    /// When it panicked, or never started.
    pub fn join(mut self) -> Result<(), WorkerError> {
        self.wait()
    }

    /// The same while its counts are still wanted. Once more it is `Ok` at once.
    ///
    /// # Errors
    /// When it panicked, or never started.
    pub fn wait(&mut self) -> Result<(), WorkerError> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        let name = || self.name.clone();
        match thread.join() {
            Ok(Ok(())) => Ok(()),
            Ok(Err(source)) => Err(WorkerError::Start { name: name(), source }),
            Err(panic) => Err(WorkerError::Panicked { name: name(), message: words(&*panic) }),
        }
    }
}

impl<C> Drop for Worker<C> {
    fn drop(&mut self) {
        self.mailbox.stop();
    }
}

/// Starts a thread that builds a machine and runs it until it is done, or asked to stop.
/// `on_report` is called there.
///
/// # Errors
/// When the system has no thread or no descriptors left.
pub fn spawn<M, B, R>(name: &str, build: B, on_report: R) -> io::Result<Worker<M::Command>>
where
    M: Machine,
    B: FnOnce() -> M + Send + 'static,
    R: FnMut(M::Report) + Send + 'static,
{
    launch(name, build, |_: &mut Shell<M>| Ok(()), on_report)
}

/// As [`spawn`], for a machine that answers the streams that come in at `bound`.
///
/// # Errors
/// When the system has no thread or no descriptors left.
pub fn spawn_server<M, B, R>(
    name: &str,
    bound: Bound,
    build: B,
    on_report: R,
) -> io::Result<Worker<M::Command>>
where
    M: Server,
    B: FnOnce() -> M + Send + 'static,
    R: FnMut(M::Report) + Send + 'static,
{
    launch(name, build, move |shell: &mut Shell<M>| shell.listen(bound), on_report)
}

fn launch<M, B, P, R>(
    name: &str,
    build: B,
    prepare: P,
    on_report: R,
) -> io::Result<Worker<M::Command>>
where
    M: Machine,
    B: FnOnce() -> M + Send + 'static,
    P: FnOnce(&mut Shell<M>) -> io::Result<()> + Send + 'static,
    R: FnMut(M::Report) + Send + 'static,
{
    let mut on_report = on_report;
    let hub = Arc::new(Hub::default());
    let mailbox = Mailbox::new(&hub);
    let stats = Arc::new(LoopStats::new());
    let runtime = Reactor(Some(runtime::Builder::new_current_thread().enable_io().build()?));
    let (inbox, counts) = (Inbox(mailbox.clone()), Arc::clone(&stats));
    let body = move || {
        runtime.run(async move {
            // Whatever fails from here on, dropping the inbox tells the senders.
            let mut shell = Shell::assemble(build(), hub, inbox, counts)?;
            prepare(&mut shell)?;
            let Err(panic) = caught(shell.run(&mut on_report)).await else { return Ok(()) };
            // A second panic would tell no more than the first.
            let words = catch_unwind(AssertUnwindSafe(|| shell.last_words()));
            words.ok().flatten().into_iter().for_each(on_report);
            resume_unwind(panic)
        })
    };
    let thread = Builder::new().name(name.to_owned()).spawn(body)?;
    Ok(Worker { name: name.to_owned(), mailbox, stats, thread: Some(thread) })
}

/// A future whose panic is its outcome.
async fn caught<T>(future: impl Future<Output = T>) -> Result<T, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        polled.map_or_else(|panic| Poll::Ready(Err(panic)), |polled| polled.map(Ok))
    })
    .await
}

/// A runtime that doesn't wait for a slow look-up when it goes, not even while a panic unwinds.
struct Reactor(Option<Runtime>);

impl Reactor {
    fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.0.as_ref().expect("only drop takes it out").block_on(future)
    }
}

impl Drop for Reactor {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
