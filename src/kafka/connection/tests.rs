//! One connection against a peer whose bytes are made by hand; time is plain numbers.

use std::collections::VecDeque;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::base::{BrokerId, CloseCause, ConnectionId, Instant, Slices};
use crate::kafka::wire::api_versions::{ApiVersion, ApiVersionsResponse};
use crate::kafka::wire::frame::{encode_request, encode_response};
use crate::kafka::wire::metadata::{MetadataRequest, MetadataResponse};
use crate::kafka::wire::{ApiKey, ErrorCode, Reader, RequestHeader};
use core::time::Duration;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const fn at(ms: u64) -> Instant {
    Instant::from_nanos(ms * 1_000_000)
}

/// A request of two pieces.
#[derive(Debug)]
struct Probe {
    name: u32,
    silent: bool,
    frame: Vec<u8>,
}

impl Probe {
    const fn new(name: u32) -> Self {
        Self { name, silent: false, frame: Vec::new() }
    }
}

impl Request for Probe {
    fn api(&self) -> ApiKey {
        ApiKey::Metadata
    }

    fn expects_response(&self) -> bool {
        !self.silent
    }

    fn prepare(&mut self, header: &RequestHeader) {
        self.frame.clear();
        encode_request(header, &MetadataRequest::default(), &mut self.frame);
    }

    fn len(&self) -> usize {
        self.frame.len()
    }

    fn gather<'a>(&'a self, mut skip: usize, slices: &mut Slices<'a>) {
        let (first, second) = self.frame.split_at(7);
        let _ = slices.push_after(first, &mut skip) && slices.push_after(second, &mut skip);
    }
}

/// A connection with all it has said and written.
struct Scene {
    connection: Connection<Probe>,
    events: VecDeque<Event<Probe>>,
    written: Vec<u8>,
}

const SETTINGS: Settings = Settings {
    max_in_flight: 3,
    request_timeout: ms(1_000),
    max_idle: Some(ms(60_000)),
    max_answer: MAX_ANSWER,
};

impl Scene {
    fn connecting() -> Self {
        let id = (ConnectionId(7), BrokerId(1));
        let connection = Connection::new(id.0, id.1, SETTINGS, "client", ms(500), at(0));
        Self { connection, events: VecDeque::new(), written: Vec::new() }
    }

    /// Handshaken at 10 ms with a broker that offers everything up to these versions.
    fn ready() -> Self {
        let mut scene = Self::connecting();
        scene.connection.connected(at(10));
        let header = scene.flush(10);
        scene.answer_versions(header.correlation, header.version, 10);
        assert!(matches!(scene.events.pop_front(), Some(Event::Ready)));
        scene
    }

    /// Lets the stream take everything and returns the last request's header.
    fn flush(&mut self, now: u64) -> RequestHeader {
        while self.take(usize::MAX, now) > 0 {}
        self.header()
    }

    /// Lets the stream take up to `most` bytes of one offer.
    fn take(&mut self, most: usize, now: u64) -> usize {
        let slices = self.connection.gather();
        let offered: Vec<u8> = slices.as_io().iter().flat_map(|part| part.to_vec()).collect();
        let len = offered.len().min(most);
        self.written.extend_from_slice(&offered[..len]);
        if !offered.is_empty() {
            self.connection.written(len, at(now), &mut self.events);
        }
        len
    }

    /// The header of the one request written since the last call.
    fn header(&mut self) -> RequestHeader {
        let frame = core::mem::take(&mut self.written);
        let len = usize::try_from(i32::from_be_bytes(*frame.first_chunk().unwrap())).unwrap();
        assert_eq!(frame.len(), len + 4, "one whole request");
        RequestHeader::decode(&mut Reader::new(&frame[4..])).unwrap()
    }

    fn read(&mut self, bytes: &[u8], now: u64) -> Result<(), Fault> {
        self.connection.read(bytes, at(now), &mut self.events)
    }

    fn answer_versions(&mut self, correlation: i32, version: i16, now: u64) {
        let mut frame = Vec::new();
        encode_response(correlation, version, &versions(ErrorCode::NONE), &mut frame);
        self.read(&frame, now).unwrap();
    }

    fn send(&mut self, name: u32, now: u64) {
        let version = self.connection.versions().choose(ApiKey::Metadata).unwrap();
        self.connection.send(Probe::new(name), version, at(now));
    }
}

fn versions(error_code: ErrorCode) -> ApiVersionsResponse {
    let row = |api: ApiKey| ApiVersion {
        api_key: api.code(),
        min_version: *api.client_versions().start(),
        max_version: *api.client_versions().end(),
    };
    let api_keys = ApiKey::ALL.iter().map(|api| row(*api)).collect();
    ApiVersionsResponse { error_code, api_keys, ..ApiVersionsResponse::default() }
}

