//! What becomes of the Kafka keys of a command line, cell by cell, without a run. Cost class: once
//! a process.

use super::Shared;
use super::matrix;
use super::problems::Problems;
use super::profile::{Given, ProfileRow};
use crate::app::cli::args::RunArgs;
use crate::app::report::secrets;
use crate::kafka::config::{Judgement, Source, judge};

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

/// What a command line comes to.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The cells of the matrix; one without axes.
    pub cells: Vec<Explained>,
    /// The profile that holds under the flags, and what became of those of its values that aren't
    /// Kafka keys.
    pub profile: Option<(String, Vec<ProfileRow>)>,
    /// What is wrong with every other flag; the keys' own problems are in the judgements.
    pub problems: Problems,
    /// What a run refuses beside these.
    pub refused: Vec<String>,
}

/// Reads a command line as a run would, and judges its Kafka keys. `variable` looks an environment
/// variable up.
pub fn explain(args: &RunArgs, variable: &dyn Fn(&str) -> Option<String>) -> Explanation {
    let mut problems = Problems::default();
    let given = super::given(args, variable, &mut problems);
    let shared = Shared::read(&given, &mut problems);
    let (axes, choices) = matrix::expand(&given.args, given.axes(), &mut problems);
    let cells = choices.iter().map(|choice| {
        let (_, streams) = shared.workload(choice, &mut problems);
        let mut judgement = judge(&shared.layers.raw(choice, &mut problems));
        if let Some(rules) = &shared.key_rules {
            // All streams name the same partition, or none.
            rules.explain(&mut judgement, &streams[0].source);
        }
        let value =
            |axis: &matrix::Axis| (axis.flag, choice.get(axis.flag).unwrap_or_default().to_owned());
        Explained {
            values: axes.iter().map(value).collect(),
            judgement,
            key_rules: shared.key_rules.as_ref().map(|rules| rules.file.clone()),
        }
    });
    let cells: Vec<Explained> = cells.collect();
    let refused = refused(&shared, &given, &cells, &problems);
    let rows = given.rows.into_iter().map(|row| {
        let hidden = |text: &str| secrets::given(&row.flag, text);
        let overridden = row.overridden.as_ref().map(|(by, text)| (by.clone(), hidden(text)));
        ProfileRow { value: hidden(&row.value), overridden, ..row }
    });
    let rows = rows.collect();
    let profile = given.profile.map(|profile| (profile.name, rows));
    Explanation { cells, profile, problems, refused }
}

/// What else a run refuses. Of Kafka keys that is what a profile gives, which is there for runs; of
/// others the judgement tells it, and they are Java's business.
fn refused(shared: &Shared, given: &Given, cells: &[Explained], known: &Problems) -> Vec<String> {
    let mut all = known.clone();
    let settings = shared.settings(given, &mut all);
    super::check_file(given, &settings.cells, &mut all);
    let keys = cells.iter().flat_map(|cell| &cell.judgement.problems);
    let elsewhere = keys.filter(|problem| !matches!(problem.source, Source::Profile { .. }));
    let elsewhere: Vec<String> = elsewhere.map(ToString::to_string).collect();
    let is_new = |line: &&String| !known.lines().contains(line) && !elsewhere.contains(line);
    all.lines().iter().filter(is_new).cloned().collect()
}
