//! Command lines in, plans out.

use std::collections::BTreeMap;
use std::fs;

use clap::{CommandFactory, Parser};

use super::*;
use crate::app::cli::args::Cli;
use crate::base::WorkerIndex;
use crate::host::driver::plan::Warmup;
use crate::kafka::config::{Acks, Codec, PartitionerKind};
use crate::load::schedule::{Arrivals, Rate, Shape};
use crate::load::source::{HeaderValue, KeyPlan, PieceOrder, SizePlan, Source, SourcePlan};

type Environment<'a> = &'a [(&'a str, &'a str)];

fn parsed(line: &str) -> RunArgs {
    let words = core::iter::once("kprod-bench").chain(line.split_whitespace());
    Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{error}")).run
}

fn in_environment(line: &str, environment: Environment<'_>) -> Result<Settings, Problems> {
    let variables: BTreeMap<&str, &str> = environment.iter().copied().collect();
    build(&parsed(line), &|name| variables.get(name).map(|value| (*value).to_owned()))
}

pub(super) fn settings(line: &str) -> Settings {
    in_environment(line, &[]).unwrap_or_else(|problems| panic!("{problems}"))
}

pub(super) fn problems(line: &str) -> Vec<String> {
    match in_environment(line, &[]) {
        Ok(_) => panic!("nothing is found wrong with {line}"),
        Err(problems) => problems.lines().to_vec(),
    }
}

/// What the records of the line's only stream hold.
fn source(line: &str) -> SourcePlan {
    plan(line).streams.remove(0).source
}

/// The one cell of a line without lists.
pub(super) fn plan(line: &str) -> RunPlan {
    let settings = settings(line);
    assert_eq!(settings.cells.len(), 1);
    settings.cells[0].plan.clone()
}

fn source_of(settings: &Settings, key: &str) -> String {
    let row = settings.cells[0].effective.iter().find(|row| row.key == key).unwrap();
    row.source.to_string()
}

fn file(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("client.properties");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn without_a_flag_the_default_profile_runs_on_embedded_brokers() {
    let settings = settings("");
    let plan = &settings.cells[0].plan;
    assert_eq!(settings.profile.as_deref(), Some("first-look"));
    assert!(settings.embedded_unasked);
    assert_eq!(plan.target, Target::Embedded { brokers: 3 });
    assert_eq!(plan.schedule.mean_rate(), Rate::per_second(200_000.0).ok());
    assert_eq!(plan.duration, Some(Duration::from_secs(30)));
    assert_eq!(plan.warmup, Warmup::For(Duration::from_secs(5)));
    assert_eq!(plan.producer.acks, Acks::All);
    assert_eq!(source_of(&settings, "acks"), "profiles/first-look.yaml:11:18");
}

#[test]
fn with_flags_and_no_rate_it_goes_as_fast_as_it_can() {
    let settings = settings("--acks 1");
    assert_eq!(settings.profile, None);
    assert_eq!(settings.cells[0].plan.schedule.mean_rate(), None);
    assert_eq!(settings.cells[0].plan.producer.acks, Acks::Leader);
    // Where the result goes doesn't change the load.
    assert!(build(&parsed("-v --json -"), &|_| None).unwrap().profile.is_some());
}

#[test]
fn flag_over_environment_over_file_over_profile_over_default() {
    let (_folder, path) =
        file("bootstrap.servers=file:1\nacks=0\nlinger.ms=7\nretries=3\nclient.id=from-file\n");
    let env: Environment<'_> = &[("KPROD_BOOTSTRAP_SERVER", "env:2")];
    let line = format!("--command-config {path} --acks 1 -X retries=4");
    let with_env = in_environment(&line, env).unwrap();
    let config = &with_env.cells[0].plan.producer;
    assert_eq!(config.bootstrap_servers[0].to_string(), "env:2");
    assert_eq!(config.acks, Acks::Leader);
    assert_eq!(config.retries, 4);
    assert_eq!(config.linger, Duration::from_millis(7));
    assert_eq!(source_of(&with_env, "bootstrap.servers"), "environment KPROD_BOOTSTRAP_SERVER");
    assert_eq!(source_of(&with_env, "acks"), "--acks");
    assert_eq!(source_of(&with_env, "retries"), "-X");
    assert_eq!(source_of(&with_env, "linger.ms"), format!("{path}:3"));
    assert_eq!(source_of(&with_env, "batch.size"), "default");
    assert_eq!(with_env.cells[0].plan.target, Target::Cluster);

    let flag = in_environment(&format!("{line} --bootstrap-server flag:3"), env).unwrap();
    assert_eq!(flag.cells[0].plan.producer.bootstrap_servers[0].to_string(), "flag:3");
    let file = in_environment(&line, &[]).unwrap();
    assert_eq!(file.cells[0].plan.producer.bootstrap_servers[0].to_string(), "file:1");
    let embedded = in_environment(&format!("{line} --embedded"), env).unwrap();
    assert_eq!(embedded.cells[0].plan.target, Target::Embedded { brokers: 3 });
    assert!(!embedded.embedded_unasked);
}

#[test]
fn flags_take_units_and_files_take_javas_numbers() {
    let plan = plan("--linger-ms 1s --batch-size 128KiB --rate 1.5M --record-size 1KiB");
    assert_eq!(plan.producer.linger, Duration::from_secs(1));
    assert_eq!(plan.producer.batch_size, 131_072);
    assert_eq!(plan.schedule.mean_rate(), Rate::per_second(1_500_000.0).ok());
    assert_eq!(plan.streams[0].source.size, SizePlan::Fixed(1_024));
    let (_folder, path) = file("\nlinger.ms=5s\n");
    let found = problems(&format!("--command-config {path}"));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with(&format!("linger.ms = \"5s\" ({path}:2): expected")));
    assert!(found[0].ends_with("write 5000"), "{}", found[0]);
}

#[test]
fn a_rate_in_bytes_is_divided_by_the_payload() {
    let plan = plan("--rate 150MB --record-size 90 --key uniform:1M");
    assert_eq!(plan.streams[0].source.key, KeyPlan::Uniform { cardinality: 1_000_000 });
    assert_eq!(plan.schedule.mean_rate(), Rate::per_second(1_500_000.0).ok());
}

#[test]
fn stages_make_a_planned_rate_as_long_as_all_of_them() {
    let run = |line: &str| plan(&format!("--embedded {line}"));
    let two = run("--stage 100k:10s --stage 300k:20s:linear --num-records 5M");
    assert_eq!((two.duration, two.records), (Some(Duration::from_secs(30)), Some(5_000_000)));
    assert_eq!(two.schedule.span(), two.duration);
    assert_eq!(two.schedule.mean_rate(), Rate::per_second(500_000.0 / 3.0).ok());
    assert_eq!(two.schedule.warmup_rate(), Rate::per_second(100_000.0).ok());
    // One stage of one rate is that rate.
    let one = run("--stage 9MB:10s --record-size 90");
    assert_eq!(one.schedule.shape, Shape::Constant(Rate::per_second(100_000.0).unwrap()));
    assert_eq!(one.duration, Some(Duration::from_secs(10)));
    let random = run("--rate 5k --pacing poisson --seed 3").schedule;
    assert!(matches!(random.arrivals, Arrivals::Poisson { seed } if seed != 3));
    let bursts = run("--pacing burst:500@2s").schedule;
    assert_eq!(bursts.shape, Shape::Constant(Rate::per_second(250.0).unwrap()));
}

/// Goal: `--duration` over stages is as long as it says, whoever gave them. Method: rates and means
/// of plans that are cut off, and that go on as their last stage ends.
#[test]
fn stages_are_cut_off_or_go_on_for_the_duration() {
    let second = Duration::from_secs;
    let run = |line: &str| plan(&format!("--embedded {line}"));
    let planned = |line: &str, at: &[(u64, f64)]| {
        let plan = run(line);
        assert_eq!(plan.schedule.span(), plan.duration, "{line}");
        for (from, rate) in at {
            let records = plan.schedule.planned(second(*from), second(from + 1)).unwrap();
            assert!((records - rate).abs() < 1e-6 * rate, "{line}: {records} from {from} s");
        }
        (plan.duration.unwrap().as_secs(), plan.schedule.mean_rate().unwrap().as_f64())
    };
    let stages = "--stage 1k:10s --stage 3k:10s:linear";
    assert_eq!(planned(stages, &[(0, 1e3), (19, 2_900.0)]), (20, 1_500.0));
    // Cut off within the ramp, and before it.
    assert_eq!(planned(&format!("{stages} --duration 15s"), &[(14, 1_900.0)]).0, 15);
    assert_eq!(planned(&format!("{stages} --duration 5s"), &[(4, 1e3)]), (5, 1_000.0));
    // A ramp's end is held, and so is the last of steps; waves go on.
    let on = planned(&format!("{stages} --duration 30s"), &[(20, 3e3), (29, 3e3)]);
    assert_eq!(on, (30, 2_000.0));
    let steps = "--stage steps:1k:4k:4:4s --duration 9s";
    assert_eq!(planned(steps, &[(3, 4e3), (8, 4e3)]).0, 9);
    let square = "--stage square:1k:2k:2s:4s --duration 10s";
    assert_eq!(planned(square, &[(4, 1e3), (5, 2e3), (8, 1e3), (9, 2e3)]), (10, 1_500.0));
    let one = run("--stage 5k:10s --duration 3s");
    assert_eq!(one.duration, Some(second(3)));
    assert_eq!(one.schedule.shape, Shape::Constant(Rate::per_second(5e3).unwrap()));
}

