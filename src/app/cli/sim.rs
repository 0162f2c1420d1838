//! `kprod-bench sim`: the simulator as a command. Cost class: once a process.

use std::io::Write as _;
use std::thread;

use super::say::refuse;
use super::tool_args::SimArgs;
use crate::app::report::exit::Exit;
use crate::app::settings::Problems;
use crate::host::shell::clock;
use crate::host::sim::{Campaign, Keep, Violation, campaign, sample, simulate};

/// Carries out what the flags ask for: one seed, or many.
#[must_use]
pub(super) fn run(args: &SimArgs) -> Exit {
    let plan = match plan(args) {
        Ok(plan) => plan,
        Err(problems) => return refuse(&problems),
    };
    match plan {
        Plan::One(seed) => one(seed, args.verbose),
        Plan::Many { first, count } => many(first, count),
    }
}

/// What is wrong with the flags' values.
pub(super) fn problems(args: &SimArgs) -> Vec<String> {
    plan(args).map_or_else(|found| found.lines().to_vec(), |_| Vec::new())
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Plan {
    One(u64),
    Many { first: u64, count: u64 },
}

fn plan(args: &SimArgs) -> Result<Plan, Problems> {
    let mut problems = Problems::default();
    let mut number = |flag: &str, text: &Option<String>, least: u64| {
        let text = text.as_ref()?;
        let found = text.parse().ok().filter(|number: &u64| *number >= least);
        if found.is_none() {
            problems.flag(flag, text, format_args!("expected a whole number, {least} or more"));
        }
        found
    };
    let seed = number("seed", &args.seed, 0);
    let count = number("seeds", &args.seeds, 1).unwrap_or(SEEDS);
    let first = number("first-seed", &args.first_seed, 0).unwrap_or(0);
    if first.checked_add(count).is_none() {
        problems.flag("first-seed", &first.to_string(), "seeds end at 2^64 - 1");
    }
    match seed {
        _ if !problems.is_empty() => Err(problems),
        Some(seed) => Ok(Plan::One(seed)),
        None => Ok(Plan::Many { first, count }),
    }
}

/// One seed: its setup, what happened if that is wanted, and what came of it.
fn one(seed: u64, verbose: bool) -> Exit {
    let setup = sample(seed);
    print(&format!("seed {seed}\n{setup}"));
    let outcome = simulate(&setup, Keep { trace: verbose, requests: false });
    outcome.trace.iter().for_each(|line| print(line));
    for (kind, count) in &outcome.faults {
        print(&format!("  {count:>6} {kind}"));
    }
    print(&format!("{:?}", outcome.ledger));
    print(&format!(
        "{} events, {:?} of virtual time, trace hash {:016x}",
        outcome.events, outcome.lasted, outcome.hash
    ));
    verdict(seed, &outcome.violations)
}

fn verdict(seed: u64, violations: &[Violation]) -> Exit {
    if violations.is_empty() {
        print("no invariant broke");
        return Exit::Passed;
    }
    violations.iter().for_each(|violation| print(&format!("VIOLATION {violation}")));
    print(&format!("replay: kprod-bench sim --seed {seed} -v"));
    Exit::Internal
}

/// Many seeds on all cores.
fn many(first: u64, count: u64) -> Exit {
    let begun = clock::now();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let all = campaign(first..first + count, threads, |seed, violations| {
        print(&format!("seed {seed}\n{}", sample(seed)));
        verdict(seed, violations);
    });
    print(&summary(&all));
    print(&format!("{:.1} s on {threads} threads", clock::now().since(begun).as_secs_f64()));
    if all.broken.is_empty() { Exit::Passed } else { Exit::Internal }
}

fn summary(all: &Campaign) -> String {
    let mut lines = vec![format!("{} seeds, {} events", all.seeds, all.events)];
    lines.push(format!("{} faults", all.faults.values().sum::<u64>()));
    lines.extend(all.faults.iter().map(|(kind, count)| format!("  {count:>9} {kind}")));
    let ledger = &all.ledger;
    lines.push(format!("{} records", ledger.generated));
    let outcomes = [
        ("acked", ledger.acked),
        ("duplicate", ledger.duplicate),
        ("written", ledger.written),
        ("failed", ledger.failed),
        ("indeterminate", ledger.indeterminate),
        ("unsent", ledger.unsent),
    ];
    lines.extend(outcomes.map(|(name, count)| format!("  {count:>9} {name}")));
    lines.push(format!("{} violations, in seeds:", all.broken.len()));
    lines.extend(all.broken.iter().map(|(seed, found)| format!("  {seed}: {}", found[0])));
    lines.push(format!("trace hash {:016x}", all.hash));
    lines.join("\n")
}

/// Whoever reads standard output may have gone away.
fn print(text: &str) {
    drop(writeln!(std::io::stdout().lock(), "{text}"));
}

/// Seeds when nobody says how many.
const SEEDS: u64 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn args(seed: Option<&str>, seeds: Option<&str>, first: Option<&str>) -> SimArgs {
        SimArgs {
            seed: seed.map(str::to_owned),
            seeds: seeds.map(str::to_owned),
            first_seed: first.map(str::to_owned),
            verbose: false,
        }
    }

    #[test]
    fn one_seed_or_many_from_the_first() {
        assert_eq!(plan(&args(Some("7"), None, None)), Ok(Plan::One(7)));
        assert_eq!(plan(&args(None, None, None)), Ok(Plan::Many { first: 0, count: SEEDS }));
        let many = plan(&args(None, Some("5"), Some("90")));
        assert_eq!(many, Ok(Plan::Many { first: 90, count: 5 }));
    }

    #[test]
    fn everything_wrong_with_seeds_is_said_at_once() {
        let problems = plan(&args(None, Some("0"), Some("x"))).unwrap_err();
        assert_eq!(
            problems.lines(),
            [
                "--seeds = \"0\": expected a whole number, 1 or more",
                "--first-seed = \"x\": expected a whole number, 0 or more"
            ]
        );
    }
}
