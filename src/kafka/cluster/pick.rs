//! The broker to ask when any will do (Java's `NetworkClient.leastLoadedNode`). Cost class: per
//! tick; walks the listed brokers.

use super::node::Link;
use super::pool::NodePool;
use crate::base::{BrokerId, Instant};
use crate::kafka::connection::{Phase, Request};

/// What can be done with the picked broker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Pick {
    /// A request may be sent to it.
    Send(BrokerId),
    /// Connections are being made or all are busy: an input will come.
    Wait,
    /// A connection may be opened.
    Connect(BrokerId),
    /// Every broker backs off; the earliest may be tried then.
    NoneBefore(Instant),
}

impl<R: Request> NodePool<R> {
    /// Picks by Java's rule: from a random start, an idle connection wins at once, else the one
    /// with the fewest requests in flight, else one being made, else the broker whose last attempt
    /// is the longest ago.
    pub(super) fn pick(&mut self, now: Instant) -> Pick {
        let listed = self.nodes.values().filter(|node| node.listed).count();
        let start = self.rng.below(u64::try_from(listed).unwrap_or(0));
        let start = usize::try_from(start).unwrap_or(0);
        let nodes = || self.nodes.values().filter(|node| node.listed);
        let mut fewest: Option<(usize, BrokerId)> = None;
        let mut coldest: Option<(Instant, BrokerId)> = None;
        let mut retry_at = Instant::FAR_FUTURE;
        let mut pending = false;
        let mut busy = false;
        for node in nodes().skip(start).chain(nodes().take(start)) {
            match &node.link {
                Link::Down if node.retry_at <= now => {
                    if coldest.is_none_or(|(at, _)| node.last_attempt < at) {
                        coldest = Some((node.last_attempt, node.id));
                    }
                }
                Link::Down => retry_at = retry_at.min(node.retry_at),
                Link::Resolving { .. } => pending = true,
                Link::Open(stream) if stream.can_send(now) => {
                    let load = stream.in_flight();
                    if load == 0 {
                        return Pick::Send(node.id);
                    }
                    if fewest.is_none_or(|(least, _)| load < least) {
                        fewest = Some((load, node.id));
                    }
                }
                // Full or throttled: an answer, a write or its alarm follows.
                Link::Open(stream) if stream.phase() == Phase::Ready => busy = true,
                Link::Open(_) => pending = true,
            }
        }
        match (fewest, coldest) {
            (Some((_, id)), _) => Pick::Send(id),
            (None, _) if pending => Pick::Wait,
            (None, Some((_, id))) => Pick::Connect(id),
            (None, None) if busy => Pick::Wait,
            (None, None) => Pick::NoneBefore(retry_at),
        }
    }
}