#[test]
fn what_is_wrong_with_a_planned_rate_is_said_with_what_to_do() {
    let cases = [
        (
            "--stage 0:10s --stage 2k:5s --duration 8s",
            "--stage = \"2k:5s\": expected records at some time; every rate is 0, or the mean is \
             too low",
        ),
        (
            "--stage 1k:10s --stage sine:1k:2k:1s:10s",
            "--stage = \"sine:1k:2k:1s:10s\": expected an amplitude of at most the mean, or the \
             rate would fall below 0",
        ),
        (
            "--stage 1k:10s --stage 2e9:10s",
            "--stage = \"2e9:10s\": expected records/s such as 200k, or payload bytes/s such as \
             150MB for the rate, not \"2e9\"",
        ),
        (
            "--stage 1k:10s --stage 2G:10s",
            "--stage = \"2G:10s\": a rate of 2000000000 records/s is out of range: 0.000001 to \
             1000000000",
        ),
        (
            "--stage 0:10s",
            "--stage = \"0:10s\": expected records at some time; every rate is 0, or the mean is \
             too low",
        ),
        (
            "--rate 5k --pacing burst:5@1s",
            "--pacing = \"burst:5@1s\": expected no --rate, --throughput, --stage or --rate-file \
             beside it, since it is 5 records/s by itself; for bursts at their pace leave @ and \
             the time out",
        ),
        (
            "--acks 1 --pacing poisson",
            "--pacing = \"poisson\": expected a rate for it: give --rate, --stage or --rate-file",
        ),
        (
            "--rate-file /nowhere/at/all",
            "--rate-file = \"/nowhere/at/all\": can't read it: No such file or directory (os error \
             2)",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(problems(&format!("--embedded {line}")), [expected], "{line}");
    }
}

#[test]
fn lists_make_cells_and_repeats_make_rounds() {
    let settings = settings(
        "--acks 0,1,all --linger-ms 0,5,20 --batch-size 16KiB,128KiB --rate 50k --duration 5s \
         --warmup 1s --repeat 2 --cooldown 3s --seed 9",
    );
    assert_eq!(settings.cells.len(), 18);
    assert_eq!(settings.order.len(), 36);
    assert_eq!(settings.cooldown, Duration::from_secs(3));
    let last = &settings.cells[17];
    assert_eq!(
        last.values.iter().map(|(flag, value)| format!("{flag}={value}")).collect::<Vec<_>>(),
        ["acks=all", "linger-ms=20", "batch-size=128KiB"]
    );
    assert_eq!(last.plan.producer.batch_size, 131_072);
    assert_eq!(last.plan.producer.linger, Duration::from_millis(20));
    assert!(settings.cells.iter().all(|cell| cell.plan.streams[0].source.seed == 9));
}

#[test]
fn everything_that_is_wrong_is_said_at_once_and_once() {
    let found = problems(
        "--acks 2,3 --linger-ms soon --record-size 0 --generator dice --key fixed:3 \
         --rate fast --repeat 0 --seed x --label a --abort-on p50>1 --topic a/b -X linger.msx=1",
    );
    for beginning in [
        "acks = \"2\" (--acks)",
        "acks = \"3\" (--acks)",
        "linger.ms = \"soon\" (--linger-ms)",
        "--record-size = \"0\"",
        "--generator = \"dice\"",
        "--key = \"fixed:3\"",
        "--rate = \"fast\"",
        "--repeat = \"0\"",
        "--seed = \"x\"",
        "--label = \"a\"",
        "--abort-on = \"p50>1\"",
        "--topic = \"a/b\"",
        "linger.msx = \"1\" (-X)",
    ] {
        let times = found.iter().filter(|line| line.starts_with(beginning)).count();
        assert_eq!(times, 1, "{beginning} in:\n{}", found.join("\n"));
    }
    assert_eq!(found.len(), 13, "{}", found.join("\n"));
}

#[test]
fn what_is_not_built_is_refused_by_name() {
    for (line, words) in [
        ("--transactional-id t", "transactional.id"),
        ("--transaction-duration-ms 5s", "--transaction-duration-ms"),
        ("-X security.protocol=SSL", "security.protocol"),
    ] {
        let found = problems(line);
        assert!(found[0].contains(words), "{found:?}");
    }
}

#[test]
fn a_judged_run_wants_its_cluster_named() {
    let found = problems("--strict");
    assert!(found[0].starts_with("--strict needs a cluster: give --bootstrap-server"));
    for mode in ["offsets", "sequence"] {
        let found = problems(&format!("--verify {mode}"));
        assert!(found[0].starts_with("--verify needs a cluster"), "{found:?}");
    }
    assert!(settings("--strict --embedded").strict);
    assert!(settings("--strict --bootstrap-server a:1").strict);
}

#[test]
fn counted_runs_have_no_default_duration_and_no_warm_up() {
    let counted = plan("--num-records 2M");
    assert_eq!((counted.duration, counted.warmup), (None, Warmup::None));
    assert_eq!(counted.records, Some(2_000_000));
    let both = plan("--num-records 1000 --duration 1m --warmup 2s");
    assert_eq!(both.duration, Some(Duration::from_secs(60)));
    assert_eq!(both.warmup, Warmup::For(Duration::from_secs(2)));
    let warm = plan("--num-records 1000 --warmup-records 100");
    assert_eq!((warm.records, warm.warmup), (Some(900), Warmup::Records(100)));
    let found = problems("--num-records 100 --warmup-records 100");
    assert!(found[0].contains("expected fewer than --num-records"));
    assert_eq!(plan("--warmup 0").warmup, Warmup::None);
    assert_eq!(plan("--warmup auto").warmup, Warmup::Auto);
}

#[test]
fn a_record_that_no_request_could_hold_is_refused() {
    let found = problems("--record-size 2000 --max-request-size 1000");
    assert!(found.iter().any(|line| line.contains("max.request.size (1000 bytes)")), "{found:?}");
    assert!(problems("--record-size 10 --generator sequence")[0].contains("at least"));
}

#[test]
fn the_pacing_quantum_follows_linger_within_bounds() {
    let quantum = |line: &str| plan(line).pacing_quantum;
    assert_eq!(quantum("--linger-ms 0"), Duration::from_micros(100));
    assert_eq!(quantum("--linger-ms 5"), Duration::from_micros(250));
    assert_eq!(quantum("--linger-ms 1s"), Duration::from_millis(1));
    assert_eq!(quantum("--linger-ms 5 --pacing-quantum 0"), Duration::ZERO);
}

#[test]
fn compression_level_belongs_to_the_codec_that_holds() {
    let zstd = plan("--compression-type zstd --compression-level 7").producer.compression;
    assert_eq!((zstd.codec, zstd.level), (Codec::Zstd, 7));
    let gzip = plan("-X compression.type=gzip --compression-level 1").producer.compression;
    assert_eq!((gzip.codec, gzip.level), (Codec::Gzip, 1));
    assert!(problems("--compression-level 3")[0].contains("has no levels"));
}

#[test]
fn a_partitioner_has_a_short_name_and_default_replaces_a_files() {
    let class = "org.apache.kafka.clients.producer.RoundRobinPartitioner";
    let (_folder, path) = file(&format!("partitioner.class={class}\n"));
    let of = |line: &str| plan(line).producer.partitioner;
    for kind in PartitionerKind::ALL {
        assert_eq!(of(&format!("--partitioner {}", kind.name())), kind);
    }
    assert_eq!(of("--partitioner roundrobin"), PartitionerKind::RoundRobin);
    assert_eq!(of(&format!("--partitioner {class}")), PartitionerKind::RoundRobin);
    assert_eq!(of(&format!("--command-config {path}")), PartitionerKind::RoundRobin);
    for word in ["default", "builtin", "partition:4"] {
        let line = format!("--command-config {path} --partitioner {word}");
        assert_eq!(of(&line), PartitionerKind::BuiltIn);
    }
    let murmur = settings("--partitioner rdkafka-murmur2,default");
    let class = |cell: &Cell| {
        let row = cell.effective.iter().find(|row| row.key == "partitioner.class").unwrap();
        row.value.clone()
    };
    let classes: Vec<_> = murmur.cells.iter().map(class).collect();
    assert_eq!(classes, ["rdkafka-murmur2", "null"]);
}

#[test]
fn all_records_can_be_sent_to_one_partition() {
    assert_eq!(source("--partitioner partition:4").partition, Some(4));
    assert_eq!(source("--partitioner default").partition, None);
    for wrong in ["partition:", "partition:-1", "partition:x", "partition:2147483648"] {
        assert_eq!(
            problems(&format!("--partitioner {wrong}")),
            [format!(
                "--partitioner = \"{wrong}\": expected a partition's number, such as partition:0"
            )]
        );
    }
}

#[test]
fn keys_can_be_listed_and_listed_twice() {
    let keys = |line: &str| source(line).key;
    let listed = |keys: &[&str]| {
        KeyPlan::List(keys.iter().map(|key| Some(key.as_bytes().to_vec())).collect())
    };
    assert_eq!(keys("--key list:Pangyo|Seoul|Pangyo"), listed(&["Pangyo", "Seoul", "Pangyo"]));
    assert_eq!(keys("--key list:a|"), listed(&["a", ""]));
    assert_eq!(
        problems("--key list:"),
        ["--key = \"list:\": expected keys between bars, such as list:Pangyo|Seoul"]
    );
    assert_eq!(settings("--key list:a|b,none").cells.len(), 2);
    assert_eq!(
        problems("--key uniform:0"),
        ["--key = \"uniform:0\": expected uniform:N with N of 1 or more, such as uniform:10k"]
    );
}

#[test]
fn the_key_rules_profile_holds_under_every_flag() {
    let shipped = settings("--profile key-rules");
    let cell = &shipped.cells[0];
    assert_eq!(cell.partitioner, "key-rules:profiles/pangyo.rules.yaml");
    let rules = cell.plan.producer.key_rules.as_ref().unwrap().rules();
    assert_eq!(rules.message, "Need message key");
    assert_eq!(cell.plan.schedule.mean_rate(), Rate::per_second(50_000.0).ok());
    assert_eq!(source_of(&shipped, "linger.ms"), "profiles/key-rules.yaml:12:34");
    assert_eq!(shipped.profile.as_deref(), Some("key-rules"));
    let by_file = settings("--profile profiles/key-rules.yaml");
    assert_eq!(by_file.cells[0].plan.producer, cell.plan.producer);
    assert_eq!(by_file.cells[0].plan.streams[0].source, cell.plan.streams[0].source);
    let without = settings("--profile key-rules --partitioner default --key none --rate 10");
    assert_eq!(without.cells[0].plan.producer.key_rules, None);
    assert_eq!(without.cells[0].plan.streams[0].source.key, KeyPlan::None);
    assert_eq!(without.cells[0].partitioner, "default");
}

#[test]
fn key_rules_and_another_choice_of_partitions_exclude_each_other() {
    let (_folder, path) = file("{version: 1, rules: [{key: a, partition: last}]}");
    let given = settings(&format!("--key-rules {path} -X partitioner.ignore.keys=true"));
    assert!(given.cells[0].plan.producer.key_rules.is_some());
    assert_eq!(given.cells[0].partitioner, format!("key-rules:{path}"));
    let note = "partitioner.ignore.keys (-X) has no effect beside --key-rules";
    assert!(given.cells[0].notes.iter().any(|said| said == note), "{:?}", given.cells[0].notes);
    for (flag, rival) in [
        ("partition:3", "partitioner.class = \"partition:3\" (--partitioner)"),
        ("sarama-hash", "partitioner.class = \"sarama-hash\" (--partitioner)"),
    ] {
        assert_eq!(
            problems(&format!("--key-rules {path} --partitioner {flag}")),
            [format!(
                "{rival}: expected nothing beside --key-rules {path}, which chooses partitions \
                 already; leave one of the two out"
            )]
        );
    }
}

#[test]
fn a_profile_or_rules_that_cannot_be_read_are_named() {
    assert_eq!(
        problems("--profile key-rule --key-rules none.yaml"),
        [
            "--profile = \"key-rule\": can't read it: No such file or directory (os error 2); \
             expected a file or one of first-look, low-latency, durable, throughput, many-small, \
             few-large, keyed-skew, compressible-events, at-most-once, mixed-topics, key-rules, \
             bursty, capacity, ci; the nearest is key-rules",
            "--key-rules = \"none.yaml\": can't read it: No such file or directory (os error 2)",
        ]
    );
    let (_folder, path) = file("{version: 1, rules: [{key: a, partition: b}]}");
    assert_eq!(
        problems(&format!("--key-rules {path}")),
        [format!(
            "partition = \"b\" ({path}:1:42): expected a partition's number, 0 or more, or last"
        )]
    );
}

/// A profile in a folder of its own, and the flag that names it.
pub(super) fn profile(text: &str) -> (tempfile::TempDir, String) {
    let (folder, path) = file(&format!("version: 1\nname: p\n{text}"));
    (folder, format!("--profile {path}"))
}

/// Goal: a profile is the flags that it stands for. Method: the same run asked for in both ways.
#[test]
fn a_profile_says_what_flags_say() {
    let (_folder, by_profile) = profile(
        "\
target: {bootstrap-server: \"a:1\", wait-balanced-leaders: 3s}
topic: {name: t, partitions: 5, config: {x: y}, create: false}
clients: {producers: 2}
generator: {seed: 9, size: 1KiB, key: {kind: uniform, cardinality: 10k}}
load: {warmup: 1s, rate: 1MB, duration: 10s, abort-on: [errors > 5]}
matrix: {linger.ms: [0, 5], record-size: [100, 200]}
gates: {strict: true, verify: sequence}
repeat: 3
cooldown: 2s
labels: {a: b}
",
    );
    let by_flags = settings(
        "--bootstrap-server a:1 --wait-balanced-leaders 3s --topic t --partitions 5 \
         --topic-config x=y --no-create-topic --producers 2 --seed 9 --record-size 100,200 \
         --key uniform:10k --warmup 1s --rate 1MB --duration 10s --abort-on errors>5 \
         --linger-ms 0,5 --strict --verify sequence --repeat 3 --cooldown 2s --label a=b",
    );
    let by_profile = settings(&by_profile);
    assert_eq!(by_profile.profile.as_deref(), Some("p"));
    assert_eq!(by_profile.axes, by_flags.axes);
    assert_eq!(by_profile.order, by_flags.order);
    assert_eq!(by_profile.labels, by_flags.labels);
    assert!(by_profile.strict && by_profile.cooldown == by_flags.cooldown);
    for (one, other) in by_profile.cells.iter().zip(&by_flags.cells) {
        let mut plan = one.plan.clone();
        plan.abort_on[0].text = "errors>5".to_owned();
        assert_eq!(format!("{plan:?}"), format!("{:?}", other.plan));
    }
    assert_eq!(source_of(&by_profile, "linger.ms").rsplit(':').nth(1), Some("8"));
}

#[test]
fn flags_stand_above_a_profile_and_leave_the_rest_of_it() {
    let (_folder, line) = profile(
        "\
producer: {acks: 1, linger.ms: 20}
topic: {config: {a: 1, b: 2}}
load: {warmup: 3s, stages: [{rate: 5k, for: 10s}]}
matrix: {acks: [0, all], batch.size: [1000, 2000]}
",
    );
    let over =
        settings(&format!("{line} --acks 1 --duration 5s --topic-config b=3 -X linger.ms=7"));
    assert_eq!(over.cells.len(), 2);
    let plan = &over.cells[0].plan;
    assert_eq!(
        (plan.producer.acks, plan.producer.linger),
        (Acks::Leader, Duration::from_millis(7))
    );
    assert_eq!(plan.schedule.mean_rate(), Rate::per_second(5_000.0).ok());
    assert_eq!(plan.duration, Some(Duration::from_secs(5)));
    assert_eq!(plan.warmup, Warmup::For(Duration::from_secs(3)));
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(plan.topics[0].configs, [pair("a", "1"), pair("b", "3")]);
    // A run by count has no time but one that is typed.
    let counted = settings(&format!("{line} --num-records 10"));
    assert_eq!((counted.cells[0].plan.duration, counted.cells.len()), (None, 4));
    assert_eq!(counted.cells[0].plan.warmup, Warmup::None);
    // An axis that something above the profile gives is none: its cells would all be the same.
    let (_file, path) = file("batch.size=5\n");
    let fixed = settings(&format!("{line} --command-config {path} -X acks=1"));
    assert_eq!(fixed.axes, []);
    assert_eq!(fixed.cells[0].plan.producer.batch_size, 5);
    let free = settings(&format!("{line} --throughput -1"));
    assert_eq!(free.cells[0].plan.schedule.mean_rate(), None);
}

#[test]
fn a_rate_of_a_profile_gives_way_as_a_whole() {
    let (_folder, staged) =
        profile("load: {warmup: 0, stages: [{rate: 1k, for: 10s}, {ramp-to: 3k, for: 10s}]}\n");
    let plan_of = |line: &str| settings(line).cells[0].plan.clone();
    let by_flags = plan("--warmup 0 --stage 1k:10s --stage 3k:10s:linear");
    assert_eq!(plan_of(&staged).schedule, by_flags.schedule);
    assert_eq!(plan_of(&staged).duration, Some(Duration::from_secs(20)));
    let flat = plan_of(&format!("{staged} --rate 5k --duration 3s"));
    assert_eq!(flat.schedule.mean_rate(), Rate::per_second(5_000.0).ok());
    assert_eq!(flat.duration, Some(Duration::from_secs(3)));
    let (_folder, held) = profile("load: {stages: [{rate: 1k, for: 10s}]}\n");
    let other = plan_of(&format!("{held} --stage 5k:1s --stage 6k:1s"));
    assert_eq!(other.duration, Some(Duration::from_secs(2)));
}

/// Goal: values come from one place, and what goes with it goes with it. Method: profiles with a
/// template and with a corpus, flags that name others.
#[test]
fn values_of_a_profile_give_way_as_a_whole() {
    let (folder, template) = profile(
        "generator:\n  value: {kind: template, file: a.tmpl, schema-id: 7}\n  \
         headers: [{name: a, kind: uuid}, {name: b, value: c}]\n",
    );
    fs::write(folder.path().join("a.tmpl"), "{{user:int 5..7}}").unwrap();
    let source = |line: &str| settings(line).cells[0].plan.streams[0].source.clone();
    let own = source(&format!("{template} --header b=d"));
    assert!(matches!(own.value, ValuePlan::Template(_)) && own.schema_id == Some(7));
    let names: Vec<_> = own.headers.iter().map(|it| (it.name.as_str(), &it.value)).collect();
    assert_eq!(names, [("a", &HeaderValue::Uuid), ("b", &HeaderValue::Fixed(b"d".to_vec()))]);
    let sized = source(&format!("{template} --record-size 5"));
    assert_eq!((&sized.value, sized.schema_id), (&ValuePlan::Random, Some(7)));
    assert_eq!(source(&format!("{template} --generator fixed")).value, ValuePlan::Fixed);
    assert_eq!(source(&format!("{template} --generator template")).value, own.value);
    let both = settings(&format!("{template} --generator template,random"));
    assert_eq!(both.cells[0].plan.streams[0].source.value, own.value);
    assert_eq!(both.cells[1].plan.streams[0].source.value, ValuePlan::Random);

    let (folder, corpus) = profile(
        "generator: {value: {kind: corpus, file: a, format: file, order: sequence}, key: none}\n",
    );
    fs::write(folder.path().join("a"), "some bytes").unwrap();
    assert!(matches!(source(&corpus).value, ValuePlan::Corpus { .. }));
    let (_file, path) = file("{{uuid}}");
    let other = source(&format!("{corpus} --template {path}"));
    assert!(matches!(other.value, ValuePlan::Template(_)));
    let (_random, line) = profile("generator: {value: random}\n");
    assert_eq!(source(&format!("{line} --template {path}")).value, other.value);
    assert_eq!(source(&format!("{corpus} --generator null")).value, ValuePlan::Null);
    // A corpus of one's own is cut as the profile says.
    let ValuePlan::Corpus { corpus, order } =
        source(&format!("{corpus} --payload-file {path}")).value
    else {
        panic!("a corpus")
    };
    assert_eq!((corpus.len(), order), (1, PieceOrder::Sequence));
}

/// Goal: what a built-in profile names is in the program. Method: the profiles with templates, far
/// from their folder.
#[test]
fn built_in_profiles_carry_their_files() {
    for (name, field) in [("compressible-events", "customer"), ("at-most-once", "vehicle")] {
        let settings = settings(&format!("--profile {name}"));
        let source = &settings.cells[0].plan.streams[0].source;
        let ValuePlan::Template(template) = &source.value else { panic!("{name}") };
        assert!(template.field(field).is_ok(), "{name}");
        assert_eq!(source.key, KeyPlan::Field(field.to_owned()));
    }
    assert_eq!(
        problems("--profile at-most-once --generator random"),
        ["key = \"field:vehicle\" (profiles/at-most-once.yaml:14:8): keys come from a template's \
          field, and with --generator random there is no template; give --key none, or other keys, \
          as well"]
    );
    assert_eq!(
        problems("--profile mixed-topics --record-size 500"),
        ["stream kprod-orders: key = \"field:customer\" (profiles/mixed-topics.yaml:24:12): keys \
             come from a template's field, and with --record-size 500 there is no template; give \
             --key none, or other keys, as well"]
    );
    let plan = plan("--profile mixed-topics --record-size 500 --key sequence");
    assert!(plan.streams.iter().all(|it| it.source.size == SizePlan::Fixed(500)));
    assert_eq!(source("--profile at-most-once --generator random --key none").key, KeyPlan::None);
}

/// Goal: other keys or values can be typed over any profile's. Method: keys that have neither size
/// nor type over some that have both, for the run and for a stream.
#[test]
fn typed_keys_leave_no_size_of_a_profile_s_behind() {
    use crate::load::source::{KeyForm, KeyType};
    let own = source("--profile keyed-skew");
    assert_eq!(own.key_form, KeyForm { kind: KeyType::Text, size: Some(16) });
    assert_eq!(source("--profile keyed-skew --key uniform:5").key_form, own.key_form);
    for key in ["none", "list:a|b", "none,list:a|b"] {
        let settings = settings(&format!("--profile keyed-skew --key {key}"));
        let sources = settings.cells.iter().map(|cell| &cell.plan.streams[0].source);
        assert!(sources.clone().all(|it| it.key_form == KeyForm::default()), "{key}");
    }
    assert_eq!(
        problems("--profile keyed-skew --key none --key-size 5"),
        ["--key-size = \"5\": records have no keys; give some, such as --key uniform:10k, or \
             leave it out"]
    );
    let (_folder, line) = profile(
        "generator: {key: {kind: uniform, cardinality: 9, size: 16, type: bytes}}\n\
         load: {rate: 1k}\nstreams:\n- {topic: a, generator: {key: none}}\n- topic: b\n  \
         generator: {key: {kind: list, values: [x, y]}}\n- {topic: c}\n",
    );
    let plan = plan(&line);
    let sizes: Vec<_> = plan.streams.iter().map(|it| it.source.key_form.size).collect();
    assert_eq!(sizes, [None, None, Some(16)]);
}

/// Goal: records that the producer would refuse are found before, and the flag that makes them so
/// large is named. Method: each part of a record the largest in turn, templates of all sorts.
#[test]
fn what_no_request_takes_is_blamed_on_its_flag() {
    for (line, words) in [
        ("--key uniform:5 --key-size 1MiB", "--key-size = \"1MiB\": keys of 1048576 bytes: "),
        (
            "--generator increasing --key uniform:5 --key-size 1MiB",
            "--key-size = \"1MiB\": keys of 1048576 bytes: ",
        ),
        ("--record-size 2MiB --key uniform:5", "--record-size = \"2097152\": expected less than"),
        (
            "--header a=b --header c=random(9000) --max-request-size 9000",
            "--header = \"c=random(9000)\": headers of 9003 bytes: expected less than \
             max.request.size (9000 bytes)",
        ),
        ("--generator increasing --max-request-size 90", "max.request.size is too small for any"),
    ] {
        let found = problems(&format!("--embedded {line}"));
        assert!(found.len() == 1 && found[0].starts_with(words), "{line}: {found:?}");
    }
    let (_folder, path) = file("{{hex 2M}}");
    assert_eq!(
        problems(&format!("--embedded --template {path}")),
        [format!(
            "--template = \"{path}\": its records have 2000000 bytes on average, expected less \
             than max.request.size (1048576 bytes), with room for the record's own header"
        )]
    );
    assert!(plan(&format!("--embedded --template {path} --max-request-size 3MiB")).duration > None);
    // Only the largest are too large.
    let (_folder, path) = file("{{user:hex 3}}{{repeat 1..50k}}{{uuid}}{{/repeat}}");
    let settings = settings(&format!("--embedded --template {path} --key field:user"));
    let notes = &settings.cells[0].notes;
    let expected = "may have up to 1850005 bytes, more than max.request.size (1048576 bytes), and \
                    925024 on average";
    assert!(notes.iter().any(|note| note.contains(expected)), "{notes:?}");
    let (_folder, path) = file("{{hex 1..1M}}");
    let settings = self::settings(&format!("--embedded --template {path}"));
    assert!(!settings.cells[0].notes.iter().any(|note| note.contains("max.request.size")));
}

#[test]
fn an_origin_of_times_is_for_records_that_tell_one() {
    let refused = |line: &str| {
        let found = in_environment(&format!("{line} --embedded"), &[]);
        found.is_err_and(|found| found.lines()[0].contains("nothing in these records tells a time"))
    };
    let (_folder, timeless) = file("{{uuid}}");
    let (_other, timely) = file("{{repeat 2}}{{at:date}}{{/repeat}}");
    assert!(refused("--time-origin 2026-01-31"));
    let seconds = &problems("--embedded --time-origin 1769846400 --timestamps event")[0];
    assert!(seconds.contains("of seconds write 1769846400000"), "{seconds}");
    assert!(refused("--time-origin 2026-01-31 --timestamps step:5000:1s --header a=uuid()"));
    assert!(refused(&format!("--time-origin 2026-01-31 --template {timeless}")));
    for line in [
        "--time-origin 2026-01-31 --timestamps now,event",
        "--time-origin 2026-01-31 --timestamps step:origin:1s",
        "--time-origin 2026-01-31 --header a=time()",
        &format!("--time-origin 1970-01-02 --template {timely}"),
    ] {
        assert!(!refused(line), "{line}");
    }
    let (_profile, line) =
        profile("generator: {time-origin: 2026-01-31, timestamps: event}\nload: {rate: 1k}\n");
    assert!(!refused(&line) && !refused(&format!("{line} --timestamps now")));
    let (_profile, line) = profile("generator: {time-origin: 2026-01-31}\nload: {rate: 1k}\n");
    assert!(refused(&line));
}

#[test]
fn a_profile_s_own_keys_stand_above_the_file_that_it_names() {
    let (folder, line) = profile(
        "\
target: {command-config: my.properties}
producer: {linger.ms: 20, metadata.max.age.ms: 5}
matrix: {acks: [0, 1], metadata.max.age.ms: [1000, 2000]}
",
    );
    fs::write(folder.path().join("my.properties"), "linger.ms=1\nacks=all\nretries=2\nx.y=1\n")
        .unwrap();
    let settings = settings(&line);
    assert_eq!(settings.axes.last().unwrap().flag, "metadata.max.age.ms");
    let last = settings.cells.last().unwrap();
    assert_eq!(last.values[1], ("metadata.max.age.ms", "2000".to_owned()));
    let config = &last.plan.producer;
    assert_eq!((config.acks, config.retries), (Acks::Leader, 2));
    assert_eq!(config.linger, Duration::from_millis(20));
    let age = last.effective.iter().find(|row| row.key == "metadata.max.age.ms").unwrap();
    assert_eq!(age.value, "2000");
}

#[test]
fn kafka_keys_of_a_profile_take_java_s_form_in_a_matrix_too() {
    let (_folder, line) = profile("producer: {retries: many}\nmatrix: {linger.ms: [5, 5ms]}\n");
    let path = line.strip_prefix("--profile ").unwrap();
    assert_eq!(
        problems(&line),
        [
            format!(
                "retries = \"many\" ({path}:3:21): expected a whole number from 0 to \
                 2147483647"
            ),
            format!("linger.ms = \"5ms\" ({path}:4:25): expected milliseconds, 0 or more; write 5"),
        ]
    );
}

#[test]
fn a_wrong_value_of_a_profile_is_named_as_it_stands_there() {
    let (_folder, line) = profile(
        "\
topic: {name: a/b}
load: {rate: fast, throughput: 5}
generator: {size: 0, key-rules: none.yaml}
matrix: {key: [none, uniform:0]}
",
    );
    let path = line.strip_prefix("--profile ").unwrap().to_owned();
    let found = problems(&line).join("\n").replace(&path, "p");
    for part in [
        "\"throughput\" (p:4:20): expected one of ",
        "name = \"a/b\" (p:3:15): expected a topic name",
        "rate = \"fast\" (p:4:14): expected records/s",
        "size = \"0\" (p:5:19): expected 1 to 1GiB",
        "key = \"uniform:0\" (p:6:22): expected uniform:N",
        "none.yaml\" (p:5:33): can't read it",
    ] {
        assert!(found.contains(part), "no {part} in\n{found}");
    }
}

#[test]
fn what_a_profile_says_twice_or_beside_its_opposite_is_a_problem() {
    let (_folder, line) = profile(
        "load: {rate: 1k, stages: [{rate: 2k, for: 5s}]}\ntopic: {fresh: true, create: false}\n",
    );
    let (_lonely, keep) = profile("topic: {keep: true}\n");
    assert!(problems(&keep)[0].ends_with(":3:15): expected fresh: true beside it"));
    assert!(settings(&format!("{keep} --fresh-topic")).cells[0].plan.topics[0].keep);
    let path = line.strip_prefix("--profile ").unwrap();
    assert_eq!(
        problems(&line),
        [
            format!(
                "create = \"false\" ({path}:4:30): expected nothing beside fresh ({path}:4:16); \
                 leave one of the two out"
            ),
            format!(
                "rate = \"2k\" ({path}:3:34): expected nothing beside rate ({path}:3:14); leave \
                 one of the two out"
            ),
        ]
    );
}

#[test]
fn an_empty_or_missing_variable_is_no_wish_for_embedded_brokers() {
    let (_folder, line) = profile("target: {bootstrap-server: \"${KAFKA}\"}\n");
    let found = problems(&line);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].ends_with(
            "expected the environment variable KAFKA to be set; set it, or \
                                write ${KAFKA:-default}"
        ),
        "{found:?}"
    );
    let empty: Environment<'_> = &[("KAFKA", "")];
    let found = in_environment(&line, empty).unwrap_err();
    assert!(found.lines()[0].ends_with(
        ": expected brokers, HOST:PORT,…; the variable is empty: set it, give --bootstrap-server, \
         or --embedded for the embedded brokers"
    ), "{found}");
    let server = |settings: &Settings| settings.cells[0].plan.producer.bootstrap_servers[0].clone();
    let named = in_environment(&line, &[("KAFKA", "k:1")]).unwrap();
    assert_eq!(server(&named).to_string(), "k:1");
    assert!(source_of(&named, "bootstrap.servers").ends_with(":3:28"));
    // Whoever stands above the profile has the word.
    for environment in [empty, &[("KAFKA", "k:1")], &[]] {
        let flag = in_environment(&format!("{line} --bootstrap-server f:2"), environment).unwrap();
        assert_eq!(server(&flag).to_string(), "f:2");
        let embedded = in_environment(&format!("{line} --embedded"), environment).unwrap();
        assert_eq!(embedded.cells[0].plan.target, Target::Embedded { brokers: 3 });
    }
    let both: Environment<'_> = &[("KPROD_BOOTSTRAP_SERVER", "e:3")];
    assert_eq!(server(&in_environment(&line, both).unwrap()).to_string(), "e:3");
}

