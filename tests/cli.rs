//! The command as its users call it, where no broker is needed: messages and exit codes.

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::{contains, is_empty, starts_with};

fn bench(line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kprod-bench"));
    command.env_remove("KPROD_BOOTSTRAP_SERVER").args(line.split_whitespace());
    command
}

/// A wrong line ends with 2, says why on standard error alone, and sends nothing.
fn wrong(line: &str) -> assert_cmd::assert::Assert {
    bench(line).assert().code(2).stdout(is_empty())
}

#[test]
fn an_unknown_flag_names_the_nearest() {
    wrong("--linger-sm 5").stderr(contains("--linger-sm").and(contains("--linger-ms")));
    wrong("run --record-siz 5").stderr(contains("--record-size"));
    wrong("brokr").stderr(contains("broker"));
}

#[test]
fn wrong_flags_and_wrong_values_are_said_at_once() {
    wrong("--linger-sm 5 --acks 7 --record-siz 3 --rate fast -X liner.ms=1").stderr(
        contains("--linger-ms")
            .and(contains("--record-size"))
            .and(contains("error: acks = \"7\""))
            .and(contains("error: --rate = \"fast\""))
            .and(contains("the nearest is linger.ms"))
            .and(predicate::function(|text: &str| text.lines().count() == 5)),
    );
    wrong("broker --brokers 0 --lisen x").stderr(contains("--listen").and(contains("--brokers")));
}

#[test]
fn an_unknown_property_names_the_nearest() {
    wrong("-X linger.m=5").stderr(contains("linger.m = \"5\" (-X)").and(contains("linger.ms")));
}

#[test]
fn a_value_out_of_range_says_what_was_expected() {
    wrong("--acks 7").stderr(starts_with("error: acks = \"7\" (--acks): expected"));
    wrong("--batch-size 16k").stderr(contains("batch.size = \"16k\" (--batch-size)"));
    wrong("-X linger.ms=5s").stderr(contains("write 5000"));
}

#[test]
fn three_wrong_values_are_said_at_once() {
    wrong("--acks 7 --record-size none --rate fast").stderr(
        contains("acks = \"7\"")
            .and(contains("--record-size = \"none\""))
            .and(contains("--rate = \"fast\""))
            .and(predicate::function(|text: &str| text.lines().count() == 3)),
    );
}

#[test]
fn what_is_not_built_says_so() {
    wrong("--transactional-id a").stderr(contains("transactional.id"));
    wrong("-X security.protocol=SASL_SSL").stderr(contains("security.protocol"));
}

#[test]
fn a_place_that_cannot_be_written_to_is_found_before_the_run() {
    wrong("--json /nowhere/at/all/r.json").stderr(contains("--json").and(contains("can't write")));
    wrong("--command-config /nowhere/at/all").stderr(contains("can't read it"));
}

#[test]
fn a_judged_run_does_not_turn_green_on_a_toy() {
    wrong("--strict").stderr(contains("needs a cluster"));
    wrong("--verify sequence").stderr(contains("--verify needs a cluster"));
}

#[test]
fn commands_of_later_versions_do_not_exist() {
    for command in ["compare", "search", "doctor", "ramp"] {
        bench(command).assert().code(2);
    }
}

#[test]
fn help_and_version_are_no_errors() {
    bench("--version").assert().code(0).stdout(contains(env!("CARGO_PKG_VERSION")));
    let help = bench("--help").assert().code(0).stderr(is_empty());
    let text = String::from_utf8(help.get_output().stdout.clone()).unwrap();
    for flag in ["--bootstrap-server", "--rate", "--producer-props", "--verify", "Exit codes"] {
        assert!(text.contains(flag), "{flag}");
    }
    bench("broker --help").assert().code(0).stdout(contains("--listen"));
}

#[test]
fn nothing_listening_is_code_3_and_names_the_address() {
    // A port that was free a moment ago; nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    bench(&format!("--bootstrap-server 127.0.0.1:{port} --max-block-ms 500 --duration 1s"))
        .assert()
        .code(3)
        .stdout(is_empty())
        .stderr(contains(format!("127.0.0.1:{port}")));
}

#[test]
fn a_broker_that_cannot_listen_says_where() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap();
    bench(&format!("broker --listen {addr} --brokers 1"))
        .assert()
        .code(2)
        .stderr(contains(addr.to_string()));
    bench("broker --brokers 0 --listen x --partitions -3").assert().code(2);
}

