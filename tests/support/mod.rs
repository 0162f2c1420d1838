//! What the tests against a real Kafka share: finding the cluster that `scripts/test` has started,
//! Kafka's own tools, faults, and our own binary.
//!
//! Nothing here starts or ends a cluster. Such tests are `#[ignore]`d, so that a plain `cargo test`
//! needs no Java; `scripts/test` runs them. Begin each with
//! `let Some(cluster) = support::cluster() else { return };` and use a topic of its own.

#![allow(dead_code, reason = "each test file uses its own part of this module")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A running cluster, by the name that `scripts/cluster` knows it by.
pub(crate) struct Cluster {
    name: String,
    bootstrap: String,
}

/// The cluster given by `KPROD_TEST_CLUSTER` (its name; `dev` when unset) and
/// `KPROD_TEST_BOOTSTRAP` (its bootstrap servers). Without the latter, says SKIP on stderr, past
/// the test harness's capture.
///
/// # Panics
/// When there is no cluster and `KPROD_REQUIRE_CLUSTER=1`: there, a skipped test is a failure.
pub(crate) fn cluster() -> Option<Cluster> {
    let Some(bootstrap) = variable("KPROD_TEST_BOOTSTRAP") else {
        assert!(
            variable("KPROD_REQUIRE_CLUSTER").as_deref() != Some("1"),
            "KPROD_REQUIRE_CLUSTER=1, but KPROD_TEST_BOOTSTRAP names no cluster"
        );
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        let line = format!("SKIP {test}: no real cluster\n");
        std::io::stderr().write_all(line.as_bytes()).expect("stderr is open");
        return None;
    };
    let name = variable("KPROD_TEST_CLUSTER").unwrap_or_else(|| "dev".to_owned());
    Some(Cluster { name, bootstrap })
}

impl Cluster {
    /// Comma-separated `host:port`, as for `--bootstrap-server`.
    pub(crate) fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// The folder with `broker-N/data` and `broker-N/logs`.
    pub(crate) fn dir(&self) -> PathBuf {
        PathBuf::from(self.run("dir", &[], "").trim())
    }

    /// Runs one of Kafka's tools (`topics`, `dump-log`, …) and returns its stdout.
    ///
    /// # Panics
    /// When the tool fails; its stderr is in the message. True of every method here.
    pub(crate) fn kafka(&self, tool: &str, args: &[&str]) -> String {
        self.run("kafka", &[&[tool], args].concat(), "")
    }

    /// Runs a single-file Java program of `tests/java/` on the jars of the cluster, with
    /// `input` as its stdin, and returns its stdout.
    pub(crate) fn java(&self, file: &str, args: &[&str], input: &str) -> String {
        let path = root().join("tests/java").join(file);
        self.run("java", &[&[path.to_str().unwrap()], args].concat(), input)
    }

    /// Runs a script of `tests/real_cluster/`, which gets `--cluster NAME` first, and returns its
    /// stdout; a finding of the script is a panic.
    pub(crate) fn script(&self, file: &str, args: &[&str]) -> String {
        let path = root().join("tests/real_cluster").join(file);
        let output = Command::new(&path).args(["--cluster", &self.name]).args(args).output();
        text(&format!("{file} {args:?}"), &output.unwrap())
    }

    /// Creates a topic with a replication factor of 3.
    pub(crate) fn create_topic(&self, topic: &str, partitions: u32) {
        let partitions = partitions.to_string();
        self.kafka(
            "topics",
            &["--create", "--topic", topic, "--partitions", &partitions]
                .into_iter()
                .chain(["--replication-factor", "3"])
                .collect::<Vec<_>>(),
        );
    }

    /// The end offset of every partition, as Kafka's GetOffsetShell prints them; empty when the
    /// topic doesn't exist.
    pub(crate) fn end_offsets(&self, topic: &str) -> BTreeMap<i32, i64> {
        let list = self.run("kafka", &["topics", "--list"], "");
        if !list.lines().any(|line| line == topic) {
            return BTreeMap::new();
        }
        let printed = self.run("offsets", &[topic], "");
        printed
            .lines()
            .map(|line| {
                let mut fields = line.rsplit(':');
                let offset = fields.next().and_then(|field| field.parse().ok());
                let partition = fields.next().and_then(|field| field.parse().ok());
                let whole = "GetOffsetShell prints TOPIC:PARTITION:OFFSET";
                (partition.expect(whole), offset.expect(whole))
            })
            .collect()
    }

    /// The broker that leads a partition.
    pub(crate) fn leader(&self, topic: &str, partition: u32) -> u32 {
        let described = self.kafka("topics", &["--describe", "--topic", topic]);
        let wanted = format!("\tPartition: {partition}\t");
        let line = described
            .lines()
            .find(|line| line.contains(&wanted))
            .unwrap_or_else(|| panic!("{topic} has no partition {partition}:\n{described}"));
        let (_, rest) = line.split_once("Leader: ").expect("describe names the leader");
        rest.split_whitespace().next().and_then(|id| id.parse().ok()).expect("a leader's id")
    }

    /// `kill`, `start`, `pause` or `cont` of one broker.
    pub(crate) fn fault(&self, what: &str, broker: u32) {
        self.run(what, &[&broker.to_string()], "");
    }

    /// Waits until every broker runs and every ISR is full.
    pub(crate) fn wait_in_sync(&self) {
        self.run("status", &["--wait", "60"], "");
    }

    fn run(&self, command: &str, args: &[&str], input: &str) -> String {
        let mut child = Command::new(root().join("scripts/cluster"))
            .args([command, "--name", &self.name])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("scripts/cluster can be started");
        let mut stdin = child.stdin.take().expect("stdin is piped");
        // A thread of its own: a program that answers line by line would otherwise fill its stdout
        // while we still write.
        let output = std::thread::scope(|scope| {
            scope.spawn(move || stdin.write_all(input.as_bytes()));
            child.wait_with_output().expect("scripts/cluster ends")
        });
        text(&format!("scripts/cluster {command} {args:?}"), &output)
    }
}

/// Runs our own binary to its end, with no stdin.
pub(crate) fn kprod(args: &[&str]) -> Output {
    kprod_command(args).output().expect("the binary can be started")
}

/// Our own binary, for tests that act while it runs.
pub(crate) fn kprod_command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kprod-bench"));
    command.args(args).stdin(Stdio::null());
    command
}

fn text(what: &str, output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{what}: {}\n{out}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    out.into_owned()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
