//! From bootstrap servers to brokers: names, dead addresses, backoff, start over.

use super::world::{Host, World, at, gaps, ms};
use crate::base::BrokerId;
use crate::kafka::cluster::NodeEvent;
use crate::kafka::cluster::scripted::brokers;
use crate::kafka::connection::{Fault, Phase};

#[test]
fn the_first_metadata_replaces_the_bootstrap_server() {
    let mut world = World::new(&[11]);
    world.settle();
    assert_eq!(world.attempts, [(11, at(0))]);
    assert_eq!(world.cluster.cluster_id(), Some("cluster"));
    assert_eq!(world.cluster.controller(), Some(BrokerId(2)));
    let known: Vec<(i32, u16)> =
        world.cluster.brokers().iter().map(|broker| (broker.id.0, broker.port)).collect();
    assert_eq!(known, [(1, 101), (2, 102)]);
    // Its connection isn't used for the broker that stands behind it, and goes.
    assert!(world.connected_ports().is_empty());
    world.make_ready(1);
    assert_eq!(world.connected_ports(), [101]);
    assert!(!world.cluster.ready(BrokerId(-1), world.now));
}

#[test]
fn dead_bootstrap_servers_among_several_are_passed_over() {
    for seed_order in [[11, 12, 13], [13, 12, 11]] {
        let mut world = World::new(&seed_order);
        world.hosts.insert(11, Host::Refuses);
        world.hosts.insert(12, Host::Refuses);
        world.until(1_000);
        assert_eq!(world.cluster.brokers().len(), 2);
    }
}

#[test]
fn a_bootstrap_server_that_swallows_attempts_costs_its_setup_timeout() {
    let mut world = World::new(&[11, 12]);
    world.hosts.insert(11, Host::Swallows);
    world.until(13_000);
    assert_eq!(world.cluster.brokers().len(), 2);
}

#[test]
fn a_silent_bootstrap_server_costs_the_same_and_not_the_request_timeout() {
    for seed_order in [[11, 12], [12, 11]] {
        let mut world = World::new(&seed_order);
        world.hosts.insert(11, Host::Silent);
        world.until(13_000);
        assert_eq!(world.cluster.brokers().len(), 2);
    }
}

#[test]
fn what_is_plainly_no_broker_has_failed_for_good() {
    let mut world = World::new(&[11, 12]);
    world.hosts.insert(11, Host::Http);
    world.hosts.insert(12, Host::Http);
    world.until(1_000);
    assert!(world.cluster.all_failed_for_good());
    world.hosts.insert(12, Host::Refuses);
    world.until(5_000);
    assert!(world.cluster.all_failed() && !world.cluster.all_failed_for_good());
}

#[test]
fn reconnecting_backs_off_within_a_fifth_and_is_reset_by_being_ready() {
    let mut world = World::with(&[11], |config| config.rebootstrap_trigger = None);
    world.hosts.insert(11, Host::Refuses);
    world.until(10_000);
    let waits = gaps(world.attempts.iter().map(|attempt| attempt.1));
    let bounds = [(40, 60), (80, 120), (160, 240), (320, 480), (640, 960), (800, 1_000)];
    for (wait, bound) in waits.iter().zip(bounds) {
        assert!((bound.0..=bound.1).contains(wait), "{waits:?}");
    }
    assert!(waits.iter().skip(5).all(|wait| (800..=1_000).contains(wait)), "{waits:?}");
    assert!(waits.len() >= 12, "{waits:?}");
    // Ready, then lost: the next attempt waits as after the first failure.
    world.hosts.insert(11, Host::Kafka);
    world.until(12_000);
    world.make_ready(1);
    world.attempts.clear();
    let lost_at = world.now;
    world.fell(101, Host::Kafka);
    world.make_ready(1);
    let wait = world.attempts.iter().find(|attempt| attempt.0 == 101).unwrap().1.since(lost_at);
    assert!((ms(40)..=ms(200)).contains(&wait), "{wait:?}");
}