#[test]
fn a_calibration_is_of_the_client_and_says_what_it_did_not_use() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.json");
    let file = file.to_str().unwrap();
    // Nobody listens there, and nobody is asked: the line of a run can stay as it is.
    let line = "--bootstrap-server 127.0.0.1:1 --acks 1 --rate 5k --verify offsets --strict";
    bench(&format!("calibrate {line} --json {file}")).assert().code(0).stdout(
        contains("generator alone")
            .and(contains("with engine"))
            .and(contains("ceiling"))
            .and(contains("--rate --verify --strict"))
            .and(contains(format!("written          {file}"))),
    );
    // The same line as a run goes on to the cluster; others are told what differs.
    bench(&format!("{line} --max-block-ms 500 --calibration {file}")).assert().code(3);
    let other =
        format!("--acks 1 --batch-size 1KiB --rate 5k --calibration {file} --record-size x");
    wrong(&other).stderr(
        contains("made for another configuration: batch.size is \"16384\" there, \"1024\" here")
            .and(contains("--record-size = \"x\"")),
    );
    wrong(&format!("--calibrate --calibration {file}")).stderr(contains("cannot be used with"));
    wrong("--calibration /nowhere/at/all").stderr(contains("can't read it"));
}

#[test]
fn a_run_near_its_clients_ceiling_is_told_so() {
    let run = bench("--embedded --duration 2s --warmup 0 --verify none --calibrate").assert();
    let text = String::from_utf8(run.code(0).get_output().stdout.clone()).unwrap();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("records/s by this client without a cluster; "), "{text}");
}

/// A small run against the embedded brokers, as JSON.
fn embedded(line: &str) -> serde_json::Value {
    let run = bench(&format!("--embedded --output-format json {line}")).assert().code(0);
    serde_json::from_slice(&run.get_output().stdout).expect("standard output holds JSON alone")
}

#[test]
fn exactly_the_records_asked_for_arrive_in_the_log() {
    let result =
        embedded("--num-records 5k --warmup-records 1k --generator sequence --producers 2");
    assert_eq!(result["cluster"]["kind"], "embedded");
    assert_eq!(result["records"]["acked"], 4_000);
    assert_eq!(result["phases"][0]["acked"], 1_000);
    assert_eq!(result["latency"]["service"]["count"], 4_000);
    assert_eq!(result["latency"]["response"], serde_json::Value::Null);
    assert_eq!(result["throughput"]["broker_offset_delta"], 4_000);
    assert_eq!(result["throughput"]["delta_confirms"], true);
    assert_eq!(result["config"]["source"]["acks"], "default");
    assert_eq!(result["exit"]["code"], 0);
}

/// Goal: a warm-up that waits for its load to settle ends by itself, is drained and says how it
/// went. Method: a rate that the embedded brokers keep up with at once.
#[test]
fn a_warm_up_lasts_until_its_load_has_settled() {
    let result = embedded("--rate 2k --warmup auto --duration 1s --reporting-interval 5s");
    let phases = result["phases"].as_array().unwrap();
    let [warmup, measured] = &phases[..] else { panic!("{phases:?}") };
    let settled = warmup["settled"].as_bool().unwrap();
    let nanos = |field: &str| warmup[field].as_u64().unwrap();
    let span = nanos("end") - nanos("start");
    assert!(span > 4_700_000_000 && settled == (span < 60_000_000_000), "{warmup}");
    assert_eq!((nanos("acked"), nanos("unsent")), (nanos("due"), 0), "{warmup}");
    assert_eq!(measured["settled"], serde_json::Value::Null);
    assert_eq!(result["records"]["acked"], 2_000);
}

#[test]
fn a_list_gives_one_run_a_cell() {
    let result = embedded("--acks 0,all --rate 2k --duration 1s --warmup 0 --label a=b");
    let runs = result["runs"].as_array().expect("runs are an array");
    let cells: Vec<_> = runs.iter().map(|run| run["cell"]["acks"].as_str()).collect();
    assert_eq!(cells, [Some("0"), Some("all")]);
    assert_eq!(runs[0]["records"]["written"], 2_000);
    assert_eq!(runs[1]["records"]["acked"], 2_000);
    assert_eq!(runs[1]["latency"]["response"]["count"], 2_000);
    assert_eq!(runs[1]["labels"]["a"], "b");
    assert_eq!(result["matrix"]["summary"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_perf_test_line_ends_with_its_line() {
    let line = "--embedded --topic t --num-records 500 --record-size 100 --throughput -1";
    let printed = |pattern: &str| predicates::str::is_match(pattern).unwrap();
    bench(line).assert().code(0).stdout(printed("(?m)^500 records sent, [0-9.]+ records/sec"));
    // With a warm-up, all records come first, then those after it, as the original has it.
    bench(&format!("{line} --warmup-records 100")).assert().code(0).stdout(printed(
        "(?m)^500 records sent, .*99.9th.\n400 steady state records sent, .*99.9th.$",
    ));
}

#[test]
fn a_broker_process_ends_with_its_input() {
    bench("broker --listen 127.0.0.1:0 --brokers 2 --until-eof")
        .timeout(std::time::Duration::from_secs(60))
        .write_stdin("ignored")
        .assert()
        .code(0)
        .stdout(
            predicates::str::is_match("^127.0.0.1:[1-9][0-9]*,127.0.0.1:[1-9][0-9]*\n$").unwrap(),
        );
}

/// A run that is told to stop: the process, and its standard error line by line.
struct Running {
    child: std::process::Child,
    lines: std::io::Lines<std::io::BufReader<std::process::ChildStderr>>,
    seen: Vec<String>,
}

impl Running {
    fn start(line: &str) -> Self {
        use std::io::BufRead as _;
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_kprod-bench"))
            .env_remove("KPROD_BOOTSTRAP_SERVER")
            .args(line.split_whitespace())
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = child.stderr.take().unwrap();
        Self { child, lines: std::io::BufReader::new(stderr).lines(), seen: Vec::new() }
    }

    /// Reads on until a line holds `text`.
    fn wait_for(&mut self, text: &str) {
        loop {
            let Some(line) = self.lines.next() else { panic!("no {text:?} in {:#?}", self.seen) };
            let line = line.unwrap();
            let found = line.contains(text);
            self.seen.push(line);
            if found {
                return;
            }
        }
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal)
            .unwrap();
    }

    /// Its exit code, standard output and standard error.
    fn end(mut self) -> (Option<i32>, String, String) {
        self.seen.extend(self.lines.map(Result::unwrap));
        let output = self.child.wait_with_output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), out, self.seen.join("\n"))
    }
}

