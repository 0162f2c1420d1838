//! From what was asked and what was found to the result. Cost class: once a run.

use std::collections::BTreeMap;

use super::dates::rfc3339;
use super::distill::{self, nanos, per_second, ratio};
use super::exit::{Demands, Exit, of_report};
use super::model::{
    BrokerModel, CalibrationModel, ClientModel, ClusterKind, ClusterModel, ConfigModel,
    EnvironmentModel, GeneratorModel, LimitsModel, PhaseModel, PoolModel, Report,
    RunCalibrationModel, SCHEMA_VERSION, SizesModel, ThroughputModel, Tool, TopicModel,
};
use super::{calibration, load, secrets, streams, verdict, verified};
use crate::host::driver::plan::StreamPlan;
use crate::host::driver::result::{OffsetDelta, PhaseKind, PhaseResult, Signal, TopicFacts};
use crate::host::driver::{Environment, RunPlan, RunResult};
use crate::load::recorder::Tally;
use crate::load::schedule::{Level, Rate};
use crate::load::source::{KeyPlan, SizePlan, SourcePlan, TimestampPlan, ValuePlan};

/// What a result says of its origin.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The command line, word by word.
    pub command: Vec<String>,
    /// `--label`s.
    pub labels: BTreeMap<String, String>,
    /// What makes a run a failure.
    pub demands: Demands,
}

/// The result of one run, and how a process ends whose only run it is. `ceiling` is what its client
/// can do, where that was measured.
#[must_use]
pub fn report(
    origin: &Origin,
    config: ConfigModel,
    plan: &RunPlan,
    result: &RunResult,
    ceiling: Option<&CalibrationModel>,
) -> (Report, Exit) {
    let nothing = PhaseResult::default();
    let measured = result.phases.iter().rfind(|phase| phase.kind == PhaseKind::Measure);
    let measured = measured.unwrap_or(&nothing);
    let span = measured.end.saturating_sub(measured.start);
    let window = span.as_secs_f64();
    let tally = &result.tally;
    let throughput = throughput(plan, tally, measured, result.offsets.as_ref());
    let calibration = ceiling.map(|ceiling| {
        let asked = plan.schedule.peak().map(Level::as_f64);
        calibration::of_run(ceiling, asked.unwrap_or_else(|| throughput.headline().0))
    });
    let mut labels = origin.labels.clone();
    secrets::values(&mut labels);
    let mut report = Report {
        schema_version: SCHEMA_VERSION.to_owned(),
        run_id: format!("{:011x}-{:x}", result.started_unix_ms, std::process::id()),
        started_at: rfc3339(result.started_unix_ms),
        ended_at: rfc3339(result.ended_unix_ms),
        partial: partial(result),
        tool: tool(),
        command: secrets::command(&origin.command),
        labels,
        environment: environment(&result.environment),
        cluster: cluster(result),
        config,
        generator: generator(plan, result),
        load: Some(load::load(&plan.schedule)),
        phases: result.phases.iter().map(|one| phase(plan, one)).collect(),
        throughput,
        records: distill::records(tally),
        latency: distill::latency(tally),
        stages: distill::stages(tally),
        seal: distill::distribution(&tally.seal, tally.kind()),
        seal_wait: distill::distribution(&tally.seal_wait, tally.kind()),
        loop_lag: distill::distribution(&tally.loop_lag, tally.kind()),
        throttle: distill::distribution(&tally.throttle, tally.kind()),
        batches: distill::batches(tally),
        requests: distill::requests(tally),
        streams: streams::streams(plan, result, measured),
        partitions: distill::partitions(result),
        brokers: distill::brokers(tally, window),
        intervals: distill::intervals(result, &plan.schedule, span),
        errors: distill::errors(tally),
        faults: distill::faults(&result.faults),
        failures: distill::failures(tally),
        retries: tally.batches.retries,
        unavailability: distill::unavailability(result),
        leader_changes: distill::leader_changes(result),
        client: client(plan, result, calibration.clone()),
        validity: verdict::validity(plan, result, measured, calibration.as_ref()),
        verification: verified::verification(plan, result),
        gates: Vec::new(),
        comparison: None,
        exit: Exit::Passed.model(),
    };
    let crashed = result.crashed.as_ref().map(|_| Exit::Internal);
    let early = result.interrupted.map(Exit::from).or(crashed);
    let exit = of_report(&report, early, origin.demands);
    report.exit = exit.model();
    (report, exit)
}

