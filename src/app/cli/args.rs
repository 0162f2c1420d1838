//! The flags, as typed. Cost class: once a process.
//!
//! Values stay texts here: `settings` reads all of them and reports every problem at once, where a
//! parser would stop at the first. What this file knows is names, shapes and help. A run's flags
//! are data as well (serde), by which a profile puts a value where no flag gave one.

mod commands;

mod data;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

pub use self::commands::{ProfilesArgs, ProfilesCommand};

pub use data::DataArgs;

use super::form_args::{FormArgs, ReportArgs};
use super::generate_args::GenerateArgs;
use super::judge_args::{CompareArgs, JudgementArgs};
use super::tool_args::{BrokerArgs, ScheduleArgs, SimArgs};

/// A Kafka load generator with its own producer engine and honest latencies.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "kprod-bench",
    version,
    args_conflicts_with_subcommands = true,
    after_help = AFTER_HELP,
    max_term_width = 100
)]
pub struct Cli {
    /// What to do; flags alone are a run.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The flags of a run.
    #[command(flatten)]
    pub run: RunArgs,
}

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Send load to a cluster and report what it took (the default: flags without a command)
    Run(Box<RunArgs>),
    /// Measure what this client can do at most with a run's flags: the generator alone, then the
    /// whole client against embedded brokers in another process; contacts no cluster
    Calibrate(Box<RunArgs>),
    /// Say what every Kafka key would be, who set it, and what Java's producer makes of them all;
    /// contacts nobody
    Explain(Box<ExplainArgs>),
    /// Hold two sets of results against each other: better, same, worse, or inconclusive
    Compare(Box<CompareArgs>),
    /// Look at the cluster and the topic of a run that would be, and say what would stand in its
    /// way; sends no load
    Doctor(Box<RunArgs>),
    /// Show stored results again, in every form; several of them in one table
    Report(Box<ReportArgs>),
    /// Print the planned rate of a run's flags as a table that --rate-file reads, or draw it;
    /// contacts nobody
    Schedule(Box<ScheduleArgs>),
    /// Make the records that a run with these flags would send: print them, write them, or a hash
    /// over them; contacts nobody
    Generate(Box<GenerateArgs>),
    /// List the built-in profiles, each with the question that it answers
    Profiles(ProfilesArgs),
    /// Serve the embedded broker in this process, to try things without a cluster
    Broker(BrokerArgs),
    /// Simulate producers against failing brokers in virtual time, and check every invariant
    Sim(SimArgs),
}

/// Everything a run can be told. Its data has a field for each flag, all on one level.
#[derive(Args, Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct RunArgs {
    /// Where to.
    #[command(flatten)]
    #[serde(flatten)]
    pub target: TargetArgs,
    /// The Kafka producer.
    #[command(flatten)]
    #[serde(flatten)]
    pub producer: ProducerArgs,
    /// How much, how long.
    #[command(flatten)]
    #[serde(flatten)]
    pub load: LoadArgs,
    /// What the records hold.
    #[command(flatten)]
    #[serde(flatten)]
    pub data: DataArgs,
    /// What makes the run a failure.
    #[command(flatten)]
    #[serde(flatten)]
    pub judgement: JudgementArgs,
    /// What is written where.
    #[command(flatten)]
    #[serde(flatten)]
    pub output: OutputArgs,
}

/// What is to be explained.
#[derive(Args, Clone, Debug, Default, Eq, PartialEq)]
pub struct ExplainArgs {
    /// Kafka keys to explain in full, such as linger.ms; without any, all of them in a line each
    #[arg(value_name = "KEY")]
    pub keys: Vec<String>,
    /// The flags of the run that would be.
    #[command(flatten)]
    pub run: RunArgs,
}

