//! Commands, jobs, deadlines, threads and their ends.

use std::sync::mpsc;
use std::thread;

use super::puppet::{LAST_WORDS, Order, Puppet, Saw, Work};
use super::{any, connect, echo_server, next, puppet, read};
use crate::base::{ConnectionId, SocketOptions};
use crate::host::shell::{WorkerError, bind, clock, spawn, spawn_server};

#[test]
fn commands_arrive_in_order_from_any_thread() {
    let (tell, told) = mpsc::channel();
    let worker = spawn("worker", || Puppet::new(1), move |saw| tell.send(saw).unwrap()).unwrap();
    let mailbox = worker.mailbox();
    let sender = thread::spawn(move || {
        for number in 0..10_000 {
            mailbox.send(Order::Echo(number)).unwrap();
        }
    });
    for number in 0..10_000 {
        assert_eq!(told.recv().unwrap(), Saw::Echo(number));
    }
    sender.join().unwrap();
    worker.send(Order::Finish).unwrap();
    let mailbox = worker.mailbox();
    worker.join().unwrap();
    assert!(mailbox.is_closed());
    assert!(matches!(mailbox.send(Order::Echo(1)), Err(Order::Echo(1))));
}

#[test]
fn stopping_ends_a_machine_that_would_go_on() {
    let (tell, told) = mpsc::channel();
    let worker = spawn("worker", || Puppet::new(2), move |saw| tell.send(saw).unwrap()).unwrap();
    worker.send(Order::Saturate).unwrap();
    worker.send(Order::Echo(1)).unwrap();
    worker.stop();
    worker.join().unwrap();
    assert_eq!(told.iter().collect::<Vec<_>>(), [Saw::Echo(1)], "sent before the stop");

    // Left alone, too: the sink goes when the thread does.
    let (tell, told) = mpsc::channel();
    drop(spawn("worker", || Puppet::new(2), move |saw| tell.send(saw).unwrap()).unwrap());
    assert!(told.recv().is_err());
}

#[test]
fn jobs_without_end_do_not_keep_the_loop_from_its_inputs() {
    let (tell, told) = mpsc::channel();
    let endless = || {
        let mut puppet = Puppet::new(2);
        puppet.reseals = true;
        puppet
    };
    let worker = spawn("worker", endless, move |saw| tell.send(saw).unwrap()).unwrap();
    let work = Work { number: 1, slow: false, fails: false, ran_on: None };
    worker.send(Order::Seal(work)).unwrap();
    for number in 0..3 {
        worker.send(Order::Echo(number)).unwrap();
        assert_eq!(told.recv().unwrap(), Saw::Echo(number));
    }
    worker.stop();
    worker.join().unwrap();
}

/// Goal: with acks=0 no ack is waited for, and yet commands are heard. Method: a machine that
/// always has something to write, and a peer that takes it.
#[test]
fn writes_without_end_do_not_keep_the_loop_from_its_inputs() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let sink = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        std::io::copy(&mut stream, &mut std::io::sink())
    });
    let (tell, told) = mpsc::channel();
    let endless = || {
        let mut puppet = Puppet::new(2);
        puppet.rewrites = true;
        puppet
    };
    let worker = spawn("worker", endless, move |saw| tell.send(saw).unwrap()).unwrap();
    let conn = ConnectionId(1);
    worker.send(Order::Connect(conn, addr, SocketOptions::default())).unwrap();
    assert_eq!(told.recv().unwrap(), Saw::Connected(conn));
    worker.send(Order::Write(conn, vec![7; 64])).unwrap();
    for number in 0..3 {
        worker.send(Order::Echo(number)).unwrap();
        let heard = told.iter().find(|saw| matches!(saw, Saw::Echo(_)));
        assert_eq!(heard, Some(Saw::Echo(number)));
    }
    worker.stop();
    worker.join().unwrap();
    sink.join().unwrap().unwrap();
}

#[test]
fn a_panic_is_a_value_with_its_words() {
    let (tell, told) = mpsc::channel();
    let on_report = move |saw| tell.send(saw).unwrap();
    let worker = spawn("worker-3", || Puppet::new(3), on_report).unwrap();
    worker.send(Order::Panic("the ledger doesn't balance")).unwrap();
    let mailbox = worker.mailbox();
    // What the machine has to say is told before its thread ends.
    assert_eq!(told.iter().collect::<Vec<_>>(), [Saw::Echo(LAST_WORDS)]);
    let error = worker.join().unwrap_err();
    assert_eq!(error.to_string(), "thread worker-3 panicked: the ledger doesn't balance");
    assert!(mailbox.is_closed());
}