/// An answer to a metadata request; its content doesn't matter to a connection.
fn answer(header: &RequestHeader) -> Vec<u8> {
    let mut frame = Vec::new();
    let response = MetadataResponse::default();
    encode_response(header.correlation, header.version, &response, &mut frame);
    frame
}

#[test]
fn the_handshake_asks_in_the_newest_version_first() {
    let mut scene = Scene::connecting();
    assert!(!scene.connection.wants_write());
    scene.connection.connected(at(10));
    let header = scene.flush(10);
    assert_eq!(header.api, ApiKey::ApiVersions);
    assert_eq!(header.version, *ApiKey::ApiVersions.client_versions().end());
    assert_eq!(header.client_id.as_deref(), Some("client"));
    assert!(!scene.connection.can_send(at(10)));
    scene.answer_versions(header.correlation, header.version, 11);
    assert!(matches!(scene.events.pop_front(), Some(Event::Ready)));
    assert!(scene.connection.can_send(at(11)));
}

#[test]
fn an_old_broker_is_asked_again_in_a_version_it_lists_or_in_version_0() {
    for (listed, then) in [(Some(2), 2), (Some(99), -1), (None, 0)] {
        let mut scene = Scene::connecting();
        scene.connection.connected(at(10));
        let first = scene.flush(10);
        let mut response = ApiVersionsResponse {
            error_code: ErrorCode::UNSUPPORTED_VERSION,
            ..ApiVersionsResponse::default()
        };
        response.api_keys.extend(listed.map(|max_version| ApiVersion {
            api_key: ApiKey::ApiVersions.code(),
            min_version: 0,
            max_version,
        }));
        let mut frame = Vec::new();
        encode_response(first.correlation, 0, &response, &mut frame);
        let outcome = scene.read(&frame, 11);
        if then < 0 {
            // A broker that lists the version it has just refused can't be helped.
            assert_eq!(outcome, Err(Fault::HandshakeRefused(ErrorCode::UNSUPPORTED_VERSION)));
            continue;
        }
        outcome.unwrap();
        let second = scene.flush(11);
        assert_eq!((second.api, second.version), (ApiKey::ApiVersions, then));
        scene.answer_versions(second.correlation, second.version, 12);
        assert!(scene.connection.can_send(at(12)));
    }
}

#[test]
fn another_error_in_the_handshake_is_the_brokers_refusal() {
    let mut scene = Scene::connecting();
    scene.connection.connected(at(10));
    let header = scene.flush(10);
    let mut frame = Vec::new();
    let refusal = versions(ErrorCode(58));
    encode_response(header.correlation, header.version, &refusal, &mut frame);
    assert_eq!(scene.read(&frame, 11), Err(Fault::HandshakeRefused(ErrorCode(58))));
}

#[test]
fn a_request_written_byte_by_byte_arrives_whole_and_holds_back_the_next() {
    let mut scene = Scene::ready();
    scene.send(1, 20);
    for _ in 0.. {
        assert!(!scene.connection.can_send(at(20)), "the last request isn't wholly written");
        if scene.take(1, 20) == 0 {
            panic!("blocked only by a short write");
        }
        if scene.connection.can_send(at(20)) {
            break;
        }
        assert!(!scene.connection.wants_write(), "a short write blocks");
        assert_eq!(scene.take(1, 20), 0);
        scene.connection.writable();
    }
    let header = scene.header();
    assert_eq!(header.api, ApiKey::Metadata);
    scene.send(2, 21);
    assert_eq!(scene.flush(21).correlation, header.correlation + 1);
}

#[test]
fn answers_cut_anywhere_come_back_in_order_with_their_times() {
    let mut scene = Scene::ready();
    let mut bytes = Vec::new();
    for name in 1..=3 {
        scene.send(name, 20);
        bytes.extend(answer(&scene.flush(21)));
    }
    assert!(!scene.connection.can_send(at(21)), "three are in flight");
    for byte in bytes {
        scene.read(&[byte], 30).unwrap();
    }
    for name in 1..=3 {
        let Some(Event::Answered(answered)) = scene.events.pop_front() else {
            panic!("an answer");
        };
        assert_eq!(answered.request.name, name);
        assert_eq!((answered.drained, answered.written, answered.read), (at(20), at(21), at(30)));
        let mut reader = Reader::new(&answered.body);
        crate::kafka::wire::Message::decode(&mut reader, answered.version)
            .map(|_: MetadataResponse| ())
            .unwrap();
        assert_eq!(reader.remaining(), 0);
    }
    assert_eq!(scene.connection.in_flight(), 0);
}

