//! What happens to bytes and connections.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener};
use std::sync::mpsc;

use super::puppet::{Order, Puppet, Saw};
use super::{any, connect, echo_server, listening, next, puppet, read};
use crate::base::{CloseCause, ConnectionId, ListenerIndex, Rng, SocketOptions};
use crate::host::shell::{bind, spawn_server};

/// Bytes that differ by seed and place.
fn pattern(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    Rng::new(seed).fill(&mut bytes);
    bytes
}

#[tokio::test]
async fn bytes_come_back_whole_however_they_are_split() {
    let (server, addr) = echo_server(1);
    for seed in 0..20 {
        let mut shell = puppet(seed);
        let conn = connect(&mut shell, 0, addr);
        assert_eq!(next(&mut shell).await, Saw::Connected(conn));
        let sent = pattern(seed, 300_000);
        for part in sent.chunks(70_001) {
            shell.command(Order::Write(conn, part.to_vec()));
        }
        assert!(read(&mut shell, conn, sent.len()).await == sent, "seed {seed}");
    }
    server.send(Order::Finish).unwrap();
    server.join().unwrap();
}

/// With the smallest buffers the system grants, a large write can't be taken at once: the stream is
/// blocked and becomes writable, again and again, while both directions move.
#[tokio::test]
async fn a_large_transfer_survives_short_writes() {
    let (server, addr) = echo_server(2);
    let mut shell = puppet(2);
    let conn = ConnectionId(0);
    let small = SocketOptions { send_buffer: Some(4_096), receive_buffer: Some(4_096) };
    shell.command(Order::Connect(conn, addr, small));
    let sent = pattern(2, 16 << 20);
    assert_eq!(next(&mut shell).await, Saw::Connected(conn));
    shell.command(Order::Write(conn, sent.clone()));
    let (mut got, mut unblocked, mut short_writes) = (Vec::new(), 0, 0);
    shell
        .run_until(|saw| {
            match saw {
                Saw::Read(_, bytes) => got.extend(bytes),
                Saw::Writable(_) => unblocked += 1,
                Saw::Written { short, .. } => short_writes = short,
                other => panic!("{other:?}"),
            }
            (got.len() == sent.len()).then_some(())
        })
        .await
        .unwrap();
    assert!(got == sent);
    assert!(short_writes > 0);
    assert_eq!(short_writes, unblocked, "every block ended");
    drop(server);
}

#[tokio::test]
async fn a_thousand_streams_keep_their_bytes_apart() {
    let (server, addr) = echo_server(3);
    let mut shell = puppet(3);
    for id in 0..1_000 {
        connect(&mut shell, id, addr);
    }
    let mut up = 0;
    let all_up = |saw| {
        assert!(matches!(saw, Saw::Connected(_)), "{saw:?}");
        up += 1;
        (up == 1_000).then_some(())
    };
    shell.run_until(all_up).await.unwrap();
    for id in 0..1_000 {
        shell.command(Order::Write(ConnectionId(id), pattern(id, 5_000)));
    }
    let mut got = BTreeMap::<_, Vec<u8>>::new();
    let mut bytes = 0;
    let all_back = |saw| {
        if let Saw::Read(conn, more) = saw {
            bytes += more.len();
            got.entry(conn).or_default().extend(more);
        }
        (bytes == 5_000_000).then_some(())
    };
    shell.run_until(all_back).await.unwrap();
    for id in 0..1_000 {
        assert!(got[&ConnectionId(id)] == pattern(id, 5_000), "stream {id}");
    }
    drop(server);
}

#[tokio::test]
async fn a_port_where_nothing_listens_refuses() {
    let (bound, addr) = listening();
    drop(bound);
    let mut shell = puppet(4);
    let conn = connect(&mut shell, 7, addr);
    assert_eq!(next(&mut shell).await, Saw::Closed(conn, CloseCause::Refused));
}

#[tokio::test]
async fn the_end_of_the_peers_bytes_is_told_after_them() {
    let listener = TcpListener::bind(any()).unwrap();
    let mut shell = puppet(5);
    let conn = connect(&mut shell, 0, listener.local_addr().unwrap());
    assert_eq!(next(&mut shell).await, Saw::Connected(conn));
    let (mut peer, _) = listener.accept().unwrap();
    peer.write_all(&pattern(5, 500_000)).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    let mut got = Vec::new();
    let end = shell.run_until(|saw| match saw {
        Saw::Read(_, bytes) => {
            got.extend(bytes);
            None
        }
        other => Some(other),
    });
    assert_eq!(end.await, Some(Saw::Closed(conn, CloseCause::PeerClosed)));
    assert!(got == pattern(5, 500_000));
}

