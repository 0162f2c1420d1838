//! One connection with requests in flight, told anything in any pieces.
//!
//! It never panics, ends with one fault that has words for it, and then hands back every request
//! that has no answer.

use core::time::Duration;
use std::collections::VecDeque;

use kprod_bench::base::{BrokerId, ConnectionId, Instant, Rng, Slices};
use kprod_bench::kafka::connection::{
    Connection, Event, Fault, Lost, Phase, Problem, Request, Settings,
};
use kprod_bench::kafka::wire::frame::encode_request;
use kprod_bench::kafka::wire::init_producer_id::InitProducerIdRequest;
use kprod_bench::kafka::wire::metadata::MetadataRequest;
use kprod_bench::kafka::wire::{ApiKey, RequestHeader};

use super::{Script, below, noise};

/// The owner's request; knows its number.
#[derive(Debug)]
struct Probe {
    number: u32,
    silent: bool,
    frame: Vec<u8>,
}

impl Request for Probe {
    fn api(&self) -> ApiKey {
        ApiKey::InitProducerId
    }

    fn expects_response(&self) -> bool {
        !self.silent
    }

    fn prepare(&mut self, header: &RequestHeader) {
        self.frame.clear();
        encode_request(header, &InitProducerIdRequest::default(), &mut self.frame);
    }

    fn len(&self) -> usize {
        self.frame.len()
    }

    fn gather<'a>(&'a self, skip: usize, slices: &mut Slices<'a>) {
        slices.push(&self.frame[skip..]);
    }
}

/// What was given and what came back.
#[derive(Default)]
struct Book {
    sent: u32,
    answered: u32,
    own_sent: u32,
    own_answered: u32,
    throttles: u32,
    /// Correlation ids of requests that await an answer; ours follow the handshake's, in order.
    next_correlation: i32,
    awaited: VecDeque<i32>,
}

/// What the connection is told, deed by deed.
pub(crate) fn run(input: &[u8]) {
    let mut script = Script::new(input);
    let mut now = Instant::from_nanos(1_000_000_000);
    let settings = Settings {
        max_in_flight: 1 + usize::from(script.u8() % 5),
        request_timeout: Duration::from_millis(500),
        max_idle: Some(Duration::from_secs(5)),
        max_answer: 10_000,
    };
    let setup = Duration::from_secs(1);
    let node = BrokerId(i32::from(script.u8() % 2) - 1);
    let mut connection = Connection::new(ConnectionId(1), node, settings, "fuzz", setup, now);
    connection.connected(now);
    let mut book = Book { next_correlation: 1, ..Book::default() };
    book.awaited.push_back(0);
    let mut events = VecDeque::new();
    let fault = loop {
        if script.is_over() {
            break Fault::ByUs;
        }
        let told = tell(&mut connection, &mut script, &mut book, &mut now, &mut events);
        settle(&mut events, &mut book);
        if let Err(fault) = told {
            break fault;
        }
    };
    let problem = Problem {
        node,
        host: "broker".to_owned(),
        port: 9092,
        addr: None,
        phase: connection.phase(),
        fault,
    };
    let sentence = problem.to_string();
    assert!(sentence.contains("broker:9092: ") && sentence.len() < 2_000, "{sentence}");
    assert!(!sentence.contains('\n'), "{sentence}");
    let (mut theirs, mut own) = (Vec::new(), 0);
    for lost in connection.lost() {
        match lost {
            Lost::Theirs { request, .. } => theirs.push(request.number),
            Lost::Own(api) => own += u32::from(api == ApiKey::Metadata),
        }
    }
    assert!(theirs.is_sorted(), "oldest first");
    assert_eq!(book.answered + u32::try_from(theirs.len()).expect("a few"), book.sent);
    assert_eq!(book.own_answered + own, book.own_sent);
}

fn settle(events: &mut VecDeque<Event<Probe>>, book: &mut Book) {
    for event in events.drain(..) {
        match event {
            Event::Ready => {}
            Event::Answered(_) => book.answered += 1,
            Event::Own { .. } => book.own_answered += 1,
            Event::Throttled(_) => book.throttles += 1,
        }
    }
}