#[test]
fn a_variable_that_is_not_there_matters_only_where_it_holds() {
    let (_folder, line) = profile("load: {rate: \"${R}\"}\nproducer: {acks: \"${A}\"}\n");
    assert_eq!(problems(&line).len(), 2);
    assert_eq!(settings(&format!("{line} --rate 5 --acks 1")).cells.len(), 1);
    assert_eq!(settings(&format!("{line} --throughput 5 -X acks=1")).cells.len(), 1);
}

#[test]
fn what_is_judged_by_a_profile_wants_its_cluster_named() {
    let (_folder, line) = profile("gates: {strict: true}\n");
    let found = problems(&line);
    assert!(found[0].starts_with("strict ("), "{found:?}");
    assert!(found[0].contains(") needs a cluster: give --bootstrap-server"), "{found:?}");
}

#[test]
fn what_became_of_a_profile_is_explained() {
    let (_folder, line) =
        profile("load: {rate: 1k, warmup: 2s}\nmatrix: {acks: [0, 1]}\nproducer: {acks: all}\n");
    let path = line.strip_prefix("--profile ").unwrap().to_owned();
    let explained = explain(&parsed(&format!("{line} --throughput 5")), &|_| None);
    assert!(explained.problems.is_empty(), "{}", explained.problems);
    let (name, rows) = explained.profile.unwrap();
    assert_eq!((name.as_str(), explained.cells.len()), ("p", 2));
    let row = |flag: &str| rows.iter().find(|row| row.flag == flag).unwrap();
    assert_eq!(row("warmup").source, format!("{path}:3:26"));
    assert_eq!((row("acks").value.as_str(), row("acks").overridden.as_ref()), ("0,1", None));
    let above = row("rate").overridden.as_ref().unwrap();
    assert_eq!((above.0.as_str(), above.1.as_str()), ("--throughput", "5"));
    let lost = &explained.cells[0].judgement.overridden[0];
    assert_eq!((lost.value.as_str(), lost.source.to_string()), ("all", format!("{path}:5:18")));
    assert_eq!(lost.by.to_string(), format!("{path}:4:17"));
}

