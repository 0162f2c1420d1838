//! Topics, slots, leaders, epochs, and when metadata is asked for.

use super::world::{World, at, gaps, ms};
use crate::base::{BrokerId, PartitionSlot};
use crate::kafka::cluster::{Broker, NodeEvent};
use crate::kafka::wire::{ApiKey, ErrorCode};

#[test]
fn a_topic_is_asked_for_at_once_and_alone() {
    let mut world = World::new(&[11]);
    world.set_topic(1, &[(1, 0), (2, 0)]);
    world.settle();
    assert_eq!(world.asked.len(), 1);
    assert!(world.asked[0].topics.is_empty());
    world.until(10);
    let topic = world.cluster.add_topic("t", world.now);
    assert_eq!(world.cluster.add_topic("t", world.now), topic);
    assert!(!world.cluster.topic(topic).answered);
    world.settle();
    world.until(11);
    assert_eq!(world.asked.len(), 2, "whatever the backoff says");
    assert_eq!(world.asked[1].topics, ["t"]);
    assert!(world.asked[1].creates);
    assert_eq!(world.leaders(topic), [(1, 0), (2, 0)]);
    assert_eq!(world.cluster.topic(topic).partitions(), [PartitionSlot(0), PartitionSlot(1)]);
}

#[test]
fn an_older_epoch_is_ignored_unless_the_topic_is_another_one() {
    let mut world = World::new(&[11]);
    let topic = world.cluster.add_topic("t", world.now);
    world.set_topic(1, &[(1, 5)]);
    world.settle();
    assert_eq!(world.leaders(topic), [(1, 5)]);
    world.set_topic(1, &[(2, 4)]);
    world.refresh();
    assert_eq!(world.leaders(topic), [(1, 5)]);
    world.set_topic(1, &[(2, 5)]);
    world.refresh();
    assert_eq!(world.leaders(topic), [(2, 5)], "the same epoch may say more");
    world.set_topic(9, &[(1, 0)]);
    world.refresh();
    assert_eq!(world.leaders(topic), [(1, 0)], "deleted and made anew");
}

#[test]
fn epochs_are_not_trusted_before_version_9() {
    let mut world = World::new(&[11]);
    world.offers.insert(ApiKey::Metadata, Some(8));
    let topic = world.cluster.add_topic("t", world.now);
    world.set_topic(1, &[(1, 5)]);
    world.settle();
    assert_eq!(world.leaders(topic), [(1, -1)]);
    world.set_topic(1, &[(2, 4)]);
    world.refresh();
    assert_eq!(world.leaders(topic), [(2, -1)]);
}

#[test]
fn partitions_that_are_added_get_new_slots_and_old_ones_keep_theirs() {
    let mut world = World::new(&[11]);
    let topic = world.cluster.add_topic("t", world.now);
    world.set_topic(1, &[(1, 0), (2, 0)]);
    world.settle();
    world.events.clear();
    world.set_topic(1, &[(1, 0), (2, 0), (1, 0)]);
    world.refresh();
    let slots = [PartitionSlot(0), PartitionSlot(1), PartitionSlot(2)];
    assert_eq!(world.cluster.topic(topic).partitions(), slots);
    assert_eq!(world.cluster.partition(PartitionSlot(2)).index, 2);
    // Made anew with fewer, then more again: the slots stay what they were.
    world.set_topic(2, &[(1, 0)]);
    world.refresh();
    assert_eq!(world.cluster.topic(topic).partitions(), &slots[..1]);
    assert_eq!(world.cluster.partition(PartitionSlot(1)).leader, None);
    world.set_topic(2, &[(1, 0), (2, 0)]);
    world.refresh();
    assert_eq!(world.cluster.topic(topic).partitions(), &slots[..2]);
    assert_eq!(world.leaders(topic), [(1, 0), (2, 0)]);
}

#[test]
fn each_change_of_leader_is_told_once() {
    let mut world = World::new(&[11]);
    world.cluster.add_topic("t", world.now);
    world.set_topic(1, &[(1, 0), (2, 0)]);
    world.settle();
    world.events.clear();
    world.set_topic(1, &[(1, 0), (1, 1)]);
    world.refresh();
    let changes: Vec<_> = world
        .events
        .iter()
        .filter_map(|event| match event {
            NodeEvent::LeaderChanged { slot, from, to } => Some((slot.0, *from, *to)),
            _ => None,
        })
        .collect();
    assert_eq!(changes, [(1, Some(BrokerId(2)), Some(BrokerId(1)))]);
    assert!(world.events.iter().any(|event| matches!(event, NodeEvent::MetadataChanged)));
}

