//! One stream to one broker: set-up, requests in flight, answers, time-outs, throttling.
//!
//! Cost class: per request. Invariants: at most one request isn't wholly written, and it is the
//! youngest; answers come in request order; a fault ends the connection, and [`Connection::lost`]
//! then hands back every request in flight, oldest first. The bound of the queue is
//! `max_in_flight`.

use core::time::Duration;
use std::collections::VecDeque;

use bytes::Bytes;

use super::fault::{Fault, Phase};
use super::frames::Frames;
use super::handshake;
use super::request::{Answered, Request};
use super::settings::Settings;
use super::throttle;
use super::versions::Versions;
use crate::base::{BrokerId, ConnectionId, Instant, Slices};
use crate::kafka::wire::frame::encode_request;
use crate::kafka::wire::{ApiKey, Message, Reader, RequestHeader, decode_response_header};

/// What a connection tells its owner while it lives.
#[derive(Debug)]
pub enum Event<R> {
    /// The handshake is over: requests may be sent.
    Ready,
    /// A request is complete.
    Answered(Answered<R>),
    /// A request made by [`Connection::send_own`] is answered.
    Own {
        /// What was asked.
        api: ApiKey,
        /// In which version.
        version: i16,
        /// The answer after its header.
        body: Bytes,
    },
    /// The broker asks for a pause of this length (KIP-219), already observed.
    Throttled(Duration),
}

/// A request that got no answer because its connection ended.
#[derive(Debug)]
pub enum Lost<R> {
    /// The owner's.
    Theirs {
        /// The request.
        request: R,
        /// Whether the broker may have all of it: then it may have acted on it.
        maybe_written: bool,
        /// When the connection took it.
        drained: Instant,
    },
    /// Of [`Connection::send_own`].
    Own(ApiKey),
}

/// One stream's protocol.
#[derive(Debug)]
pub struct Connection<R> {
    id: ConnectionId,
    node: BrokerId,
    settings: Settings,
    phase: Phase,
    /// Until when set-up may last. It ends when ApiVersions is written, as in Java; with a
    /// bootstrap server when it is answered, so that one that accepts and keeps silent doesn't
    /// hold up the others, or the person who waits, for `request.timeout.ms`.
    setup_until: Option<Instant>,
    setup_span: Duration,
    versions: Versions,
    /// Reused for every request; its client id never changes.
    header: RequestHeader,
    next_correlation: i32,
    in_flight: VecDeque<InFlight<R>>,
    /// Bytes written of the youngest request; `None` when it is wholly written.
    writing: Option<Writing>,
    /// The stream took less than offered and has not called back yet.
    blocked: bool,
    throttled_until: Option<Instant>,
    frames: Frames,
    last_active: Instant,
}

#[derive(Debug)]
struct Writing {
    done: usize,
    total: usize,
    /// Bytes of the offer that `written` has not answered yet.
    offered: usize,
}

#[derive(Debug)]
struct InFlight<R> {
    payload: Payload<R>,
    api: ApiKey,
    version: i16,
    correlation: i32,
    drained: Instant,
    written: Instant,
    /// The first instant at which it is too late: the time-out itself is still in time.
    deadline: Instant,
}

#[derive(Debug)]
enum Payload<R> {
    Own(Vec<u8>),
    Theirs(R),
}

impl<R: Request> Connection<R> {
    /// A stream that is being opened; set-up may take `setup` from `since`.
    #[must_use]
    pub fn new(
        id: ConnectionId,
        node: BrokerId,
        settings: Settings,
        client_id: &str,
        setup: Duration,
        since: Instant,
    ) -> Self {
        Self {
            id,
            node,
            phase: Phase::Connecting,
            setup_until: Some(since + setup),
            setup_span: setup,
            versions: Versions::default(),
            header: RequestHeader {
                api: ApiKey::ApiVersions,
                version: 0,
                correlation: 0,
                client_id: Some(client_id.to_owned()),
            },
            next_correlation: 0,
            in_flight: VecDeque::new(),
            writing: None,
            blocked: false,
            throttled_until: None,
            frames: Frames::new(settings.max_answer),
            last_active: since,
            settings,
        }
    }