/// More than an embedded broker in a debug build takes, so that much is due and unanswered.
const TOO_MUCH: &str = "--embedded --warmup 0 --rate 500k --record-size 2000 --duration 60s \
                        --reporting-interval 200ms";

#[test]
fn a_second_interrupt_writes_what_was_measured_at_once() {
    let mut run = Running::start(&format!("{TOO_MUCH} --output-format json"));
    run.wait_for("response p99");
    run.signal(rustix::process::Signal::INT);
    run.wait_for("stopping");
    run.signal(rustix::process::Signal::INT);
    let (code, out, err) = run.end();
    assert_eq!(code, Some(130), "{err}");
    let result: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(result["partial"], "interrupted");
    let records = &result["records"];
    assert!(records["acked"].as_u64() > Some(0), "{records}");
    // What the stop cut off is nobody's error.
    assert_eq!(records["cut_in_flight"], records["indeterminate"]);
    assert_eq!(records["failed"], 0);
    assert_eq!(result["errors"].as_array().map(Vec::len), Some(0), "{}", result["errors"]);
}

#[test]
fn an_interrupted_run_says_what_the_stop_cut_off_and_what_was_measured() {
    let mut run = Running::start(TOO_MUCH);
    run.wait_for("response p99");
    run.signal(rustix::process::Signal::TERM);
    run.wait_for("stopping");
    run.signal(rustix::process::Signal::TERM);
    run.wait_for("ending at once");
    let (code, out, err) = run.end();
    assert_eq!(code, Some(143), "{err}");
    assert!(out.contains("PARTIAL: terminated"), "{out}");
    assert!(out.contains("cut off          by the stop: "), "{out}");
    assert!(out.contains("errors           none"), "{out}");
}

/// Goal: also a run that never came to its measurement leaves a result, and it says so. Method: an
/// interrupt in the warm-up.
#[test]
fn an_interrupt_in_the_warm_up_writes_how_far_it_came() {
    let line = "--embedded --warmup 60s --rate 1k --reporting-interval 100ms";
    for format in ["json", "text"] {
        let mut run = Running::start(&format!("{line} --output-format {format}"));
        run.wait_for("unanswered");
        run.signal(rustix::process::Signal::INT);
        let (code, out, err) = run.end();
        assert_eq!(code, Some(130), "{err}");
        if format == "text" {
            assert!(out.contains("INVALID   PARTIAL: interrupted before the measurement"), "{out}");
            assert!(out.contains("the run ended before its measurement began"), "{out}");
            continue;
        }
        let result: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(result["partial"], "interrupted before the measurement");
        assert_eq!(result["exit"]["code"], 130);
        let phases = result["phases"].as_array().unwrap();
        assert_eq!((phases.len(), &phases[0]["name"]), (1, &"warmup".into()));
        assert!(phases[0]["acked"].as_u64() > Some(0), "{phases:?}");
        assert_eq!(result["validity"]["reasons"][0]["name"], "nothing_measured");
    }
}

/// Goal: a file that was asked for is there after every interrupt, and says what it is. Method: one
/// while nobody answers.
#[test]
fn an_interrupt_before_the_first_record_writes_a_result_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.json");
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = deaf.local_addr().unwrap();
    let json = path.display();
    let line = format!("--bootstrap-server {address} --num-records 10 --topic t --json {json}");
    let run = Running::start(&line);
    // Whoever connects listens to signals.
    let connected = deaf.accept().unwrap();
    run.signal(rustix::process::Signal::INT);
    let (code, out, err) = run.end();
    drop(connected);
    assert_eq!(code, Some(130), "{err}");
    assert!(out.contains("PARTIAL: interrupted before the measurement"), "{out}");
    let result: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(result["partial"], "interrupted before the measurement");
    assert_eq!(result["records"]["generated"], 0);
    assert_eq!(result["cluster"]["topic"]["name"], "t");
    assert_eq!(result["exit"]["code"], 130);
}

