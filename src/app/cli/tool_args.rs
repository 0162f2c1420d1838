//! The flags of commands beside a run: `schedule`, `broker`, `sim`. Cost class: once a process.

use clap::Args;

use super::args::RunArgs;

/// The planned rate.
#[derive(Args, Clone, Debug, Default, Eq, PartialEq)]
pub struct ScheduleArgs {
    /// Draw the rate over time
    #[arg(long, conflicts_with = "every")]
    pub plot: bool,
    /// The time of a row of the table [default: 1s]
    #[arg(long, value_name = "TIME")]
    pub every: Option<String>,
    /// The flags of the run that would be; what has nothing to do with its rate changes nothing
    /// here.
    #[command(flatten)]
    pub run: RunArgs,
}

/// The embedded broker as a process.
#[derive(Args, Clone, Debug, Eq, PartialEq)]
pub struct BrokerArgs {
    /// The first broker's address; the others take the ports after it. Port 0: the system chooses
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9092")]
    pub listen: String,
    /// How many brokers
    #[arg(long, value_name = "N", default_value = "3")]
    pub brokers: String,
    /// Partitions of a topic that is made without a number
    #[arg(long, value_name = "N", default_value = "12")]
    pub partitions: String,
    /// End when standard input ends: with the process that holds its other end
    #[arg(long)]
    pub until_eof: bool,
}

/// The simulator.
#[derive(Args, Clone, Debug, Default, Eq, PartialEq)]
pub struct SimArgs {
    /// One seed, with its setup and what came of it
    #[arg(long, value_name = "N", conflicts_with_all = ["seeds", "first_seed"])]
    pub seed: Option<String>,
    /// How many seeds, on all cores [default: 100]
    #[arg(long, value_name = "M")]
    pub seeds: Option<String>,
    /// The first of them [default: 0]
    #[arg(long, value_name = "N")]
    pub first_seed: Option<String>,
    /// Print everything that happens in the seed
    #[arg(short, long, requires = "seed")]
    pub verbose: bool,
}
