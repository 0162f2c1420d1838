//! The owner's requests: answers, losses, versions, throttling.

use super::world::{Host, Probe, World, ms};
use crate::base::BrokerId;
use crate::kafka::cluster::{NodeEvent, RequestError};
use crate::kafka::wire::ApiKey;

const ONE: BrokerId = BrokerId(1);

fn ready() -> World {
    let mut world = World::new(&[11]);
    world.settle();
    world.make_ready(1);
    world.events.clear();
    world
}

#[test]
fn a_request_is_answered_by_the_broker_it_was_sent_to() {
    let mut world = ready();
    world.cluster.send(ONE, Probe::new(4), world.now);
    assert_eq!(world.cluster.in_flight(ONE), 1);
    world.settle();
    let [NodeEvent::Answered(answered)] = &world.events[..] else {
        panic!("{:?}", world.events);
    };
    assert_eq!((answered.request.name, answered.node), (4, ONE));
    assert_eq!(Some(answered.version), world.cluster.version(ONE, ApiKey::InitProducerId));
    assert_eq!(world.cluster.in_flight(ONE), 0);
}

#[test]
fn a_lost_connection_is_told_before_what_was_in_flight_on_it() {
    let mut world = ready();
    world.hosts.insert(101, Host::Stopped);
    for name in [1, 2] {
        assert!(world.cluster.ready(ONE, world.now));
        world.cluster.send(ONE, Probe::new(name), world.now);
        world.settle();
    }
    world.events.clear();
    world.fell(101, Host::Kafka);
    let told: Vec<String> = world
        .events
        .iter()
        .filter(|event| !matches!(event, NodeEvent::NodeReady(_) | NodeEvent::MetadataChanged))
        .map(|event| match event {
            NodeEvent::NodeLost { .. } => "lost".to_owned(),
            NodeEvent::Failed { request, cause, maybe_written, .. } => {
                assert!(matches!(cause, RequestError::Disconnected(_)));
                assert!(*maybe_written);
                request.name.to_string()
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, ["lost", "1", "2"]);
    world.make_ready(1);
}

#[test]
fn one_request_that_takes_too_long_ends_the_connection_for_all() {
    let mut world = ready();
    world.hosts.insert(101, Host::Stopped);
    world.cluster.send(ONE, Probe::new(1), world.now);
    world.settle();
    let started = world.now.as_nanos() / 1_000_000;
    world.until(started + 30_000);
    assert!(world.events.is_empty(), "{:?}", world.events);
    world.until(started + 30_001);
    let failed = world.events.iter().find_map(|event| match event {
        NodeEvent::Failed { cause, .. } => Some(cause),
        _ => None,
    });
    let Some(RequestError::TimedOut(problem)) = failed else {
        panic!("{:?}", world.events);
    };
    assert!(problem.to_string().contains("InitProducerId was not answered within 30000 ms"));
}

#[test]
fn a_request_that_the_broker_does_not_offer_fails_unsent() {
    let mut world = World::new(&[11]);
    world.offers.insert(ApiKey::InitProducerId, None);
    world.settle();
    world.make_ready(1);
    world.cluster.send(ONE, Probe::new(1), world.now);
    world.settle();
    let Some(NodeEvent::Failed { cause, maybe_written: false, .. }) = world.events.last() else {
        panic!("{:?}", world.events);
    };
    assert!(cause.to_string().contains("does not offer InitProducerId"), "{cause}");
    assert!(world.cluster.ready(ONE, world.now), "the connection stands");
}

#[test]
fn a_throttled_broker_is_not_ready_until_the_pause_is_over() {
    let mut world = ready();
    world.cluster.throttle(ONE, ApiKey::Produce, 9, ms(400), world.now);
    world.settle();
    assert!(matches!(
        world.events[..],
        [NodeEvent::Throttled { node: ONE, span }] if span == ms(400)
    ));
    assert!(!world.cluster.ready(ONE, world.now));
    assert_eq!(world.cluster.poll_timeout(), Some(world.now + ms(400)));
    let now = world.now.as_nanos() / 1_000_000;
    world.until(now + 400);
    assert!(world.cluster.ready(ONE, world.now));
}

#[test]
fn an_idle_connection_wins_when_any_broker_will_do() {
    let mut world = ready();
    world.make_ready(2);
    world.hosts.insert(101, Host::Stopped);
    world.cluster.send(ONE, Probe::new(1), world.now);
    world.settle();
    for _ in 0..10 {
        assert_eq!(world.cluster.least_loaded(world.now), Some(BrokerId(2)));
    }
}