/// Goal: a defect of ours takes no measurement with it: the result of all producers until then is
/// written, marked, and the exit is 1. Method: the hidden fault, in warm-up and measurement.
#[test]
fn a_producer_that_panics_leaves_what_was_measured() {
    let line = "--embedded --rate 2k --producers 2 --duration 60s --output-format json \
                --provoke-panic 700ms";
    for (warmup, phases) in [("0", 1), ("60s", 1), ("300ms", 2)] {
        let run = Running::start(&format!("{line} --warmup {warmup}"));
        let (code, out, err) = run.end();
        assert_eq!(code, Some(1), "{err}");
        assert!(err.contains("thread producer-1 panicked: a panic that was asked for"), "{err}");
        let result: serde_json::Value = serde_json::from_str(&out).unwrap();
        let partial = result["partial"].as_str().unwrap();
        assert!(partial.starts_with("internal error"), "{partial}");
        assert_eq!(result["exit"]["code"], 1);
        assert_eq!(result["phases"].as_array().map(Vec::len), Some(phases));
        let records = &result["records"];
        if warmup == "60s" {
            assert!(partial.contains("before the measurement"), "{partial}");
            assert_eq!(records["generated"], 0);
            continue;
        }
        // Both producers' records until then: some 1,400, were it only the other one's some 700.
        assert!(records["acked"].as_u64() > Some(1_000), "{records}");
        assert_eq!(result["errors"].as_array().map(Vec::len), Some(0), "{}", result["errors"]);
    }
}

#[test]
fn an_interrupted_matrix_names_the_cell_and_keeps_its_rows() {
    let mut run = Running::start(
        "--embedded --acks 1,all --rate 1k --warmup 300ms --duration 1s --reporting-interval 100ms",
    );
    run.wait_for("[2 of 2 acks=all] warmup");
    run.signal(rustix::process::Signal::TERM);
    let (code, out, err) = run.end();
    assert_eq!(code, Some(143), "{err}");
    assert!(err.contains("error: [2 of 2 acks=all] terminated before"), "{err}");
    assert!(out.contains("PARTIAL          1 of 2 runs were done"), "{out}");
}

#[test]
fn our_own_brokers_in_another_process_are_told_apart() {
    use std::io::BufRead as _;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut broker = std::process::Command::new(env!("CARGO_BIN_EXE_kprod-bench"))
        .args(["broker", "--brokers", "1", "--listen", &format!("127.0.0.1:{port}")])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut at = String::new();
    std::io::BufReader::new(broker.stdout.take().unwrap()).read_line(&mut at).unwrap();
    let line = format!("--bootstrap-server {} --num-records 10 --verify none", at.trim());
    let run = bench(&format!("{line} --output-format json")).assert();
    broker.kill().unwrap();
    broker.wait().unwrap();
    let result: serde_json::Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    assert_eq!(result["cluster"]["kind"], "embedded");
    assert_eq!(result["cluster"]["another_process"], true);
}

/// All that was sent is read back, and is what a template makes of seed, number and clock.
#[test]
fn templates_and_corpora_are_sent_and_proved() {
    let proved = "--num-records 3k --rate 30k --producers 2 --verify sequence";
    let template = "--template profiles/order.json.tmpl --key field:customer";
    let result = embedded(&format!("{proved} {template} --time-origin 2026-01-31T08:00:00Z"));
    assert_eq!(result["generator"]["kind"], "template");
    assert_eq!(result["generator"]["key"], "field:customer");
    assert_eq!(result["generator"]["time_origin"], "2026-01-31T08:00:00.000Z");
    assert_eq!(result["records"]["acked"], 3_000);
    assert_eq!(result["verification"]["lost"], 0);
    let result = embedded(&format!("{proved} --generator corpus --payload-file profiles"));
    assert_eq!(result["generator"]["kind"], "corpus");
    assert_eq!(result["verification"]["lost"], 0);
    let no_template = "src/load/source/template/tests.rs";
    wrong(&format!("--embedded --template {no_template}"))
        .stderr(contains(format!("({no_template}:")));
}

#[test]
fn the_key_rules_profile_runs_and_a_record_without_a_key_fails_in_its_words() {
    let result = embedded("--profile profiles/key-rules.yaml --num-records 800 --fresh-topic");
    assert_eq!(result["config"]["partitioner"], "key-rules:profiles/pangyo.rules.yaml");
    assert_eq!(result["records"]["acked"], 800);
    let first = result["partitions"][0]["count"].as_u64().unwrap();
    assert!((300..=500).contains(&first), "{first} records in partition 0");
    bench("--embedded --num-records 50 --key none --key-rules profiles/pangyo.rules.yaml")
        .assert()
        .code(4)
        .stdout(contains("partitioner=key-rules:profiles/pangyo.rules.yaml"))
        .stdout(contains("50 records failed (by INVALID_RECORD 50, Need message key)"));
}