fn partial(result: &RunResult) -> Option<String> {
    let early = if measured(result) { "" } else { " before the measurement" };
    let signal = result.interrupted.map(|signal| match signal {
        Signal::Interrupt => format!("interrupted{early}"),
        Signal::Terminate => format!("terminated{early}"),
    });
    let crash = result.crashed.as_ref().map(|words| format!("internal error{early}: {words}"));
    let rule = result.aborted.as_ref().map(|rule| format!("--abort-on {rule}"));
    signal.or(crash).or(rule)
}

/// Whether the run came to its measurement.
pub(super) fn measured(result: &RunResult) -> bool {
    result.phases.iter().any(|phase| phase.kind == PhaseKind::Measure)
}

/// This program. The commit is known where the build was told it (`KPROD_GIT_COMMIT`).
pub(in crate::app) fn tool() -> Tool {
    Tool {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        git: option_env!("KPROD_GIT_COMMIT").map(str::to_owned),
        target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
    }
}

#[expect(clippy::cast_precision_loss, reason = "thousandths of a core")]
pub(super) fn environment(facts: &Environment) -> EnvironmentModel {
    let limits = LimitsModel {
        cpus: facts.limits.cpu_millis.map(|millis| millis as f64 / 1_000.0),
        memory: facts.limits.memory,
    };
    EnvironmentModel {
        os: facts.os.clone(),
        kernel: facts.kernel.clone(),
        cpu: facts.cpu.clone(),
        cores: facts.cores,
        governor: facts.governor.clone(),
        memory: facts.memory,
        container_limits: (limits.cpus.is_some() || limits.memory.is_some()).then_some(limits),
    }
}

fn cluster(result: &RunResult) -> ClusterModel {
    let cluster = &result.cluster;
    let topics: Vec<_> = result.topics.iter().map(topic).collect();
    let brokers = cluster.brokers.iter().map(|broker| BrokerModel {
        id: broker.id,
        host: format!("{}:{}", broker.host, broker.port),
        rack: broker.rack.clone(),
    });
    ClusterModel {
        kind: if cluster.embedded { ClusterKind::Embedded } else { ClusterKind::Real },
        another_process: cluster.another_process,
        id: cluster.id.clone(),
        brokers: brokers.collect(),
        api_versions_hash: cluster.api_versions_hash.clone(),
        produce_version: cluster.produce_version,
        on_this_host: cluster.on_this_host,
        topic: topics.first().cloned().unwrap_or_else(|| topic(&TopicFacts::default())),
        topics: if topics.len() > 1 { topics } else { Vec::new() },
    }
}

fn topic(topic: &TopicFacts) -> TopicModel {
    TopicModel {
        name: topic.name.clone(),
        partitions: topic.partitions,
        replication_factor: topic.replication_factor,
        created: topic.created,
        deleted: topic.deleted,
        configs: topic.configs.clone(),
        leaders_before: topic.leaders_before.clone(),
        leaders_after: topic.leaders_after.clone(),
    }
}

fn generator(plan: &RunPlan, result: &RunResult) -> GeneratorModel {
    let of = |stream: &StreamPlan| (generator_of(stream, result, &result.tally), stream.weight);
    streams::mixed(&plan.streams.iter().map(of).collect::<Vec<_>>())
}