#[test]
fn an_unknown_partitioner_is_answered_with_all_that_are_known() {
    let said = problems("--partitioner murmur3");
    assert_eq!(
        said,
        ["partitioner.class = \"murmur3\" (--partitioner): expected default, round-robin, \
          uniform-sticky, legacy-default, rdkafka-random, rdkafka-consistent, \
          rdkafka-consistent-random, rdkafka-murmur2, rdkafka-murmur2-random, rdkafka-fnv1a, \
          rdkafka-fnv1a-random, sarama-hash, sarama-reference-hash, partition:N, or a class of \
          Kafka's; leave it out for the default"]
    );
}

#[test]
fn a_perf_test_line_of_4_3_runs_as_it_is() {
    let (_folder, path) = file("acks=1\nfoo.bar=1\n");
    let settings = settings(&format!(
        "--bootstrap-server localhost:9092 --topic t --num-records 50000 --record-size 1000 \
         --throughput -1 --command-property batch.size=65536 linger.ms=10 \
         --command-config {path} --print-metrics --warmup-records 5000 --reporting-interval 1000"
    ));
    let plan = &settings.cells[0].plan;
    assert!(settings.output.perf_test && settings.output.print_metrics);
    assert_eq!(plan.schedule.mean_rate(), None);
    assert_eq!((plan.records, plan.warmup), (Some(45_000), Warmup::Records(5_000)));
    assert_eq!(plan.producer.batch_size, 65_536);
    assert_eq!(plan.producer.linger, Duration::from_millis(10));
    assert_eq!(plan.producer.acks, Acks::Leader);
    assert_eq!(plan.producer.client_id, "perf-producer-client");
    assert_eq!(plan.progress_every, Duration::from_secs(1));
    assert!(settings.cells[0].notes.iter().any(|note| note.contains("foo.bar")));
}