#[test]
fn a_partition_that_the_topic_lacks_ends_a_run_before_it_sends() {
    bench("--embedded --num-records 50 --partitions 6 --partitioner partition:6")
        .assert()
        .code(2)
        .stderr(contains(
            "--partitioner = \"partition:6\": topic \"kprod-bench\" has 6 partitions; expected \
             0 to 5",
        ));
}

#[test]
fn records_read_back_are_all_there_whatever_names_them() {
    let zeros = ["lost", "unknown", "duplicated", "reordered", "corrupted", "foreign", "earlier"];
    for (data, carrier, bytes) in [
        ("--record-size 60 --key uniform:100 --compression-type none,zstd", "header kprod", 25),
        ("--generator sequence --acks 0,all", "value", 0),
        ("--payload-monotonic --linger-ms 0,5", "header kprod", 25),
        ("--record-size lognormal:99:1:30..4000 --key zipf:1k:1,hot:80%:3/9", "header kprod", 25),
        ("--generator fixed,null --header a=uuid() --timestamps event:1s", "header kprod", 25),
        ("--generator sequence --tombstones 10%,1 --schema-id 7", "header kprod", 25),
        ("--pool-mb 1 --key sequence --key-type bytes,int64", "header kprod", 25),
        ("--compress-ratio 0.3,0.6 --timestamps step:0:1s", "header kprod", 25),
    ] {
        let load = "--num-records 3k --warmup-records 500 --producers 2 --verify sequence";
        let result = embedded(&format!("{load} {data}"));
        let runs = result["runs"].as_array().expect("a matrix");
        assert_eq!(runs.len(), 2);
        for run in runs {
            let proof = &run["verification"];
            assert_eq!((&proof["expected"], &proof["found"]), (&2_500.into(), &2_500.into()));
            assert!(zeros.iter().all(|name| proof[name] == 0), "{data}: {proof}");
            assert_eq!(
                (&proof["mode"], &proof["carried_by"]),
                (&"sequence".into(), &carrier.into())
            );
            assert_eq!(proof["header_bytes"], bytes);
            assert_eq!(proof["cut_short"], serde_json::Value::Null);
            assert_eq!(proof["partitions"].as_array().map(Vec::len), Some(12));
        }
    }
}

#[test]
fn a_marked_record_has_the_size_that_was_asked_for() {
    let line = "--num-records 100 --record-size 60 --verify";
    let sequence = embedded(&format!("{line} sequence"));
    assert_eq!(sequence["generator"]["sizes"]["value"], 35);
    assert_eq!(sequence["generator"]["sizes"]["payload_mean"], 60.0);
    assert_eq!(sequence["generator"]["sizes"]["asked"], 60);
    let none = embedded(&format!("{line} none"));
    assert_eq!(none["verification"], serde_json::Value::Null);
    assert_eq!(none["generator"]["sizes"]["payload_mean"], 60.0);
    wrong("--embedded --record-size 24 --verify sequence").stderr(
        contains("--record-size = \"24\": expected 25 bytes or more").and(contains("kprod")),
    );
}

#[test]
fn quiet_leaves_out_the_summary_but_not_the_metrics_that_were_asked_for() {
    let line = "--embedded --num-records 100 --warmup 0 --output-format quiet";
    bench(line).assert().code(0).stdout(is_empty());
    bench(&format!("{line} --print-metrics"))
        .assert()
        .code(0)
        .stdout(starts_with("Metric Name").and(contains("producer-metrics:record-send-rate")));
}

#[test]
fn a_short_run_has_a_rate() {
    let result = embedded("--num-records 200 --rate 2k --warmup 0");
    let rates = &result["throughput"];
    let rate = rates["delivered_rps"].as_f64().unwrap();
    assert!(rate > 0.0 && rate <= 2_001.0, "{rates}");
}

#[test]
fn what_a_short_log_no_longer_holds_is_not_called_lost() {
    // An embedded partition holds 8 MiB, and this run writes 20 MB to one.
    let line = "--embedded --partitions 1 --num-records 20k --record-size 1000 --verify sequence";
    let run = bench(&format!("{line} --output-format json")).assert().code(0);
    let result: serde_json::Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    let proof = &result["verification"];
    let [found, removed, unknown] =
        ["found", "removed", "unknown"].map(|name| proof[name].as_u64().unwrap());
    assert!(removed > 5_000, "{proof}");
    assert_eq!((found + unknown, removed), (20_000, unknown), "{proof}");
    assert_eq!(proof["lost"], 0);
    bench(&format!("{line} --strict")).assert().code(4);
    bench(line).assert().code(0).stdout(contains("offsets were removed"));
}

