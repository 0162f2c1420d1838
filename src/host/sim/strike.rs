//! Faults of the cluster: brokers stall, die and return, leaders move, topics change.
//!
//! Cost class: per event. Each sets a state of the broker in memory that a real cluster gets into;
//! one with a span is undone after it, and healing undoes them all.

use core::time::Duration;

use crate::base::CloseCause;
use crate::base::Instant;

use super::TOPIC;
use super::fault::Fault;
use super::net::{Event, Net};

/// The end of a fault that lasts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Recovery {
    Speed(usize),
    Metadata(usize),
    Node(usize),
    Isr,
    MaxMessage,
    Everything,
}

impl Net {
    /// The load begins: what is to go wrong at its time is put on the agenda.
    pub(super) fn begin_trouble(&mut self) {
        self.troubled = true;
        for index in 0..self.plan.timed.len() {
            let at = self.plan.timed[index].0;
            self.later(at, Event::Strike { index });
        }
        self.later(self.plan.heal_after, Event::Recover(Recovery::Everything));
    }

    /// A fault's time has come.
    pub(super) fn strike_now(&mut self, index: usize) {
        if !self.troubled {
            return;
        }
        let fault = self.plan.timed[index].1.clone();
        if self.befall(&fault) {
            self.strike(&fault);
        }
    }

    /// Does it; false when there was nothing to do.
    fn befall(&mut self, fault: &Fault) -> bool {
        let nodes = self.nodes.len();
        match *fault {
            Fault::Stall { node, span } => {
                self.nodes[node % nodes].stalled_until = self.now + span;
                true
            }
            Fault::Slow { node, factor, span } => {
                self.nodes[node % nodes].factor = factor.max(1);
                self.later(span, Event::Recover(Recovery::Speed(node % nodes)));
                true
            }
            Fault::MoveLeader { partition, nth } => {
                let partition = partition % self.partitions().max(1);
                self.broker.cluster_mut().elect(TOPIC, partition, nth)
            }
            Fault::StaleMetadata { node, span } => {
                self.broker.cluster_mut().freeze_metadata(node % nodes);
                self.later(span, Event::Recover(Recovery::Metadata(node % nodes)));
                true
            }
            Fault::DeleteTopic => {
                let grave = self.broker.cluster_mut().delete_topic(TOPIC);
                self.losses.push((self.now, None));
                let found = grave.is_some();
                self.graves.extend(grave);
                found
            }
            Fault::AddPartitions { more } => {
                let count = self.partitions() + more;
                self.broker.cluster_mut().add_partitions(TOPIC, count)
            }
            Fault::Restart { node, span } => self.take_down(node % nodes, span),
            Fault::RestartAll { span } => {
                let all: Vec<bool> = (0..nodes).map(|node| self.take_down(node, span)).collect();
                all.contains(&true)
            }
            Fault::ShrinkIsr { span } => {
                self.shrink_isr();
                self.later(span, Event::Recover(Recovery::Isr));
                true
            }
            Fault::LowerMaxMessage { bytes, span } => {
                self.later(span, Event::Recover(Recovery::MaxMessage));
                self.set_max_message(bytes)
            }
            Fault::ForgetProducers { partition } => {
                let partition = partition % self.partitions().max(1);
                let found = self.broker.cluster_mut().partition_mut(TOPIC, partition);
                let Some(found) = found else { return false };
                found.forget_producers();
                self.losses.push((self.now, Some(partition)));
                true
            }
            _ => unreachable!("{fault:?} strikes requests and connections, not the cluster"),
        }
    }

    /// A node dies: its connections break, what waits there is lost.
    fn take_down(&mut self, node: usize, span: Duration) -> bool {
        if !self.nodes[node].up {
            return false;
        }
        self.nodes[node].up = false;
        self.nodes[node].stalled_until = Instant::ZERO;
        self.broker.cluster_mut().node_down(node);
        self.drop_requests(node);
        let links: Vec<u64> = self
            .links
            .iter()
            .filter(|(_, link)| link.node == node && link.broker_open)
            .map(|(id, _)| *id)
            .collect();
        for id in links {
            self.reset(id, CloseCause::Reset);
        }
        self.later(span, Event::Recover(Recovery::Node(node)));
        true
    }

    fn shrink_isr(&mut self) {
        for partition in 0..self.partitions() {
            let found = self.broker.cluster_mut().partition_mut(TOPIC, partition);
            let Some(found) = found else { continue };
            let leader = found.leader();
            if leader.0 >= 0 {
                found.set_isr(vec![leader]);
            }
        }
    }

    /// Every living replica is in sync again.
    fn restore_isr(&mut self) {
        for partition in 0..self.partitions() {
            let Some(found) = self.broker.cluster().partition(TOPIC, partition) else { continue };
            let mut isr = found.isr().to_vec();
            for replica in found.replicas() {
                let up = self.node_of(*replica).is_some_and(|node| self.nodes[node].up);
                if up && !isr.contains(replica) {
                    isr.push(*replica);
                }
            }
            if let Some(found) = self.broker.cluster_mut().partition_mut(TOPIC, partition) {
                found.set_isr(isr);
            }
        }
    }

    fn set_max_message(&mut self, bytes: i32) -> bool {
        let cluster = self.broker.cluster_mut();
        let Some(topic) = cluster.topic(TOPIC) else { return false };
        let settings =
            crate::kafka::broker::TopicSettings { max_message_bytes: bytes, ..*topic.settings() };
        cluster.alter_topic(TOPIC, settings)
    }

    /// A fault is over.
    pub(super) fn recover(&mut self, recovery: Recovery) {
        match recovery {
            Recovery::Speed(node) => self.nodes[node].factor = 1,
            Recovery::Metadata(node) => self.broker.cluster_mut().refresh_metadata(node),
            Recovery::Node(node) => {
                if !self.nodes[node].up {
                    self.nodes[node].up = true;
                    self.broker.cluster_mut().node_up(node);
                    self.note(|| format!("node {node} is back"));
                }
            }
            Recovery::Isr => self.restore_isr(),
            Recovery::MaxMessage => {
                let usual = self.broker.cluster().plan().topics.max_message_bytes;
                self.set_max_message(usual);
            }
            Recovery::Everything => self.heal(),
        }
    }

    /// From here on all is well.
    pub(super) fn heal(&mut self) {
        if !self.troubled {
            return;
        }
        self.note(|| "everything is healed".to_owned());
        self.troubled = false;
        for node in 0..self.nodes.len() {
            self.nodes[node].stalled_until = Instant::ZERO;
            self.recover(Recovery::Speed(node));
            self.recover(Recovery::Metadata(node));
            self.recover(Recovery::Node(node));
        }
        self.recover(Recovery::MaxMessage);
        self.recover(Recovery::Isr);
        // A connection that nobody answers on isn't healed by waiting for its time-outs.
        let dead: Vec<u64> =
            self.links.iter().filter(|(_, link)| link.muted).map(|(id, _)| *id).collect();
        for id in dead {
            self.reset(id, CloseCause::Reset);
        }
    }
}
