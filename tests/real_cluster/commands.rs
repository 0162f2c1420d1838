//! Command lines as people have them: kafka-producer-perf-test's, topics that can't be used, two
//! runs side by side.

use std::process::Stdio;

use super::outcome::{bench, count, delivered, log_end, passed, result_of};
use crate::support::{self, Cluster};

/// Goal: a kafka-producer-perf-test line runs unchanged, old form and new. Method: the original and
/// our binary get the same words but for the topic; each topic then holds exactly the records asked
/// for, and the last lines on stdout have the same shape, digits aside.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn perf_test_lines_run_unchanged() {
    let Some(cluster) = support::cluster() else { return };
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("client.properties");
    std::fs::write(&config, "batch.size=32768\ncompression.type=lz4\n").unwrap();
    let (servers, config) = (cluster.bootstrap(), config.to_str().unwrap());
    let bootstrap = format!("bootstrap.servers={servers}");
    let size = ["--num-records", "5000", "--record-size", "100"];
    let new = ["--throughput", "5000", "--bootstrap-server", servers];
    let new_rest = ["--command-property", "acks=all", "linger.ms=5"];
    let warm = ["--warmup-records", "1000", "--command-config", config];
    let old = ["--throughput", "-1", "--producer-props", &bootstrap, "acks=1", "linger.ms=1"];
    let old_rest = ["--producer.config", config];
    let forms = [
        ("new", [&size[..], &new, &new_rest].concat()),
        ("warm", [&size[..], &new, &warm].concat()),
        ("old", [&size[..], &old, &old_rest].concat()),
    ];
    for (form, words) in forms {
        let (ours, theirs) = (format!("perf-{form}"), format!("original-{form}"));
        let output = support::kprod(&[&["--topic", &ours], &words[..]].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{words:?}:\n{said}");
        let printed = String::from_utf8(output.stdout).unwrap();
        let original =
            cluster.kafka("producer-perf-test", &[&["--topic", &theirs], &words[..]].concat());
        let [last, original] = [&printed, &original].map(|text| {
            text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().trim()
        });
        assert_eq!(shape(last), shape(original), "{last}\n{original}");
        let sent = if form == "warm" { "4000 steady state records" } else { "5000 records" };
        assert!(last.starts_with(sent), "{last}");
        assert_eq!(log_end(&cluster, &ours), 5_000, "{form}");
        assert_eq!(log_end(&cluster, &theirs), 5_000, "{form}");
    }
}

/// The line with every whole number as `#`, and every digit after a point as `0`.
fn shape(line: &str) -> String {
    let mut shape = String::new();
    let mut after_point = false;
    for letter in line.chars() {
        let in_number = shape.ends_with('#') || after_point;
        if !letter.is_ascii_digit() {
            after_point = letter == '.' && in_number;
            shape.push(letter);
        } else if after_point {
            shape.push('0');
        } else if !shape.ends_with('#') {
            shape.push('#');
        }
    }
    shape
}

/// Goal: a topic that can't be used is code 3 and one line that says why. Method: a missing topic
/// that mustn't be made, and more replicas than brokers; neither leaves a topic behind.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn unusable_topics_are_code_3() {
    let Some(cluster) = support::cluster() else { return };
    let cases: [(&str, &[&str]); 2] = [
        ("--topic unmade --no-create-topic", &["\"unmade\"", "--no-create-topic"]),
        ("--topic unmade --replication-factor 5", &["\"unmade\"", "factor 5", "3 brokers"]),
    ];
    for (line, wanted) in cases {
        let output = bench(&cluster, &format!("{line} --rate 1k --duration 1s"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{line}: {said}");
        assert_eq!(output.stdout, b"", "{line}");
        assert_eq!(said.lines().count(), 1, "{line}: {said}");
        assert!(said.starts_with("error: "), "{line}: {said}");
        for word in wanted {
            assert!(said.contains(word), "{word} is not in: {said}");
        }
    }
    assert!(!topics(&cluster).contains(&"unmade".to_owned()));
}

/// Goal: a fresh topic is gone after its run, unless it is to be kept. Method: two runs, and the
/// names that kafka-topics lists.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn a_fresh_topic_is_gone_afterwards() {
    let Some(cluster) = support::cluster() else { return };
    let [gone, kept] = ["", "--keep-topic"].map(|keep| {
        let line = format!("--topic fresh --fresh-topic {keep} --partitions 3 --num-records 2k");
        let result = passed(&cluster, &line);
        let topic = &result["cluster"]["topic"];
        assert_eq!(topic["created"], true, "{topic}");
        assert_eq!(topic["deleted"], keep.is_empty(), "{topic}");
        assert_eq!(count(&result, "/throughput/broker_offset_delta"), 2_000);
        topic["name"].as_str().expect("a name").to_owned()
    });
    assert!(gone.starts_with("fresh-") && kept.starts_with("fresh-"), "{gone} {kept}");
    let listed = topics(&cluster);
    assert!(!listed.contains(&gone), "{gone} is still there");
    assert!(!listed.contains(&"fresh".to_owned()), "a topic of the plain name was made");
    assert_eq!(log_end(&cluster, &kept), 2_000);
}

fn topics(cluster: &Cluster) -> Vec<String> {
    cluster.kafka("topics", &["--list"]).lines().map(str::to_owned).collect()
}

/// Goal: runs into different topics don't disturb each other's proof. Method: two at once; each
/// confirms its own records, and each log holds its producer's numbers once.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn two_runs_side_by_side_count_their_own() {
    let Some(cluster) = support::cluster() else { return };
    let lines = [("left", "3k", 6_000), ("right", "5k", 10_000)].map(|(topic, rate, records)| {
        let load = format!("--rate {rate} --duration 2s --warmup 0 --generator sequence");
        (topic, format!("--topic {topic} --partitions 4 {load} --output-format json"), records)
    });
    let running = lines.map(|(topic, line, records)| {
        let target = ["--bootstrap-server", cluster.bootstrap()];
        let words: Vec<&str> = target.into_iter().chain(line.split_whitespace()).collect();
        let mut command = support::kprod_command(&words);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Each is read by a thread of its own: a full pipe would hold the other back.
        let ended = std::thread::spawn(move || child.wait_with_output().unwrap());
        (topic, line, records, ended)
    });
    for (topic, line, records, ended) in running {
        let result = result_of(&line, &ended.join().unwrap());
        assert_eq!(delivered(&result["records"]), records, "{topic}");
        assert_eq!(result["throughput"]["broker_offset_delta"], records, "{topic}");
        assert_eq!(result["throughput"]["delta_confirms"], true, "{topic}");
        let expected = format!("0:{records}");
        cluster.script("count_exactly_once", &[topic, "--expect", &expected, "--ordered"]);
    }
}