#[test]
fn explain_gives_values_sources_and_javas_verdict() {
    bench("explain --acks 1").assert().code(0).stderr(is_empty()).stdout(
        starts_with("Java's producer 4.3.1 would start with this configuration.\n")
            .and(contains("Idempotence is off because acks=1."))
            .and(contains("--acks")),
    );
    // A bare line is the default profile, as it is for a run.
    bench("explain").assert().code(0).stdout(contains("profiles/first-look.yaml:"));
    bench("explain -X security.protocol=SSL transactional.id=t")
        .assert()
        .code(0)
        .stdout(contains("A run here refuses it:").and(contains("transactional.id = \"t\"")));
}

#[test]
fn explain_documents_the_keys_it_is_asked_for() {
    for line in ["explain linger.ms -X linger.ms=7", "explain -X linger.ms=7 linger.ms"] {
        bench(line)
            .assert()
            .code(0)
            .stdout(contains("  value       7 (-X)").and(contains("[0,...]")));
    }
    wrong("explain liner.ms").stderr(contains("the nearest is linger.ms"));
}

#[test]
fn explain_refuses_what_java_refuses_all_at_once() {
    // With a flag misread no verdict is given.
    wrong("explain --acks 1 -X enable.idempotence=true retries=0 linger.ms=5s --rate fast").stderr(
        contains("acks = \"1\" (--acks): expected all")
            .and(contains("retries = \"0\" (-X): expected 1 or more"))
            .and(contains("linger.ms = \"5s\" (-X): expected milliseconds, 0 or more; write 5000"))
            .and(contains("--rate = \"fast\"")),
    );
    let run = bench("explain --output-format json -X acks=2 batch.size=9 buffer.memory=8")
        .assert()
        .code(2);
    let text = &run.get_output().stdout;
    let document: serde_json::Value = serde_json::from_slice(text).expect("JSON alone");
    let cell = &document["cells"][0];
    assert_eq!(cell["java_accepts"], false);
    let verdict = cell["java_verdict"].as_str().expect("a sentence");
    assert!(verdict.ends_with("would not start with this configuration, because of acks"));
    assert_eq!(cell["problems"][0]["refused_by"], "java");
    assert_eq!(cell["problems"][1]["refused_by"], "run");
    assert_eq!(cell["keys"].as_array().map(Vec::len), Some(113));
}

#[test]
fn explain_says_in_words_what_java_would_do_with_each_cell() {
    bench("explain --acks 1,all -X enable.idempotence=true")
        .assert()
        .code(2)
        .stdout(
            contains("[1 of 2 acks=1]\nJava's producer 4.3.1 would not start with this config")
                .and(contains("because of acks."))
                .and(contains("[2 of 2 acks=all]\nJava's producer 4.3.1 would start")),
        )
        .stderr(contains("error: acks = \"1\" (--acks): expected all"));
    // Java has neither, and a run here both.
    for (name, why) in [("sarama-hash", "another client's"), ("uniform-sticky", "4.0 removed")] {
        let line = format!("explain --partitioner {name}");
        bench(&line)
            .assert()
            .code(2)
            .stdout(contains("because of partitioner.class.\nA run here would start.\n"))
            .stderr(contains(why));
    }
    bench("explain --partitioner round-robin").assert().code(0);
}

#[test]
fn an_unknown_key_is_java_s_to_ignore_and_a_run_s_to_refuse() {
    bench("explain -X liner.ms=5").assert().code(0).stderr(is_empty()).stdout(
        starts_with("Java's producer 4.3.1 would start")
            .and(contains("A run here refuses it:\n  liner.ms = \"5\" (-X): expected the name of"))
            .and(contains("the nearest is linger.ms"))
            .and(contains(
                "Notes:\n  liner.ms (-X) is no Kafka producer setting: Java's producer ",
            )),
    );
    wrong("-X liner.ms=5").stderr(contains("the nearest is linger.ms"));
}

#[test]
fn explain_tells_who_chooses_partitions_by_rules() {
    let line = "explain --key-rules profiles/pangyo.rules.yaml";
    bench(line).assert().code(0).stdout(contains(
        "  --key-rules profiles/pangyo.rules.yaml chooses partitions in a run here; for Java's",
    ));
    bench(&format!("{line} partitioner.class")).assert().code(0).stdout(contains("  note  "));
    let run = bench(&format!("{line} --output-format json")).assert().code(0);
    let document: serde_json::Value =
        serde_json::from_slice(&run.get_output().stdout).expect("JSON alone");
    assert_eq!(document["cells"][0]["key_rules"], "profiles/pangyo.rules.yaml");
    // Java's producer knows no key rules, so that its verdict stands and only a run refuses.
    for rival in ["round-robin", "partition:3"] {
        let two = format!("{line} --partitioner {rival}");
        bench(&two).assert().code(0).stderr(is_empty()).stdout(
            starts_with("Java's producer 4.3.1 would start")
                .and(contains("A run here refuses it:\n  partitioner.class = "))
                .and(contains("which chooses partitions already; leave one of the two out"))
                .and(contains("chooses partitions in a run here").not()),
        );
        let run = bench(&format!("{two} --output-format json")).assert().code(0);
        let document: serde_json::Value =
            serde_json::from_slice(&run.get_output().stdout).expect("JSON alone");
        let cell = &document["cells"][0];
        assert_eq!((&cell["java_accepts"], &cell["run_accepts"]), (&true.into(), &false.into()));
        assert_eq!(cell["problems"][0]["refused_by"], "run");
    }
    wrong("--key-rules profiles/pangyo.rules.yaml --partitioner round-robin")
        .stderr(contains("chooses partitions already"));
    let two = format!("{line} --partitioner sarama-hash");
    bench(&two)
        .assert()
        .code(2)
        .stdout(contains("A run here refuses it:").and(contains("A run here would start").not()));
}

