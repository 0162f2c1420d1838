//! Names to addresses, in the background.
//!
//! Cost class: per connection attempt. The system's resolver may block for many seconds, so tokio
//! runs it on a thread of its own; literal addresses are answered at once. Invariant: every request
//! is answered, with at least one address or a cause.

use core::future::Future;
use core::pin::Pin;
use core::task::Poll;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::wake::{Hub, Line, Token};
use crate::base::CloseCause;

/// The look-ups that are under way; as many as the machine asks for.
pub(super) struct Resolver {
    line: Line,
    pending: Vec<Lookup>,
}

struct Lookup {
    host: String,
    answer: Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>,
}

/// A finished look-up: the name, and its addresses or why there are none.
pub(super) type Resolved = (String, Result<Vec<SocketAddr>, CloseCause>);

impl Resolver {
    /// Nothing under way.
    pub(super) fn new(hub: &Arc<Hub>) -> Self {
        Self { line: Line::new(Token::Resolver, hub), pending: Vec::new() }
    }

    /// Begins a look-up; the line rings at once so that the next turn starts it.
    pub(super) fn start(&mut self, host: String, port: u16) {
        let answer = Box::pin(lookup(host.clone(), port));
        self.pending.push(Lookup { host, answer });
        self.line.context().waker().wake_by_ref();
    }

    /// Goes on with all look-ups and takes a finished one out; to be called until `None` when the
    /// line rang.
    pub(super) fn poll(&mut self) -> Option<Resolved> {
        self.line.answer();
        for index in 0..self.pending.len() {
            let answer = self.pending[index].answer.as_mut();
            if let Poll::Ready(result) = answer.poll(&mut self.line.context()) {
                let host = self.pending.remove(index).host;
                return Some((host, judge(result)));
            }
        }
        None
    }
}

/// Asks the system.
async fn lookup(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((host.as_str(), port)).await?.collect())
}

/// An empty answer is no answer.
fn judge(result: io::Result<Vec<SocketAddr>>) -> Result<Vec<SocketAddr>, CloseCause> {
    match result {
        Ok(addrs) if addrs.is_empty() => Err(CloseCause::NotFound("it has no address".into())),
        Ok(addrs) => Ok(addrs),
        Err(error) => Err(CloseCause::NotFound(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_is_an_error() {
        assert!(matches!(judge(Ok(Vec::new())), Err(CloseCause::NotFound(_))));
        let addr = SocketAddr::from(([127, 0, 0, 1], 9092));
        assert_eq!(judge(Ok(vec![addr])), Ok(vec![addr]));
        assert_eq!(
            judge(Err(io::Error::other("no such name"))),
            Err(CloseCause::NotFound("no such name".into()))
        );
    }
}
