//! Ready partitions, sorted by the broker that leads them.
//!
//! Cost class: per batch. Each ready partition stands in exactly one list; taking from the front
//! and returning to the back is fair, as Java's rotating drain index is.

use std::collections::VecDeque;

use core::time::Duration;

use crate::base::{BrokerId, Instant, PartitionSlot};

/// The lists. Brokers are few, so they stand in a sorted vector.
#[derive(Debug, Default)]
pub(super) struct Routes {
    nodes: Vec<Route>,
    /// Those with something in their list, in the order in which it came.
    busy: Vec<BrokerId>,
    /// Ready partitions whose leader isn't known.
    homeless: Vec<PartitionSlot>,
}

/// One broker's ready partitions.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) node: BrokerId,
    pub(super) slots: VecDeque<PartitionSlot>,
    /// It stands among the busy ones.
    busy: bool,
    /// When it was last looked at with something ready for it (`NodeLatencyStats.readyTimeMs`).
    wanted: Option<Instant>,
    /// When it last could be sent that; `wanted` of the first look if it never could.
    taken: Option<Instant>,
}

impl Route {
    /// Something is ready for the broker at `now`, which can take it or can't.
    pub(super) fn looked_at(&mut self, can_take: bool, now: Instant) {
        self.wanted = Some(now);
        if can_take || self.taken.is_none() {
            self.taken = Some(now);
        }
    }
}

impl Routes {
    /// Puts a ready partition into its leader's list.
    pub(super) fn place(&mut self, slot: PartitionSlot, leader: Option<BrokerId>) {
        match leader {
            None => self.homeless.push(slot),
            Some(node) => {
                let route = self.route(node);
                route.slots.push_back(slot);
                if !core::mem::replace(&mut route.busy, true) {
                    self.busy.push(node);
                }
            }
        }
    }

    /// The brokers whose lists have become empty are looked at no more until they have something.
    pub(super) fn forget_idle(&mut self) {
        let Self { nodes, busy, .. } = self;
        busy.retain(|node| {
            let at = nodes.binary_search_by_key(node, |route| route.node);
            let route = &mut nodes[at.expect("a busy broker has a list")];
            route.busy = !route.slots.is_empty();
            route.busy
        });
    }

    /// A partition that `from` led has another leader: if it is listed, moves it to that one's
    /// list. A dead broker's list is never visited, so it can't wait there.
    pub(super) fn move_to(
        &mut self,
        slot: PartitionSlot,
        from: Option<BrokerId>,
        leader: Option<BrokerId>,
    ) {
        // Without a leader it waits among the homeless, who are all placed again.
        let Some(from) = from else { return };
        let slots = &mut self.route(from).slots;
        if let Some(at) = slots.iter().position(|listed| *listed == slot) {
            slots.remove(at);
            self.place(slot, leader);
        }
    }

    /// The broker's list.
    pub(super) fn route(&mut self, node: BrokerId) -> &mut Route {
        let at = match self.nodes.binary_search_by_key(&node, |route| route.node) {
            Ok(at) => at,
            Err(at) => {
                let slots = VecDeque::new();
                self.nodes
                    .insert(at, Route { node, slots, busy: false, wanted: None, taken: None });
                at
            }
        };
        &mut self.nodes[at]
    }

    /// The `at`-th broker that has ready partitions, or had some at the last
    /// [`Routes::forget_idle`]; `None` past the end. Others cost nothing.
    pub(super) fn waiting(&self, at: usize) -> Option<BrokerId> {
        self.busy.get(at).copied()
    }

    /// How long after the broker could last be sent something there was something ready for it that
    /// it could not. As in Java (KIP-794) no data moves neither end: after an idle time, a broker
    /// that can't take the first batch at once counts as having been slow all the while.
    pub(super) fn waited(&self, node: BrokerId) -> Duration {
        let Ok(at) = self.nodes.binary_search_by_key(&node, |route| route.node) else {
            return Duration::ZERO;
        };
        let Route { wanted: Some(wanted), taken: Some(taken), .. } = self.nodes[at] else {
            return Duration::ZERO;
        };
        wanted.since(taken)
    }

    /// Partitions that wait for a leader, to be placed again.
    pub(super) fn take_homeless(&mut self) -> Vec<PartitionSlot> {
        core::mem::take(&mut self.homeless)
    }

    /// Whether some ready partition has no known leader.
    pub(super) fn has_homeless(&self) -> bool {
        !self.homeless.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `SenderTest.testNodeLatencyStats`: both ends move while the broker takes data, only the
    /// first while it doesn't, and none without data.
    #[test]
    fn a_broker_s_wait_is_from_the_last_time_that_it_could_take_data() {
        let at = |millis: u64| Instant::from_nanos(millis * 1_000_000);
        let (slow, millis) = (BrokerId(1), Duration::from_millis);
        let mut routes = Routes::default();
        assert_eq!(routes.waited(slow), Duration::ZERO);
        routes.route(slow).looked_at(false, at(100));
        assert_eq!(routes.waited(slow), Duration::ZERO);
        routes.route(slow).looked_at(false, at(130));
        assert_eq!(routes.waited(slow), millis(30));
        routes.route(slow).looked_at(true, at(150));
        assert_eq!(routes.waited(slow), Duration::ZERO);
        routes.route(slow).looked_at(false, at(250));
        assert_eq!(routes.waited(slow), millis(100));
        assert_eq!(routes.waited(BrokerId(2)), Duration::ZERO);
    }

    #[test]
    fn a_listed_partition_follows_its_leader() {
        let mut routes = Routes::default();
        routes.place(PartitionSlot(4), Some(BrokerId(2)));
        routes.place(PartitionSlot(5), Some(BrokerId(2)));
        routes.move_to(PartitionSlot(4), Some(BrokerId(2)), Some(BrokerId(1)));
        routes.move_to(PartitionSlot(9), Some(BrokerId(2)), Some(BrokerId(1)));
        routes.move_to(PartitionSlot(4), None, Some(BrokerId(2)));
        assert_eq!(routes.route(BrokerId(1)).slots, [PartitionSlot(4)]);
        assert_eq!(routes.route(BrokerId(2)).slots, [PartitionSlot(5)]);
        routes.move_to(PartitionSlot(5), Some(BrokerId(2)), None);
        assert_eq!(routes.take_homeless(), [PartitionSlot(5)]);
    }

    #[test]
    fn a_partition_goes_to_its_leader_s_list_or_waits_for_one() {
        let mut routes = Routes::default();
        routes.place(PartitionSlot(4), Some(BrokerId(2)));
        routes.place(PartitionSlot(5), Some(BrokerId(1)));
        routes.place(PartitionSlot(6), None);
        assert_eq!(routes.waiting(0), Some(BrokerId(2)));
        assert_eq!(routes.waiting(1), Some(BrokerId(1)));
        assert_eq!(routes.waiting(2), None);
        assert!(routes.has_homeless());
        for slot in routes.take_homeless() {
            routes.place(slot, Some(BrokerId(1)));
        }
        assert_eq!(routes.route(BrokerId(1)).slots, [PartitionSlot(5), PartitionSlot(6)]);
        routes.route(BrokerId(2)).slots.clear();
        routes.forget_idle();
        assert_eq!((routes.waiting(0), routes.waiting(1)), (Some(BrokerId(1)), None));
        routes.place(PartitionSlot(4), Some(BrokerId(2)));
        routes.place(PartitionSlot(7), Some(BrokerId(2)));
        assert_eq!((routes.waiting(1), routes.waiting(2)), (Some(BrokerId(2)), None));
    }
}
