//! Orders for a machine, from any thread.
//!
//! Cost class: per command: a lock and, for the first one of a batch, a wake-up. The inbox has no
//! bound of its own: whoever sends more than a few orders bounds what is under way (a library's
//! producer does, by `buffer.memory`).

use std::sync::{Arc, Mutex};

use super::wake::{Bell, Hub, Token, lock};

/// The address of a running machine; cheap to clone.
#[derive(Debug)]
pub struct Mailbox<C> {
    inbox: Arc<Inbox<C>>,
}

#[derive(Debug)]
struct Inbox<C> {
    state: Mutex<State<C>>,
    bell: Arc<Bell>,
}

#[derive(Debug)]
struct State<C> {
    commands: Vec<C>,
    stopping: bool,
    closed: bool,
}

impl<C> Mailbox<C> {
    /// A mailbox whose letters ring at `hub`.
    pub(super) fn new(hub: &Arc<Hub>) -> Self {
        let state = State { commands: Vec::new(), stopping: false, closed: false };
        let bell = Bell::new(Token::Mailbox, hub);
        Self { inbox: Arc::new(Inbox { state: Mutex::new(state), bell }) }
    }

    /// Hands `command` to the machine. Commands arrive in the order in which one thread sent them.
    ///
    /// # Errors
    /// Gives the command back when the machine's loop has ended.
    pub fn send(&self, command: C) -> Result<(), C> {
        let mut state = lock(&self.inbox.state);
        if state.closed {
            return Err(command);
        }
        state.commands.push(command);
        drop(state);
        self.inbox.bell.ring();
        Ok(())
    }

    /// Asks the loop to end after the commands sent so far, whatever the machine still has to do.
    pub fn stop(&self) {
        lock(&self.inbox.state).stopping = true;
        self.inbox.bell.ring();
    }

    /// Whether the loop has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        lock(&self.inbox.state).closed
    }

    /// Swaps what has come with the empty `commands`. Returns whether the loop should end.
    pub(super) fn take(&self, commands: &mut Vec<C>) -> bool {
        debug_assert!(commands.is_empty(), "what was taken before has been handed over");
        self.inbox.bell.answer();
        let mut state = lock(&self.inbox.state);
        core::mem::swap(&mut state.commands, commands);
        state.stopping
    }

    /// Takes no more; what nobody read is dropped.
    pub(super) fn close(&self) {
        let mut state = lock(&self.inbox.state);
        state.closed = true;
        let unread = core::mem::take(&mut state.commands);
        drop(state);
        drop(unread);
    }
}

impl<C> Clone for Mailbox<C> {
    fn clone(&self) -> Self {
        Self { inbox: Arc::clone(&self.inbox) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_keep_their_order_and_come_back_once_closed() {
        let mailbox = Mailbox::new(&Arc::new(Hub::default()));
        assert_eq!(mailbox.send(1), Ok(()));
        assert_eq!(mailbox.clone().send(2), Ok(()));
        let mut commands = Vec::new();
        assert!(!mailbox.take(&mut commands));
        assert_eq!(commands, [1, 2]);
        commands.clear();
        mailbox.stop();
        assert!(mailbox.take(&mut commands));
        assert!(commands.is_empty());
        mailbox.close();
        assert!(mailbox.is_closed());
        assert_eq!(mailbox.send(3), Err(3));
    }
}
