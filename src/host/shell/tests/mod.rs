//! Shells and workers over the loopback. Nothing here sleeps or judges how long something took.

mod puppet;
mod streams;
mod work;

use std::net::SocketAddr;

use super::{Bound, Shell, Worker, bind, spawn_server};
use crate::base::{ConnectionId, SocketOptions};
use puppet::{Order, Puppet, Saw};

/// An address of this machine with any free port.
fn any() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// One listening socket and its address.
fn listening() -> (Bound, SocketAddr) {
    let bound = bind(&[any()]).unwrap();
    let addr = bound.local_addrs()[0];
    (bound, addr)
}

/// A server that writes back what it reads, and where it is.
fn echo_server(seed: u64) -> (Worker<Order>, SocketAddr) {
    let (bound, addr) = listening();
    let worker = spawn_server("echo", bound, move || Puppet::echo(seed), drop).unwrap();
    (worker, addr)
}

/// A puppet on the test's own runtime.
fn puppet(seed: u64) -> Shell<Puppet> {
    Shell::new(Puppet::new(seed)).unwrap()
}

/// Tells `shell` to connect stream `id`, with the system's own buffers.
fn connect(shell: &mut Shell<Puppet>, id: u64, addr: SocketAddr) -> ConnectionId {
    let conn = ConnectionId(id);
    shell.command(Order::Connect(conn, addr, SocketOptions::default()));
    conn
}

/// Runs `shell` until it sees something other than bytes and writes.
async fn next(shell: &mut Shell<Puppet>) -> Saw {
    let event = |saw| match saw {
        Saw::Read(..) | Saw::Written { .. } | Saw::Writable(_) => None,
        other => Some(other),
    };
    shell.run_until(event).await.expect("it isn't done")
}

/// Runs `shell` until `len` bytes have come in on `conn`.
async fn read(shell: &mut Shell<Puppet>, conn: ConnectionId, len: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let collect = |saw| {
        if let Saw::Read(from, more) = saw {
            assert_eq!(from, conn);
            bytes.extend(more);
        }
        (bytes.len() >= len).then(|| core::mem::take(&mut bytes))
    };
    shell.run_until(collect).await.expect("it isn't done")
}