#[test]
fn a_deprecated_perf_test_line_runs_as_it_is() {
    let (_folder, path) = file("client.id=mine\n");
    let settings = settings(&format!(
        "--topic t --num-records 1000 --payload-monotonic --throughput 2500.5 \
         --producer-props bootstrap.servers=b:9092 acks=1 nonsense=1 --producer.config {path}"
    ));
    let plan = &settings.cells[0].plan;
    assert_eq!(plan.schedule.mean_rate(), Rate::per_second(2_500.5).ok());
    assert_eq!(plan.producer.bootstrap_servers[0].to_string(), "b:9092");
    assert_eq!(
        plan.streams[0].source.value,
        ValuePlan::Increasing(crate::load::source::NumberType::Text)
    );
    assert_eq!(plan.producer.client_id, "mine");
    assert_eq!(plan.progress_every, Duration::from_secs(5));
    assert!(settings.cells[0].notes.iter().any(|note| note.contains("nonsense")));
}

/// The pieces that a line's values are, and their order.
fn pieces(line: &str) -> (Vec<Vec<u8>>, PieceOrder) {
    let source = source(&format!("{line} --rate 100"));
    let ValuePlan::Corpus { corpus, order } = source.value else { panic!("{line}") };
    ((0..corpus.len()).map(|at| corpus.piece(at).to_vec()).collect(), order)
}

#[test]
fn payload_files_are_cut_as_asked() {
    let (folder, path) = file("one::two::three");
    let (cut, order) = pieces(&format!("--payload-file {path} --payload-delimiter ::"));
    assert_eq!(cut, [&b"one"[..], b"two", b"three"]);
    assert_eq!(order, PieceOrder::Random);
    let line = format!("--generator corpus --payload-file {path} --payload-order sequence");
    assert_eq!(pieces(&line), (vec![b"one::two::three".to_vec()], PieceOrder::Sequence));
    // A folder: whole files by name, hidden ones and folders left out.
    fs::write(folder.path().join("a.bin"), b"\0\0\0\x01\xff").unwrap();
    fs::write(folder.path().join(".hidden"), b"x").unwrap();
    fs::create_dir(folder.path().join("below")).unwrap();
    let path = folder.path().to_str().unwrap();
    let (cut, _) = pieces(&format!("--payload-file {path}"));
    assert_eq!(cut, [&b"\0\0\0\x01\xff"[..], b"one::two::three"]);
    let (cut, _) = pieces(&format!("--payload-file {path}/a.bin --payload-format length32"));
    assert_eq!(cut, [b"\xff"]);
}

