//! Listening sockets for machines that answer incoming streams.
//!
//! Bound before the machine is built, since a broker must know its ports to tell them to clients.
//! Cost class: per connection.

use core::task::Poll;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

use super::wake::{Hub, Line, Token};
use crate::base::{ConnectionId, Instant, ListenerIndex};

/// Sockets that listen already; their peers wait until a shell takes them over.
#[derive(Debug)]
pub struct Bound {
    sockets: Vec<std::net::TcpListener>,
    addrs: Vec<SocketAddr>,
}

impl Bound {
    /// The addresses in the order asked for, with the ports that the system chose where 0 was
    /// asked.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }
}

/// Listens on all of `addrs`; port 0 lets the system choose. Their places are the machine's
/// [`ListenerIndex`]es.
///
/// # Errors
/// The first address that can't be bound, named in the message with the system's words.
pub fn bind(addrs: &[SocketAddr]) -> io::Result<Bound> {
    let mut bound = Bound { sockets: Vec::new(), addrs: Vec::new() };
    for &addr in addrs {
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot listen on {addr}: {error}"))
        };
        let socket = bind_one(addr).map_err(named)?;
        bound.addrs.push(socket.local_addr().map_err(named)?);
        bound.sockets.push(socket);
    }
    Ok(bound)
}

fn bind_one(addr: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    // A broker that starts again must not wait for its old streams to time out. Windows gives the
    // option another meaning.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// One listening socket of a shell whose machine is an `M`.
pub(super) struct Listener<M> {
    socket: TcpListener,
    line: Line,
    /// The machine's `handle_accepted`; a pointer, because the loop itself asks for no more than a
    /// `Machine`.
    pub(super) accepted: fn(&mut M, ConnectionId, ListenerIndex, Instant),
    /// No descriptor was left for a peer: the socket doesn't ring for it again and is tried once a
    /// wake-up.
    pub(super) starved: bool,
}

/// What a listening socket has to offer.
pub(super) enum Accept {
    /// A peer.
    Peer(TcpStream),
    /// None now; the line rings for the next one.
    Nobody,
    /// One that can't be taken now, most often for lack of descriptors.
    Starved,
}

impl<M> Listener<M> {
    /// Takes bound sockets into the runtime that runs now, numbered from `first`.
    pub(super) fn adopt(
        bound: Bound,
        first: usize,
        accepted: fn(&mut M, ConnectionId, ListenerIndex, Instant),
        hub: &Arc<Hub>,
    ) -> io::Result<Vec<Self>> {
        let sockets = bound.sockets.into_iter().enumerate();
        sockets
            .map(|(index, socket)| {
                let socket = TcpListener::from_std(socket)?;
                let line = Line::new(Token::Listener(first + index), hub);
                line.context().waker().wake_by_ref();
                Ok(Self { socket, line, accepted, starved: false })
            })
            .collect()
    }

    /// To be called before [`Listener::accept`] when it rang.
    pub(super) fn answer(&self) {
        self.line.answer();
    }

    /// Takes the next peer in.
    pub(super) fn accept(&mut self) -> Accept {
        loop {
            match self.socket.poll_accept(&mut self.line.context()) {
                Poll::Pending => return Accept::Nobody,
                // A peer that left already (the option can't be set) is no peer.
                Poll::Ready(Ok((stream, _))) if stream.set_nodelay(true).is_err() => {}
                Poll::Ready(Ok((stream, _))) => return Accept::Peer(stream),
                Poll::Ready(Err(error)) if is_of_the_peer(&error) => {}
                Poll::Ready(Err(_)) => return Accept::Starved,
            }
        }
    }
}

/// Whether an accept failed because of that one peer, so that the next may be fine.
fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

/// How many peers the kernel keeps waiting: a thousand clients may come in the same millisecond.
const BACKLOG: i32 = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_known_before_anything_runs() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let bound = bind(&[any, any]).unwrap();
        let [first, second] = bound.local_addrs() else { panic!("two addresses") };
        assert!(first.port() != 0 && second.port() != 0);
        assert_ne!(first.port(), second.port());

        let error = bind(&[any, *first]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        let text = error.to_string();
        assert!(text.starts_with(&format!("cannot listen on {first}: ")), "{text}");
    }
}
