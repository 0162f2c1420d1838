//! What becomes of the Kafka keys of a command line, cell by cell, without a run. Cost class: once
//! a process.

use super::Shared;
use super::matrix;
use super::problems::Problems;
use crate::app::cli::args::RunArgs;
use crate::kafka::config::{Judgement, judge};

/// The Kafka keys of one cell.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The axes' values, by flag; empty without a matrix.
    pub values: Vec<(&'static str, String)>,
    /// What Java's producer and a run make of them.
    pub judgement: Judgement,
    /// The file of the key rules that choose partitions, if any do; no key of Java's.
    pub key_rules: Option<String>,
}

/// Reads a command line as a run would, and judges its Kafka keys. The problems are those of every
/// other flag; the keys' own are in the judgements. `variable` looks an environment variable up.
pub fn explain(
    args: &RunArgs,
    variable: &dyn Fn(&str) -> Option<String>,
) -> (Vec<Explained>, Problems) {
    let mut problems = Problems::default();
    let shared = Shared::read(args, variable, &mut problems);
    let (axes, choices) = matrix::expand(args, &mut problems);
    let cells = choices.iter().map(|choice| {
        let (_, source) = shared.workload(choice, &mut problems);
        let mut judgement = judge(&shared.layers.raw(choice, &mut problems));
        let rules = shared.key_rules.as_ref().filter(|rules| rules.hold(choice));
        if let Some(rules) = rules {
            rules.explain(&mut judgement, &source);
        }
        let value =
            |axis: &matrix::Axis| (axis.flag, choice.get(axis.flag).unwrap_or_default().to_owned());
        Explained {
            values: axes.iter().map(value).collect(),
            judgement,
            key_rules: rules.map(|rules| rules.file.clone()),
        }
    });
    (cells.collect(), problems)
}