#[test]
fn wrong_payload_files_say_what_was_expected() {
    let (folder, path) = file("one two");
    assert!(problems("--payload-file /nowhere/at/all")[0].starts_with("--payload-file = "));
    let of = |rest: &str| problems(&format!("--payload-file {path} {rest}"));
    assert_eq!(
        of("--payload-format csv"),
        ["--payload-format = \"csv\": expected lines, length32, varint or file"]
    );
    assert_eq!(
        of("--payload-order any"),
        ["--payload-order = \"any\": expected random or sequence"]
    );
    assert_eq!(
        of("--payload-format varint --payload-delimiter x"),
        ["--payload-delimiter = \"x\": --payload-format varint has no delimiter; leave it out"]
    );
    assert!(of("--payload-format length32")[0].contains("stands a length of 1869505824"));
    assert_eq!(
        of("--generator random"),
        [format!(
            "--payload-file = \"{path}\": nothing reads it with --generator random; write \
             --generator corpus, or leave one of the two out"
        )]
    );
    assert_eq!(
        of("--max-request-size 50"),
        [format!(
            "--payload-file = \"{path}\": its longest piece has 7 bytes, expected less than \
             max.request.size (50 bytes), with room for the record's own header"
        )]
    );
    fs::write(folder.path().join("empty"), "").unwrap();
    let empty = folder.path().join("empty").display().to_string();
    assert_eq!(
        problems(&format!("--payload-file {empty}")),
        [format!(
            "--payload-file = \"{empty}\": it holds no payload; expected one piece at least, such \
             as a line: give another file, or the format in which this one is cut (lines, \
             length32, varint or file)"
        )]
    );
    fs::remove_file(empty).unwrap();
    assert_eq!(
        problems("--generator corpus"),
        ["--generator = \"corpus\": it needs --payload-file FILE, or a folder of files"]
    );
    fs::remove_file(&path).unwrap();
    let empty = folder.path().to_str().unwrap();
    assert!(problems(&format!("--payload-file {empty}"))[0].contains("the folder holds no files"));
}

#[test]
fn a_template_makes_values_and_may_make_keys() {
    let (_folder, path) = file("{{user:zipf 100}};{{timestamp_ms}};{{hex 90}}\n");
    let line = format!("--template {path} --key field:user --time-origin 2026-01-31 --rate 1M");
    let source = source(&line);
    let ValuePlan::Template(template) = &source.value else { panic!() };
    assert!(template.field("user").is_ok());
    assert_eq!(source.key, KeyPlan::Field("user".to_owned()));
    let mut made = Source::new(&source, WorkerIndex(0));
    let value = String::from_utf8(made.record(3_000, 0).value.unwrap().to_vec()).unwrap();
    assert_eq!(value.split(';').nth(1), Some("1769817600003"));
    // About 1.5 digits of the user, twice, 13 of the time, 90 more and two semicolons.
    let mean = source.mean_payload();
    assert!((mean - 108.0).abs() < 1.0, "{mean}");
    let matrix = settings(&format!("--template {path} --generator template,random"));
    assert_eq!(matrix.cells.len(), 2);
    assert_eq!(matrix.cells[1].plan.streams[0].source.value, ValuePlan::Random);
}

#[test]
fn wrong_templates_are_said_with_their_places() {
    let (folder, path) = file("a {{uid}}\n {{int 5..1}}");
    assert_eq!(
        problems(&format!("--template {path}")),
        [
            format!("\"uid\" ({path}:1:5): there is no such function; did you mean uuid?"),
            format!(
                "int \"5..1\" ({path}:2:8): expected a range from the smaller number to the \
                 larger, not 5..1; the form is {{{{int LOW..HIGH}}}}, such as {{{{int 1..100}}}}"
            ),
        ]
    );
    let json = folder.path().join("order.json.tmpl");
    fs::write(&json, "{\"id\":{{uuid}}}").unwrap();
    let wrong = problems(&format!("--template {}", json.display()));
    assert!(wrong[0].contains("a file called .json makes JSON, but record "), "{wrong:?}");
    assert!(wrong[0].contains("near \"{\\\"id\\\":"), "{wrong:?}");
    fs::write(&json, "{\"id\":\"{{id:uuid}}\"}").unwrap();
    let of = |rest: &str| problems(&format!("--template {} {rest}", json.display()));
    assert_eq!(
        of("--key field:user"),
        ["--key = \"field:user\": the template names no field \"user\"; it names id"]
    );
    assert!(of("--generator fixed")[0].contains("nothing reads it with --generator fixed"));
    assert_eq!(
        problems("--key field:user"),
        ["--key = \"field:user\": keys come from a template's field only with --template FILE"]
    );
    assert_eq!(
        problems("--generator template"),
        ["--generator = \"template\": it needs --template FILE"]
    );
}

/// Each flag with a line that has it and one that is the same without it: a flag that isn't listed,
/// or that changes nothing, fails.
#[test]
fn no_flag_is_without_effect() {
    let (_folder, path) = file("acks=1\n");
    let lines = flag_lines(&path);
    let known = Cli::command();
    let known = known.get_arguments().map(|arg| arg.get_id().as_str());
    for id in known.filter(|id| !matches!(*id, "help" | "version")) {
        let line = lines.iter().find(|(listed, ..)| *listed == id);
        let (_, without, with) = line.unwrap_or_else(|| panic!("{id} has no line in this test"));
        let with = format!("{without} {with}");
        assert!(seen(without) != seen(&with), "{with} changes nothing");
    }
}

/// Everything that a command line comes to, problems included.
fn seen(line: &str) -> String {
    format!("{:?}", in_environment(line, &[]))
}

/// Flag, a line without it, and what it adds to that.
fn flag_lines(path: &str) -> Vec<(&'static str, String, String)> {
    let plain = [
        ("topic", "--topic other"),
        ("out", "--out o"),
        ("html", "--html f"),
        ("hlog", "--hlog f"),
        ("hgrm", "--hgrm f"),
        ("csv", "--csv f"),
        ("markdown", "--markdown f"),
        ("partitions", "--partitions 5"),
        ("replication_factor", "--replication-factor 2"),
        ("topic_config", "--topic-config a=b"),
        ("no_create_topic", "--no-create-topic"),
        ("fresh_topic", "--fresh-topic"),
        ("wait_balanced_leaders", "--wait-balanced-leaders 3s"),
        ("acks", "--acks 1"),
        ("linger_ms", "--linger-ms 6"),
        ("batch_size", "--batch-size 1000"),
        ("compression_type", "--compression-type lz4"),
        ("max_in_flight_requests_per_connection", "--max-in-flight 3"),
        ("buffer_memory", "--buffer-memory 1MiB"),
        ("enable_idempotence", "--enable-idempotence false"),
        ("retries", "--retries 5"),
        ("delivery_timeout_ms", "--delivery-timeout-ms 60s"),
        ("request_timeout_ms", "--request-timeout-ms 10s"),
        ("retry_backoff_ms", "--retry-backoff-ms 50"),
        ("max_block_ms", "--max-block-ms 10s"),
        ("max_request_size", "--max-request-size 2MiB"),
        ("partitioner", "--partitioner roundrobin"),
        ("transactional_id", "--transactional-id t"),
        ("transaction_duration_ms", "--transaction-duration-ms 100"),
        ("client_id", "--client-id c"),
        ("send_buffer_bytes", "--send-buffer-bytes -1"),
        ("command_property", "-X acks=1"),
        ("producer_props", "--producer-props acks=1"),
        ("rate", "--rate 10"),
        ("throughput", "--throughput 10"),
        ("duration", "--duration 3s"),
        ("warmup", "--warmup 3s"),
        ("warmup_records", "--warmup-records 5"),
        ("producers", "--producers 2"),
        ("pacing_quantum", "--pacing-quantum 0"),
        ("stage", "--stage 5:3s"),
        ("on_late", "--on-late skip"),
        ("on_full", "--on-full drop"),
        ("pacing", "--pacing burst:5@1s"),
        ("repeat", "--repeat 2"),
        ("cooldown", "--cooldown 3s"),
        ("seed", "--seed 3"),
        ("abort_on", "--abort-on errors>5"),
        ("provoke_panic", "--provoke-panic 3s"),
        ("record_size", "--record-size 50"),
        ("compress_ratio", "--compress-ratio 0.3"),
        ("generator", "--generator sequence"),
        ("value_type", "--generator increasing --value-type int64"),
        ("tombstones", "--tombstones 5%"),
        ("schema_id", "--schema-id 7"),
        ("header", "--header a=uuid()"),
        ("timestamps", "--timestamps event:5s"),
        ("pool_mb", "--pool-mb 1"),
        ("key", "--key uniform:5"),
        ("key_size", "--key sequence --key-size 20"),
        ("key_type", "--key sequence --key-type int64"),
        ("profile", "--profile key-rules"),
        ("payload_monotonic", "--payload-monotonic"),
        ("verify", "--verify none"),
        ("strict", "--strict"),
        ("assert", "--assert retries==0"),
        ("slo", "--slo retries==0"),
        ("junit", "--junit f"),
        ("bmf", "--bmf f"),
        ("github_benchmark", "--github-benchmark f"),
        ("calibrate", "--calibrate"),
        ("calibration", "--calibration /nowhere/at/all"),
        ("label", "--label a=b"),
        ("json", "--json -"),
        ("output_format", "--output-format quiet"),
        ("verbose", "-v"),
        ("log_level", "--log-level error"),
        ("print_metrics", "--print-metrics"),
        ("reporting_interval", "--reporting-interval 2s"),
    ];
    let counted = || "--embedded --num-records 10".to_owned();
    let mut lines: Vec<_> =
        plain.map(|(id, flag)| (id, counted(), flag.to_owned())).into_iter().collect();
    let beside = [
        ("embedded", "--acks 1", "--embedded"),
        ("bootstrap_server", "--acks 1", "--bootstrap-server a:1"),
        ("keep_topic", "--fresh-topic", "--keep-topic"),
        ("time_origin", "--timestamps event", "--time-origin 2026-01-31"),
        ("compression_level", "--compression-type lz4", "--compression-level 3"),
        ("num_records", "--acks 1", "--num-records 11"),
    ];
    lines.extend(beside.map(|(id, without, flag)| (id, without.to_owned(), flag.to_owned())));
    let cluster = "--bootstrap-server a:1 --num-records 10";
    let stored = "--baseline tests/data/results/saturated-1.0.json";
    lines.push(("baseline", cluster.to_owned(), stored.to_owned()));
    let against = [
        ("metric", "--metric service.p99"),
        ("min_effect", "--min-effect 7%"),
        ("alpha", "--alpha 0.02"),
        ("vary", "--vary host"),
        ("fail_on_inconclusive", "--fail-on-inconclusive"),
    ];
    let with_baseline = || format!("{cluster} {stored}");
    lines.extend(against.map(|(id, flag)| (id, with_baseline(), flag.to_owned())));
    let files = [
        ("command_config", "--command-config"),
        ("producer_config", "--producer.config"),
        ("payload_file", "--payload-file"),
        ("template", "--template"),
    ];
    lines.extend(files.map(|(id, flag)| (id, counted(), format!("{flag} {path}"))));
    let rules = "--key-rules profiles/pangyo.rules.yaml".to_owned();
    lines.push(("key_rules", counted(), rules));
    let recorded = path.replace("client.properties", "rate.csv");
    fs::write(&recorded, "0,1\n1,2\n").unwrap();
    let recorded = format!("--rate-file {recorded}");
    lines.push(("rate_file", counted(), recorded.clone()));
    lines.push(("rate_file_linear", recorded, "--rate-file-linear".to_owned()));
    let payload = format!("--payload-file {path}");
    for (id, flag) in [
        ("payload_delimiter", "--payload-delimiter ="),
        ("payload_format", "--payload-format file"),
        ("payload_order", "--payload-order sequence"),
    ] {
        lines.push((id, payload.clone(), flag.to_owned()));
    }
    lines
}

