//! From flags, environment and files to plans, each value with its source. Cost class: once a
//! process.
//!
//! Precedence: flag > environment > `--command-config` > profile > default. Everything that is
//! wrong is found before anything is connected to, and all of it is reported together.

mod calibration;
mod data;
mod explain;
mod fits;
mod header;
mod judgement;
mod key;
mod key_rules;
mod layers;
mod load;
pub mod matrix;
mod output;
mod payload;
mod places;
mod problems;
mod profile;
mod size;
mod streams;
mod target;
#[cfg(test)]
mod tests;
mod timestamps;
mod value;
mod variables;
mod yaml;

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use calibration::{Ceilings, configuration};
pub use explain::{Explained, Explanation, explain};
pub use judgement::{passed_over, question};
pub use output::{Form, JsonTarget, Output};
pub use places::Places;
pub use problems::Problems;
pub use profile::{BUILT_IN, BuiltIn, ProfileRow, built_in, built_in_file, profile_schema};

use self::data::Told;
use self::fits::fits;
use self::key_rules::GivenRules;
use self::layers::Layers;
use self::load::{Load, Planned};
use self::matrix::{Axis, Choice};
use self::payload::Payload;
use self::profile::Given;
use self::streams::{Stream, unweighed};
use crate::app::cli::args::{DataArgs, RunArgs};
use crate::app::judge::gates::Gates;
use crate::base::units::parse_duration;
use crate::host::driver::plan::{AbortRule, RunPlan, StreamPlan, Target, TopicPlan, Verify};
use crate::kafka::config::{Effective, Resolved, resolve};
use crate::load::source::{HeaderPlan, KeyPlan, Mark, SourcePlan, ValuePlan};

/// All that a command line asks for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What varies.
    pub axes: Vec<Axis>,
    /// The cells of the matrix; one without axes.
    pub cells: Vec<Cell>,
    /// The runs: cell and repetition, in their order.
    pub order: Vec<(usize, u32)>,
    /// Runs of each cell.
    pub repeat: u32,
    /// Idle time between runs.
    pub cooldown: Duration,
    /// What is written where.
    pub output: Output,
    /// Whether a run must be a measurement for the process to pass.
    pub strict: bool,
    /// What runs must pass.
    pub gates: Gates,
    /// What runs are held against.
    pub ceilings: Ceilings,
    /// `--label`s.
    pub labels: BTreeMap<String, String>,
    /// The profile that was used, if any.
    pub profile: Option<String>,
    /// Brokers in this process stand in, and nobody asked for them.
    pub embedded_unasked: bool,
    /// What is read, and written.
    pub places: Places,
    /// What the user should know of what was read, a line each.
    pub warnings: Vec<String>,
}

/// One cell.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The axes' values, by flag.
    pub values: Vec<(&'static str, String)>,
    /// What it runs.
    pub plan: RunPlan,
    /// Every Kafka key's value and source.
    pub effective: Vec<Effective>,
    /// Who chooses partitions: a partitioner's name, `partition:N`, or `key-rules:FILE`.
    pub partitioner: String,
    /// What the user should know of the configuration.
    pub notes: Vec<String>,
}