/// Cluster and topic.
#[derive(Args, Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[command(next_help_heading = "Target")]
pub struct TargetArgs {
    /// Brokers to start from; without any, three embedded brokers on loopback stand in [env:
    /// KPROD_BOOTSTRAP_SERVER]
    #[arg(long, alias = "bootstrap-servers", value_name = "HOST:PORT,…")]
    pub bootstrap_server: Option<String>,
    /// Run against the embedded brokers on purpose
    #[arg(long, conflicts_with = "bootstrap_server")]
    pub embedded: bool,
    /// The topic to write to; made when missing [default: kprod-bench]
    #[arg(long, value_name = "NAME")]
    pub topic: Option<String>,
    /// Partitions of a topic that is made [default: the broker's own]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub partitions: Option<String>,
    /// Replicas of a topic that is made [default: the broker's own]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub replication_factor: Option<String>,
    /// Configuration of a topic that is made; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    pub topic_config: Vec<String>,
    /// Fail when the topic is missing
    #[arg(long, conflicts_with = "fresh_topic")]
    pub no_create_topic: bool,
    /// Make a new topic with a unique name, and delete it at the end
    #[arg(long)]
    pub fresh_topic: bool,
    /// Leave the fresh topic behind
    #[arg(long, requires = "fresh_topic")]
    pub keep_topic: bool,
    /// Before sending, wait up to this long until every preferred replica leads
    #[arg(long, value_name = "TIME")]
    pub wait_balanced_leaders: Option<String>,
}

/// Keys of the Kafka producer; a key is the same word with dashes.
#[derive(Args, Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[command(next_help_heading = "Producer (comma lists make a matrix)")]
pub struct ProducerArgs {
    /// Replicas that must have a batch before it counts: 0, 1 or all [default: all]
    #[arg(long, value_name = "ACKS", allow_negative_numbers = true)]
    pub acks: Option<String>,
    /// How long a batch waits for more records [default: 5ms]
    #[arg(long, value_name = "TIME")]
    pub linger_ms: Option<String>,
    /// Bytes at which a batch is full [default: 16KiB]
    #[arg(long, value_name = "BYTES")]
    pub batch_size: Option<String>,
    /// none, gzip, snappy, lz4 or zstd [default: none]
    #[arg(long, value_name = "CODEC")]
    pub compression_type: Option<String>,
    /// The level of that codec, in its own numbers [default: Kafka's]
    #[arg(long, value_name = "LEVEL", allow_negative_numbers = true)]
    pub compression_level: Option<String>,
    /// Requests without an answer on one connection [default: 5]
    #[arg(long, alias = "max-in-flight", value_name = "N")]
    pub max_in_flight_requests_per_connection: Option<String>,
    /// Bytes of records that may wait in the producer [default: 32MiB]
    #[arg(long, value_name = "BYTES")]
    pub buffer_memory: Option<String>,
    /// Exactly one copy in the log in spite of retries: true or false [default: true]
    #[arg(long, value_name = "BOOL")]
    pub enable_idempotence: Option<String>,
    /// Times a batch is sent again [default: 2147483647]
    #[arg(long, value_name = "N")]
    pub retries: Option<String>,
    /// From a record's batch being opened to its outcome, at most [default: 2m]
    #[arg(long, value_name = "TIME")]
    pub delivery_timeout_ms: Option<String>,
    /// Wait for one answer [default: 30s]
    #[arg(long, value_name = "TIME")]
    pub request_timeout_ms: Option<String>,
    /// Wait before the first retry [default: 100ms]
    #[arg(long, value_name = "TIME")]
    pub retry_backoff_ms: Option<String>,
    /// How long a record may wait for memory or metadata [default: 1m]
    #[arg(long, value_name = "TIME")]
    pub max_block_ms: Option<String>,
    /// Bytes of one request, at most [default: 1MiB]
    #[arg(long, value_name = "BYTES")]
    pub max_request_size: Option<String>,
    /// Who chooses partitions: default, round-robin, uniform-sticky, legacy-default (Java up to
    /// 3.2), rdkafka-consistent-random and its other six, sarama-hash, sarama-reference-hash,
    /// partition:N for all to one, or a class of Kafka's [default: default]
    #[arg(long, value_name = "NAME")]
    pub partitioner: Option<String>,
    /// Transactions aren't available yet
    #[arg(long, value_name = "ID")]
    pub transactional_id: Option<String>,
    /// Transactions aren't available yet
    #[arg(long, value_name = "TIME")]
    pub transaction_duration_ms: Option<String>,
    /// The name brokers see [default: producer-N]
    #[arg(long, value_name = "NAME")]
    pub client_id: Option<String>,
    /// The socket's send buffer; -1: the system's own [default: 128KiB]
    #[arg(long, value_name = "BYTES", allow_negative_numbers = true)]
    pub send_buffer_bytes: Option<String>,
    /// Any key of the Java producer, in Java's form; repeatable
    #[arg(short = 'X', long, value_name = "KEY=VALUE", num_args = 1..)]
    pub command_property: Vec<String>,
    /// A Java .properties file of producer keys
    #[arg(long, value_name = "FILE")]
    pub command_config: Option<String>,
    /// Deprecated word of kafka-producer-perf-test for --command-property
    #[arg(long, value_name = "KEY=VALUE", num_args = 1.., conflicts_with = "command_property")]
    pub producer_props: Vec<String>,
    /// Deprecated word of kafka-producer-perf-test for --command-config
    #[arg(long = "producer.config", value_name = "FILE", conflicts_with = "command_config")]
    pub producer_config: Option<String>,
}

