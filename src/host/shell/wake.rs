//! Who has something for the loop: one short list of tokens, filled by wakers.
//!
//! Cost class: per request. Every source of inputs owns a [`Line`]; its waker puts the source's
//! token on the [`Hub`]'s list and wakes the loop's task, so that a turn looks at what is ready and
//! never at all connections. A token stands on the list at most once, which bounds it by the number
//! of sources.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};

use crate::base::ConnectionId;

/// A source of inputs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Token {
    /// A stream can be read, written, or its connection attempt has ended.
    Stream(ConnectionId),
    /// A listening socket, by its place among the shell's listeners.
    Listener(usize),
    /// The deadline's timer has fired.
    Timer,
    /// Commands wait, or the owner asks to stop.
    Mailbox,
    /// A name was looked up.
    Resolver,
    /// A helper thread has finished a job.
    Sealer,
}

/// The list of ready sources of one loop, and the task to wake for it.
#[derive(Debug, Default)]
pub(super) struct Hub {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    ready: Vec<Token>,
    task: Option<Waker>,
}

impl Hub {
    /// Adds a token; the first one on the list wakes the task, the others ride with it.
    fn push(&self, token: Token) {
        let mut inner = lock(&self.inner);
        inner.ready.push(token);
        let task = inner.task.take();
        drop(inner);
        if let Some(task) = task {
            task.wake();
        }
    }

    /// Moves what is ready behind `into`, and names the task to wake for what comes later.
    pub(super) fn take(&self, into: &mut Vec<Token>, task: &Waker) {
        let mut inner = lock(&self.inner);
        into.append(&mut inner.ready);
        match &inner.task {
            Some(known) if known.will_wake(task) => {}
            _ => inner.task = Some(task.clone()),
        }
    }
}

/// What wakes the loop for one source.
#[derive(Debug)]
pub(super) struct Bell {
    token: Token,
    rung: AtomicBool,
    hub: Arc<Hub>,
}

impl Bell {
    /// A bell that isn't ringing.
    pub(super) fn new(token: Token, hub: &Arc<Hub>) -> Arc<Self> {
        Arc::new(Self { token, rung: AtomicBool::new(false), hub: Arc::clone(hub) })
    }

    /// Puts the source on the list, unless it stands there already.
    pub(super) fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            self.hub.push(self.token);
        }
    }

    /// To be called before the source is looked at: a ring during the look then counts again.
    pub(super) fn answer(&self) {
        // A swap, not a store: it must see what was written before the ring that it answers.
        self.rung.swap(false, Ordering::AcqRel);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring();
    }
}

/// A bell, and the same as a waker for futures and sockets.
#[derive(Debug)]
pub(super) struct Line {
    bell: Arc<Bell>,
    waker: Waker,
}

impl Line {
    /// The line of the source `token`.
    pub(super) fn new(token: Token, hub: &Arc<Hub>) -> Self {
        let bell = Bell::new(token, hub);
        Self { waker: Waker::from(Arc::clone(&bell)), bell }
    }

    /// See [`Bell::answer`].
    pub(super) fn answer(&self) {
        self.bell.answer();
    }

    /// What a socket or future is polled with, so that it rings this line.
    pub(super) fn context(&self) -> Context<'_> {
        Context::from_waker(&self.waker)
    }
}

/// Locks `mutex`. A panic elsewhere doesn't spoil the plain lists that this room keeps behind its
/// locks.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_stands_on_the_list_once_until_it_is_answered() {
        let hub = Arc::new(Hub::default());
        let mailbox = Bell::new(Token::Mailbox, &hub);
        let timer = Line::new(Token::Timer, &hub);
        mailbox.ring();
        mailbox.ring();
        timer.context().waker().wake_by_ref();
        let mut ready = Vec::new();
        hub.take(&mut ready, Waker::noop());
        assert_eq!(ready, [Token::Mailbox, Token::Timer]);

        mailbox.ring();
        ready.clear();
        hub.take(&mut ready, Waker::noop());
        assert_eq!(ready, [], "not answered, so still the first ring");

        mailbox.answer();
        mailbox.ring();
        hub.take(&mut ready, Waker::noop());
        assert_eq!(ready, [Token::Mailbox]);
    }

    #[test]
    fn the_first_token_wakes_the_task_and_the_next_ones_ride_along() {
        let hub = Arc::new(Hub::default());
        // Another hub's bell serves as the task: its list shows how often it was woken.
        let outer = Arc::new(Hub::default());
        let task_bell = Bell::new(Token::Sealer, &outer);
        let task = Waker::from(Arc::clone(&task_bell));
        let mut ready = Vec::new();
        hub.take(&mut ready, &task);
        Bell::new(Token::Mailbox, &hub).ring();
        let mut woken = Vec::new();
        outer.take(&mut woken, Waker::noop());
        assert_eq!(woken, [Token::Sealer]);

        task_bell.answer();
        Bell::new(Token::Timer, &hub).ring();
        woken.clear();
        outer.take(&mut woken, Waker::noop());
        assert_eq!(woken, [], "the task is awake already");
        hub.take(&mut ready, &task);
        assert_eq!(ready, [Token::Mailbox, Token::Timer]);
    }
}
