//! Command lines, profiles and files of key rules: whatever stands in them becomes settings or
//! problems, in bounded time.

use std::{env, fs, process, thread};

use clap::Parser as _;
use kprod_bench::app::cli::args::Cli;
use kprod_bench::app::settings;
use kprod_bench::base::Rng;

use super::{below, noise};

/// A line is a word of a command line.
pub(crate) fn command_line(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    // Devices are read as files are, and some never end.
    if text.contains("/dev") || text.contains("/proc") {
        return;
    }
    build(core::iter::once("kprod-bench").chain(text.lines()));
}

/// A profile, and the same text as key rules.
pub(crate) fn files(input: &[u8]) {
    // Text that names another file is read beside this one.
    with_file(input, "yaml", |name| {
        for flag in ["--profile", "--key-rules"] {
            build(["kprod-bench", "--embedded", flag, name].into_iter());
        }
    });
}

/// A recorded rate, held and linear.
pub(crate) fn rate_file(input: &[u8]) {
    with_file(input, "csv", |name| {
        let words = ["kprod-bench", "--embedded", "--rate-file", name];
        build(words.into_iter());
        build(words.into_iter().chain(["--rate-file-linear"]));
    });
}

fn with_file(input: &[u8], ending: &str, each: impl FnOnce(&str)) {
    let name = format!("kprod-fuzz-{}-{:?}.{ending}", process::id(), thread::current().id());
    let path = env::temp_dir().join(name);
    fs::write(&path, input).expect("a folder for temporary files");
    each(path.to_str().expect("a name in UTF-8"));
    fs::remove_file(&path).expect("it was there");
}

fn build<'a>(words: impl Iterator<Item = &'a str>) {
    let Ok(cli) = Cli::try_parse_from(words) else { return };
    match settings::build(&cli.run, &|_| None) {
        Ok(settings) => assert!(!settings.cells.is_empty() && !settings.order.is_empty()),
        Err(problems) => {
            assert!((1..=1_001).contains(&problems.lines().len()));
            assert!(problems.lines().iter().all(|line| !line.is_empty()));
        }
    }
}

/// Flags with values that fit, mostly.
pub(crate) fn seed_command_line(rng: &mut Rng) -> Vec<u8> {
    let mut words = Vec::new();
    for _ in 0..rng.below(8) {
        words.extend_from_slice(FLAGS[below(rng, FLAGS.len())].replace(' ', "\n").as_bytes());
        words.push(b'\n');
    }
    words
}

/// One of the shipped files, or one of those that take a parser long.
pub(crate) fn seed_file(rng: &mut Rng) -> Vec<u8> {
    match rng.below(8) {
        0 => ["[", "{a: ", "- ", "? ", "&a [*a, "][below(rng, 5)].repeat(below(rng, 1_000)).into(),
        1 => {
            let len = below(rng, 200);
            noise(rng, len)
        }
        _ => FILES[below(rng, FILES.len())].as_bytes().to_vec(),
    }
}

/// Lines of time and rate, as people and programs write them.
pub(crate) fn seed_rate_file(rng: &mut Rng) -> Vec<u8> {
    let mut text = HEADS[below(rng, HEADS.len())].to_owned();
    let mut millis = 0;
    for _ in 0..rng.below(12) {
        let time = match rng.below(4) {
            0 => format!("{millis}ms"),
            1 => format!("{}s", millis / 1_000),
            _ => format!("{}.{:03}", millis / 1_000, millis % 1_000),
        };
        let rate = ["0", "200k", "1.5M", "20MB", "1e400", "-1", " 7 ", "0.000000001"];
        text.push_str(&format!("{time},{}\n", rate[below(rng, rate.len())]));
        millis += rng.below(3_000);
    }
    text.into_bytes()
}

const HEADS: &[&str] = &[
    "",
    "time,rate\n",
    "\u{feff}# recorded\n\nrate, time ,host\n",
    "a,b\n",
    "time,rate,acked\r\n0,5,1\r\n1,6,1\r\n",
    "100d,1\n99999999999d,5\n",
];

const FILES: &[&str] = &[
    include_str!("../../../profiles/first-look.yaml"),
    include_str!("../../../profiles/key-rules.yaml"),
    include_str!("../../../profiles/pangyo.rules.yaml"),
    "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nname: *c\n<<: *b\n",
    "version: 1\nname: !!binary aGk=\nproducer: {? [a]: 1, acks: !x all, 1: 2, linger.ms: .inf}\n",
    "version: 1\nname: ${N:-x}\ntarget: {bootstrap-server: \"${K}\", command-config: c}\n\
     labels: {a: 1}\n\
     topic: {name: t, fresh: true, keep: false, config: {a: ${B:-c}}, partitions: -1}\nrepeat: 2\n\
     generator: {size: 1KiB, key: {kind: uniform, cardinality: 5}, value: {kind: sequence}}\n\
     load: {abort-on: [errors > 5], stages: [{rate: 10k, for: 1m}], pacing-quantum: 0}\n\
     gates: {verify: none, strict: false}\noutput: {json: \"-\"}\n\
     matrix: {acks: [1, all], max.request.size: [1000000, 2000000], key: [none, {kind: none}]}\n",
    "version: 1\nname: s\ntopic: {partitions: 3}\ngenerator: {size: 100, key: {kind: none}}\n\
     streams:\n- {topic: a, weight: 3, producers: 2, generator: {value: sequence, size: 1KiB}}\n\
     - name: b\n  topic: a\n  generator:\n    key: {kind: list, values: [x, ~]}\n    \
     header: [a=uuid()]\n- {weight: 1000, generator: {template: t, payload-file: f}}\n\
     load: {rate: 1MB, duration: 1s}\n",
    "%YAML 1.2\n---\nversion: 0x1\nname: |\n  text\n...\n--- second\n",
];

const FLAGS: &[&str] = &[
    "--bootstrap-server [::1]:9092,PLAINTEXT://broker:9093",
    "--embedded",
    "--acks all,0,1",
    "--linger-ms 0,5",
    "--batch-size 16384,1M",
    "--compression-type none,zstd",
    "--rate 10k,200MB/s",
    "--duration 1.5s",
    "--warmup 0",
    "--num-records 18446744073709551615",
    "--producers 4",
    "--repeat 3",
    "--partitioner partition:2147483647",
    "--key list:A|B",
    "--key field:customer",
    "--template profiles/order.json.tmpl",
    "--payload-file profiles/gps.tmpl",
    "--payload-format varint",
    "--label a=b",
    "-X delivery.timeout.ms=9223372036854775807",
    "--profile key-rules",
    "--seed -1",
    "--abort-on error-rate>0.5",
];