/// How much, how long, by how many.
#[derive(Args, Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[command(next_help_heading = "Load (comma lists make a matrix)")]
pub struct LoadArgs {
    /// 200k (records/s) or 150MB (payload bytes/s), all producers together [default: as fast as it
    /// goes]
    #[arg(long, value_name = "RATE", conflicts_with = "throughput")]
    pub rate: Option<String>,
    /// kafka-producer-perf-test's word for --rate; -1: as fast as it goes
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    pub throughput: Option<String>,
    /// A stage of a rate that varies; repeat it for those that follow. RATE:TIME holds a rate,
    /// RATE:TIME:linear goes there in a straight line from the rate before (from 0 in the first
    /// stage); steps:FROM:TO:COUNT:TIME, sine:MEAN:AMPLITUDE:PERIOD:TIME,
    /// square:LOW:HIGH:PERIOD:TIME, saw:LOW:HIGH:PERIOD:TIME. The run is as long as all stages,
    /// or as --duration; the warm-up keeps the mean rate of the first
    #[arg(long, value_name = "STAGE", conflicts_with_all = ["rate", "throughput", "rate_file"])]
    pub stage: Vec<String>,
    /// A recorded rate to replay: lines of time,rate, each rate held until the next line's time
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rate", "throughput"])]
    pub rate_file: Option<String>,
    /// Straight lines between the times of --rate-file, the last of which is the end
    #[arg(long, requires = "rate_file")]
    pub rate_file_linear: bool,
    /// How long to measure; stages that are longer are cut off, after shorter ones the last goes on
    /// [default: 30s, none with --num-records, all of --stage or --rate-file]
    #[arg(long, value_name = "TIME")]
    pub duration: Option<String>,
    /// How many records to send, warm-up records among them; whichever of this and --duration ends
    /// first
    #[arg(long, value_name = "N")]
    pub num_records: Option<String>,
    /// Load before the measurement, drained and not counted; auto: until latency and throughput
    /// have settled, 5 s to 60 s; 0: none [default: 5s, none with --num-records]
    #[arg(long, value_name = "TIME", conflicts_with = "warmup_records")]
    pub warmup: Option<String>,
    /// Records before the measurement, drained and not counted; part of --num-records
    #[arg(long, value_name = "N", requires = "num_records")]
    pub warmup_records: Option<String>,
    /// Producers, each a thread with its own connections [default: 1]
    #[arg(long, value_name = "N")]
    pub producers: Option<String>,
    /// How records fall due at the rate: uniform (evenly), poisson (at random), burst:N@T (N at
    /// once every T, which is a rate of its own) or burst:N (N at once, as often as --rate or
    /// --stage give) [default: uniform]
    #[arg(long, value_name = "PACING")]
    pub pacing: Option<String>,
    /// The grid on which due records are sent; 0 spins [default: linger/20 within 100us and 1ms]
    #[arg(long, value_name = "TIME")]
    pub pacing_quantum: Option<String>,
    /// What becomes of records that are late: catchup sends them as fast as it goes, skip leaves
    /// out and counts what is more than 100 ms late, skip:BOUND what is later than that [default:
    /// catchup]
    #[arg(long, value_name = "POLICY")]
    pub on_late: Option<String>,
    /// What becomes of records that find no room in buffer.memory: block waits up to max.block.ms,
    /// drop leaves them out and counts them [default: block]
    #[arg(long, value_name = "POLICY")]
    pub on_full: Option<String>,
    /// Runs of each cell of the matrix, shuffled by the seed [default: 1]
    #[arg(long, value_name = "N")]
    pub repeat: Option<String>,
    /// Idle time between two runs [default: 0]
    #[arg(long, value_name = "TIME")]
    pub cooldown: Option<String>,
    /// What records and shuffling depend on [default: 1]
    #[arg(long, value_name = "N")]
    pub seed: Option<String>,
    /// End early when error_rate, errors, backlog or p99 is above a bound: 'error_rate > 1%';
    /// repeatable
    #[arg(long, value_name = "RULE")]
    pub abort_on: Vec<String>,
    /// Make the first producer panic this long after the start of each phase, to see what comes of
    /// a defect
    #[arg(long, value_name = "TIME", hide = true)]
    pub provoke_panic: Option<String>,
}