#[test]
fn a_missing_topic_is_an_error_and_is_asked_for_with_backoff() {
    let mut world = World::new(&[11]);
    let topic = world.cluster.add_topic("t", world.now);
    world.until(5_000);
    let found = world.cluster.topic(topic);
    assert!(found.answered);
    assert_eq!(found.error, Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
    assert!(found.partitions().is_empty());
    let waits = gaps(world.asked.iter().map(|asked| asked.at));
    assert!((6..=12).contains(&world.asked.len()), "{waits:?}");
    let bounds = [(80, 120), (80, 120), (160, 240), (320, 480), (640, 960), (800, 1_000)];
    for (wait, (low, high)) in waits.iter().zip(bounds) {
        assert!((low..=high + 100).contains(wait), "{waits:?}");
    }
    world.set_topic(1, &[(1, 0)]);
    world.until(7_000);
    assert_eq!(world.leaders(topic), [(1, 0)]);
    assert_eq!(world.cluster.topic(topic).error, None);
    let asked = world.asked.len();
    world.until(30_000);
    assert_eq!(world.asked.len(), asked, "nothing is stale any more");
}

#[test]
fn a_partition_without_a_leader_keeps_metadata_coming() {
    let mut world = World::new(&[11]);
    let topic = world.cluster.add_topic("t", world.now);
    world.set_topic(1, &[(-1, 3)]);
    world.until(3_000);
    assert!(world.asked.len() > 3);
    assert_eq!(world.leaders(topic), [(-1, 3)]);
    let error = world.cluster.partition(PartitionSlot(0)).error;
    assert_eq!(error, Some(ErrorCode::LEADER_NOT_AVAILABLE));
    world.set_topic(1, &[(2, 4)]);
    world.until(5_000);
    assert_eq!(world.leaders(topic), [(2, 4)]);
}

#[test]
fn a_leader_that_the_answer_does_not_list_is_none() {
    let mut world = World::new(&[11]);
    let topic = world.cluster.add_topic("t", world.now);
    world.set_topic(1, &[(3, 1), (2, 1)]);
    world.settle();
    assert_eq!(world.leaders(topic), [(-1, 1), (2, 1)]);
    // A leader that is no broker any more leads nothing, whatever its epoch.
    world.answer.brokers.retain(|broker| broker.node_id == BrokerId(1));
    world.set_topic(1, &[(1, 2), (2, 0)]);
    world.refresh();
    assert_eq!(world.leaders(topic), [(1, 2), (-1, 1)]);
}

#[test]
fn metadata_is_refreshed_when_it_is_too_old() {
    let mut world = World::with(&[11], |config| config.metadata_max_age = ms(10_000));
    world.cluster.add_topic("t", world.now);
    world.set_topic(1, &[(1, 0)]);
    world.until(35_000);
    assert_eq!(world.asked.len(), 4);
}

#[test]
fn no_broker_is_ready_while_a_refresh_is_due() {
    let mut world = World::new(&[11]);
    world.settle();
    world.make_ready(1);
    world.cluster.request_update(world.now);
    world.settle();
    world.cluster.request_update(world.now);
    assert_eq!(world.cluster.in_flight(BrokerId(1)), 0, "the backoff holds it back");
    assert!(world.cluster.ready(BrokerId(1), world.now), "not due yet");
    // The request goes out first; then the broker is ready beside it.
    let due = at(world.now.as_nanos() / 1_000_000 + 2_000);
    world.now = due;
    assert!(!world.cluster.ready(BrokerId(1), due), "the request isn't written");
    assert_eq!(world.cluster.in_flight(BrokerId(1)), 1);
    world.settle();
    assert!(world.cluster.ready(BrokerId(1), due));
}

#[test]
fn a_leader_named_by_a_broker_counts_if_it_is_news() {
    let mut world = World::new(&[11]);
    let topic = world.cluster.add_topic("t", world.now);
    world.set_topic(1, &[(1, 5)]);
    world.settle();
    let slot = PartitionSlot(0);
    let now = world.now;
    let hint = |world: &mut World, id: i32, epoch, endpoints: &[Broker]| {
        world.cluster.leader_hint(slot, BrokerId(id), epoch, endpoints, now)
    };
    assert!(!hint(&mut world, 2, 5, &[]), "the same epoch is no news");
    assert!(!hint(&mut world, -1, 6, &[]));
    assert!(!hint(&mut world, 2, -1, &[]));
    assert!(!hint(&mut world, 7, 6, &[]), "nobody knows where broker 7 is");
    assert!(hint(&mut world, 2, 6, &[]));
    assert_eq!(world.leaders(topic), [(2, 6)]);
    let seven = Broker { id: BrokerId(7), host: "h".to_owned(), port: 107, rack: None };
    assert!(hint(&mut world, 7, 7, core::slice::from_ref(&seven)));
    assert_eq!(world.leaders(topic), [(7, 7)]);
    assert_eq!(world.cluster.brokers().last(), Some(&seven));
    let told = world.cluster.poll_event();
    assert!(matches!(told, Some(NodeEvent::LeaderChanged { .. })), "{told:?}");
}

#[test]
fn a_topic_out_of_use_is_left_out_until_it_is_used_again() {
    let mut world = World::with(&[11], |config| {
        config.metadata_max_age = ms(10_000);
        config.metadata_max_idle = ms(15_000);
    });
    let topic = world.cluster.add_topic("t", world.now);
    world.set_topic(1, &[(1, 0)]);
    world.cluster.use_topic(topic, world.now);
    world.until(25_000);
    let asked: Vec<usize> = world.asked.iter().map(|asked| asked.topics.len()).collect();
    assert_eq!(asked, [1, 1, 0]);
    world.cluster.use_topic(topic, world.now);
    world.settle();
    world.until(25_001);
    assert_eq!(world.asked.last().unwrap().topics, ["t"]);
}

#[test]
fn an_answer_without_brokers_is_a_failed_one() {
    let mut world = World::new(&[11]);
    world.answer.brokers.clear();
    world.until(3_000);
    assert!(world.asked.len() > 3);
    assert!(world.asked.iter().all(|asked| asked.port == 11));
    assert_eq!(world.cluster.cluster_id(), None);
}

#[test]
fn a_broker_with_an_impossible_port_is_a_malformed_answer() {
    let mut world = World::with(&[11], |config| config.rebootstrap_trigger = None);
    world.answer.brokers[0].port = 70_000;
    world.until(300);
    let said = world.cluster.problems()[0].to_string();
    assert!(said.contains("(broker 1 with port 70000)"), "{said}");
}

#[test]
fn the_error_rebootstrap_required_starts_over() {
    let mut world = World::new(&[11]);
    world.settle();
    world.answer.error_code = ErrorCode::REBOOTSTRAP_REQUIRED;
    world.cluster.request_update(world.now);
    world.until(2_000);
    assert!((2..12).contains(&world.asked.len()), "{}", world.asked.len());
    assert!(world.events.iter().any(|event| matches!(event, NodeEvent::Rebootstrapped)));
    assert!(world.cluster.brokers().is_empty());
    world.answer.error_code = ErrorCode::NONE;
    world.until(5_000);
    assert_eq!(world.cluster.brokers().len(), 2);
}

/// Goal: who writes to a topic learns that its logs are other ones, also when its leaders stay.
#[test]
fn a_topic_made_anew_is_told_once() {
    let mut world = World::new(&[11]);
    let topic = world.cluster.add_topic("t", world.now);
    world.set_topic(1, &[(1, 5)]);
    world.settle();
    let told = |world: &World| {
        let slots = world.events.iter().filter_map(|event| match event {
            NodeEvent::TopicRecreated(slot) => Some(*slot),
            _ => None,
        });
        slots.filter(|slot| *slot == topic).count()
    };
    assert_eq!(told(&world), 0, "its first id is no news");
    world.set_topic(9, &[(1, 0)]);
    world.refresh();
    world.refresh();
    assert_eq!(told(&world), 1);
}

/// Java's metadata drops a topic that an answer holds an error for: records wait for it.
#[test]
fn a_topic_with_an_error_has_no_partitions_until_it_is_back() {
    let mut world = World::new(&[11]);
    let topic = world.cluster.add_topic("t", world.now);
    world.set_topic(1, &[(1, 5), (2, 5)]);
    world.settle();
    world.answer.topics.clear();
    world.refresh();
    assert!(world.cluster.topic(topic).partitions().is_empty());
    world.set_topic(2, &[(2, 0)]);
    world.refresh();
    assert_eq!(world.leaders(topic), [(2, 0)]);
    assert_eq!(world.cluster.topic(topic).partitions(), [PartitionSlot(0)]);
}
