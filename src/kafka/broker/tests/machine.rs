//! The machine's own duties: streams, blocking, bad bytes, the end.

use proptest::prelude::*;

use super::*;
use crate::kafka::wire::metadata::{MetadataRequest, MetadataResponse};

#[test]
fn a_slow_reader_gets_every_byte_and_holds_nobody_up() {
    let mut lab = Lab::with_topic();
    let (slow, quick) = (lab.connect(0), lab.connect(0));
    lab.appetite = 7;
    let mut expected = 0;
    for _ in 0..50 {
        let bytes = lab.produce_frame(13, 1, 0, &batch(&["a"]));
        lab.receive(slow, &bytes);
        expected += 1;
    }
    assert_eq!(lab.written[&slow].len(), 7, "blocked after the first write");
    lab.appetite = usize::MAX;
    let _: MetadataResponse = lab.call(quick, 13, &MetadataRequest::default());
    lab.appetite = 7;
    let mut answers = 0;
    for _ in 0..10_000 {
        lab.broker.handle_writable(slow, lab.now);
        lab.pump();
        while lab.response::<ProduceResponse>(slow, 13).is_some() {
            answers += 1;
        }
    }
    assert_eq!(answers, expected);
}

#[test]
fn who_sends_and_never_reads_is_held_back_and_then_closed() {
    let plan = BrokerPlan { max_request_bytes: 1_000_000, ..BrokerPlan::three("h") };
    let mut lab = Lab::with(plan);
    let conn = lab.connect(0);
    lab.create(conn, CreatableTopic { name: "t".to_owned(), ..Default::default() });
    lab.written.clear();
    lab.appetite = 0;
    let request = lab.request(13, &MetadataRequest { topics: None, ..Default::default() });
    let many = request.repeat(10_000);
    let mut sent = 0;
    while lab.closed.is_empty() && sent < 100_000_000 {
        lab.receive(conn, &many);
        sent += many.len();
    }
    // Its answers can't be flushed first, so the close has to wait for the stream; nothing more is
    // read.
    assert_eq!(lab.broker.counters().offences, 1);
    lab.appetite = usize::MAX;
    lab.broker.handle_writable(conn, lab.now);
    lab.pump();
    assert_eq!(lab.closed, [conn]);
    assert!(lab.written[&conn].len() < 5_000_000, "answers were bounded");
}

#[test]
fn what_is_not_spoken_here_closes() {
    let mut bad_frames: Vec<Vec<u8>> = vec![
        // FindCoordinator, then Produce 2 and 14, a frame too short for a header, and impossible
        // lengths.
        vec![0, 0, 0, 10, 0, 10, 0, 4, 0, 0, 0, 1, 0xff, 0xff],
        vec![0, 0, 0, 10, 0, 0, 0, 2, 0, 0, 0, 1, 0xff, 0xff],
        vec![0, 0, 0, 10, 0, 0, 0, 14, 0, 0, 0, 1, 0xff, 0xff],
        vec![0, 0, 0, 0],
        vec![0xff, 0xff, 0xff, 0xff],
        vec![0x7f, 0, 0, 0],
    ];
    let mut lab = Lab::new();
    let mut trailing = lab.request(13, &MetadataRequest::default());
    trailing.push(0);
    trailing[3] += 1;
    bad_frames.push(trailing);
    for bytes in bad_frames {
        let conn = lab.connect(0);
        lab.receive(conn, &bytes);
        assert_eq!(lab.closed.pop(), Some(conn), "{bytes:02x?}");
        assert!(lab.answer(conn).is_none());
    }
    assert_eq!(lab.broker.counters().offences, 7);
}

#[test]
fn stopping_closes_everyone_and_reports() {
    let mut lab = Lab::with_topic();
    let conn = lab.connect(0);
    lab.append(conn, 0, &batch(&["a"]));
    lab.broker.command(BrokerCommand::Count, lab.now);
    assert_eq!(lab.broker.poll_report().unwrap().records, 1);
    lab.broker.command(BrokerCommand::Stop, lab.now);
    assert!(!lab.broker.is_done());
    lab.pump();
    assert_eq!(lab.closed.len(), 2);
    assert_eq!(lab.broker.poll_report().unwrap().connections, 2);
    assert!(lab.broker.is_done());
    let late = lab.connect(0);
    assert_eq!(lab.closed.last(), Some(&late));
}

#[test]
fn a_listener_without_a_node_takes_nobody() {
    let mut lab = Lab::new();
    let conn = lab.connect(3);
    assert_eq!(lab.closed, [conn]);
}

#[test]
fn a_topics_partitions_share_its_memory() {
    let plan = BrokerPlan { log_bytes_per_topic: 1_200_000, ..BrokerPlan::three("h") };
    let mut lab = Lab::with(plan);
    let conn = lab.connect(0);
    lab.create(conn, CreatableTopic { name: "t".to_owned(), ..Default::default() });
    let value = "x".repeat(10_000);
    for _ in 0..30 {
        assert_eq!(lab.append(conn, 0, &batch(&[&value])).0, ErrorCode::NONE);
    }
    // Twelve of them.
    let log = lab.broker.cluster().partition("t", 0).unwrap().log();
    let held: usize = log.batches().map(<[u8]>::len).sum();
    assert!(held <= 100_000 && held > 10_000, "{held}");
    assert_eq!(log.end_offset(), 30);
}