/// Reads a command line. `variable` looks an environment variable up.
///
/// # Errors
/// Everything that is wrong with it.
pub fn build(
    args: &RunArgs,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Settings, Problems> {
    let mut problems = Problems::default();
    let given = given(args, variable, &mut problems);
    let settings = read(&given, &mut problems);
    let args = &given.args;
    require_cluster(args, settings.embedded_unasked, &mut problems);
    if problems.is_empty() {
        timestamps::check_origin(&given, &settings.cells, &mut problems);
    }
    let ceilings = calibration::ceilings(&args.judgement, &settings.cells, &mut problems);
    let gates = judgement::gates(&args.judgement, &settings.cells, &mut problems);
    let mut warnings = args.judgement.baseline.as_deref().map_or_else(Vec::new, passed_over);
    warnings.extend_from_slice(&settings.warnings);
    if problems.is_empty() {
        Ok(Settings { ceilings, gates, warnings, ..settings })
    } else {
        Err(problems)
    }
}

/// Reads a command line whose runs aren't carried out, so that nothing of it is judged: gates are
/// read, and files that results would be held against are not.
///
/// # Errors
/// Everything that is wrong with it.
pub fn build_unjudged(
    args: &RunArgs,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Settings, Problems> {
    let mut problems = Problems::default();
    let given = given(args, variable, &mut problems);
    let settings = read(&given, &mut problems);
    check_file(&given, &settings.cells, &mut problems);
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

/// Says what only a run would refuse in what is given for it: gates that can't be, and a profile's
/// origin of times that nothing tells.
fn check_file(given: &Given, cells: &[Cell], problems: &mut Problems) {
    if given.is_from_profile("time-origin") && problems.is_empty() {
        timestamps::check_origin(given, cells, problems);
    }
    judgement::rules(&given.args.judgement, cells, problems);
}

/// All that is given, by flags, environment, files and profile.
fn given(
    args: &RunArgs,
    variable: &dyn Fn(&str) -> Option<String>,
    problems: &mut Problems,
) -> Given {
    let layers = Layers::read(args, variable, speaks_perf_test(args), problems);
    Given::read(args, layers, variable, problems)
}

/// What it asks for, as far as it isn't wrong.
fn read(given: &Given, problems: &mut Problems) -> Settings {
    let shared = Shared::read(given, problems);
    shared.settings(given, problems)
}

impl Shared {
    fn settings(&self, given: &Given, problems: &mut Problems) -> Settings {
        let args = &given.args;
        let shared = self;
        let (axes, choices) = matrix::expand(args, given.axes(), problems);
        let cells: Vec<Cell> =
            choices.iter().filter_map(|choice| shared.cell(&axes, choice, problems)).collect();
        let embedded = cells.iter().any(|cell| cell.plan.target != Target::Cluster);
        let unasked = embedded && !args.target.embedded;
        let repeat = repeat(args, problems);
        let cooldown = span("cooldown", args.load.cooldown.as_deref(), problems);
        let labels = args.judgement.label.iter();
        let labels = labels.filter_map(|pair| target::key_value("label", pair, problems)).collect();
        let order = matrix::order(cells.len(), repeat, shared.seed);
        let output = output::read(args, order.len(), problems);
        let mut places = Places::of_run(given, &cells, &output);
        shared.streams.iter().for_each(|stream| places.reads_data(stream.given()));
        places.check(problems);
        Settings {
            order,
            axes,
            cells,
            repeat,
            cooldown: cooldown.unwrap_or(Duration::ZERO),
            output,
            strict: args.judgement.strict,
            labels,
            profile: given.profile.as_ref().map(|profile| profile.name.clone()),
            ceilings: Ceilings::None,
            gates: Gates::default(),
            embedded_unasked: unasked,
            places,
            warnings: problems.notes().to_vec(),
        }
    }
}

/// What all cells share.
struct Shared {
    layers: Layers,
    listed_key: Option<KeyPlan>,
    key_rules: Option<GivenRules>,
    topic: TopicPlan,
    payload: Payload,
    /// Those of the profile; none where a run is one stream.
    streams: Vec<Stream>,
    planned: Planned,
    headers: Arc<[HeaderPlan]>,
    /// What a run without streams was told.
    data: DataArgs,
    seed: u64,
    abort_on: Vec<AbortRule>,
    balanced_leaders: Option<Duration>,
    verify: Verify,
    progress_every: Duration,
    panic_after: Option<Duration>,
}

impl Shared {
    fn read(given: &Given, problems: &mut Problems) -> Self {
        let args = &given.args;
        let perf_test = speaks_perf_test(args);
        if let Some(text) = &args.producer.transaction_duration_ms {
            problems.flag("transaction-duration-ms", text, "transactions aren't available yet");
        }
        let rules = args.load.abort_on.iter();
        let abort_on = rules.filter_map(|text| load::abort_rule(text, problems)).collect();
        let leaders = args.target.wait_balanced_leaders.as_deref();
        let payload = Payload::read(given, problems);
        Self {
            layers: given.layers.clone(),
            listed_key: given.listed_key().cloned(),
            key_rules: GivenRules::read(given, problems),
            topic: target::topic(&args.target, problems),
            streams: Stream::read(given, &payload, problems),
            payload,
            planned: Planned::read(&args.load, problems),
            headers: header::headers(&args.data.header, problems).into(),
            data: args.data.clone(),
            seed: seed(args, problems),
            abort_on,
            balanced_leaders: span("wait-balanced-leaders", leaders, problems),
            verify: verify(args, problems),
            progress_every: progress_every(args, perf_test, problems),
            panic_after: span("provoke-panic", args.load.provoke_panic.as_deref(), problems),
        }
    }

    /// The plan of one cell; `None` when something is wrong with it.
    fn cell(&self, axes: &[Axis], choice: &Choice, problems: &mut Problems) -> Option<Cell> {
        let (load, mut streams) = self.workload(choice, problems);
        let raw = self.layers.raw(choice, problems);
        match resolve(&raw) {
            Err(found) => {
                found.iter().for_each(|problem| problems.add(problem.to_string()));
                None
            }
            Ok(mut resolved) => {
                let mut large = Vec::new();
                for (at, stream) in streams.iter().enumerate() {
                    let told = Told { choice: &self.choice_of(at, choice), args: self.data_of(at) };
                    large.extend(problems.within(self.name_of(at), self.origins(at), |problems| {
                        fits(&stream.source, &resolved.config, told, problems)
                    }));
                }
                if let Some(rules) = &self.key_rules {
                    // All streams name the same partition, or none.
                    rules.apply(&mut resolved, &streams[0].source, problems);
                }
                for at in 0..streams.len() {
                    let topic = streams[at].topic;
                    let sharers = streams.iter().filter(|other| other.topic == topic).count();
                    problems.within(self.name_of(at), self.origins(at), |problems| {
                        let source = &mut streams[at].source;
                        make_room(source, self.verify, sharers > 1, problems);
                    });
                }
                large.extend(self.assumed(choice, &streams));
                let mut cell = self.planned(axes, choice, load, streams, resolved);
                cell.notes.extend(large);
                Some(cell)
            }
        }
    }

    fn planned(
        &self,
        axes: &[Axis],
        choice: &Choice,
        load: Load,
        streams: Vec<StreamPlan>,
        resolved: Resolved,
    ) -> Cell {
        let Resolved { config, effective, notes, .. } = resolved;
        let partitioner = match (streams[0].source.partition, &self.key_rules) {
            (Some(partition), _) => format!("{}{partition}", data::FIXED_PARTITION),
            (None, Some(rules)) if config.key_rules.is_some() => {
                format!("key-rules:{}", rules.file)
            }
            _ => config.partitioner.name().to_owned(),
        };
        let target = if config.bootstrap_servers.is_empty() {
            Target::Embedded { brokers: EMBEDDED_BROKERS }
        } else {
            Target::Cluster
        };
        let quantum = load.pacing_quantum.unwrap_or_else(|| load::default_quantum(config.linger));
        let mut plan = RunPlan {
            producer: config,
            target,
            topics: self.topics(),
            schedule: load.schedule,
            streams,
            warmup: load.warmup,
            duration: load.duration,
            records: load.records,
            pacing_quantum: quantum,
            cooldown: Duration::ZERO,
            balanced_leaders: self.balanced_leaders,
            abort_on: self.abort_on.clone(),
            verify: self.verify,
            progress_every: self.progress_every,
            panic_after: self.panic_after,
        };
        plan.set_clocks();
        let unweighed = unweighed(&plan);
        let value = |axis: &Axis| (axis.flag, choice.get(axis.flag).unwrap_or("").to_owned());
        Cell {
            values: axes.iter().map(value).collect(),
            plan,
            effective,
            partitioner,
            notes: notes.iter().map(ToString::to_string).chain(unweighed).collect(),
        }
    }
}

/// Whether a word was used that only kafka-producer-perf-test has; it can't be run without
/// `--throughput`.
const fn speaks_perf_test(args: &RunArgs) -> bool {
    args.load.throughput.is_some()
        || !args.producer.producer_props.is_empty()
        || args.producer.producer_config.is_some()
}

/// A job that judges must not turn green on brokers that it didn't ask for.
fn require_cluster(args: &RunArgs, unasked: bool, problems: &mut Problems) {
    let judgement = &args.judgement;
    let judge = if judgement.strict {
        "strict"
    } else if !judgement.assert.is_empty() {
        "assert"
    } else if !judgement.slo.is_empty() {
        "slo"
    } else if judgement.baseline.is_some() {
        "baseline"
    } else if matches!(judgement.verify.as_deref(), Some("offsets" | "sequence")) {
        "verify"
    } else {
        return;
    };
    if unasked {
        let judge = problems.named(judge);
        problems.add(format!(
            "{judge} needs a cluster: give --bootstrap-server or {}, \
             or --embedded to judge the embedded brokers on purpose",
            layers::BOOTSTRAP_VARIABLE
        ));
    }
}

fn seed(args: &RunArgs, problems: &mut Problems) -> u64 {
    let Some(text) = &args.load.seed else { return DEFAULT_SEED };
    text.parse().unwrap_or_else(|_| {
        problems.flag("seed", text, "expected a whole number, 0 to 18446744073709551615");
        DEFAULT_SEED
    })
}

fn verify(args: &RunArgs, problems: &mut Problems) -> Verify {
    match args.judgement.verify.as_deref() {
        None | Some("offsets") => Verify::Offsets,
        Some("none") => Verify::None,
        Some("sequence") => Verify::Sequence,
        Some(other) => {
            problems.flag("verify", other, "expected none, offsets or sequence");
            Verify::Offsets
        }
    }
}

/// Whether records carry a mark. Values that name their producer and number don't name the stream:
/// one that `shares` its topic with others needs a mark, too.
fn is_marked(source: &SourcePlan, verify: Verify, shares: bool) -> bool {
    verify == Verify::Sequence && (shares || !source.names_itself())
}

/// Takes the bytes of a mark from the size of each value, so that a record keeps the size that was
/// asked for. Values with sizes of their own keep them.
fn make_room(source: &mut SourcePlan, verify: Verify, shares: bool, problems: &mut Problems) {
    if !is_marked(source, verify, shares) || !source.value.is_sized() {
        return;
    }
    source.reserved = Mark::SIZE;
    let smallest = source.smallest_size();
    if source.size.least() >= smallest {
        return;
    }
    let write = match source.size.fixed() {
        Some(_) => format!("write {smallest}"),
        None => format!("let the smallest be {smallest}"),
    };
    // Its values carry the mark's numbers themselves, as long as all of them are whole.
    let instead = match source.value {
        ValuePlan::Sequence => "",
        _ => ", or use --generator sequence",
    };
    problems.flag(
        "record-size",
        &source.size.to_string(),
        format_args!(
            "expected {smallest} bytes or more with --verify sequence, whose header {} is part of \
             the size; {write}{instead}",
            Mark::NAME,
        ),
    );
    source.reserved = 0;
}

fn repeat(args: &RunArgs, problems: &mut Problems) -> u32 {
    let Some(text) = &args.load.repeat else { return 1 };
    match text.parse() {
        Ok(repeat @ 1..=MAX_REPEAT) => repeat,
        _ => {
            problems.flag("repeat", text, format_args!("expected 1 to {MAX_REPEAT}"));
            1
        }
    }
}

fn span(flag: &str, text: Option<&str>, problems: &mut Problems) -> Option<Duration> {
    let text = text?;
    parse_duration(text, Duration::from_secs(1))
        .map_err(|error| problems.flag(flag, text, error))
        .ok()
}

fn progress_every(args: &RunArgs, perf_test: bool, problems: &mut Problems) -> Duration {
    let default = Duration::from_secs(if perf_test { 5 } else { 1 });
    let Some(text) = &args.output.reporting_interval else { return default };
    match parse_duration(text, Duration::from_millis(1)) {
        Ok(every) if every >= SHORTEST_LAP => every,
        _ => {
            problems.flag("reporting-interval", text, "expected 100ms or more, such as 5s");
            default
        }
    }
}

const DEFAULT_SEED: u64 = 1;
const EMBEDDED_BROKERS: u32 = 3;
const MAX_REPEAT: u32 = 1_000;
const SHORTEST_LAP: Duration = Duration::from_millis(100);
