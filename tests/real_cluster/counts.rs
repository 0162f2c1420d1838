//! Does a result count what the cluster counts? Offsets, stages, producers, cells of a matrix.

use serde_json::Value;

use super::outcome::{count, delivered, log_end, passed, stages_add_up};
use crate::support;

/// Goal: for each acks the counts of warm-up and measurement are those of the log. Method: the sums
/// of GetOffsetShell before and after three runs into one topic against the offsets and counts in
/// `phases` and `throughput`; the stages against the response.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn phases_agree_with_the_offsets_for_every_acks() {
    let Some(cluster) = support::cluster() else { return };
    cluster.create_topic("phases", 12);
    let mut before = log_end(&cluster, "phases");
    assert_eq!(before, 0);
    for acks in ["0", "1", "all"] {
        let load = "--rate 20k --duration 3s --warmup 1s --record-size 100 --linger-ms 5";
        let result = passed(&cluster, &format!("--topic phases --acks {acks} {load}"));
        let after = log_end(&cluster, "phases");

        let [warmup, measure] = &result["phases"].as_array().expect("phases")[..] else {
            panic!("acks={acks}: not two phases: {}", result["phases"]);
        };
        assert_eq!([&warmup["name"], &measure["name"]], ["warmup", "measure"]);
        assert_eq!(warmup["offset_before"], before, "acks={acks}");
        assert_eq!(warmup["offset_after"], measure["offset_before"], "acks={acks}");
        assert_eq!(measure["offset_after"], after, "acks={acks}");
        for (phase, due) in [(warmup, 20_000), (measure, 60_000)] {
            assert_eq!(count(phase, "/due"), due, "acks={acks}: {phase}");
            assert_eq!(delivered(phase), due, "acks={acks}: {phase}");
            let grew =
                phase["offset_after"].as_i64().unwrap() - phase["offset_before"].as_i64().unwrap();
            assert_eq!(grew, i64::try_from(due).unwrap(), "acks={acks}: {phase}");
        }
        counts_are_the_windows(&result, 60_000, if acks == "0" { "written" } else { "acked" });
        stages_add_up(&result);
        before = after;
    }
    assert_eq!(before, 3 * 80_000);
}

/// Every record of the window ended in the outcome named, and the topic grew by as many.
fn counts_are_the_windows(result: &Value, due: u64, outcome: &str) {
    let records = result["records"].as_object().expect("the ledger");
    for (name, found) in records {
        let ended_here = name == outcome || name == "due" || name == "generated";
        assert_eq!(*found, if ended_here { due } else { 0 }, "{name}: {records:?}");
    }
    assert_eq!(result["throughput"]["broker_offset_delta"], due);
    assert_eq!(result["throughput"]["delta_confirms"], true);
    assert_eq!(result["verification"]["lost"], 0);
    assert_eq!(result["latency"]["response"]["kind"], outcome);
    let partitions = result["partitions"].as_array().expect("partitions");
    let by_partition: u64 = partitions.iter().map(|one| count(one, "/count")).sum();
    assert_eq!(by_partition, due);
}

/// Goal: two producers share the rate evenly and give one result. Method: a paced run of sequence
/// values, the merged histograms' counts against the sum, and the log read back: each producer has
/// written each of its numbers once.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn two_producers_share_the_rate_and_merge() {
    let Some(cluster) = support::cluster() else { return };
    let load = "--producers 2 --rate 10k --num-records 20k --generator sequence";
    let result = passed(&cluster, &format!("--topic shared --partitions 6 {load}"));
    assert_eq!(result["client"]["producers"], 2);
    counts_are_the_windows(&result, 20_000, "acked");
    stages_add_up(&result);
    let expected = ["--expect", "0:10000", "--expect", "1:10000", "--ordered"];
    let counted = cluster.script("count_exactly_once", &[&["shared"], &expected[..]].concat());
    for producer in 0..2 {
        let line = format!("producer {producer}: 10000 numbers, lost 0, duplicated 0");
        assert!(counted.contains(&line), "{counted}");
    }
}