/// The peer answers and goes without reading on, which resets the stream. The next write fails, but
/// the answer lies in the socket: it must be told before the end is.
#[tokio::test]
async fn an_answer_before_a_reset_still_counts() {
    let listener = TcpListener::bind(any()).unwrap();
    let mut shell = puppet(6);
    let conn = connect(&mut shell, 0, listener.local_addr().unwrap());
    assert_eq!(next(&mut shell).await, Saw::Connected(conn));
    let (mut peer, _) = listener.accept().unwrap();
    shell.command(Order::Write(conn, b"first".to_vec()));
    let written = |saw| matches!(saw, Saw::Written { .. }).then_some(());
    shell.run_until(written).await.unwrap();
    // The byte that is read tells that the others are there, too; leaving them resets.
    peer.read_exact(&mut [0; 1]).unwrap();
    peer.write_all(b"answer").unwrap();
    drop(peer);
    shell.command(Order::Write(conn, b"second".to_vec()));
    let mut got = Vec::new();
    let end = shell.run_until(|saw| match saw {
        Saw::Read(_, bytes) => {
            got.extend(bytes);
            None
        }
        Saw::Closed(..) => Some(saw),
        _ => None,
    });
    assert_eq!(end.await, Some(Saw::Closed(conn, CloseCause::Reset)));
    assert_eq!(got, b"answer");
}

#[tokio::test]
async fn a_closed_stream_is_heard_of_no_more() {
    let (bound, addr) = listening();
    let (tell, told) = mpsc::channel();
    let report = move |saw| tell.send(saw).unwrap();
    let server = spawn_server("server", bound, || Puppet::new(7), report).unwrap();
    let mut shell = puppet(7);
    let first = connect(&mut shell, 0, addr);
    assert_eq!(next(&mut shell).await, Saw::Connected(first));
    let Saw::Accepted(theirs, ListenerIndex(0)) = told.recv().unwrap() else { panic!() };
    // The server's bytes and the close cross; the puppet fails on any input for a gone stream.
    server.send(Order::Write(theirs, pattern(7, 100_000))).unwrap();
    shell.command(Order::Close(first));
    let second = connect(&mut shell, 1, addr);
    assert_eq!(next(&mut shell).await, Saw::Connected(second));
    let ended = told.iter().find(|saw| matches!(saw, Saw::Closed(..))).unwrap();
    let Saw::Closed(conn, _) = ended else { panic!() };
    assert_eq!(conn, theirs);
}

#[tokio::test]
async fn every_listener_has_its_index() {
    let bound = bind(&[any(), any(), any()]).unwrap();
    let addrs = bound.local_addrs().to_vec();
    let (tell, told) = mpsc::channel();
    let report = move |saw| tell.send(saw).unwrap();
    let server = spawn_server("server", bound, || Puppet::new(8), report).unwrap();
    for index in [2_u32, 0, 1] {
        let mut shell = puppet(8);
        connect(&mut shell, 0, addrs[index as usize]);
        next(&mut shell).await;
        let accepted = told.iter().find(|saw| matches!(saw, Saw::Accepted(..))).unwrap();
        assert!(matches!(accepted, Saw::Accepted(_, ListenerIndex(found)) if found == index));
    }
    drop(server);
}

#[tokio::test]
async fn names_become_addresses_or_a_cause() {
    let mut shell = puppet(9);
    shell.command(Order::Resolve("127.0.0.1", 9_092));
    let expected = vec!["127.0.0.1:9092".parse().unwrap()];
    assert_eq!(next(&mut shell).await, Saw::Resolved("127.0.0.1".into(), Ok(expected)));
    shell.command(Order::Resolve("::1", 1));
    let expected = vec!["[::1]:1".parse().unwrap()];
    assert_eq!(next(&mut shell).await, Saw::Resolved("::1".into(), Ok(expected)));
    // No resolver is asked for a name with a NUL in it.
    shell.command(Order::Resolve("no\0name", 1));
    let Saw::Resolved(host, Err(CloseCause::NotFound(_))) = next(&mut shell).await else {
        panic!("it has no address")
    };
    assert_eq!(host, "no\0name");
}

/// A machine whose deadline is always in the past keeps the loop going round; the reactor has its
/// turn all the same, or the answers would never come in.
#[tokio::test]
async fn a_saturated_machine_still_reads() {
    let (server, addr) = echo_server(10);
    let mut shell = puppet(10);
    shell.command(Order::Saturate);
    let conn = connect(&mut shell, 0, addr);
    assert_eq!(next(&mut shell).await, Saw::Connected(conn));
    shell.command(Order::Write(conn, pattern(10, 1 << 20)));
    assert!(read(&mut shell, conn, 1 << 20).await == pattern(10, 1 << 20));
    let stats = shell.stats().snapshot();
    assert!(stats.turns > 0 && stats.busy_nanos > 0);
    assert_eq!(stats.lag_count(), 0, "no deadline lay ahead");
    drop(server);
}