/// What the records of a stream hold, with what was measured of those in `tally`.
pub(super) fn generator_of(
    stream: &StreamPlan,
    result: &RunResult,
    tally: &Tally,
) -> GeneratorModel {
    let source = &stream.source;
    let kind = match source.value {
        ValuePlan::Random | ValuePlan::Compressible { .. } => "random",
        ValuePlan::Sequence => "sequence",
        ValuePlan::Corpus { .. } => "corpus",
        ValuePlan::Template(_) => "template",
        ValuePlan::Increasing(_) => "increasing",
        ValuePlan::Fixed => "fixed",
        ValuePlan::Null => "null",
    };
    let sizes = source.value.is_sized().then_some(&source.size);
    let asked = sizes.and_then(SizePlan::fixed);
    let made = !matches!(source.key, KeyPlan::None | KeyPlan::List(_) | KeyPlan::Field(_));
    let batches = &tally.batches;
    GeneratorModel {
        seed: source.seed,
        kind: kind.to_owned(),
        tombstones: if source.value == ValuePlan::Null { 1.0 } else { source.tombstones },
        schema_id: source.schema_id,
        pool: pool(source, result, tally),
        headers: source.headers.iter().map(|header| header.name.clone()).collect(),
        timestamps: match source.timestamps {
            TimestampPlan::Now => "now",
            TimestampPlan::Step { .. } => "step",
            TimestampPlan::Event { .. } => "event",
        }
        .to_owned(),
        time_origin: rfc3339(match source.clock.origin_ms {
            Some(origin) => u64::try_from(origin).unwrap_or(0),
            None => result.started_unix_ms,
        }),
        key: source.key.to_string(),
        key_type: made.then(|| source.key_form.kind.name().to_owned()),
        sizes: SizesModel {
            asked,
            value: asked.map(|asked| asked - source.reserved),
            distribution: sizes.filter(|_| asked.is_none()).map(ToString::to_string),
            mean: sizes.map(SizePlan::mean),
            payload_mean: ratio(batches.payload_bytes, batches.records),
        },
        compress_ratio_asked: match source.value {
            ValuePlan::Random => Some(1.0),
            ValuePlan::Compressible { ratio } => Some(ratio),
            _ => None,
        },
        measured_compress_ratio: distill::compress_ratio(tally),
        distinct_keys: source.key.cardinality(),
    }
}

/// What is repeated, and how often.
#[expect(clippy::cast_precision_loss, reason = "a count of repetitions, read to a few digits")]
fn pool(source: &SourcePlan, result: &RunResult, tally: &Tally) -> Option<PoolModel> {
    let values = source.pool_values()?;
    // Of a stream only the measurement is known.
    let sent: u64 = if result.streams.is_empty() {
        result.phases.iter().map(|phase| phase.generated).sum()
    } else {
        tally.ledger.generated
    };
    Some(PoolModel {
        bytes: source.pool.unwrap_or(0),
        values,
        repeats: sent as f64 / values as f64,
    })
}

fn phase(plan: &RunPlan, phase: &PhaseResult) -> PhaseModel {
    PhaseModel {
        name: phase.kind.name().to_owned(),
        start: nanos(phase.start),
        end: nanos(phase.end),
        target_rate: target_rate(plan, phase.kind).map(Rate::as_f64),
        due: phase.due,
        generated: phase.generated,
        acked: phase.acked,
        written: phase.written,
        failed: phase.failed,
        indeterminate: phase.indeterminate,
        unsent: phase.unsent,
        drain_seconds: phase.drain.as_secs_f64(),
        settled: phase.settled,
        service: phase.service.as_ref().and_then(|(all, kind)| distill::distribution(all, *kind)),
        payload_bytes: phase.payload_bytes,
        offset_before: phase.offset_before,
        offset_after: phase.offset_after,
    }
}

/// The mean of the planned rate; a warm-up's doesn't vary.
fn target_rate(plan: &RunPlan, kind: PhaseKind) -> Option<Rate> {
    match kind {
        PhaseKind::Warmup => plan.schedule.warmup_rate(),
        _ => plan.schedule.mean_rate(),
    }
}

