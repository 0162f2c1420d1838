//! What goes into a request, and what is cut in pieces (`RecordAccumulatorTest`, `SenderTest`).

use super::world::{World, acked, refused};
use crate::kafka::producer::Sent;
use crate::kafka::wire::ErrorCode;

/// Partitions of every request so far, oldest first.
fn partitions(world: &World) -> Vec<Vec<i32>> {
    let of = |asked: &super::world::Asked| asked.batches.iter().map(|it| it.partition).collect();
    world.asked.iter().map(of).collect()
}

/// `testDrainBatches`: with room for one batch a request, partitions take turns.
#[test]
fn partitions_take_turns_when_a_request_has_room_for_one_batch() {
    let mut world = World::new(3, |config| {
        config.enable_idempotence = false;
        config.max_request_size = 200;
        config.batch_size = 150;
        config.max_in_flight = 100;
    });
    world.stuck.insert(1);
    world.send_batches(2, b"x");
    for _ in 0..2 {
        for partition in 0..3 {
            assert!(matches!(world.send_sized(partition, b'a', 70), Sent::Appended { .. }));
        }
    }
    world.unstick(1);
    let mut turns: Vec<i32> = partitions(&world).into_iter().flatten().skip(1).collect();
    let second = turns.split_off(3);
    turns.sort_unstable();
    assert_eq!(turns, [0, 1, 2], "nobody twice before everybody once");
    assert_eq!(second.len(), 3);
}

/// An unlimited drain takes one batch of every partition, and never two of one.
#[test]
fn a_request_takes_one_batch_of_every_partition() {
    let mut world = World::new(3, |config| {
        config.enable_idempotence = false;
        config.batch_size = 150;
    });
    world.stuck.insert(1);
    world.send_batches(0, b"x");
    for partition in [0, 1, 2, 0] {
        world.send_sized(partition, b'a', 70);
    }
    world.unstick(1);
    let requests = partitions(&world);
    assert_eq!((&requests[0][..], requests[1].len()), (&[0][..], 3), "{requests:?}");
    assert_eq!(requests[2], [0]);
}

/// A single batch above `max.request.size` goes alone; two that fit together go together.
#[test]
fn the_size_of_a_request_ends_it_unless_it_is_empty() {
    let mut world = World::new(2, |config| {
        config.enable_idempotence = false;
        config.max_request_size = 250;
        config.batch_size = 400;
    });
    world.stuck.insert(1);
    world.send_batches(0, b"x");
    for _ in 0..4 {
        world.send_sized(0, b'a', 70);
    }
    world.send_sized(1, b'b', 70);
    world.unstick(1);
    let sizes: Vec<Vec<usize>> = world
        .asked
        .iter()
        .map(|asked| asked.batches.iter().map(|batch| batch.bytes).collect())
        .collect();
    assert_eq!(sizes.len(), 3, "{sizes:?}");
    assert!(sizes[1][0] > 250 && sizes[1].len() == 1, "{sizes:?}");
}

/// `testDrainWithANodeThatDoesntHostAnyPartitions`.
#[test]
fn a_broker_that_leads_nothing_gets_nothing() {
    let mut world = World::new(1, |_| {});
    world.send_batches(0, b"a");
    world.pass(1_000);
    assert!(world.asked.iter().all(|asked| asked.node == 1));
}

/// `testIdempotentSplitBatchAndSend`: the pieces share the numbers out, what comes after goes on.
#[test]
fn the_pieces_of_a_batch_that_is_too_large_go_on_with_its_numbers() {
    let mut world = World::new(1, |_| {});
    world.send_one_batch(0, b"ab");
    assert_eq!(world.numbers(), [(0, 0, 2)]);
    world.answer(&[refused(0, ErrorCode::MESSAGE_TOO_LARGE)]);
    assert_eq!(world.numbers(), [(0, 0, 1)], "at once: a split is no attempt");
    world.send_batches(0, b"c");
    world.answer(&[acked(0, 0)]);
    assert_eq!(world.numbers()[0], (0, 1, 1));
    world.answer(&[acked(0, 1)]);
    assert_eq!(world.numbers(), [(0, 2, 1)]);
    world.answer(&[acked(0, 2)]);
    assert_eq!(world.outcomes(), ["acked 0", "acked 1", "acked 2"]);
    assert_eq!(world.producer.accumulator().splits(), 1);
    world.assert_empty();
}

/// `testTooLargeBatchesAreSafelyRemoved`, `testNoDoubleDeallocation`: a piece is refused in its
/// turn.
#[test]
fn pieces_that_are_refused_and_pieces_that_expire_leave_nothing_behind() {
    let mut world = World::new(1, |config| {
        config.request_timeout = core::time::Duration::from_millis(1_000);
        config.delivery_timeout = core::time::Duration::from_millis(1_500);
    });
    for mark in *b"abcdefgh" {
        assert!(matches!(world.send_sized(0, mark, 1_000), Sent::Appended { .. }));
    }
    world.settle();
    world.answer(&[refused(0, ErrorCode::MESSAGE_TOO_LARGE)]);
    assert_eq!(world.numbers(), [(0, 0, 3)]);
    world.answer(&[refused(0, ErrorCode::MESSAGE_TOO_LARGE)]);
    assert_eq!(world.numbers(), [(0, 0, 1)], "cut again");
    world.answer(&[refused(0, ErrorCode::MESSAGE_TOO_LARGE)]);
    assert_eq!(world.outcomes(), ["failed MESSAGE_TOO_LARGE"], "one record can't be cut");
    assert_eq!(world.numbers(), [(1, 0, 1)], "the hole is closed by a new epoch");
    world.pass(1_500);
    world.answer(&[acked(0, 7)]);
    world.pass(3_000);
    assert_eq!(world.deliveries.iter().map(|told| told.records()).sum::<u32>(), 8);
    world.assert_empty();
}