    /// Gives the next request this correlation id.
    #[cfg(test)]
    pub(super) const fn skip_to_correlation(&mut self, next: i32) {
        self.next_correlation = next;
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> ConnectionId {
        self.id
    }

    /// How far it has come.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Requests taken and not answered yet (acks=0: not wholly written yet).
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// The owner's requests in flight, oldest first, each with the instant at which it was wholly
    /// written (taken, as long as it isn't).
    pub fn in_flight_mut(&mut self) -> impl Iterator<Item = (Instant, &mut R)> {
        self.in_flight.iter_mut().filter_map(|request| match &mut request.payload {
            Payload::Theirs(theirs) => Some((request.written, theirs)),
            Payload::Own(_) => None,
        })
    }

    /// What the broker offers; nothing before the handshake is over.
    #[must_use]
    pub const fn versions(&self) -> &Versions {
        &self.versions
    }

    /// Whether a request may be given to `send` now.
    #[must_use]
    pub fn can_send(&self, now: Instant) -> bool {
        self.phase == Phase::Ready
            && self.writing.is_none()
            && self.in_flight.len() < self.settings.max_in_flight
            && self.throttled_until.is_none_or(|until| until <= now)
    }

    /// Takes a request; `version` comes from [`Versions::choose`].
    ///
    /// # Panics
    /// When `can_send` is false.
    pub fn send(&mut self, mut request: R, version: i16, now: Instant) {
        assert!(self.can_send(now), "the caller asked can_send");
        let api = request.api();
        self.next_header(api, version);
        request.prepare(&self.header);
        let total = request.len();
        self.push(Payload::Theirs(request), total, now);
    }

    /// Sends a request of the client's own doing; answered by [`Event::Own`].
    ///
    /// # Panics
    /// When `can_send` is false.
    pub fn send_own<M: Message>(&mut self, message: &M, version: i16, now: Instant) {
        assert!(self.can_send(now), "the caller asked can_send");
        self.push_own(message, version, now);
    }

    fn push_own<M: Message>(&mut self, message: &M, version: i16, now: Instant) {
        self.next_header(M::API, version);
        let mut frame = Vec::new();
        encode_request(&self.header, message, &mut frame);
        let total = frame.len();
        self.push(Payload::Own(frame), total, now);
    }

    /// Sets the header of the next request.
    fn next_header(&mut self, api: ApiKey, version: i16) {
        self.header.api = api;
        self.header.version = version;
        self.header.correlation = self.next_correlation;
        // The ids at the top of the range belong to re-authentication; as in Java's NetworkClient
        // the counter jumps over them to the negative numbers.
        self.next_correlation = match self.next_correlation + 1 {
            FIRST_RESERVED => i32::MIN,
            next => next,
        };
    }

    fn push(&mut self, payload: Payload<R>, total: usize, now: Instant) {
        assert!(total > 4, "a prepared request has bytes");
        self.in_flight.push_back(InFlight {
            payload,
            api: self.header.api,
            version: self.header.version,
            correlation: self.header.correlation,
            drained: now,
            written: now,
            deadline: (now + self.settings.request_timeout).plus_nanos(1),
        });
        self.writing = Some(Writing { done: 0, total, offered: 0 });
        self.last_active = now;
    }

    /// The stream stands: the handshake begins.
    pub fn connected(&mut self, now: Instant) {
        assert!(self.phase == Phase::Connecting, "connected once");
        self.phase = Phase::Handshaking;
        self.ask_versions(*ApiKey::ApiVersions.client_versions().end(), now);
    }

    fn ask_versions(&mut self, version: i16, now: Instant) {
        self.push_own(&handshake::request(), version, now);
    }

    /// Whether `gather` would give bytes.
    #[must_use]
    pub const fn wants_write(&self) -> bool {
        self.writing.is_some() && !self.blocked
    }

    /// Lends the bytes to write next; none when there are none or the stream is blocked.
    pub fn gather(&mut self) -> Slices<'_> {
        let mut slices = Slices::new();
        if self.blocked {
            return slices;
        }
        if let (Some(writing), Some(youngest)) = (&mut self.writing, self.in_flight.back()) {
            match &youngest.payload {
                Payload::Own(frame) => {
                    slices.push(&frame[writing.done..]);
                }
                Payload::Theirs(request) => request.gather(writing.done, &mut slices),
            }
            assert!(!slices.is_empty(), "a request that isn't wholly written lends bytes");
            writing.offered = slices.bytes();
        }
        slices
    }