/// The rates of what `tally` counted in a phase, whose end offsets moved by `offsets`.
pub(super) fn throughput(
    plan: &RunPlan,
    tally: &Tally,
    measured: &PhaseResult,
    offsets: Option<&OffsetDelta>,
) -> ThroughputModel {
    let paced = plan.schedule.is_paced();
    let span = measured.end.saturating_sub(measured.start);
    let window = span.as_secs_f64();
    let delivered = tally.ledger.delivered();
    let last_ack = tally.last_delivered.map(|at| at.since(tally.start));
    let whole = last_ack.unwrap_or_default().max(span).as_secs_f64();
    let over_whole = |count: u64| (delivered > 0).then(|| per_second(count, whole));
    ThroughputModel {
        offered_rps: paced.then(|| per_second(measured.due, window)),
        acked_rps: per_second(tally.window.records, window),
        mb_s_uncompressed: per_second(tally.window.payload_bytes, window) / 1e6,
        mb_s_wire: per_second(tally.window.wire_bytes, window) / 1e6,
        delivered_rps: over_whole(delivered),
        delivered_mb_s: over_whole(measured.payload_bytes).map(|bytes| bytes / 1e6),
        last_ack_seconds: last_ack.map(|span| span.as_secs_f64()),
        short: is_short(plan, tally, span),
        achieved_ratio: tally.achieved_ratio(span, measured.due),
        backlog_max: tally.backlog.max(),
        drain_seconds: measured.drain.as_secs_f64(),
        broker_offset_delta: offsets.map(OffsetDelta::grew),
        delta_confirms: offsets.map(OffsetDelta::confirms),
    }
}

/// Whether more than one in a hundred acks came after the window, in a run that was too short for
/// that not to matter.
fn is_short(plan: &RunPlan, tally: &Tally, window: core::time::Duration) -> bool {
    let after = tally.ledger.delivered().saturating_sub(tally.window.records);
    let counted = plan.records.is_some() || window < SHORT_WINDOW;
    counted && after > tally.ledger.delivered() / 100
}

/// The acks that come after a window this long hardly count any more.
const SHORT_WINDOW: core::time::Duration = core::time::Duration::from_secs(2);