#[test]
fn a_flag_over_a_property_for_the_same_key_is_said_once() {
    let line = "-X acks=1 --acks all --linger-ms 0,5";
    bench(&format!("--embedded --num-records 10 {line}"))
        .assert()
        .code(0)
        .stderr(contains("note: -X acks=1 is overridden by --acks\n").count(1));
    let run = bench(&format!("explain {line} acks --output-format json")).assert().code(0);
    let document: serde_json::Value =
        serde_json::from_slice(&run.get_output().stdout).expect("JSON alone");
    let row = &document["cells"][0]["keys"][0]["overridden"][0];
    assert_eq!(
        (&row["value"], &row["source"], &row["by"]),
        (&"1".into(), &"-X".into(), &"--acks".into())
    );

    // Layers are there to be overridden: explain shows it, a run says nothing.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "acks = 1\n").unwrap();
    let line = format!("--acks all --command-config {}", file.path().display());
    bench(&format!("explain {line}"))
        .assert()
        .code(0)
        .stdout(contains("Given and overridden:\n  acks  1  ").and(contains(":1, by --acks\n")));
    bench(&format!("--embedded --num-records 10 {line}"))
        .assert()
        .code(0)
        .stderr(contains("overridden").not());
}

#[test]
fn values_below_zero_and_an_empty_list_name_their_flags() {
    wrong("--linger-ms -1ms")
        .stderr(starts_with("error: linger.ms = \"-1ms\" (--linger-ms): expec"));
    wrong("run --duration -3s").stderr(starts_with("error: --duration = \"-3s\": expected a time"));
    wrong("broker --brokers -1x").stderr(contains("--brokers"));
    wrong("--key list:").stderr(contains("--key = \"list:\": expected keys between bars"));
}

#[test]
fn explain_reads_files_and_the_environment() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let name = file.path().to_str().unwrap();
    std::fs::write(file.path(), "group.id = x\n# no\nlinger.ms : 7\nretries=\\\n 3\n").unwrap();
    let found = bench(&format!("explain --command-config {name}"))
        .env("KPROD_BOOTSTRAP_SERVER", "broker:1")
        .assert()
        .code(0);
    let text = String::from_utf8(found.get_output().stdout.clone()).unwrap();
    for part in [
        format!("linger.ms          7         {name}:3"),
        format!("retries            3         {name}:4"),
        "bootstrap.servers  broker:1  environment KPROD_BOOTSTRAP_SERVER".to_owned(),
        format!("group.id ({name}:1) is no Kafka producer setting and is ignored"),
    ] {
        assert!(text.contains(&part), "{part}\n{text}");
    }
}

/// Goal: results of earlier builds compare, and each end of a comparison is one. Method: stored
/// results with their latencies multiplied.
#[test]
fn stored_results_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let stored = include_str!("data/results/paced-1.0.json");
    let mut run: serde_json::Value = serde_json::from_str(stored).unwrap();
    let mut write = |name: &str, per_mille: u64, status: &str| {
        let dir = folder.path().join(name);
        std::fs::create_dir(&dir).unwrap();
        for nth in 0..7 {
            run["validity"]["status"] = status.into();
            run["run_id"] = format!("{name}-{nth}").into();
            for p in ["p50", "p99"] {
                let nanos = 10 * per_mille * (1_000 + 3 * nth);
                run["latency"]["response"][p] = nanos.into();
            }
            std::fs::write(dir.join(format!("{nth}.json")), run.to_string()).unwrap();
        }
        dir.display().to_string()
    };
    let [base, like, slow] = [("base", 1_000), ("like", 1_002), ("slow", 1_200)]
        .map(|(name, per_mille)| write(name, per_mille, "suspect"));
    let overloaded = write("overloaded", 1_000, "overloaded");
    let of = |new: &str, more: &str| bench(&format!("compare {base} {new} {more}")).assert();
    of(&like, "").code(0).stdout(contains("SAME"));
    of(&slow, "").code(11).stdout(contains("WORSE").and(contains("+20.0 %")));
    of(&slow, "--min-effect 25%").code(0).stdout(contains("same"));
    of(&slow, "--output-format json").code(11).stdout(contains("\"outcome\": \"worse\""));
    of(&overloaded, "").code(5).stdout(contains("7 runs are overloaded"));
    let few = format!("{slow}/0.json,{slow}/1.json");
    of(&few, "").code(0).stdout(contains("INCONCLUSIVE").and(contains("5 + 5")));
    of(&few, "--fail-on-inconclusive").code(12);
    of("none.json", "").code(2).stderr(contains("none.json: can't read it"));
    let twice = format!("{slow},{slow}/0.json");
    let once = contains("B: run slow-0 stands in 2 files and counts once");
    of(&twice, "").code(11).stdout(once.and(contains("7 runs")));
    of(&base, "").code(0).stdout(contains("the same run stands on both sides: base-0"));
    of(&slow, "--metric response.p9 --alpha 2 --min-effect x").code(2).stderr(
        contains("--metric = \"response.p9\": no metric response.p9")
            .and(contains("--alpha = \"2\": expected a chance"))
            .and(contains("--min-effect = \"x\"")),
    );
}