#[test]
fn an_answer_that_is_not_the_oldest_requests_ends_the_connection() {
    let mut scene = Scene::ready();
    scene.send(1, 20);
    let mut header = scene.flush(20);
    let expected = Some(header.correlation);
    header.correlation += 1;
    let found = header.correlation;
    assert_eq!(scene.read(&answer(&header), 21), Err(Fault::Correlation { expected, found }));
    let mut idle = Scene::ready();
    assert_eq!(idle.read(&answer(&header), 21), Err(Fault::Correlation { expected: None, found }));
}

#[test]
fn an_answer_before_the_request_is_written_is_a_lie() {
    let mut scene = Scene::ready();
    scene.send(1, 20);
    scene.take(5, 20);
    let header =
        RequestHeader { api: ApiKey::Metadata, version: 1, correlation: 1, client_id: None };
    let fault = scene.read(&answer(&header), 21).unwrap_err();
    assert!(matches!(fault, Fault::Correlation { .. }), "{fault:?}");
}

#[test]
fn a_request_may_take_the_whole_timeout_and_not_a_nanosecond_more() {
    let mut scene = Scene::ready();
    scene.send(1, 20);
    scene.flush(20);
    assert_eq!(scene.connection.deadline(), Some(at(1_020).plus_nanos(1)));
    assert_eq!(scene.connection.timeout(at(1_020)), Ok(()));
    assert_eq!(
        scene.connection.timeout(at(1_020).plus_nanos(1)),
        Err(Fault::RequestTimeout { api: ApiKey::Metadata, after: ms(1_000) })
    );
}

#[test]
fn a_throttle_time_stops_sending_and_extends_what_is_in_flight() {
    let mut scene = Scene::ready();
    scene.send(1, 20);
    let header = scene.flush(20);
    let Scene { connection, events, .. } = &mut scene;
    connection.throttle(ApiKey::Metadata, header.version, ms(300), at(30), events);
    // A shorter one later never moves the end back.
    connection.throttle(ApiKey::Metadata, header.version, ms(100), at(31), events);
    assert_eq!(connection.deadline(), Some(at(330)));
    assert!(!connection.can_send(at(329)));
    assert!(connection.can_send(at(330)));
    connection.timeout(at(330)).unwrap();
    assert_eq!(connection.deadline(), Some(at(1_420).plus_nanos(1)));
    assert!(matches!(events.pop_front(), Some(Event::Throttled(span)) if span == ms(300)));
    // Answers are still read.
    scene.read(&answer(&header), 40).unwrap();
}

#[test]
fn a_throttle_time_of_an_old_version_is_only_reported() {
    let mut scene = Scene::ready();
    let Scene { connection, events, .. } = &mut scene;
    connection.throttle(ApiKey::Produce, 5, ms(300), at(30), events);
    assert!(connection.can_send(at(30)));
    assert_eq!(events.len(), 1);
    connection.throttle(ApiKey::Produce, 6, ms(300), at(30), events);
    assert!(!connection.can_send(at(30)));
}

#[test]
fn a_request_without_an_answer_is_complete_when_it_is_written() {
    let mut scene = Scene::ready();
    let mut request = Probe::new(1);
    request.silent = true;
    scene.connection.send(request, 9, at(20));
    scene.take(5, 21);
    assert!(scene.events.is_empty());
    assert_eq!(scene.connection.in_flight(), 1);
    scene.connection.writable();
    scene.flush(22);
    let Some(Event::Answered(answered)) = scene.events.pop_front() else {
        panic!("complete");
    };
    assert_eq!(answered.body, Bytes::new());
    assert_eq!((answered.written, answered.read), (at(22), at(22)));
    assert_eq!(scene.connection.in_flight(), 0);
}

#[test]
fn setting_up_has_its_own_timeout_until_the_handshake_is_written() {
    let mut scene = Scene::connecting();
    assert_eq!(scene.connection.deadline(), Some(at(500)));
    assert_eq!(scene.connection.timeout(at(499)), Ok(()));
    assert_eq!(scene.connection.timeout(at(500)), Err(Fault::SetupTimeout(ms(500))));
    scene.connection.connected(at(400));
    assert_eq!(scene.connection.timeout(at(500)), Err(Fault::SetupTimeout(ms(500))));
    scene.flush(450);
    assert_eq!(scene.connection.timeout(at(500)), Ok(()));
    // A port that accepts and never answers.
    assert_eq!(scene.connection.deadline(), Some(at(1_400).plus_nanos(1)));
    assert_eq!(
        scene.connection.timeout(at(1_401)),
        Err(Fault::RequestTimeout { api: ApiKey::ApiVersions, after: ms(1_000) })
    );
    assert_eq!(scene.connection.phase(), Phase::Handshaking);
}