#[expect(clippy::cast_precision_loss, reason = "nanoseconds a record, read to a few digits")]
fn client(
    plan: &RunPlan,
    result: &RunResult,
    calibration: Option<RunCalibrationModel>,
) -> ClientModel {
    let client = &result.client;
    let first_sent = result.phases.iter().find_map(|phase| phase.first_sent);
    // Time is counted to the window's end: with most acks behind it, it isn't theirs.
    let in_window = result.tally.window.records;
    let most = in_window > result.tally.ledger.delivered() / 2 && result.client.is_long_enough();
    let records = if most { in_window } else { 0 };
    ClientModel {
        producers: plan.producers(),
        cpu_seconds: client.cpu.as_secs_f64(),
        cpu_ns_per_record: (records > 0).then(|| client.cpu.as_secs_f64() * 1e9 / records as f64),
        busy_max: client.busy_max(),
        rss_peak: client.rss_peak,
        run_delay_seconds: client.run_delay.map(|span| span.as_secs_f64()),
        steal_seconds: client.steal.map(|span| span.as_secs_f64()),
        wakeups_per_s: client.wakeups_per_second(),
        longest_turn: Some(nanos(client.longest_turn)),
        pacing_quantum: plan.schedule.is_paced().then(|| nanos(plan.pacing_quantum)),
        first_record_seconds: first_sent.map(|span| span.as_secs_f64()),
        calibration,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use core::time::Duration;

    use super::super::model::Status;
    use super::*;
    use crate::base::Instant;
    use crate::host::driver::course::CpuCourse;
    use crate::host::driver::plan::{Target, TopicPlan, Verify, Warmup};
    use crate::host::driver::result::{ClientCost, ClusterFacts, PartitionDelta};
    use crate::kafka::config::ProducerConfig;
    use crate::load::recorder::{Kind, Recorder, RecorderPlan};
    use crate::load::schedule::SchedulePlan;

    pub(in crate::app::report) fn plan() -> RunPlan {
        let topic = TopicPlan {
            name: "t".to_owned(),
            partitions: -1,
            replication_factor: -1,
            configs: Vec::new(),
            create: true,
            fresh: false,
            keep: false,
        };
        RunPlan {
            producer: ProducerConfig::default(),
            target: Target::Cluster,
            schedule: SchedulePlan::of(Rate::per_second(100.0).ok(), 1),
            streams: vec![StreamPlan::only(&topic, SourcePlan::default())],
            topics: vec![topic],
            warmup: Warmup::None,
            duration: Some(Duration::from_secs(10)),
            records: None,
            pacing_quantum: Duration::from_millis(1),
            cooldown: Duration::ZERO,
            balanced_leaders: None,
            abort_on: Vec::new(),
            verify: Verify::Offsets,
            progress_every: Duration::from_secs(1),
            panic_after: None,
        }
    }

    /// Ten seconds in which a thousand records were due and none came back.
    pub(in crate::app::report) fn result() -> RunResult {
        let start = Instant::from_nanos(5_000);
        let recorder_plan = RecorderPlan {
            paced: true,
            varying: false,
            kind: Kind::Acked,
            highest_trackable: Duration::from_secs(130),
            interval: Duration::from_secs(1),
        };
        let mut recorder = Recorder::new(&recorder_plan, start);
        recorder.generated(1_000);
        for tenth in 0..100 {
            let now = start + Duration::from_millis(tenth * 100);
            recorder.sample(now, tenth * 10);
        }
        let phase = PhaseResult {
            kind: PhaseKind::Measure,
            start: Duration::from_secs(1),
            end: Duration::from_secs(11),
            due: 1_000,
            generated: 1_000,
            indeterminate: 1_000,
            ..PhaseResult::default()
        };
        let offsets = grown(400, 0, 1_000);
        RunResult {
            started_unix_ms: 1_706_702_400_000,
            ended_unix_ms: 1_706_702_412_000,
            cluster: ClusterFacts { embedded: true, ..ClusterFacts::default() },
            topics: vec![TopicFacts { slots: vec![0], ..TopicFacts::default() }],
            streams: Vec::new(),
            phases: vec![phase],
            tally: recorder.finish(start + Duration::from_secs(12)),
            offsets: Some(offsets),
            readback: None,
            faults: Vec::new(),
            leader_moves: Vec::new(),
            cpu: CpuCourse::default(),
            client: ClientCost {
                cpu: Duration::from_secs(1),
                worker_cpu: vec![Duration::from_millis(500)],
                window: Duration::from_secs(10),
                ..ClientCost::default()
            },
            environment: Environment { cores: 2, ..Environment::default() },
            interrupted: None,
            crashed: None,
            aborted: None,
        }
    }

    pub(in crate::app::report) fn grown(grew: i64, at_least: u64, at_most: u64) -> OffsetDelta {
        let one = PartitionDelta { grew, delivered: at_least, at_least, at_most };
        OffsetDelta { partitions: vec![one] }
    }

    fn made(strict: bool) -> Report {
        let origin = Origin {
            command: vec!["kprod-bench".to_owned()],
            labels: BTreeMap::new(),
            demands: Demands { strict, measured: false },
        };
        let config = ConfigModel {
            effective: BTreeMap::new(),
            source: BTreeMap::new(),
            partitioner: "default".to_owned(),
            notes: Vec::new(),
        };
        report(&origin, config, &plan(), &result(), None).0
    }

    #[test]
    fn a_run_that_delivered_nothing_says_so_everywhere() {
        let report = made(true);
        assert_eq!(report.started_at, "2024-01-31T12:00:00.000Z");
        assert_eq!(report.throughput.offered_rps, Some(100.0));
        assert_eq!(report.throughput.acked_rps, 0.0);
        assert!(report.throughput.achieved_ratio.is_some_and(|ratio| ratio < 0.5));
        assert_eq!(report.latency.response, None);
        assert_eq!(report.validity.status, Status::Overloaded);
        assert_eq!(report.throughput.delta_confirms, Some(true));
        assert_eq!(report.intervals.len(), 0);
        assert_eq!(report.exit.code, 5);
        assert_eq!(made(false).exit.code, 0);
        let page = super::super::text::summary(&report, super::super::paint::Paint::Off);
        assert!(page.contains("no record was delivered"), "{page}");
    }

    #[test]
    fn what_the_drain_cut_off_is_no_failure() {
        let mut found = result();
        found.tally.ledger.failed = 4;
        found.tally.ledger.indeterminate = 9;
        found.tally.cut_in_flight = 7;
        found.tally.causes.expired = 5;
        let failures = distill::failures(&found.tally);
        assert_eq!((failures.expired, failures.other), (5, 1));
    }

    #[test]
    fn a_short_run_has_the_rate_of_all_its_records_until_the_last_ack() {
        let counted = RunPlan { duration: None, records: Some(1_000), ..plan() };
        let found = |window_ms: u64, drain_ms: u64, acked_in_window: u64| {
            let mut result = result();
            result.tally.window.records = acked_in_window;
            result.tally.ledger.acked = 1_000;
            let last = Duration::from_millis(window_ms + drain_ms);
            result.tally.last_delivered = Some(result.tally.start + last);
            let phase = &mut result.phases[0];
            phase.end = phase.start + Duration::from_millis(window_ms);
            phase.drain = Duration::from_millis(drain_ms);
            phase.payload_bytes = 100_000;
            result
        };
        let rates = |plan: &RunPlan, result: RunResult| {
            let measured = &result.phases[0];
            let rates = throughput(plan, &result.tally, measured, None);
            (rates.short, rates.delivered_rps, rates.headline())
        };
        let whole = (5_000.0, 0.5);
        assert_eq!(rates(&counted, found(100, 100, 0)), (true, Some(5_000.0), whole));
        assert_eq!(rates(&plan(), found(100, 100, 0)), (true, Some(5_000.0), whole));
        // Its acks came in time, or it is a long one: the window counts, where nothing was acked.
        assert!(!rates(&counted, found(10_000, 90, 990)).0);
        let (short, delivered, headline) = rates(&plan(), found(9_000, 1_000, 0));
        assert_eq!((short, delivered, headline), (false, Some(100.0), (0.0, 0.0)));
        assert!(rates(&counted, found(9_000, 1_000, 989)).0);
        // Failures that come long after the last ack don't slow the others down.
        let mut late = found(100, 100, 0);
        late.tally.ledger.failed = 100;
        late.phases[0].drain = Duration::from_secs(120);
        assert_eq!(rates(&counted, late), (true, Some(5_000.0), whole));
        let mut none = found(100, 100, 0);
        none.tally.ledger.acked = 0;
        none.tally.last_delivered = None;
        assert_eq!(rates(&counted, none), (false, None, (0.0, 0.0)));
    }

    #[test]
    fn a_result_reads_back_as_it_was_written() {
        let report = made(false);
        let text = super::super::output::json(&report);
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    }

    #[test]
    fn missing_acked_records_and_signals_have_their_exit_codes() {
        let mut found = result();
        found.offsets = Some(grown(1, 9, 9));
        let origin = Origin {
            command: vec![],
            labels: BTreeMap::new(),
            demands: Demands { strict: true, measured: false },
        };
        let config = || ConfigModel {
            effective: BTreeMap::new(),
            source: BTreeMap::new(),
            partitioner: "default".to_owned(),
            notes: vec![],
        };
        let (lost, exit) = report(&origin, config(), &plan(), &found, None);
        assert_eq!(exit, Exit::Records);
        assert_eq!((lost.exit.code, lost.verification.unwrap().log.lost), (4, 8));
        found.interrupted = Some(Signal::Terminate);
        let (ended, _) = report(&origin, config(), &plan(), &found, None);
        assert_eq!((ended.exit.code, ended.partial.as_deref()), (143, Some("terminated")));
    }
}
