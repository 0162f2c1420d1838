//! One TCP stream: connecting, reading, writing, and what its errors mean.
//!
//! Cost class: per request. A read or write that comes up short marks the socket as exhausted at
//! once, which saves the second system call that would only say so; the kernel's next edge undoes
//! it.

use core::future::Future;
use core::pin::Pin;
use core::task::Poll;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::Interest;
use tokio::net::{TcpSocket, TcpStream};

use super::wake::{Hub, Line, Token};
use crate::base::{CloseCause, ConnectionId, SocketOptions};

/// A stream of the machine and the line on which it rings.
pub(super) struct Stream {
    state: State,
    line: Line,
    /// Whether the last write was short, so that the machine waits for `handle_writable`.
    blocked: bool,
    /// Why a write failed; the stream goes once all that has arrived is read.
    broken: Option<CloseCause>,
}

enum State {
    Connecting(Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>),
    Open(TcpStream),
}

/// What a read brought.
pub(super) enum Read {
    /// This many bytes, 1 or more.
    Bytes(usize),
    /// Nothing now; the line rings when there is more.
    Nothing,
    /// The end of the stream.
    Closed(CloseCause),
}

impl Stream {
    /// A stream that connects once it is polled.
    pub(super) fn connect(
        id: ConnectionId,
        addr: SocketAddr,
        options: SocketOptions,
        hub: &Arc<Hub>,
    ) -> Self {
        let state = State::Connecting(Box::pin(connect(addr, options)));
        Self::new(id, state, hub)
    }

    /// A stream that a peer opened.
    pub(super) fn accepted(id: ConnectionId, stream: TcpStream, hub: &Arc<Hub>) -> Self {
        Self::new(id, State::Open(stream), hub)
    }

    fn new(id: ConnectionId, state: State, hub: &Arc<Hub>) -> Self {
        Self { state, line: Line::new(Token::Stream(id), hub), blocked: false, broken: None }
    }

    /// To be called before looking at the stream after it rang.
    pub(super) fn answer(&self) {
        self.line.answer();
    }

    /// Whether it still connects.
    pub(super) const fn is_connecting(&self) -> bool {
        matches!(self.state, State::Connecting(_))
    }

    /// Goes on connecting.
    pub(super) fn poll_connect(&mut self) -> Poll<Result<(), CloseCause>> {
        let State::Connecting(attempt) = &mut self.state else {
            return Poll::Ready(Ok(()));
        };
        match attempt.as_mut().poll(&mut self.line.context()) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(stream)) => {
                self.state = State::Open(stream);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(cause(&error))),
        }
    }

    /// Reads what has arrived, up to the length of `buffer`.
    pub(super) fn read(&self, buffer: &mut [u8]) -> Read {
        let State::Open(stream) = &self.state else {
            return Read::Nothing;
        };
        loop {
            match read_once(stream, buffer) {
                Ok(0) => return Read::Closed(CloseCause::PeerClosed),
                Ok(len) => return Read::Bytes(len),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Read::Closed(cause(&error)),
            }
            match stream.poll_read_ready(&mut self.line.context()) {
                Poll::Pending => return Read::Nothing,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Read::Closed(cause(&error)),
            }
        }
    }

    /// Writes as much of `parts`, `offered` bytes in all, as the stream takes. Fewer: it is blocked
    /// or broken.
    pub(super) fn write(&mut self, parts: &[IoSlice<'_>], offered: usize) -> usize {
        let State::Open(stream) = &self.state else {
            return 0;
        };
        let len = loop {
            match write_once(stream, parts, offered) {
                Ok(len) => break len,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    if error.kind() != ErrorKind::WouldBlock {
                        self.broken = Some(cause(&error));
                    }
                    break 0;
                }
            }
        };
        self.blocked = len < offered;
        len
    }

    /// Why a write failed, if one did.
    pub(super) const fn broken(&self) -> Option<&CloseCause> {
        self.broken.as_ref()
    }

    /// Whether the machine waits for this stream to take bytes again.
    pub(super) const fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// Whether a blocked stream takes bytes again. If not, the line rings when it does.
    pub(super) fn takes_bytes(&self) -> bool {
        // An error counts as taking them: the next write shows it, with its cause.
        match &self.state {
            State::Connecting(_) => false,
            State::Open(stream) => stream.poll_write_ready(&mut self.line.context()).is_ready(),
        }
    }

    /// The machine is told that it may write again.
    pub(super) const fn unblock(&mut self) {
        self.blocked = false;
    }
}

/// Opens a connection. Nagle's algorithm is off, as in Kafka's clients: requests are whole when
/// they are written.
async fn connect(addr: SocketAddr, options: SocketOptions) -> io::Result<TcpStream> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Before connecting: the window scale is agreed on in the first packets.
    if let Some(bytes) = options.send_buffer {
        socket.set_send_buffer_size(bytes)?;
    }
    if let Some(bytes) = options.receive_buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    socket.set_nodelay(true)?;
    let stream = socket.connect(addr).await?;
    // Towards a free port of this machine's own range the kernel may pick that very port as the
    // source and connect the socket to itself; to the machine nothing listens there.
    if stream.local_addr()? == stream.peer_addr()? {
        return Err(ErrorKind::ConnectionRefused.into());
    }
    Ok(stream)
}

/// One read. When it leaves room in `buffer`, nothing more is there: tokio is told so by a
/// `WouldBlock`, and readiness noted before the call is taken back (never a newer one, even if
/// another thread runs the reactor).
fn read_once(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    let mut short = None;
    let result = stream.try_io(Interest::READABLE, || {
        let len = stream.try_read(buffer)?;
        if len == 0 || len == buffer.len() {
            return Ok(len);
        }
        short = Some(len);
        Err(ErrorKind::WouldBlock.into())
    });
    short.map_or(result, Ok)
}

/// One write; a short one takes readiness back as [`read_once`] does.
fn write_once(stream: &TcpStream, parts: &[IoSlice<'_>], offered: usize) -> io::Result<usize> {
    let mut short = None;
    let result = stream.try_io(Interest::WRITABLE, || {
        let len = stream.try_write_vectored(parts)?;
        if len == offered {
            return Ok(len);
        }
        short = Some(len);
        Err(ErrorKind::WouldBlock.into())
    });
    short.map_or(result, Ok)
}

/// A system error in the machine's words.
pub(super) fn cause(error: &io::Error) -> CloseCause {
    match error.kind() {
        ErrorKind::ConnectionRefused => CloseCause::Refused,
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::NotConnected => CloseCause::Reset,
        ErrorKind::UnexpectedEof => CloseCause::PeerClosed,
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable
        | ErrorKind::TimedOut => CloseCause::Unreachable(error.to_string()),
        _ => CloseCause::Other(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_words() {
        assert_eq!(cause(&ErrorKind::ConnectionRefused.into()), CloseCause::Refused);
        assert_eq!(cause(&ErrorKind::BrokenPipe.into()), CloseCause::Reset);
        assert_eq!(cause(&ErrorKind::ConnectionReset.into()), CloseCause::Reset);
        let unreachable = cause(&ErrorKind::HostUnreachable.into());
        assert!(matches!(unreachable, CloseCause::Unreachable(_)));
        let other = cause(&io::Error::other("too many open files"));
        assert_eq!(other, CloseCause::Other("too many open files".into()));
    }
}
