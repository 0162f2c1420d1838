//! Asking for metadata and taking answers over. Cost class: per tick.

use core::time::Duration;

use super::client::Cluster;
use super::event::NodeEvent;
use super::pick::Pick;
use super::pool::PoolEvent;
use super::refresh::Scope;
use super::topics::Broker;
use crate::base::{BrokerId, Instant};
use crate::kafka::connection::{Fault, Request};
use crate::kafka::wire::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse};
use crate::kafka::wire::{ApiKey, ErrorCode, Message, Reader};

impl<R: Request> Cluster<R> {
    /// After an input: passes on what came, then asks for metadata if that is due, until neither
    /// brings anything more.
    pub(super) fn settle(&mut self, now: Instant) {
        self.absorb(now);
        if self.closed {
            return;
        }
        // A step that reports progress spends a due refresh, a backoff or a broker's first
        // attempt, so a few steps lead to waiting; the bound only states it.
        for _ in 0..MOST_STEPS {
            if !self.step(now) {
                return;
            }
            self.absorb(now);
        }
    }

    /// Takes what the pool brought: answers of our own here, the rest to the owner.
    pub(super) fn absorb(&mut self, now: Instant) {
        while let Some(event) = self.pool.poll_event() {
            match event {
                PoolEvent::Owner(event) => self.events.push_back(event),
                PoolEvent::Own { node, version, body, api } => {
                    assert!(api == ApiKey::Metadata, "nothing else is asked for");
                    self.take_metadata(node, version, &body, now);
                }
                PoolEvent::OwnLost(ApiKey::Metadata) if self.refresh.due_at().is_none() => {
                    self.refresh.failed(now, &mut self.pool.rng);
                }
                // The handshake's own request, or one given up by a start from the bootstrap
                // servers.
                PoolEvent::OwnLost(_) => {}
                PoolEvent::Down => self.refresh.request(),
            }
        }
    }

    /// One step of the clockwork; true when something changed and another may follow.
    fn step(&mut self, now: Instant) -> bool {
        self.wake = self.trigger_at();
        if self.wake <= now {
            self.rebootstrap(true, now);
            return true;
        }
        match self.refresh.due_at() {
            None => return false,
            Some(at) if at > now => {
                self.wake = self.wake.min(at);
                return false;
            }
            Some(_) => self.refresh.trying(now),
        }
        match self.pool.pick(now) {
            Pick::Send(node) => {
                self.ask(node, now);
                true
            }
            Pick::Connect(node) => {
                self.pool.connect(node, now);
                true
            }
            Pick::NoneBefore(_)
                if self.rebootstrap_trigger.is_some() && !self.pool.is_bootstrap() =>
            {
                self.rebootstrap(false, now);
                true
            }
            Pick::NoneBefore(at) => {
                self.wake = self.trigger_at().min(at);
                false
            }
            Pick::Wait => {
                self.wake = self.trigger_at();
                false
            }
        }
    }

    /// When failing to get metadata has lasted long enough to start over (KIP-1102).
    fn trigger_at(&self) -> Instant {
        match (self.refresh.trying_since(), self.rebootstrap_trigger) {
            (Some(since), Some(span)) => since + span,
            _ => Instant::FAR_FUTURE,
        }
    }

    /// Starts again from the bootstrap servers: what metadata said is dropped, slots stay.
    fn rebootstrap(&mut self, close: bool, now: Instant) {
        self.pool.rebootstrap(close, now);
        self.refresh.restart(now);
        self.topics.forget(&mut self.changes);
        self.brokers.clear();
        self.controller = None;
        self.tell_changes();
        self.events.push_back(NodeEvent::Rebootstrapped);
    }

    /// Sends the request.
    fn ask(&mut self, node: BrokerId, now: Instant) {
        let scope = self.refresh.scope(now);
        let topics = self.topics_to_ask(scope, now);
        let allow = self.allow_auto_create;
        let request = |version| MetadataRequest {
            topics: Some(topics),
            // Before version 4 the broker decides by its own setting; the field isn't written.
            allow_auto_topic_creation: allow || version < 4,
            ..MetadataRequest::default()
        };
        self.refresh.sent(scope);
        if !self.pool.send_own(node, request, now) {
            self.refresh.failed(now, &mut self.pool.rng);
        }
    }

