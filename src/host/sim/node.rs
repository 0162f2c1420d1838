//! A broker's side: requests wait their turn, are carried out by the broker in memory, and
//! answered, unless a fault has other plans.
//!
//! Cost class: per request. A node serves one request at a time, in the order of arrival. A request
//! whose connection is gone may be carried out all the same, as with a real broker that had read
//! it.

use std::collections::VecDeque;

use crate::base::{Action, BrokerId, CloseCause, ConnectionId, Instant, Machine};
use crate::kafka::broker::Trouble;
use crate::kafka::wire::init_producer_id::InitProducerIdResponse;
use crate::kafka::wire::metadata::MetadataResponse;
use crate::kafka::wire::produce::{
    PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceResponse,
};
use crate::kafka::wire::{
    ApiKey, ErrorCode, Message, Reader, decode_response_header, frame::encode_response,
};

use super::TOPIC;
use super::fault::Fault;
use super::net::{Event, Net, header};
use super::physics::price;
use super::request::SeenRequest;

/// One broker as the network has it.
#[derive(Debug)]
pub(super) struct Node {
    queue: VecDeque<Request>,
    /// An event is on its way that serves the next request.
    serving: bool,
    pub(super) stalled_until: Instant,
    /// How many times as long as usual everything takes.
    pub(super) factor: u64,
    pub(super) up: bool,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            serving: false,
            stalled_until: Instant::ZERO,
            factor: 1,
            up: true,
        }
    }
}

/// A request that waits.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) link: u64,
    pub(super) frame: Vec<u8>,
    pub(super) fault: Fault,
}

impl Net {
    pub(super) fn enqueue(&mut self, node: usize, request: Request) {
        self.nodes[node].queue.push_back(request);
        if !self.nodes[node].serving {
            self.serve_next(node);
        }
    }

    fn serve_next(&mut self, node: usize) {
        let found = &mut self.nodes[node];
        found.serving = !found.queue.is_empty();
        if let Some(request) = found.queue.front() {
            let physics = &self.physics;
            let cost =
                physics.serve_nanos + price(request.frame.len(), physics.serve_nanos_per_kib);
            let from = found.stalled_until.max(self.now);
            self.agenda.put(from.plus_nanos(cost * found.factor), Event::Serve { node });
        }
    }

    /// A node has done its next request.
    pub(super) fn serve(&mut self, node: usize) {
        let stalled_until = self.nodes[node].stalled_until;
        if stalled_until > self.now {
            return self.agenda.put(stalled_until, Event::Serve { node });
        }
        if let Some(request) = self.nodes[node].queue.pop_front() {
            self.carry_out(request);
        }
        self.serve_next(node);
    }

    /// All that waits at a node is lost.
    pub(super) fn drop_requests(&mut self, node: usize) {
        for request in core::mem::take(&mut self.nodes[node].queue) {
            if let Some(link) = self.links.get_mut(&request.link) {
                link.pending -= 1;
                self.forget(request.link);
            }
        }
    }

    fn carry_out(&mut self, request: Request) {
        let Request { link: id, frame, fault } = request;
        let Some(link) = self.links.get_mut(&id) else { return };
        link.pending -= 1;
        let (open, muted) = (link.broker_open, link.muted);
        if muted {
            return self.forget(id);
        }
        if !open {
            if self.coin() {
                self.note(|| "a request is carried out whose connection is gone".to_owned());
                self.perform(id, &frame);
            } else {
                // A broker takes a connection's requests in their order: with one all behind it go.
                self.mute(id);
            }
            return self.forget(id);
        }
        if fault != Fault::Pass {
            self.strike(&fault);
        }
        self.afflict(id, &frame, &fault);
    }

    /// Carries a request out, as far as its fault lets it.
    fn afflict(&mut self, id: u64, frame: &[u8], fault: &Fault) {
        match *fault {
            Fault::ResetBefore => self.reset(id, CloseCause::Reset),
            Fault::ResetAfter => {
                self.perform(id, frame);
                self.reset(id, CloseCause::Reset);
            }
            Fault::Swallow => self.mute(id),
            Fault::SwallowAnswer => {
                self.perform(id, frame);
                self.mute(id);
            }
            Fault::Delay(span) => {
                let until = self.now + span;
                if let Some(link) = self.links.get_mut(&id) {
                    link.to_engine.hold_until(until);
                }
                self.reply(id, frame);
            }
            Fault::Throttle(span) => {
                let ms = i32::try_from(span.as_millis()).unwrap_or(i32::MAX);
                self.broker.cluster_mut().set_throttle(ms);
                self.reply(id, frame);
                self.broker.cluster_mut().set_throttle(0);
            }
            Fault::Error(code) => self.refuse(id, frame, code),
            Fault::ErrorOnSome(code) => self.with_trouble(id, frame, Trouble::Before(code), true),
            Fault::ErrorAfterAppend(code) => {
                self.with_trouble(id, frame, Trouble::After(code), false);
            }
            Fault::CorruptFrame => {
                let answer = self.perform(id, frame);
                let answer = self.cut_off(answer);
                self.answer(id, answer, 1);
            }
            Fault::OversizedFrame => {
                let mut answer = self.perform(id, frame);
                if let Some(length) = answer.first_mut() {
                    *length = 0x7f;
                }
                self.answer(id, answer, 1);
                self.mute(id);
            }
            Fault::WrongCorrelation if self.is_answered(frame) => {
                let answer = self.answer_of_another(id, frame);
                self.answer(id, answer, 1);
            }
            _ => self.reply(id, frame),
        }
    }

