//! What `generate` takes. Cost class: once a process.

use clap::Args;

use super::args::{DataArgs, LoadArgs, OutputArgs, ProducerArgs, RunArgs, TargetArgs};
use super::judge_args::JudgementArgs;

/// Records without a broker: which, and in which form. All that says what a run sends is a flag
/// here, too; what says where results go isn't.
#[derive(Args, Clone, Debug, Default, Eq, PartialEq)]
pub struct GenerateArgs {
    /// How many records [default: 10]
    #[arg(long, value_name = "N")]
    pub count: Option<String>,
    /// The first record's number, those of the warm-up counted: the run's, or with --producer that
    /// producer's own [default: 0]
    #[arg(long, value_name = "N")]
    pub from: Option<String>,
    /// The records of this producer alone, 0 being the first
    #[arg(long = "producer", value_name = "N")]
    pub of_producer: Option<String>,
    /// The records of this stream alone, of a profile that has several; numbers are its own
    #[arg(long, value_name = "NAME")]
    pub stream: Option<String>,
    /// text: for people, long values cut; jsonl: a line of JSON each; hex: fields with tabs
    /// between, bytes as hexadecimal digits; and values alone as lines, length32 (their length
    /// before them, which --payload-format length32 reads) or raw [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Write them here in place of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<String>,
    /// Print a hash over all of them in their place: key, value, headers, timestamp
    #[arg(long, conflicts_with = "format")]
    pub hash: bool,
    /// The run's tag in the header kprod of --verify sequence, its first four bytes: a run draws
    /// one [default: 00000000]
    #[arg(long, value_name = "HEX")]
    pub run_tag: Option<String>,
    /// Where to.
    #[command(flatten)]
    pub target: TargetArgs,
    /// The Kafka producer.
    #[command(flatten)]
    pub producer: ProducerArgs,
    /// How much, how long.
    #[command(flatten)]
    pub load: LoadArgs,
    /// What the records hold.
    #[command(flatten)]
    pub data: DataArgs,
    /// What makes the run a failure.
    #[command(flatten)]
    pub judgement: JudgementArgs,
}

impl GenerateArgs {
    /// The run that would send them. Where a profile would send them to doesn't matter, even if it
    /// names a variable that isn't there.
    #[must_use]
    pub fn run(&self) -> RunArgs {
        let embedded = self.target.embedded || self.data.profile.is_some();
        RunArgs {
            target: TargetArgs { embedded, ..self.target.clone() },
            producer: self.producer.clone(),
            load: self.load.clone(),
            data: self.data.clone(),
            judgement: self.judgement.clone(),
            output: OutputArgs::default(),
        }
    }
}