    fn topics_to_ask(&mut self, scope: Scope, now: Instant) -> Vec<MetadataRequestTopic> {
        let max_idle = self.max_idle;
        let mut names = Vec::new();
        for topic in self.topics.all_mut() {
            if topic.last_used.is_some_and(|used| now.since(used) >= max_idle) {
                topic.asleep = true;
            }
            let wanted = match scope {
                Scope::Full => !topic.asleep,
                Scope::New => !topic.asleep && !topic.answered,
            };
            if wanted {
                let name = Some(topic.name.clone());
                names.push(MetadataRequestTopic { name, ..MetadataRequestTopic::default() });
            }
        }
        names
    }

    /// Takes an answer over.
    fn take_metadata(&mut self, node: BrokerId, version: i16, body: &[u8], now: Instant) {
        let decoded = MetadataResponse::decode(&mut Reader::new(body), version)
            .map_err(|why| why.to_string())
            .and_then(|response| Ok((brokers_of(&response)?, response)));
        let (brokers, response) = match decoded {
            Ok(both) => both,
            Err(why) => {
                self.refresh.failed(now, &mut self.pool.rng);
                let fault = Fault::Malformed { api: ApiKey::Metadata, version, why };
                self.pool.distrust(node, fault, now);
                return;
            }
        };
        let throttle = u64::try_from(response.throttle_time_ms).unwrap_or(0);
        let throttle = Duration::from_millis(throttle);
        self.pool.throttle(node, ApiKey::Metadata, version, throttle, now);
        if response.error_code == ErrorCode::REBOOTSTRAP_REQUIRED
            && self.rebootstrap_trigger.is_some()
        {
            self.rebootstrap(true, now);
            // Counts as a failed attempt, or a broker that always says so would be asked in a
            // loop without end.
            self.refresh.failed(now, &mut self.pool.rng);
        } else if response.error_code != ErrorCode::NONE || brokers.is_empty() {
            // An answer without brokers comes from one that is only just starting.
            self.unusable = Some((node, response.error_code));
            self.refresh.failed(now, &mut self.pool.rng);
        } else {
            self.apply(brokers, &response, version, now);
        }
    }

    fn apply(
        &mut self,
        brokers: Vec<Broker>,
        response: &MetadataResponse,
        version: i16,
        now: Instant,
    ) {
        self.unusable = None;
        let controller = (response.controller_id.0 >= 0).then_some(response.controller_id);
        let mut progress = self.brokers != brokers
            || self.controller != controller
            || self.cluster_id != response.cluster_id;
        self.pool.list(&brokers);
        self.brokers = brokers;
        self.controller = controller;
        self.cluster_id.clone_from(&response.cluster_id);
        let mut stale = false;
        for topic in &response.topics {
            let reliable = version >= TRUSTED_EPOCHS;
            let effect = self.topics.update(topic, &self.brokers, reliable, &mut self.changes);
            progress |= effect.progress;
            stale |= effect.stale;
            self.events.extend(effect.recreated.map(NodeEvent::TopicRecreated));
        }
        self.topics.drop_unlisted(&self.brokers, &mut self.changes);
        let missing = self.topics.all().iter().any(|topic| !topic.answered && !topic.asleep);
        self.refresh.succeeded(progress, stale, missing, now, &mut self.pool.rng);
        self.tell_changes();
        self.events.push_back(NodeEvent::MetadataChanged);
    }

    /// Tells the owner of leaders that changed.
    pub(super) fn tell_changes(&mut self) {
        for change in self.changes.drain(..) {
            let (slot, from, to) = (change.slot, change.from, change.to);
            self.events.push_back(NodeEvent::LeaderChanged { slot, from, to });
        }
    }
}

/// The brokers of a metadata answer, by id.
///
/// # Errors
/// A port that no broker can have, or a negative id, in words.
pub fn brokers_of(response: &MetadataResponse) -> Result<Vec<Broker>, String> {
    let mut brokers = Vec::with_capacity(response.brokers.len());
    for found in &response.brokers {
        let (id, port) = (found.node_id, u16::try_from(found.port).ok().filter(|port| *port > 0));
        match port {
            Some(port) if id.0 >= 0 => brokers.push(Broker {
                id,
                host: found.host.clone(),
                port,
                rack: found.rack.clone(),
            }),
            _ => return Err(format!("broker {id} with port {}", found.port)),
        }
    }
    brokers.sort_by_key(|broker| broker.id);
    brokers.dedup_by_key(|broker| broker.id);
    Ok(brokers)
}

/// Brokers could answer with epochs out of date before this version (Java: hasReliableLeaderEpoch).
const TRUSTED_EPOCHS: i16 = 9;

/// More steps than one input can bring.
const MOST_STEPS: u32 = 8;