/// Goal: each producer has connections of its own, one to each broker at least. Method: the sockets
/// of runs with one, two and three producers, counted in /proc while they send; what the run itself
/// asks the cluster with is in all three, so the steps between them are one producer's.
#[test]
#[cfg(target_os = "linux")]
#[ignore = "needs a real cluster: scripts/test"]
fn each_producer_has_connections_of_its_own() {
    let Some(cluster) = support::cluster() else { return };
    cluster.create_topic("sockets", 12);
    let open = [1, 2, 3].map(|producers| {
        let mut most = 0;
        let load = "--rate 6k --duration 2s --warmup 0 --verify none --partitioner roundrobin";
        let line = format!("--topic sockets --producers {producers} {load}");
        let result = super::outcome::watched(&cluster, &line, |process, _| {
            most = most.max(connections(&cluster, process));
        });
        assert_eq!(delivered(&result["records"]), 12_000);
        most
    });
    let [one, two, three] = open;
    assert!(two - one >= 3, "{open:?} connections with 1, 2 and 3 producers");
    assert_eq!(three - two, two - one, "{open:?} connections with 1, 2 and 3 producers");
}

/// Open TCP connections of a process to the cluster's brokers.
#[cfg(target_os = "linux")]
fn connections(cluster: &support::Cluster, process: u32) -> usize {
    let Ok(files) = std::fs::read_dir(format!("/proc/{process}/fd")) else { return 0 };
    let sockets: Vec<String> = files
        .filter_map(|file| std::fs::read_link(file.ok()?.path()).ok())
        .filter_map(|link| {
            let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some(inode.to_owned())
        })
        .collect();
    let ports: Vec<u16> = cluster
        .bootstrap()
        .split(',')
        .map(|server| server.rsplit(':').next().unwrap().parse().unwrap())
        .collect();
    let table = std::fs::read_to_string(format!("/proc/{process}/net/tcp")).unwrap_or_default();
    let ours = |line: &&str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let port = fields[2].rsplit(':').next().and_then(|hex| u16::from_str_radix(hex, 16).ok());
        let established = fields[3] == "01";
        established
            && port.is_some_and(|port| ports.contains(&port))
            && sockets.iter().any(|inode| inode == fields[9])
    };
    table.lines().skip(1).filter(ours).count()
}

/// Goal: comma lists give one run a cell, each with all its records. Method: six cells into one
/// topic, the runs and rows of the JSON in the order of the flags, and the topic's end offsets.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn every_cell_of_a_matrix_has_its_records() {
    let Some(cluster) = support::cluster() else { return };
    let lists = "--acks 0,1,all --linger-ms 0,5";
    let load = "--rate 5k --duration 1s --warmup 0";
    let result = passed(&cluster, &format!("--topic cells {lists} {load}"));
    let runs = result["runs"].as_array().expect("runs");
    let rows = result["matrix"]["summary"].as_array().expect("rows");
    let cell_of = |one: &Value| {
        let value = |flag: &str| one["cell"][flag].as_str().unwrap_or("none").to_owned();
        (value("acks"), value("linger-ms"))
    };
    let cells: Vec<_> = ["0", "1", "all"]
        .iter()
        .flat_map(|acks| ["0", "5"].map(|linger| ((*acks).to_owned(), linger.to_owned())))
        .collect();
    assert_eq!(runs.iter().map(cell_of).collect::<Vec<_>>(), cells);
    assert_eq!(rows.iter().map(cell_of).collect::<Vec<_>>(), cells);
    for run in runs {
        let (acks, linger) = cell_of(run);
        assert_eq!(run["exit"]["code"], 0, "{acks} {linger}");
        assert_eq!(run["config"]["effective"]["acks"], acks);
        assert_eq!(run["config"]["effective"]["linger.ms"], linger);
        counts_are_the_windows(run, 5_000, if acks == "0" { "written" } else { "acked" });
        stages_add_up(run);
    }
    assert_eq!(log_end(&cluster, "cells"), 30_000);
}