    fn is_answered(&self, frame: &[u8]) -> bool {
        SeenRequest::read(frame, 0, 0, self.now).is_answered
    }

    /// Carries out and answers.
    fn reply(&mut self, id: u64, frame: &[u8]) {
        let answer = self.perform(id, frame);
        if !answer.is_empty() {
            self.answer(id, answer, 1);
        }
        let mut closes = false;
        while let Some(Action::Close { conn }) = self.broker.poll_action() {
            closes |= conn == ConnectionId(id);
        }
        if closes {
            self.reset(id, CloseCause::PeerClosed);
        }
    }

    /// Has the broker carry a request out; returns its answer, empty for none.
    fn perform(&mut self, id: u64, frame: &[u8]) -> Vec<u8> {
        let conn = ConnectionId(id);
        self.broker.handle_read(conn, frame, self.now);
        let mut answer = Vec::new();
        while let Some(outbound) = self.broker.poll_write(self.now) {
            let (to, len) = (outbound.conn, outbound.slices.bytes());
            assert!(to == conn, "the broker answers who asked");
            outbound.slices.as_io().iter().for_each(|part| answer.extend_from_slice(part));
            self.broker.handle_written(to, len, self.now);
        }
        answer
    }

    fn mute(&mut self, id: u64) {
        if let Some(link) = self.links.get_mut(&id) {
            link.muted = true;
        }
    }

    /// Refuses a request with a code, whatever it asks.
    fn refuse(&mut self, id: u64, frame: &[u8], code: ErrorCode) {
        let (head, _) = header(frame);
        let (version, correlation) = (head.version, head.correlation);
        let mut out = Vec::new();
        match head.api {
            ApiKey::Produce => {
                return self.with_trouble(id, frame, Trouble::Before(code), false);
            }
            ApiKey::InitProducerId => {
                let answer = InitProducerIdResponse {
                    error_code: code,
                    producer_id: -1,
                    producer_epoch: -1,
                    ..Default::default()
                };
                encode_response(correlation, version, &answer, &mut out);
            }
            ApiKey::Metadata => {
                let answer = self.perform(id, frame);
                let mut answer: MetadataResponse = body(&answer, head.api, version);
                for topic in &mut answer.topics {
                    topic.error_code = code;
                    topic.partitions.clear();
                }
                encode_response(correlation, version, &answer, &mut out);
            }
            _ => return self.reply(id, frame),
        }
        self.answer(id, out, 1);
    }

    /// Carries out a Produce request while appends are in trouble, to all partitions or to some.
    fn with_trouble(&mut self, id: u64, frame: &[u8], trouble: Trouble, some: bool) {
        let count = self.partitions();
        for partition in 0..count {
            let struck = !some || self.rng.below(2) == 0;
            self.trouble(partition, struck.then_some(trouble));
        }
        self.reply(id, frame);
        (0..count).for_each(|partition| self.trouble(partition, None));
    }

    fn trouble(&mut self, partition: i32, trouble: Option<Trouble>) {
        if let Some(found) = self.broker.cluster_mut().partition_mut(TOPIC, partition) {
            found.set_trouble(trouble);
        }
    }

    /// Partitions that the topic has now.
    pub(super) fn partitions(&self) -> i32 {
        let topic = self.broker.cluster().topic(TOPIC);
        i32::try_from(topic.map_or(0, |topic| topic.partitions().len())).unwrap_or(i32::MAX)
    }

    /// The answer with its end missing, in a frame of the right length.
    fn cut_off(&mut self, mut answer: Vec<u8>) -> Vec<u8> {
        if answer.len() > 5 {
            let most = u64::try_from(answer.len() - 5).unwrap_or(1);
            let len = 4 + usize::try_from(self.rng.below(most)).unwrap_or(0);
            answer.truncate(len);
            let length = u32::try_from(len - 4).expect("answers are short");
            answer[..4].copy_from_slice(&length.to_be_bytes());
        }
        answer
    }

    /// Says that all is well, to a request that nobody made: whoever takes it for the answer to
    /// this one believes that its batches are written.
    fn answer_of_another(&mut self, id: u64, frame: &[u8]) -> Vec<u8> {
        let (head, mut reader) = header(frame);
        let correlation = head.correlation.wrapping_add(1 + i32::from(self.coin()));
        if head.api != ApiKey::Produce {
            let mut answer = self.perform(id, frame);
            if let Some(found) = answer.get_mut(4..8) {
                found.copy_from_slice(&correlation.to_be_bytes());
            }
            return answer;
        }
        let mut out = Vec::new();
        if let Ok(request) = ProduceRequest::decode(&mut reader, head.version) {
            let topics = request.topics.iter().map(|topic| TopicProduceResponse {
                name: topic.name.to_owned(),
                topic_id: topic.topic_id,
                partitions: topic
                    .partitions
                    .iter()
                    .map(|entry| PartitionProduceResponse {
                        index: entry.index,
                        base_offset: 0,
                        ..Default::default()
                    })
                    .collect(),
            });
            let answer = ProduceResponse { topics: topics.collect(), ..Default::default() };
            encode_response(correlation, head.version, &answer, &mut out);
        }
        out
    }

    /// The index of a node by its id.
    pub(super) fn node_of(&self, id: BrokerId) -> Option<usize> {
        self.broker.cluster().nodes().iter().position(|node| node.id == id)
    }
}

/// The body of a broker's own answer.
fn body<M: Message>(answer: &[u8], api: ApiKey, version: i16) -> M {
    let mut reader = Reader::new(&answer[4..]);
    decode_response_header(&mut reader, api, version).expect("the broker's own answer");
    M::decode(&mut reader, version).expect("the broker's own answer")
}