#[test]
fn a_bound_that_cannot_be_read_points_at_its_column() {
    let wrong = |expression: &str| {
        bench("--embedded --rate 5k --assert").arg(expression).assert().code(2).stdout(is_empty())
    };
    wrong("retries == 0 and respnse.p99 < 1ms").stderr(
        contains("--assert = \"retries == 0 and respnse.p99 < 1ms\": at column 18")
            .and(contains("the nearest is response.p99"))
            .and(contains("\n    retries == 0 and respnse.p99 < 1ms\n                     ^\n")),
    );
    wrong("response.p99 < 20").stderr(contains("expected a number with a unit, such as 20ms"));
    bench("--embedded --slo response.p99<1ms").assert().code(2).stderr(contains("without --rate"));
    bench("--slo service.p99<1ms").assert().code(2).stderr(contains("--slo needs a cluster"));
    bench("--embedded --alpha 0.05").assert().code(2).stderr(contains("needs --baseline"));
}

/// Goal: bounds and a baseline decide over the exit, and stand in the result. Method: short runs
/// on embedded brokers, bounds that no run can keep or break.
#[test]
fn bounds_and_baselines_decide() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (first, second) = (path("first.json"), path("second.json"));
    let run = "--embedded --num-records 2000 --acks 1";
    let bounds = "--assert retries==0 --assert service.p99<1ns";
    let seen = contains("passed           retries==0: retries 0")
        .and(contains("FAILED           service.p99<1ns: service.p99 "));
    bench(&format!("{run} {bounds} --json {first}")).assert().code(10).stdout(seen);
    let text = std::fs::read_to_string(&first).unwrap();
    let result: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(result["exit"]["name"], "gate-failed");
    assert_eq!(result["gates"][1]["pass"], false);
    assert_eq!(result["gates"][0]["value"], 0.0);
    bench(&format!("{run} --assert retries==0")).assert().code(0);
    let against = format!("{run} --repeat 2 --baseline {first} --json {second}");
    let open = contains("INCONCLUSIVE").and(contains("1 + 2 runs can't prove"));
    bench(&against).assert().code(0).stdout(open);
    bench(&format!("{against} --fail-on-inconclusive")).assert().code(12);
    let text = std::fs::read_to_string(&second).unwrap();
    let result: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(result["comparison"]["candidate"]["runs"], 2);
    assert_eq!(result["exit"]["code"], 12);
    let acks_0 = format!("--embedded --num-records 2000 --acks 0 --baseline {first}");
    bench(&acks_0).assert().code(2).stderr(contains("acks=0 is never compared"));
    bench(&format!("{run} --baseline none.json")).assert().code(2).stderr(contains("--baseline"));
}

/// Goal: records leave the program as bytes, whoever reads them and however far. Method: a file, a
/// reader that goes away, a folder in the file's place.
#[test]
fn records_are_generated_without_a_broker() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("values");
    let line = "generate --record-size 1000 --count 3 --format raw";
    bench(&format!("{line} --out {}", path.display())).assert().success().stdout(is_empty());
    let values = std::fs::read(&path).unwrap();
    assert_eq!(values.len(), 3_000);
    let printed = bench(line).assert().success().stderr(is_empty());
    assert_eq!(printed.get_output().stdout, values);
    bench("generate").assert().success().stdout(starts_with("record 0\n  value   0x"));
    wrong(&format!("generate --out {}", folder.path().display()))
        .stderr(contains("--out = ").and(contains("can't write there")));
    wrong("generate --cuont 3 --format ramw").stderr(contains("--count").and(contains("jsonl")));
    let program = env!("CARGO_BIN_EXE_kprod-bench");
    let shell = format!("{program} generate --count 1M | head -1; exit ${{PIPESTATUS[0]}}");
    let gone = Command::new("bash").args(["-c", &shell]).assert();
    gone.success().stdout("record 0\n").stderr(is_empty());
}