    /// The stream took `len` bytes of the last `gather`.
    pub fn written(&mut self, len: usize, now: Instant, out: &mut VecDeque<Event<R>>) {
        let Some(writing) = &mut self.writing else {
            assert!(len == 0, "nothing was offered");
            return;
        };
        assert!(len <= writing.offered, "{len} of {} bytes taken", writing.offered);
        self.blocked = len < writing.offered;
        writing.offered = 0;
        writing.done += len;
        if len > 0 {
            self.last_active = now;
        }
        if writing.done < writing.total {
            return;
        }
        self.writing = None;
        let youngest = self.in_flight.back_mut().expect("it was being written");
        youngest.written = now;
        if self.phase == Phase::Handshaking && self.node.0 >= 0 {
            self.setup_until = None;
        }
        let silent = match &youngest.payload {
            Payload::Theirs(request) => !request.expects_response(),
            Payload::Own(_) => false,
        };
        if silent {
            let done = self.in_flight.pop_back().expect("it was there just now");
            self.complete(done, Bytes::new(), now, out);
        }
    }

    /// The stream takes bytes again.
    pub const fn writable(&mut self) {
        self.blocked = false;
    }

    /// Bytes arrived.
    ///
    /// # Errors
    /// A fault that ends the connection; events before it stand.
    pub fn read(
        &mut self,
        bytes: &[u8],
        now: Instant,
        out: &mut VecDeque<Event<R>>,
    ) -> Result<(), Fault> {
        self.last_active = now;
        self.frames.push(bytes);
        while let Some(frame) = self.frames.next()? {
            self.answer(frame, now, out)?;
        }
        Ok(())
    }

    /// Matches an answer with the oldest request.
    fn answer(
        &mut self,
        mut frame: Bytes,
        now: Instant,
        out: &mut VecDeque<Event<R>>,
    ) -> Result<(), Fault> {
        let found = frame.first_chunk::<4>().map_or(0, |id| i32::from_be_bytes(*id));
        let expected = self.in_flight.front().map(|oldest| oldest.correlation);
        // An answer to a request that is still being written can't be one.
        let unwritten = self.writing.is_some() && self.in_flight.len() == 1;
        if expected != Some(found) || unwritten {
            return Err(Fault::Correlation { expected, found });
        }
        let oldest = self.in_flight.front().expect("its correlation id was read");
        let (api, version) = (oldest.api, oldest.version);
        let mut reader = Reader::new(&frame);
        // Before the request is taken off: with a header that can't be read it stays in flight, so
        // that `lost` hands it back.
        decode_response_header(&mut reader, api, version).map_err(|why| Fault::Malformed {
            api,
            version,
            why: why.to_string(),
        })?;
        let header_len = frame.len() - reader.remaining();
        let done = self.in_flight.pop_front().expect("it was there just now");
        let body = frame.split_off(header_len);
        if self.phase == Phase::Handshaking {
            return self.shake(version, &body, now, out);
        }
        self.complete(done, body, now, out);
        Ok(())
    }