#[test]
fn a_mark_takes_its_room_from_the_record() {
    let size = |line: &str| settings(line).cells[0].plan.streams[0].source.largest_value();
    assert_eq!(size("--embedded --verify sequence --record-size 100"), 75);
    assert_eq!(size("--embedded --verify sequence --record-size 25"), 0);
    assert_eq!(size("--embedded --verify sequence --record-size 100 --generator sequence"), 100);
    assert_eq!(size("--embedded --verify offsets --record-size 100"), 100);
    // A rate in bytes still counts the whole record.
    let rate = |line: &str| settings(line).cells[0].plan.schedule.mean_rate();
    let line = "--embedded --rate 1MB --record-size 100 --verify";
    assert_eq!(rate(&format!("{line} sequence")), rate(&format!("{line} none")));
    assert_eq!(
        problems("--embedded --verify sequence --record-size 20"),
        ["--record-size = \"20\": expected 25 bytes or more with --verify sequence, whose header \
          kprod is part of the size; write 25, or use --generator sequence"]
    );
    assert_eq!(size("--embedded --verify sequence --record-size uniform:25..100"), 75);
    assert_eq!(
        problems("--embedded --verify sequence --record-size zipf:100:1"),
        ["--record-size = \"zipf:1..100:1\": expected 25 bytes or more with --verify sequence, \
          whose header kprod is part of the size; let the smallest be 25, or use --generator \
          sequence"]
    );
    assert_eq!(
        problems("--embedded --verify twice"),
        ["--verify = \"twice\": expected none, offsets or sequence"]
    );
}

#[test]
fn drawn_sizes_have_a_mean_for_the_rate_and_a_largest_for_the_request() {
    let plan = plan("--embedded --rate 30MB --record-size uniform:100..500");
    assert_eq!(plan.schedule.mean_rate(), Rate::per_second(100_000.0).ok());
    assert_eq!(
        problems("--embedded --record-size 100:99+2MB:1"),
        ["--record-size = \"100:99+2000000:1\": sizes up to 2000000 bytes, expected less than \
          max.request.size (1048576 bytes), with room for the record's own header"]
    );
    assert_eq!(
        problems("--embedded --record-size uniform:10..50 --generator sequence"),
        ["--record-size: the sequence generator needs a record size of at least 30 bytes, not 10"]
    );
    let found = problems("--embedded --record-size normal:1,zipf:0:1");
    assert_eq!(found.len(), 2);
    assert!(found[0].starts_with("--record-size = \"normal:1\": expected normal:MEAN:DEVIATION"));
}

#[test]
fn a_compress_ratio_is_for_random_values() {
    use crate::load::source::ValuePlan;
    let value = |line: &str| source(line).value;
    assert_eq!(value("--embedded --compress-ratio 40%"), ValuePlan::Compressible { ratio: 0.4 });
    assert_eq!(value("--embedded --compress-ratio 1"), ValuePlan::Random);
    assert_eq!(
        problems("--embedded --compress-ratio 0.5 --generator sequence"),
        ["--compress-ratio = \"0.5\": only --generator random makes values of a compress ratio; \
          leave one of the two out"]
    );
    assert_eq!(
        problems("--embedded --compress-ratio 2"),
        ["--compress-ratio = \"2\": expected the share that is left after compression, above 0 \
          and at most 1, such as 0.5 (1: random bytes that don't compress)"]
    );
}

#[test]
fn keys_have_types_and_sizes() {
    use crate::load::source::{KeyForm, KeyType};
    let source = source("--embedded --key zipf:1k:1 --key-type bytes --key-size 24");
    assert_eq!(source.key_form, KeyForm { kind: KeyType::Bytes, size: Some(24) });
    let source = self::source("--embedded --key list:1|-1 --key-type int32");
    let expected = [Some(vec![0, 0, 0, 1]), Some(vec![255; 4])];
    assert_eq!(source.key, KeyPlan::List(expected.into()));
    assert_eq!(source.key_form, KeyForm::default());
    for (flags, problem) in [
        (
            "--key-size 5",
            "--key-size = \"5\": records have no keys; give some, such as --key uniform:10k, or \
             leave it out",
        ),
        (
            "--key list:a|b --key-size 5",
            "--key-size = \"5\": listed keys are as long as they are written; leave it out",
        ),
        (
            "--key field:a --key-type json",
            "--key-type = \"json\": a key from a template is as long as its field; leave it out",
        ),
        (
            "--key uniform:1k --key-type json --key-size 11",
            "--key-size = \"11\": 1000 different json keys have 12 bytes or more each, not 11",
        ),
        (
            "--key uniform:3G --key-type int32",
            "--key-type = \"int32\": int32 of 4 bytes are 2147483648 different keys at most, not \
             3000000000",
        ),
        (
            "--key list:1|x --key-type int64",
            "--key-type = \"int64\": the listed key \"x\" is no int64",
        ),
        ("--key-type utf9", "--key-type = \"utf9\": expected text, bytes, int32, int64 or json"),
        (
            "--key uniform:5 --key-size 0",
            "--key-size = \"0\": expected 1 to 1MiB bytes, such as 16",
        ),
    ] {
        assert_eq!(problems(&format!("--embedded {flags}")), [problem], "{flags}");
    }
}

#[test]
fn values_come_from_one_generator_or_none() {
    use crate::load::source::{NumberType, ValuePlan};
    let source = plan("--embedded --generator increasing --value-type int32 --tombstones 5%")
        .streams
        .remove(0)
        .source;
    assert_eq!(source.value, ValuePlan::Increasing(NumberType::Int32));
    assert_eq!((source.tombstones, source.schema_id), (0.05, None));
    assert_eq!(
        problems("--embedded --generator null --schema-id 42 --tombstones 5%"),
        [
            "--tombstones = \"5%\": null values are tombstones, all of them; leave one of the two \
             out",
            "--schema-id = \"42\": it stands before values, and null makes none; leave one of the \
             two out",
        ]
    );
    let (_folder, line) = profile("generator: {value: {kind: \"null\", tombstones: 5%}}\n");
    let found = problems(&line);
    assert!(found[0].starts_with("tombstones = \"5%\" (") && found.len() == 1, "{found:?}");
    for (kind, example) in [("template", "order.json.tmpl"), ("corpus", "lines.txt")] {
        let (_folder, line) = profile(&format!("generator: {{value: {kind}}}\n"));
        let found = problems(&line);
        let expected = format!(": expected its file as in {{kind: {kind}, file: {example}}}");
        assert!(found[0].starts_with("value = ") && found[0].ends_with(&expected), "{found:?}");
    }
    assert_eq!(
        problems(
            "--embedded --generator some --value-type int8 --tombstones 6 --schema-id -1 \
             --compress-ratio 0"
        ),
        [
            "--generator = \"some\": expected random, fixed, sequence, increasing, null, template \
             or corpus",
            "--tombstones = \"6\": expected a share of 0 to 1, such as 5% or 0.05",
            "--schema-id = \"-1\": expected a registry's schema id, 0 to 2147483647, such as 42",
        ]
    );
    assert_eq!(
        problems("--embedded --value-type int32"),
        ["--value-type = \"int32\": only --generator increasing has a value type"]
    );
    assert_eq!(
        problems("--embedded --schema-id 1 --record-size 4"),
        ["--record-size: the schema's prefix needs a record size of at least 5 bytes, not 4"]
    );
    // Values with tombstones among them, or a prefix, don't name all their records: marks do.
    let source = plan("--embedded --verify sequence --generator sequence --tombstones 1%")
        .streams
        .remove(0)
        .source;
    assert_eq!((source.reserved, source.largest_value()), (25, 75));
    assert_eq!(
        problems(
            "--embedded --verify sequence --generator sequence --schema-id 1 --record-size 50"
        ),
        ["--record-size = \"50\": expected 60 bytes or more with --verify sequence, whose header \
          kprod is part of the size; write 60"]
    );
}