#[test]
fn a_machine_that_cannot_be_built_closes_its_mailbox() {
    let build = || -> Puppet { panic!("bad plan {}", 4) };
    let worker = spawn("worker", build, drop).unwrap();
    let mailbox = worker.mailbox();
    let error = worker.join().unwrap_err();
    assert!(matches!(error, WorkerError::Panicked { message, .. } if message == "bad plan 4"));
    assert!(mailbox.is_closed());
}

#[test]
fn a_job_that_panics_ends_its_worker() {
    let worker = spawn("worker", || Puppet::new(5), drop).unwrap();
    for number in 0..3 {
        let work = Work { number, slow: true, fails: number == 1, ran_on: None };
        // The last one may find the loop gone.
        let _ = worker.send(Order::Seal(work));
    }
    let error = worker.join().unwrap_err();
    assert!(matches!(error, WorkerError::Panicked { message, .. } if message == "job 1 fails"));
}

#[tokio::test]
async fn slow_jobs_leave_the_loops_thread_and_all_come_back() {
    let mut shell = puppet(6);
    for number in 0..200 {
        let slow = number % 3 > 0;
        shell.command(Order::Seal(Work { number, slow, fails: false, ran_on: None }));
    }
    let here = thread::current().id();
    let mut numbers = Vec::new();
    for _ in 0..200 {
        let Saw::Sealed(work) = next(&mut shell).await else { panic!("only jobs") };
        assert_eq!(work.slow, work.ran_on.unwrap() != here, "job {}", work.number);
        numbers.push(work.number);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..200).collect::<Vec<_>>());
}

#[tokio::test]
async fn deadlines_come_in_order_and_never_early() {
    let mut shell = puppet(7);
    let start = clock::now();
    // Two in the past, the others up to 10 ms ahead, some of them equal.
    let past = [start, start];
    let ahead = (0..40).map(|i| start.plus_nanos(i / 2 * 500_000));
    let deadlines: Vec<_> = past.into_iter().chain(ahead).collect();
    shell.command(Order::Deadlines(deadlines.iter().copied().collect()));
    for deadline in deadlines {
        let Saw::Timeout(kept, at) = next(&mut shell).await else { panic!("only deadlines") };
        assert_eq!(kept, deadline);
        assert!(at >= deadline);
    }
    let stats = shell.stats().snapshot();
    assert!(stats.lag_count() > 0);
    assert!(stats.lag_nanos >= stats.lag_max_nanos);
    assert!(stats.wakeups <= stats.turns);
}

/// As in a caller's `select!`, where other branches win now and then.
#[tokio::test]
async fn a_run_can_be_dropped_at_any_time_and_taken_up_again() {
    let (server, addr) = echo_server(8);
    let mut shell = puppet(8);
    let conn = connect(&mut shell, 0, addr);
    shell.command(Order::Echo(1));
    let mut got = Vec::new();
    let mut wrote = false;
    while got.len() < 1 << 20 {
        tokio::select! {
            biased;
            saw = shell.run_until(Some) => match saw.unwrap() {
                Saw::Read(_, bytes) => got.extend(bytes),
                Saw::Connected(_) if !wrote => {
                    wrote = true;
                    shell.command(Order::Write(conn, vec![7; 1 << 20]));
                }
                _ => {}
            },
            () = tokio::task::yield_now() => {}
        }
    }
    assert!(got.iter().all(|byte| *byte == 7));
    drop(server);
}

#[tokio::test]
async fn a_run_ends_when_the_machine_is_done() {
    let mut shell = puppet(9);
    shell.command(Order::Echo(1));
    shell.command(Order::Echo(2));
    shell.mailbox().send(Order::Finish).unwrap();
    assert_eq!(shell.run_until(Some).await, Some(Saw::Echo(1)));
    let mut seen = Vec::new();
    shell.run(|saw| seen.push(saw)).await;
    assert_eq!(seen, [Saw::Echo(2)], "what was left over came first");
    assert_eq!(shell.run_until(Some).await, None);
    let mailbox = shell.mailbox();
    drop(shell.into_machine());
    assert!(mailbox.is_closed());
}

/// Two workers talk while a third thread watches their counts.
#[test]
fn counts_can_be_read_while_the_loop_runs() {
    let bound = bind(&[any()]).unwrap();
    let addr = bound.local_addrs()[0];
    let server = spawn_server("server", bound, || Puppet::echo(10), drop).unwrap();
    let before = server.stats().snapshot();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let mut shell = puppet(10);
        let conn = connect(&mut shell, 0, addr);
        next(&mut shell).await;
        shell.command(Order::Write(conn, vec![1; 100_000]));
        read(&mut shell, conn, 100_000).await;
    });
    server.stop();
    let stats = server.stats();
    server.join().unwrap();
    let span = stats.snapshot().since(&before);
    assert!(span.wakeups > 0 && span.busy_nanos > 0);
    #[cfg(target_os = "linux")]
    assert!(span.cpu_nanos > 0, "published at the end at the latest");
}
