//! How often `compare` would cry wolf, and how often it would see one: outcomes of random draws
//! from stored runs. Cost class: a tool.
//!
//! ```sh
//! cargo run --release --example power -- base/              # false alarms: base against itself
//! cargo run --release --example power -- base/ slower/      # power: the share called worse
//! ```
//!
//! Every draw takes so many runs of each side without putting any back (of one side alone: twice as
//! many, halved) and judges them as `compare` does. `--draws 1000 --runs 7 --alpha 0.01
//! --min-effect 0.05 --metric NAME (repeatable) --seed 1` are the defaults; metrics: response.p50
//! and p99, or the acked rate where there is no response.

use std::collections::BTreeMap;
use std::process::ExitCode;

use kprod_bench::app::judge::group::Group;
use kprod_bench::app::judge::metric::{Better, Metric};
use kprod_bench::app::stats::{Outcome, Series, Terms, decide};
use kprod_bench::base::Rng;

/// What is asked for.
struct Asked {
    sides: Vec<String>,
    metrics: Vec<String>,
    draws: u64,
    runs: usize,
    terms: Terms,
    seed: u64,
}

fn main() -> ExitCode {
    match asked().and_then(|asked| answered(&asked)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn asked() -> Result<Asked, String> {
    let mut asked = Asked {
        sides: Vec::new(),
        metrics: Vec::new(),
        draws: 1_000,
        runs: 7,
        terms: Terms { alpha: 0.01, min_effect: 0.05 },
        seed: 1,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        if !word.starts_with("--") {
            asked.sides.push(word);
            continue;
        }
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        let wrong = || format!("{word} = \"{value}\": expected a number");
        match word.as_str() {
            "--draws" => asked.draws = value.parse().map_err(|_| wrong())?,
            "--runs" => asked.runs = value.parse().map_err(|_| wrong())?,
            "--alpha" => asked.terms.alpha = value.parse().map_err(|_| wrong())?,
            "--min-effect" => asked.terms.min_effect = value.parse().map_err(|_| wrong())?,
            "--seed" => asked.seed = value.parse().map_err(|_| wrong())?,
            "--metric" => asked.metrics.push(value),
            _ => return Err(format!("{word}: no such flag; see the top of examples/power.rs")),
        }
    }
    match asked.sides.len() {
        1 | 2 => Ok(asked),
        _ => Err("expected one or two sides: files or folders of results".to_owned()),
    }
}

/// The figures of one metric: of each run of both sides.
struct Figures {
    base: Vec<f64>,
    new: Vec<f64>,
    higher_is_better: bool,
}

fn answered(asked: &Asked) -> Result<(), String> {
    let read = |source: &String| Group::read(source).map_err(|problems| problems.join("\n"));
    let base = read(&asked.sides[0])?;
    let new = asked.sides.get(1).map(read).transpose()?;
    let metrics = metrics(asked, &base)?;
    let mut figures = Vec::new();
    for metric in &metrics {
        figures.push(Figures {
            base: values(metric, &base)?,
            new: new.as_ref().map_or_else(|| Ok(Vec::new()), |new| values(metric, new))?,
            higher_is_better: metric.better == Better::Higher,
        });
    }
    let needed = if new.is_some() { asked.runs } else { 2 * asked.runs };
    let sizes = (base.runs.len(), new.as_ref().map_or(usize::MAX, |new| new.runs.len()));
    if sizes.0 < needed || sizes.1 < asked.runs {
        return Err(format!("{needed} runs are needed, {} are there", sizes.0.min(sizes.1)));
    }
    let mut counts: BTreeMap<Outcome, u64> = BTreeMap::new();
    for draw in 0..asked.draws {
        *counts.entry(outcome(asked, &figures, draw)).or_default() += 1;
    }
    let names: Vec<String> = metrics.iter().map(ToString::to_string).collect();
    println!("{} draws of {} + {}: {}", asked.draws, asked.runs, asked.runs, names.join(", "));
    for outcome in [Outcome::Worse, Outcome::Inconclusive, Outcome::Same, Outcome::Better] {
        let count = counts.get(&outcome).copied().unwrap_or(0);
        let share = 100.0 * count as f64 / asked.draws as f64;
        println!("{:<12} {share:>5.1} %", outcome.name());
    }
    Ok(())
}

fn metrics(asked: &Asked, base: &Group) -> Result<Vec<Metric>, String> {
    let paced = base.runs.iter().all(|run| run.report.latency.response.is_some());
    let names: Vec<&str> = match (asked.metrics.is_empty(), paced) {
        (false, _) => asked.metrics.iter().map(String::as_str).collect(),
        (true, true) => vec!["response.p50", "response.p99"],
        (true, false) => vec!["acked_rps"],
    };
    names.iter().map(|name| Metric::find(name)).collect()
}

fn values(metric: &Metric, group: &Group) -> Result<Vec<f64>, String> {
    let value = |run: &kprod_bench::app::judge::group::Run| {
        metric.of(&run.report).ok_or_else(|| format!("{} has no {metric}", run.place))
    };
    group.runs.iter().map(value).collect()
}

/// The outcome of one draw: the worst of its metrics.
fn outcome(asked: &Asked, figures: &[Figures], draw: u64) -> Outcome {
    let mut rng = Rng::nth(asked.seed, draw);
    let alone = figures[0].new.is_empty();
    let from_base = if alone { 2 * asked.runs } else { asked.runs };
    let of_base = drawn(&mut rng, figures[0].base.len(), from_base);
    let of_new = match alone {
        true => of_base[asked.runs..].to_vec(),
        false => drawn(&mut rng, figures[0].new.len(), asked.runs),
    };
    let family: Vec<Series> = figures
        .iter()
        .map(|one| {
            let new = if alone { &one.base } else { &one.new };
            Series {
                base: of_base[..asked.runs].iter().map(|at| one.base[*at]).collect(),
                new: of_new.iter().map(|at| new[*at]).collect(),
                higher_is_better: one.higher_is_better,
            }
        })
        .collect();
    let findings = decide(&family, asked.terms);
    findings.iter().map(|one| one.outcome).max().unwrap_or(Outcome::Inconclusive)
}

/// So many of the first `all` numbers, none twice.
fn drawn(rng: &mut Rng, all: usize, count: usize) -> Vec<usize> {
    let mut left: Vec<usize> = (0..all).collect();
    let mut one = || {
        let bound = u64::try_from(left.len()).expect("an index fits 64 bits");
        left.swap_remove(usize::try_from(rng.below(bound)).expect("below an index"))
    };
    (0..count).map(|_| one()).collect()
}