#[test]
fn headers_and_timestamps_are_part_of_the_record() {
    use crate::load::source::{HeaderValue, TimestampPlan};
    let line = "--embedded --rate 1MB --record-size 60 --header abcd=uuid() --timestamps event \
                --time-origin 1970-01-02";
    let plan = plan(line);
    let source = &plan.streams[0].source;
    assert_eq!(source.headers[0].value, HeaderValue::Uuid);
    assert!(matches!(source.timestamps, TimestampPlan::Event { .. }));
    // Headers count in a rate of bytes; the clock goes at that rate.
    assert_eq!(plan.schedule.mean_rate(), Rate::per_second(10_000.0).ok());
    assert_eq!(source.clock.origin_ms, Some(86_400_000));
    assert_eq!(Source::new(source, WorkerIndex(0)).record(10_000, 0).timestamp_ms, 86_401_000);
    let found = problems("--embedded --header kprod=1 --timestamps then --time-origin soon");
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|line| line.starts_with("--") && line.contains(" = \"")), "{found:?}");
    assert_eq!(
        problems("--embedded --record-size 1048493 --header a=b"),
        ["--record-size = \"1048493\": expected less than max.request.size (1048576 bytes), with \
          room for the record's own header, 2 bytes beside it"]
    );
}

/// What a record tells of time is when it is due, whatever the rate does; the warm-up comes first.
#[test]
fn event_time_goes_by_due_instants() {
    let stamps = |line: &str, numbers: &[u64]| -> Vec<i64> {
        let line = format!("--embedded --timestamps event --time-origin 1970-01-01 {line}");
        let mut made = Source::new(&source(&line), WorkerIndex(0));
        numbers.iter().map(|n| made.record(*n, 0).timestamp_ms).collect()
    };
    let bursts = "--pacing burst:100@2s --warmup 0";
    assert_eq!(stamps(bursts, &[0, 99, 100, 199, 200, 5]), [0, 0, 2_000, 2_000, 4_000, 0]);
    // Four seconds from 0 to 100/s: half of the 200 records in the last 1.17 s.
    let ramp = "--stage 100:4s:linear --warmup 0";
    assert_eq!(stamps(ramp, &[0, 50, 100, 199]), [0, 2_000, 2_828, 3_989]);
    // Two seconds of warm-up at the ramp's mean before it.
    let warm = "--stage 100:4s:linear --warmup 2s";
    assert_eq!(stamps(warm, &[0, 50, 100, 150, 200]), [0, 1_000, 2_000, 4_000, 4_828]);
    // Nobody knows when it ends.
    let auto = "--stage 100:4s:linear --warmup auto";
    assert_eq!(stamps(auto, &[0, 50, 200]), [0, 1_000, 4_000]);
    let random = "--rate 100 --pacing poisson --warmup 1s";
    let all = stamps(random, &(0..1_000).collect::<Vec<_>>());
    assert!(all.is_sorted() && (8_000..12_000).contains(&all[999]), "{}", all[999]);
    assert_eq!(stamps(random, &[567]), all[567..568]);
}

#[test]
fn a_pool_is_for_random_values() {
    assert_eq!(source("--embedded --pool-mb 20").pool, Some(20_000_000));
    assert_eq!(
        problems("--embedded --pool-mb 20 --generator sequence"),
        ["--pool-mb = \"20\": only random values are repeated from a pool, and sequence ones \
             cost little or are their record's; leave one of the two out"]
    );
    assert_eq!(
        problems("--embedded --pool-mb 0"),
        ["--pool-mb = \"0\": expected 1 to 1000000 million bytes of memory, such as 100"]
    );
}

#[test]
fn a_size_is_for_values_that_have_none_of_their_own() {
    assert_eq!(
        problems("--embedded --generator increasing --record-size 50"),
        ["--record-size = \"50\": values of --generator increasing have a length of their own; \
          leave one of the two out"]
    );
    assert_eq!(problems("--embedded --generator null --record-size 1x").len(), 2);
}

#[test]
fn a_rate_in_bytes_counts_marks_and_digits_and_needs_bytes() {
    let rate = |flags: &str| {
        let plan = plan(&format!("--embedded --rate 1MB {flags}"));
        plan.schedule.mean_rate().unwrap().as_f64()
    };
    let near = |found: f64, bytes: f64| (found * bytes - 1e6).abs() < 1.0;
    let numbers = "--generator increasing";
    assert!(near(rate(numbers), 5.888_89));
    assert!(near(rate(&format!("{numbers} --verify sequence")), 30.888_89));
    assert!(near(rate(&format!("{numbers} --num-records 100")), 1.9));
    assert!(near(rate("--generator null --verify sequence"), 25.0));
    // Sizes that were asked for have the mark in them.
    assert!(near(rate("--record-size 100 --verify sequence"), 100.0));
    for flags in ["--rate 20KB", "--stage 20KB:5s"] {
        let said = &problems(&format!("--embedded {flags} --generator null"))[0];
        assert!(said.contains("a rate in bytes needs bytes"), "{said}");
    }
    let notes = |line: &str| settings(line).cells[0].notes.join("\n");
    let line = format!("--embedded --rate 1MB {numbers}");
    assert!(notes(&line).contains("the first million records"));
    assert!(!notes(&format!("{line} --num-records 5")).contains("million"));
}

#[test]
fn commas_group_no_digits_and_ends_have_an_order() {
    for (flags, way_out) in [
        ("--record-size 1,000", "write 1000 (or 1k for a thousand)"),
        ("--rate 1,000", "write 1000 (or"),
        ("--rate 20,000,000", "write 20000000 (or"),
    ] {
        let found = problems(&format!("--embedded {flags}"));
        assert!(found.len() == 1 && found[0].contains(way_out), "{found:?}");
    }
    assert_eq!(settings("--embedded --record-size 1,100,200").cells.len(), 3);
    for (size, way_out) in [
        ("uniform:2000..100", "write uniform:100..2000"),
        ("normal:500:100:1KiB..200", "write normal:500:100:200..1KiB"),
        ("zipf:100..10:1.1", "write zipf:10..100:1.1"),
    ] {
        let said = &problems(&format!("--embedded --record-size {size}"))[0];
        assert!(said.contains("the ends are swapped") && said.ends_with(way_out), "{said}");
    }
    let said = &problems("--embedded --header =x")[0];
    assert!(said.contains("expected a name before the ="), "{said}");
}

#[test]
fn delimiters_have_escapes_and_one_that_is_nowhere_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pieces");
    fs::write(&path, b"one\0two\xffthree\\four").unwrap();
    let line = format!("--embedded --payload-file {} --payload-delimiter ", path.display());
    for (delimiter, pieces) in
        [("\\0", 2), ("\\xff", 2), ("\\x5C", 2), ("\\\\", 2), ("w", 2), ("\\t", 1)]
    {
        let settings = settings(&format!("{line}{delimiter}"));
        let ValuePlan::Corpus { corpus, .. } = &settings.cells[0].plan.streams[0].source.value
        else {
            panic!("no corpus");
        };
        assert_eq!(corpus.len(), pieces, "{delimiter}");
        let told = settings.warnings.iter().filter(|it| it.contains("isn't found in")).count();
        assert_eq!(told, usize::from(pieces == 1), "{delimiter}: {:?}", settings.warnings);
    }
    for wrong in ["\\q", "\\x5", "\\xgg", "a\\"] {
        let said = &problems(&format!("{line}{wrong}"))[0];
        assert!(said.contains("a backslash itself is written"), "{said}");
    }
}

#[test]
fn what_explains_and_makes_finds_what_a_run_refuses() {
    let text = "repeat: two\nload: {rate: 10}\ngates: {asserts: [nonsense < 5]}\n";
    let (_folder, line) = profile(text);
    let args = parsed(&line);
    let explained = explain(&args, &|_| None);
    let unjudged = build_unjudged(&args, &|_| None).unwrap_err();
    for found in [&explained.refused[..], unjudged.lines()] {
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("\"two\" ("), "{found:?}");
        assert!(found[1].contains("\"nonsense < 5\" ("), "{found:?}");
    }
    let (_folder, line) = profile("load: {rate: 10}\nproducer: {ack: all}\n");
    let refused = explain(&parsed(&line), &|_| None).refused;
    assert!(refused.len() == 1 && refused[0].contains("ack"), "{refused:?}");
    assert_eq!(refused, problems(&line));
}