#[test]
fn every_address_of_a_name_is_tried_before_the_name_is_looked_up_again() {
    let mut world = World::new(&[11]);
    world.names.insert("boot", vec!["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
    world.dead_addresses = vec!["10.0.0.1", "10.0.0.2"];
    world.until(1_000);
    assert_eq!(world.attempts.iter().filter(|attempt| attempt.0 == 11).count(), 3);
    assert_eq!(world.cluster.brokers().len(), 2);
}

#[test]
fn a_name_without_an_address_is_a_problem_in_words() {
    let mut world = World::new(&[11]);
    world.names.insert("boot", Vec::new());
    world.until(100);
    let problems = world.cluster.problems();
    assert_eq!(
        problems[0].to_string(),
        "boot:11: the name cannot be resolved (name not found: no such host); expected a host with \
         an address; check the spelling in bootstrap.servers and the name service"
    );
    assert!(world.cluster.all_failed());
}

#[test]
fn problems_name_every_bootstrap_server_in_the_order_given() {
    let mut world = World::new(&[11, 12, 13]);
    world.hosts.insert(11, Host::Http);
    world.hosts.insert(12, Host::Refuses);
    world.hosts.insert(13, Host::Silent);
    world.until(70_000);
    let said: Vec<String> = world.cluster.problems().iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[0].starts_with("boot:11 (127.0.0.1:11): an HTTP server answered"), "{}", said[0]);
    assert!(said[1].starts_with("boot:12 (127.0.0.1:12): connection refused"), "{}", said[1]);
    assert!(said[2].contains("accepted and ApiVersions not answered within"), "{}", said[2]);
    assert!(said[2].contains("socket.connection.setup.timeout.ms"), "{}", said[2]);
    assert!(world.cluster.all_failed() && !world.cluster.all_failed_for_good());
}

#[test]
fn an_advertised_address_that_leads_nowhere_is_named_as_such() {
    let mut world = World::with(&[11], |config| config.rebootstrap_trigger = None);
    world.answer.brokers[0].host = "inside".to_owned();
    world.names.insert("inside", Vec::new());
    world.settle();
    assert!(!world.cluster.ready(BrokerId(1), world.now));
    world.settle();
    let said = world.cluster.problems()[0].to_string();
    assert!(said.starts_with("broker 1 at inside:101: the name cannot be resolved"), "{said}");
    assert!(said.ends_with("check advertised.listeners of the broker"), "{said}");
}

#[test]
fn an_idle_connection_goes_without_a_failure_and_comes_back_when_asked_for() {
    let mut world = World::with(&[11], |config| {
        config.connections_max_idle = Some(ms(5_000));
    });
    world.settle();
    world.make_ready(1);
    world.events.clear();
    world.until(6_000);
    assert!(world.connected_ports().is_empty());
    assert!(world.events.is_empty(), "{:?}", world.events);
    world.make_ready(1);
}

#[test]
fn when_no_broker_is_left_it_starts_again_from_the_bootstrap_servers() {
    let mut world = World::new(&[11]);
    world.settle();
    let topic = world.cluster.add_topic("t", world.now);
    world.set_topic(1, &[(1, 5)]);
    world.refresh();
    assert_eq!(world.leaders(topic), [(1, 5)]);
    // The whole cluster moves; only the bootstrap address stays.
    world.fell(101, Host::Refuses);
    world.fell(102, Host::Refuses);
    world.answer = brokers(&[3]);
    world.hosts.insert(103, Host::Kafka);
    world.set_topic(1, &[(3, 2)]);
    world.events.clear();
    world.until(10_000);
    assert!(world.events.iter().any(|event| matches!(event, NodeEvent::Rebootstrapped)));
    assert_eq!(world.cluster.brokers().len(), 1);
    assert_eq!(world.leaders(topic), [(3, 2)], "an older epoch of another cluster is taken");
}

#[test]
fn without_the_strategy_it_never_starts_again() {
    let mut world = World::with(&[11], |config| config.rebootstrap_trigger = None);
    world.settle();
    world.fell(101, Host::Refuses);
    world.fell(102, Host::Refuses);
    world.cluster.request_update(world.now);
    world.until(60_000);
    assert!(world.attempts.iter().skip(1).all(|attempt| attempt.0 > 100));
}

#[test]
fn metadata_that_fails_for_the_trigger_time_starts_over_and_closes_connections() {
    let mut world = World::with(&[11], |config| {
        config.rebootstrap_trigger = Some(ms(20_000));
        config.request_timeout = ms(60_000);
    });
    world.settle();
    world.make_ready(1);
    // The brokers accept and say nothing: none is unavailable, yet no metadata comes.
    world.hosts.insert(101, Host::Stopped);
    world.hosts.insert(102, Host::Stopped);
    world.answer = brokers(&[3]);
    world.hosts.insert(103, Host::Kafka);
    world.cluster.request_update(world.now);
    world.until(15_000);
    assert_eq!(world.cluster.brokers().len(), 2);
    world.until(25_000);
    assert_eq!(world.cluster.brokers().len(), 1);
    assert!(!world.connected_ports().contains(&101));
}

#[test]
fn a_connection_attempt_that_fails_asks_for_metadata() {
    let mut world = World::new(&[11]);
    world.settle();
    world.make_ready(2);
    let before = world.asked.len();
    world.hosts.insert(101, Host::Refuses);
    world.cluster.ready(BrokerId(1), world.now);
    let now = world.now.as_nanos() / 1_000_000;
    world.until(now + 1_500);
    assert!(world.asked.len() > before);
    let lost = world.events.iter().find_map(|event| match event {
        NodeEvent::NodeLost { node: BrokerId(1), problem } => Some(problem),
        _ => None,
    });
    let lost = lost.unwrap();
    assert_eq!(lost.phase, Phase::Connecting);
    assert!(matches!(lost.fault, Fault::Closed(_)));
}

#[test]
fn closing_ends_every_connection_and_then_it_is_done() {
    let mut world = World::new(&[11]);
    world.settle();
    world.make_ready(1);
    world.cluster.close(world.now);
    world.settle();
    assert!(world.connected_ports().is_empty());
    assert!(world.cluster.is_done());
    assert_eq!(world.cluster.poll_timeout(), None);
}

/// `socket.connection.setup.timeout.ms` doubles with each attempt that never connects, up to its
/// maximum, and starts again once one did.
#[test]
fn the_time_to_set_a_connection_up_grows_with_each_failure() {
    let mut world = World::with(&[11], |config| config.rebootstrap_trigger = None);
    world.hosts.insert(11, Host::Swallows);
    world.until(150_000);
    let waits = gaps(world.attempts.iter().map(|attempt| attempt.1));
    // The reconnect backoff, at most a second, comes on top.
    let bounds = [(8_000, 12_060), (16_000, 24_120), (24_000, 30_240), (24_000, 30_480)];
    for (wait, (low, high)) in waits.iter().zip(bounds) {
        assert!((low..=high).contains(wait), "{waits:?}");
    }
    assert!(waits.len() >= 4, "{waits:?}");
    world.hosts.insert(11, Host::Kafka);
    world.until(200_000);
    world.make_ready(1);
    world.attempts.clear();
    world.fell(101, Host::Swallows);
    world.until(230_000);
    let to_one = world.attempts.iter().filter(|attempt| attempt.0 == 101).map(|attempt| attempt.1);
    let waits = gaps(to_one);
    assert!(waits.first().is_none_or(|wait| *wait <= 13_000), "{waits:?}");
}