/// What is written where.
#[derive(Args, Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// The forms of the result.
    #[command(flatten)]
    #[serde(flatten)]
    pub forms: FormArgs,
    /// Log connections, leaders and retries to stderr; -vv: everything
    #[arg(short, long, action = clap::ArgAction::Count, conflicts_with = "log_level")]
    pub verbose: u8,
    /// What is logged to stderr [default: warn]
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub log_level: Option<LogWord>,
    /// Print producer metrics under Kafka's names at the end
    #[arg(long)]
    pub print_metrics: bool,
    /// How often progress is printed [default: 1s, 5s with --throughput]
    #[arg(long, value_name = "TIME")]
    pub reporting_interval: Option<String>,
}

/// What stdout gets.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum OutputFormat {
    /// The summary
    #[default]
    Text,
    /// The result as JSON
    Json,
    /// Nothing
    Quiet,
}

/// The least important line that is logged.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum LogWord {
    /// What spoils the result
    Error,
    /// What the user should know
    #[default]
    Warn,
    /// Connections, leaders, retries
    Info,
    /// Everything
    Debug,
}

/// The end of the help text.
const AFTER_HELP: &str = "\
Numbers take units: 200k, 1.5M, 16KiB, 1MB, 5ms, 30s, 2m; a bare number is in the key's own unit.
Without --bootstrap-server the run uses embedded brokers and says so. Without any flag it is the
default profile: acks=all, linger 5 ms, 200k records/s of 100 bytes for 30 s after 5 s of warm-up.
With flags but without --rate it saturates: as fast as the producer takes records, so latencies are
those of full queues; give --rate to learn what a steady load would see.

Exit codes: 0 passed, 1 internal error, 2 bad flag or configuration, 3 cluster or topic unusable,
4 records lost, failed or indeterminate, 5 not a measurement (where something judges),
10 an --assert or --slo failed, 11 worse than the baseline,
12 inconclusive (with --fail-on-inconclusive), 130 interrupted, 143 terminated.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed_and_every_flag_has_help() {
        let command = Cli::command();
        command.clone().debug_assert();
        let commands = core::iter::once(&command).chain(command.get_subcommands());
        for arg in commands.flat_map(clap::Command::get_arguments) {
            assert!(arg.get_help().is_some(), "{} has no help", arg.get_id());
        }
    }

    #[test]
    fn flags_alone_are_a_run() {
        let cli = Cli::try_parse_from(["kprod-bench", "--acks", "1", "-X", "linger.ms=0"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.run.producer.acks.as_deref(), Some("1"));
        let cli = Cli::try_parse_from(["kprod-bench", "run", "--acks", "1"]).unwrap();
        assert!(matches!(cli.command, Some(Command::Run(_))));
    }
}