/// One deed.
fn tell(
    connection: &mut Connection<Probe>,
    script: &mut Script<'_>,
    book: &mut Book,
    now: &mut Instant,
    events: &mut VecDeque<Event<Probe>>,
) -> Result<(), Fault> {
    match script.u8() % 10 {
        0 | 1 => ask(connection, script, book, *now),
        2 | 3 => {
            let offered = connection.gather().bytes();
            // Sometimes less than all of it.
            let take =
                if script.u8().is_multiple_of(4) { usize::from(script.u8()) } else { offered };
            connection.written(take.min(offered), *now, events);
        }
        4 => connection.writable(),
        5 => {
            let len = usize::from(script.u8());
            let raw = script.take(len);
            return if raw.is_empty() { Ok(()) } else { connection.read(raw, *now, events) };
        }
        6 => {
            *now += Duration::from_millis(u64::from(script.u8()));
            if connection.deadline().is_some_and(|at| at <= *now) {
                return connection.timeout(*now);
            }
        }
        7 => {
            let span = Duration::from_millis(u64::from(script.u16()) << (script.u8() % 16));
            connection.throttle(ApiKey::Produce, 9, span, *now, events);
        }
        8 => return handshake(connection, script, book, *now, events),
        _ => {
            let len = usize::from(script.u8());
            return answer(connection, script.take(len), book, script.u8(), *now, events);
        }
    }
    Ok(())
}

fn ask(connection: &mut Connection<Probe>, script: &mut Script<'_>, book: &mut Book, now: Instant) {
    if !connection.can_send(now) {
        return;
    }
    let choice = script.u8();
    if choice.is_multiple_of(4) {
        connection.send_own(&MetadataRequest::default(), 9, now);
        book.own_sent += 1;
    } else {
        let silent = choice % 4 == 1;
        connection.send(Probe { number: book.sent, silent, frame: Vec::new() }, 4, now);
        book.sent += 1;
        if silent {
            book.next_correlation += 1;
            return;
        }
    }
    book.awaited.push_back(book.next_correlation);
    book.next_correlation += 1;
}

/// What a broker offers, with a few of the script's bytes in it.
fn handshake(
    connection: &mut Connection<Probe>,
    script: &mut Script<'_>,
    book: &mut Book,
    now: Instant,
    events: &mut VecDeque<Event<Probe>>,
) -> Result<(), Fault> {
    if connection.phase() != Phase::Handshaking {
        return Ok(());
    }
    let mut body = vec![0, 0, 4];
    for (api, low, high) in [(3i16, 0i16, 12i16), (18, 0, 4), (22, 0, 5)] {
        body.extend([api, low, high].iter().flat_map(|number| number.to_be_bytes()));
        body.push(0);
    }
    body.extend([0, 0, 0, 0, 0]);
    if script.u8().is_multiple_of(4) {
        let at = usize::from(script.u8()) % body.len();
        body[at] = script.u8();
    }
    answer(connection, &body, book, 1, now, events)
}

/// A frame with the oldest request's correlation id, or one beside it, in one or two pieces.
fn answer(
    connection: &mut Connection<Probe>,
    body: &[u8],
    book: &mut Book,
    choice: u8,
    now: Instant,
    events: &mut VecDeque<Event<Probe>>,
) -> Result<(), Fault> {
    let correlation = match choice % 16 {
        0 => book.next_correlation,
        _ => book.awaited.pop_front().unwrap_or(0),
    };
    let length = u32::try_from(body.len() + 4).expect("short");
    let frame = [&length.to_be_bytes()[..], &correlation.to_be_bytes(), body].concat();
    let (first, second) = frame.split_at(usize::from(choice) % frame.len());
    for part in [first, second] {
        if !part.is_empty() {
            connection.read(part, now, events)?;
        }
    }
    Ok(())
}

/// A good handshake, then any deeds.
pub(crate) fn seed(rng: &mut Rng) -> Vec<u8> {
    let len = below(rng, 120);
    let mut input = vec![4, 1, 2, 1, 8, 1];
    for _ in 0..rng.below(6) {
        // A request, written, answered with some bytes.
        let body = below(rng, 12);
        input.extend([0, 2, 2, 1, 9, u8::try_from(body).expect("a few")]);
        input.extend(noise(rng, body));
        input.push(1);
    }
    input.extend(noise(rng, len));
    input
}