#[test]
fn logs_are_bounded_by_the_plan_and_by_retention() {
    let plan = BrokerPlan { log_bytes_per_partition: 600_000, ..BrokerPlan::three("h") };
    let mut lab = Lab::with(plan);
    let conn = lab.connect(0);
    lab.create(conn, CreatableTopic { name: "t".to_owned(), ..Default::default() });
    let value = "x".repeat(10_000);
    for _ in 0..200 {
        assert_eq!(lab.append(conn, 0, &batch(&[&value])).0, ErrorCode::NONE);
    }
    let log = lab.broker.cluster().partition("t", 0).unwrap().log();
    let held: usize = log.batches().map(<[u8]>::len).sum();
    assert!(held <= 600_000 && held > 400_000, "{held}");
    assert_eq!(log.end_offset(), 200);

    // A week later everything but the newest chunk is too old.
    lab.pass(Duration::from_secs(8 * 86_400));
    for _ in 0..10 {
        let late = batch_with(&[&value], |header| {
            header.base_timestamp += 8 * 86_400_000;
            header.max_timestamp += 8 * 86_400_000;
        });
        assert_eq!(lab.append(conn, 0, &late).0, ErrorCode::NONE);
    }
    let log = lab.broker.cluster().partition("t", 0).unwrap().log();
    assert!(log.start_offset() > 190, "{}", log.start_offset());
}

/// Requests of all kinds, whole, to be spoiled.
fn samples(lab: &mut Lab) -> Vec<Vec<u8>> {
    use crate::kafka::wire::{
        api_versions::ApiVersionsRequest, delete_topics::DeleteTopicsRequest,
        describe_cluster::DescribeClusterRequest, describe_configs::DescribeConfigsRequest,
        fetch::FetchRequest, init_producer_id::InitProducerIdRequest,
        list_offsets::ListOffsetsRequest,
    };
    let produce = lab.produce_frame(13, -1, 0, &sequenced(5, 0, &["a", "b"]));
    vec![
        produce,
        lab.produce_frame(3, 1, 0, &batch(&["a"])),
        lab.request(12, &FetchRequest::default()),
        lab.request(7, &ListOffsetsRequest::default()),
        lab.request(9, &MetadataRequest::default()),
        lab.request(3, &ApiVersionsRequest::default()),
        lab.request(7, &CreateTopicsRequest::default()),
        lab.request(6, &DeleteTopicsRequest::default()),
        lab.request(4, &InitProducerIdRequest::default()),
        lab.request(4, &DescribeConfigsRequest::default()),
        lab.request(1, &DescribeClusterRequest::default()),
    ]
}

proptest! {
    /// No bytes make it panic, and other connections don't notice.
    #[test]
    fn spoiled_requests_never_panic(
        which in 0usize..11,
        spoils in prop::collection::vec((4usize..200, any::<u8>()), 0..8),
        tail in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut lab = Lab::with_topic();
        let (conn, other) = (lab.connect(0), lab.connect(0));
        let mut bytes = samples(&mut lab).swap_remove(which);
        let len = bytes.len();
        for (at, value) in spoils {
            bytes[at % len] = value;
        }
        bytes.extend(tail);
        lab.receive(conn, &bytes);
        lab.pass(Duration::from_secs(60));
        let (code, _) = lab.append(other, 1, &batch(&["a"]));
        prop_assert_eq!(code, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    }

    /// Arbitrary frames never panic.
    #[test]
    fn any_frame_never_panics(
        api in 0i16..70,
        version in 0i16..20,
        body in prop::collection::vec(any::<u8>(), 0..120),
    ) {
        let mut lab = Lab::with_topic();
        let conn = lab.connect(0);
        let mut bytes = u32::try_from(body.len() + 10).unwrap().to_be_bytes().to_vec();
        bytes.extend(api.to_be_bytes());
        bytes.extend(version.to_be_bytes());
        bytes.extend([0, 0, 0, 1, 0xff, 0xff]);
        bytes.extend(body);
        lab.receive(conn, &bytes);
        lab.pass(Duration::from_secs(60));
    }

    /// However a stream is cut into reads, the log ends up the same.
    #[test]
    fn any_cuts_give_the_same_log(cuts in prop::collection::vec(1usize..400, 1..60)) {
        let mut whole = Lab::with_topic();
        let conn = whole.connect(0);
        let mut bytes = Vec::new();
        for n in 0..20 {
            bytes.extend(whole.produce_frame(13, -1, 0, &sequenced(5, n, &["abc"])));
        }
        whole.receive(conn, &bytes);
        let mut cut = Lab::with_topic();
        let conn = cut.connect(0);
        let mut rest = &bytes[..];
        for len in cuts.into_iter().cycle() {
            let (now, later) = rest.split_at(len.min(rest.len()));
            if now.is_empty() {
                break;
            }
            cut.receive(conn, now);
            rest = later;
        }
        let stored = |lab: &Lab| lab.broker.log("t", 0).map(<[u8]>::to_vec).collect::<Vec<_>>();
        prop_assert_eq!(stored(&whole).len(), 20);
        prop_assert_eq!(stored(&cut), stored(&whole));
        prop_assert_eq!(&cut.written[&conn], &whole.written[&conn]);
    }
}
