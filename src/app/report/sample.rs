//! A result made by hand, for tests of what is written from it.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::exit::Exit;
use super::files::hdr::encode;
use super::matrix::{Asked, CellRun, join};
use super::model::*;
use super::outcome::Outcome;
use crate::app::judge::compare::{Question, compare};
use crate::app::judge::group::{Group, Run};
use crate::app::stats::Terms;

/// The same, as all that is made from results takes it.
pub(super) fn outcome() -> Outcome {
    Outcome::Run(report().into())
}

/// Three cells, the last one of which the cluster couldn't keep up with.
pub(super) fn matrix() -> Outcome {
    let cells = [("0", 3), ("1", 5), ("all", 9)];
    let runs = cells.iter().enumerate().map(|(cell, (acks, times))| {
        let mut report = report();
        for family in [&mut report.latency.response, &mut report.latency.service] {
            let family = family.as_mut().expect("the sample has a rate");
            (family.p99, family.p999) = (family.p99 * times / 5, family.p999 * times / 5);
        }
        if *acks == "all" {
            report.validity.status = Status::Overloaded;
            report.throughput.acked_rps = 150_000.0;
        }
        let values = texts(&[("acks", acks), ("linger-ms", "5")]);
        CellRun { cell, values, repetition: 0, report }
    });
    let axis = |flag: &str, values: &[&str]| AxisModel {
        flag: flag.to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    let axes = vec![axis("acks", &["0", "1", "all"]), axis("linger-ms", &["5"])];
    let asked = Asked { axes, repeat: 1, runs: 3 };
    Outcome::Matrix(join(asked, runs.collect(), Exit::Passed).into())
}

/// Seven runs against seven whose response takes `factor` times as long, each a little different.
pub(in crate::app) fn comparison(factor: f64) -> ComparisonModel {
    let side = |source: &str, factor: f64| {
        let run = |at: u32| {
            let mut report = report();
            let scatter = 1.0 + f64::from(at * 5 % 7) * 0.004;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a test")]
            #[expect(clippy::cast_precision_loss, reason = "a test")]
            let times = |nanos: u64| (nanos as f64 * factor * scatter) as u64;
            let response = report.latency.response.as_mut().expect("the sample has a rate");
            (response.p50, response.p99) = (times(response.p50), times(response.p99));
            report.run_id = format!("{source}-{at}");
            Run { cell: BTreeMap::new(), place: format!("{source}[{at}]"), report }
        };
        Group { source: source.to_owned(), runs: (0..7).map(run).collect(), remarks: Vec::new() }
    };
    let terms = Terms { alpha: 0.01, min_effect: 0.05 };
    let question = Question { metrics: Vec::new(), terms, vary: Vec::new() };
    let found = compare(&side("before", 1.0), &side("after", factor), &question);
    found.expect("both sides are alike but for their latencies")
}

/// A paced, valid run on a real cluster: the figures of the example in the documentation.
pub(in crate::app) fn report() -> Report {
    Report {
        schema_version: SCHEMA_VERSION.to_owned(),
        run_id: "0000018d5f0e0a00-00000001".to_owned(),
        started_at: "2024-01-31T12:00:00.000Z".to_owned(),
        ended_at: "2024-01-31T12:00:36.000Z".to_owned(),
        partial: None,
        tool: tool(),
        command: vec!["kprod-bench".to_owned()],
        labels: BTreeMap::new(),
        environment: environment(),
        cluster: cluster(),
        config: config(),
        generator: generator(),
        load: Some(LoadModel {
            pacing: Some("uniform".to_owned()),
            on_late: Some("catchup".to_owned()),
            on_full: Some("block".to_owned()),
            ..LoadModel::default()
        }),
        phases: vec![phase()],
        throughput: throughput(),
        records: RecordsModel {
            due: 6_000_000,
            generated: 6_000_000,
            acked: 6_000_000,
            ..RecordsModel::default()
        },
        latency: latency(),
        stages: stages(),
        seal: None,
        seal_wait: None,
        loop_lag: None,
        throttle: None,
        batches: batches(),
        requests: RequestsModel {
            count: 12_004,
            batches_mean: 3.43,
            in_flight_p50: 1,
            in_flight_max: 4,
        },
        streams: Vec::new(),
        partitions: Vec::new(),
        brokers: Vec::new(),
        intervals: intervals(),
        errors: Vec::new(),
        faults: Vec::new(),
        failures: FailuresModel::default(),
        retries: 0,
        unavailability: Vec::new(),
        leader_changes: Vec::new(),
        client: client(),
        validity: ValidityModel {
            status: Status::Valid,
            reasons: Vec::new(),
            limit: "nothing".to_owned(),
            limited_by: "nothing: at the asked rate with 96 % of a core to spare".to_owned(),
        },
        verification: Some(VerificationModel {
            mode: "offsets".to_owned(),
            log: LogModel { expected: 6_000_000, found: 6_000_000, ..LogModel::default() },
            ..VerificationModel::default()
        }),
        gates: Vec::new(),
        comparison: None,
        exit: Exit::Passed.model(),
    }
}

fn generator() -> GeneratorModel {
    GeneratorModel {
        seed: 1,
        kind: "random".to_owned(),
        tombstones: 0.0,
        schema_id: None,
        pool: None,
        headers: Vec::new(),
        timestamps: "now".to_owned(),
        time_origin: "2024-01-31T12:00:00.000Z".to_owned(),
        key: "none".to_owned(),
        key_type: None,
        sizes: SizesModel {
            asked: Some(100),
            value: Some(100),
            distribution: None,
            mean: Some(100.0),
            payload_mean: Some(100.0),
        },
        compress_ratio_asked: Some(1.0),
        measured_compress_ratio: Some(1.0),
        distinct_keys: None,
    }
}

fn tool() -> Tool {
    Tool {
        name: "kprod-bench".to_owned(),
        version: "0.1.0".to_owned(),
        git: None,
        target: "x86_64-linux".to_owned(),
    }
}

fn environment() -> EnvironmentModel {
    EnvironmentModel {
        os: Some("Some Linux".to_owned()),
        kernel: None,
        cpu: None,
        cores: 2,
        governor: None,
        memory: Some(8 << 30),
        container_limits: None,
    }
}

fn cluster() -> ClusterModel {
    ClusterModel {
        kind: ClusterKind::Real,
        another_process: false,
        id: Some("abc".to_owned()),
        brokers: (1..=3)
            .map(|id| BrokerModel { id, host: format!("b{id}:9092"), rack: None })
            .collect(),
        api_versions_hash: None,
        produce_version: Some(13),
        on_this_host: false,
        topic: TopicModel {
            name: "orders".to_owned(),
            partitions: 12,
            replication_factor: 3,
            created: false,
            deleted: false,
            configs: texts(&[("min.insync.replicas", "2")]),
            leaders_before: vec![1; 12],
            leaders_after: vec![1; 12],
        },
        topics: Vec::new(),
    }
}

fn config() -> ConfigModel {
    let effective = [
        ("acks", "all"),
        ("linger.ms", "5"),
        ("batch.size", "16384"),
        ("compression.type", "none"),
        ("enable.idempotence", "true"),
        ("max.in.flight.requests.per.connection", "5"),
    ];
    ConfigModel {
        effective: texts(&effective),
        source: texts(&[("acks", "--acks")]),
        partitioner: "default".to_owned(),
        notes: Vec::new(),
    }
}

fn phase() -> PhaseModel {
    PhaseModel {
        name: "measure".to_owned(),
        start: 5_000_000_000,
        end: 35_000_000_000,
        target_rate: Some(200_000.0),
        due: 6_000_000,
        generated: 6_000_000,
        acked: 6_000_000,
        written: 0,
        failed: 0,
        indeterminate: 0,
        unsent: 0,
        drain_seconds: 0.02,
        settled: None,
        service: None,
        payload_bytes: 600_000_000,
        offset_before: Some(1_000_000),
        offset_after: Some(7_000_000),
    }
}

fn throughput() -> ThroughputModel {
    ThroughputModel {
        offered_rps: Some(200_000.0),
        acked_rps: 199_998.0,
        mb_s_uncompressed: 20.0,
        delivered_rps: Some(199_866.7),
        delivered_mb_s: Some(20.0),
        last_ack_seconds: Some(30.02),
        short: false,
        mb_s_wire: 21.4,
        achieved_ratio: Some(1.0),
        backlog_max: 4_000,
        drain_seconds: 0.02,
        broker_offset_delta: Some(6_000_000),
        delta_confirms: Some(true),
    }
}

fn latency() -> LatencyModel {
    let response = [5_410_000, 7_020_000, 12_300_000, 31_000_000, 44_100_000, 52_700_000];
    let service = [5_280_000, 6_900_000, 12_100_000, 30_800_000, 43_900_000, 52_500_000];
    LatencyModel {
        response: Some(distribution(response, 5.6e6)),
        service: Some(distribution(service, 5.5e6)),
        worst_case: None,
        failure: None,
    }
}

fn stages() -> StagesModel {
    let stage = |mean| Some(distribution([1; 6], mean));
    StagesModel {
        schedule_lag: Some(distribution(
            [130_000, 230_000, 262_000, 410_000, 900_000, 1_900_000],
            0.12e6,
        )),
        buffer_wait: stage(0.0),
        batch_wait: stage(2.58e6),
        retry: stage(0.0),
        send_queue: stage(0.31e6),
        broker: stage(2.59e6),
    }
}

/// A histogram in which these are the percentiles.
fn histogram([p50, p90, p99, p999, p9999, max]: [u64; 6], count: u64) -> String {
    let mut histogram = Histogram::<u64>::new_with_bounds(1, 1 << 36, 3).expect("a range");
    let part = |one_in: u64| count / one_in;
    let mut add = |value: u64, times| histogram.record_n(value, times).expect("in the range");
    add(p50, part(2));
    add(p90, part(10) * 4);
    add(p99, part(100) * 9);
    add(p999, part(1_000) * 9);
    add(p9999, part(10_000) * 9);
    add(max, part(10_000));
    encode(&histogram)
}

/// Thirty seconds, each like the whole.
fn intervals() -> Vec<IntervalModel> {
    let spans = [5_410_000, 7_020_000, 12_300_000, 31_000_000, 44_100_000, 52_700_000];
    let hdr = histogram(spans, 200_000);
    let one = |second: u64| IntervalModel {
        start: second * 1_000_000_000,
        length: 1_000_000_000,
        due: 200_000,
        planned_rps: Some(200_000.0),
        acked: if second == 0 { 199_000 } else { 200_000 },
        errors: 0,
        p50: Some(spans[0]),
        p99: Some(spans[2]),
        max: Some(spans[5]),
        lag_p99: Some(262_000),
        backlog: 1_000,
        cpu: Some(0.04),
        leader_changes: 0,
        hdr: Some(hdr.clone()),
    };
    (0..30).map(one).collect()
}

/// p50, p90, p99, p99.9, p99.99 and the maximum.
fn distribution(spans: [u64; 6], mean: f64) -> Distribution {
    let [p50, p90, p99, p999, p9999, max] = spans;
    Distribution {
        kind: "acked".to_owned(),
        count: 6_000_000,
        min: 1,
        mean,
        stddev: 1e6,
        max,
        p50,
        p75: p50,
        p90,
        p95: p90,
        p99,
        p999,
        p9999,
        p99999: max,
        overflow: 0,
        hdr: histogram(spans, 6_000_000),
    }
}

fn batches() -> BatchesModel {
    BatchesModel {
        count: 41_210,
        records_mean: 145.6,
        bytes_mean: 15_890.0,
        fill_ratio: 0.97,
        close_reason: CloseReasonModel { full: 412, linger: 40_798, flush: 0, memory: 0 },
        compress_ratio: 1.0,
        splits: 0,
    }
}

fn client() -> ClientModel {
    ClientModel {
        producers: 1,
        cpu_seconds: 1.2,
        cpu_ns_per_record: Some(61.0),
        busy_max: Some(0.04),
        rss_peak: Some(46 << 20),
        run_delay_seconds: Some(0.01),
        steal_seconds: Some(0.0),
        wakeups_per_s: Some(4_120.4),
        longest_turn: Some(1_310_720),
        pacing_quantum: Some(250_000),
        first_record_seconds: Some(0.031),
        calibration: None,
    }
}

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