#[test]
fn a_connection_without_use_goes_after_its_idle_time() {
    let mut scene = Scene::ready();
    assert_eq!(scene.connection.deadline(), Some(at(60_010)));
    scene.send(1, 20);
    let header = scene.flush(20);
    assert_eq!(scene.connection.deadline(), Some(at(1_020).plus_nanos(1)));
    scene.read(&answer(&header), 500).unwrap();
    assert_eq!(scene.connection.timeout(at(60_499)), Ok(()));
    assert_eq!(scene.connection.timeout(at(60_500)), Err(Fault::Idle));
}

#[test]
fn servers_of_other_kinds_are_told_by_their_first_bytes() {
    let alert = Foreign::Tls { alert: true };
    let http = Foreign::Http("HTTP/1.1 400 Bad Request".to_owned());
    for (bytes, foreign) in [
        (&b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"[..], http),
        (&[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46], alert),
        (b"-ERR unknown command\r\n", Foreign::Text("-ERR unknown command".to_owned())),
    ] {
        let mut scene = Scene::connecting();
        scene.connection.connected(at(10));
        scene.flush(10);
        assert_eq!(scene.read(bytes, 11), Err(Fault::Foreign(foreign)));
    }
}

#[test]
fn a_claim_of_two_billion_entries_is_a_malformed_answer() {
    let mut scene = Scene::connecting();
    scene.connection.connected(at(10));
    let header = scene.flush(10);
    let mut body = header.correlation.to_be_bytes().to_vec();
    body.extend([0, 0]); // no error
    body.extend([0x80, 0xca, 0xb5, 0xee, 0x07]); // 2,110,000,000 entries less one
    let mut frame = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
    frame.extend(body);
    let fault = scene.read(&frame, 11).unwrap_err();
    let Fault::Malformed { api: ApiKey::ApiVersions, version, why } = fault else {
        panic!("{fault:?}");
    };
    assert_eq!(version, header.version);
    assert!(why.contains("impossible"), "{why}");
}

#[test]
fn what_is_lost_comes_back_oldest_first_and_says_whether_it_may_have_arrived() {
    let lose = |taken: usize, outstanding: bool| {
        let mut scene = Scene::ready();
        scene.send(1, 20);
        scene.flush(20);
        scene.send(2, 21);
        scene.take(taken, 21);
        if outstanding {
            scene.connection.writable();
            let _offered = scene.connection.gather();
        }
        let lost: Vec<(u32, bool)> = scene
            .connection
            .lost()
            .map(|lost| match lost {
                Lost::Theirs { request, maybe_written, .. } => (request.name, maybe_written),
                Lost::Own(api) => panic!("{api:?}"),
            })
            .collect();
        lost
    };
    assert_eq!(lose(5, false), [(1, true), (2, false)]);
    assert_eq!(lose(5, true), [(1, true), (2, true)]);
    assert_eq!(lose(usize::MAX, false), [(1, true), (2, true)]);
}

#[test]
fn a_connection_lost_in_the_handshake_loses_nobodys_request() {
    let mut scene = Scene::connecting();
    scene.connection.connected(at(10));
    let lost: Vec<_> = scene.connection.lost().collect();
    assert!(matches!(lost[..], [Lost::Own(ApiKey::ApiVersions)]), "{lost:?}");
    let fault = Fault::Closed(CloseCause::PeerClosed);
    assert!(!fault.is_timeout());
}

#[test]
fn correlation_ids_jump_over_the_reserved_ones() {
    let mut scene = Scene::ready();
    scene.connection.skip_to_correlation(i32::MAX - 8);
    for expected in [i32::MAX - 8, i32::MIN, i32::MIN + 1] {
        scene.send(1, 20);
        let header = scene.flush(20);
        assert_eq!(header.correlation, expected);
        scene.read(&answer(&header), 20).unwrap();
    }
}

proptest! {
    #[test]
    fn any_bytes_end_in_a_fault_or_in_waiting(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        ready in any::<bool>(),
    ) {
        let mut scene = if ready { Scene::ready() } else { Scene::connecting() };
        if ready {
            scene.send(1, 20);
        } else {
            scene.connection.connected(at(20));
        }
        scene.flush(20);
        let _ = scene.read(&bytes, 21);
    }

    #[test]
    fn any_body_of_a_handshake_answer_ends_in_a_fault_or_in_waiting(
        body in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut scene = Scene::connecting();
        scene.connection.connected(at(20));
        let header = scene.flush(20);
        let mut frame = u32::try_from(body.len() + 4).unwrap().to_be_bytes().to_vec();
        frame.extend(header.correlation.to_be_bytes());
        frame.extend(body);
        let _ = scene.read(&frame, 21);
    }
}