    fn complete(&self, done: InFlight<R>, body: Bytes, now: Instant, out: &mut VecDeque<Event<R>>) {
        let InFlight { payload, api, version, drained, written, .. } = done;
        out.push_back(match payload {
            Payload::Own(_) => Event::Own { api, version, body },
            Payload::Theirs(request) => Event::Answered(Answered {
                request,
                node: self.node,
                version,
                body,
                drained,
                written,
                read: now,
            }),
        });
    }

    /// Reads the answer to ApiVersions.
    fn shake(
        &mut self,
        version: i16,
        body: &[u8],
        now: Instant,
        out: &mut VecDeque<Event<R>>,
    ) -> Result<(), Fault> {
        match handshake::decode(body, version)? {
            handshake::Answer::Again(version) => self.ask_versions(version, now),
            handshake::Answer::Offers { versions, throttle } => {
                self.versions = versions;
                self.setup_until = None;
                self.phase = Phase::Ready;
                out.push_back(Event::Ready);
                self.throttle(ApiKey::ApiVersions, version, throttle, now, out);
            }
        }
        Ok(())
    }

    /// Observes the throttle time of an answer: nothing is sent until it is over, and requests in
    /// flight may take that much longer. Answers in versions whose broker delays itself change
    /// nothing (KIP-219).
    pub fn throttle(
        &mut self,
        api: ApiKey,
        version: i16,
        span: Duration,
        now: Instant,
        out: &mut VecDeque<Event<R>>,
    ) {
        if span.is_zero() {
            return;
        }
        out.push_back(Event::Throttled(span));
        if !throttle::is_clients_duty(api, version) {
            return;
        }
        let until = now + span;
        self.throttled_until = Some(self.throttled_until.map_or(until, |old| old.max(until)));
        for request in &mut self.in_flight {
            request.deadline += span;
        }
    }

    /// When `timeout` has something to do; `None`: nothing is awaited.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        // Deadlines of one connection never fall from older to younger: a throttle time moves all
        // of them, and nothing is sent before it is over.
        let oldest = self.in_flight.front().map(|request| request.deadline);
        let idle = match (self.phase, self.in_flight.is_empty()) {
            (Phase::Ready, true) => self.settings.max_idle.map(|span| self.last_active + span),
            _ => None,
        };
        [self.setup_until, oldest, idle, self.throttled_until].into_iter().flatten().min()
    }

    /// Looks what has come due.
    ///
    /// # Errors
    /// A fault that ends the connection.
    pub fn timeout(&mut self, now: Instant) -> Result<(), Fault> {
        if self.throttled_until.is_some_and(|until| until <= now) {
            self.throttled_until = None;
        }
        if self.setup_until.is_some_and(|until| until <= now) {
            return Err(Fault::SetupTimeout(self.setup_span));
        }
        match self.in_flight.front() {
            Some(oldest) if oldest.deadline <= now => {
                Err(Fault::RequestTimeout { api: oldest.api, after: self.settings.request_timeout })
            }
            None if self.deadline().is_some_and(|idle| idle <= now) => Err(Fault::Idle),
            _ => Ok(()),
        }
    }

    /// Every request in flight, oldest first, for who must decide about it.
    pub fn lost(self) -> impl Iterator<Item = Lost<R>> {
        let last = self.in_flight.len().checked_sub(1);
        // Bytes that were offered and not accounted for may be on their way.
        let youngest_gone =
            self.writing.is_none_or(|writing| writing.done + writing.offered == writing.total);
        self.in_flight.into_iter().enumerate().map(move |(at, request)| match request.payload {
            Payload::Own(_) => Lost::Own(request.api),
            Payload::Theirs(theirs) => Lost::Theirs {
                request: theirs,
                maybe_written: Some(at) != last || youngest_gone,
                drained: request.drained,
            },
        })
    }
}

/// Java's SaslClientAuthenticator.MIN_RESERVED_CORRELATION_ID: MAX − 7.
const FIRST_RESERVED: i32 = i32::MAX - 7;
