//! `kprod-bench schedule`: the planned rate of a run as a table or as a picture. Cost class: once a
//! process, and per record where arrivals are random. Contacts nobody.

use core::fmt::Write as _;
use core::time::Duration;

use super::say::{print, refuse, warn};
use super::tool_args::ScheduleArgs;
use crate::app::report::exit::Exit;
use crate::app::report::plot::{Plot, WIDTH};
use crate::app::settings::{self, Cell, Problems};
use crate::base::units::parse_duration;
use crate::base::{Instant, WorkerIndex};
use crate::host::driver::plan::{Post, RunPlan};
use crate::load::schedule::{Arrivals, Schedule, SchedulePlan, Stop};

/// Prints the planned rate of what the flags ask for.
#[must_use]
pub(super) fn run(args: &ScheduleArgs) -> Exit {
    match pages(args) {
        Ok(text) => {
            print(&text);
            Exit::Passed
        }
        Err(problems) => refuse(&problems),
    }
}

/// What is wrong with these flags.
#[must_use]
pub(super) fn problems(args: &ScheduleArgs) -> Vec<String> {
    pages(args).map_or_else(|found| found.lines().to_vec(), |_| Vec::new())
}

fn pages(args: &ScheduleArgs) -> Result<String, Problems> {
    let settings = settings::build_unjudged(&args.run, &|name: &str| std::env::var(name).ok())?;
    settings.warnings.iter().for_each(|warning| warn(warning));
    let mut problems = Problems::default();
    let every = every(args.every.as_deref(), &mut problems);
    let mut text = String::new();
    for cell in &settings.cells {
        if settings.cells.len() > 1 {
            text.push_str(&heading(cell));
        }
        match Planned::of(&cell.plan) {
            None => problems.add(
                "expected a rate: without --rate, --stage, --rate-file or a profile with one, \
                 records go out as fast as the producer takes them and nothing is planned"
                    .to_owned(),
            ),
            Some(planned) if args.plot => text.push_str(&planned.picture()),
            Some(planned) if planned.rows(every) > MOST_ROWS => problems.flag(
                "every",
                args.every.as_deref().unwrap_or("1s"),
                format_args!("expected at most {MOST_ROWS} rows; give a longer time"),
            ),
            Some(planned) => text.push_str(&planned.table(every)),
        }
    }
    if problems.is_empty() { Ok(text) } else { Err(problems) }
}

fn every(text: Option<&str>, problems: &mut Problems) -> Duration {
    let second = Duration::from_secs(1);
    let Some(text) = text else { return second };
    match parse_duration(text, second) {
        Ok(every) if every >= SHORTEST_ROW => every,
        _ => {
            problems.flag("every", text, "expected 1ms or more, such as 1s");
            second
        }
    }
}

/// A line above a cell's page, which `--rate-file` passes over.
fn heading(cell: &Cell) -> String {
    let values = cell.values.iter().map(|(flag, value)| format!(" --{flag} {value}"));
    format!("#{}\n", values.collect::<String>())
}

/// A planned rate that ends.
struct Planned<'a> {
    run: &'a RunPlan,
    plan: &'a SchedulePlan,
    stop: Stop,
    span: Duration,
}

impl<'a> Planned<'a> {
    /// The measurement's; `None` without a rate.
    fn of(run: &'a RunPlan) -> Option<Self> {
        let plan = &run.schedule;
        let stop = Stop { after: run.duration, records: run.records };
        let mut first = Schedule::new(plan, WorkerIndex(0));
        first.start(Instant::ZERO, stop);
        let end = first.window_end().filter(|_| plan.is_paced())?;
        Some(Self { run, plan, stop, span: end.since(Instant::ZERO) })
    }

    fn rows(&self, every: Duration) -> u128 {
        self.span.as_nanos().div_ceil(every.as_nanos())
    }

    /// The planned rate between two times, on average.
    fn rate(&self, from: Duration, to: Duration) -> f64 {
        let records = self.plan.planned(from, to).unwrap_or(0.0);
        records / to.saturating_sub(from).as_secs_f64().max(1e-9)
    }

    /// `time,rate,due`: a line for each row, with the planned rate's mean in it and the records of
    /// all producers that fall due in it. What `--rate-file` reads.
    fn table(&self, every: Duration) -> String {
        let mut text = "time,rate,due\n".to_owned();
        let mut workers = self.workers();
        let (mut from, mut before) = (Duration::ZERO, 0);
        while from < self.span {
            let to = from.saturating_add(every).min(self.span);
            let due = due(&mut workers, to);
            let rate = self.rate(from, to);
            let row = writeln!(
                text,
                "{},{},{}",
                decimal(from.as_secs_f64()),
                decimal(rate),
                due - before
            );
            row.expect("a text takes all that is written");
            (from, before) = (to, due);
        }
        text
    }

    /// The planned rate as a line; with arrivals that aren't even, what falls due as dots.
    fn picture(&self) -> String {
        let at = |step: u32| self.span.mul_f64(f64::from(step) / f64::from(DOTS));
        let spans = (0..DOTS).map(|step| (at(step), at(step + 1)));
        let middle = |from: Duration, to: Duration| (from + to).as_secs_f64() / 2.0;
        let planned = spans.clone().map(|(from, to)| (middle(from, to), self.rate(from, to)));
        let mut workers = self.workers();
        let mut before = 0;
        let mut rate_of = |(from, to): (Duration, Duration)| {
            let due = due(&mut workers, to);
            #[expect(clippy::cast_precision_loss, reason = "drawn in a few hundred dots")]
            let rate = (due - before) as f64 / (to - from).as_secs_f64().max(1e-9);
            before = due;
            (middle(from, to), rate)
        };
        let uneven = self.plan.arrivals != Arrivals::Uniform;
        let achieved = uneven.then(|| ("due".to_owned(), spans.map(&mut rate_of).collect()));
        let seconds = self.span.as_secs_f64();
        let plot =
            Plot { planned: planned.collect(), achieved, seconds, height: HEIGHT, width: WIDTH };
        let mut text = plot.lines().join("\n");
        text.push('\n');
        text
    }

    /// The workers of all streams, as the run has them when its measurement begins.
    fn workers(&self) -> Vec<Schedule> {
        let worker = |post: Post| {
            let plan = self.run.schedule_of(post.stream);
            let mut schedule = Schedule::new(&plan, post.producer);
            if let Some(warmup) = self.run.warmup.known_stop() {
                // Random gaps go by record numbers, which the warm-up's records have the first of.
                schedule.start_flat(Instant::ZERO, warmup);
                schedule.skip_before(Instant::FAR_FUTURE);
            }
            schedule.start(Instant::ZERO, self.stop);
            schedule
        };
        self.run.posts().map(worker).collect()
    }
}

/// Records of all workers that are due before `at`.
fn due(workers: &mut [Schedule], at: Duration) -> u64 {
    workers.iter_mut().map(|worker| worker.due_before(Instant::ZERO + at)).sum()
}

/// A number as `--rate-file` reads it back: nine decimals at most, none that are 0.
fn decimal(value: f64) -> String {
    let text = format!("{value:.9}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Points of the picture: two for each column.
const DOTS: u32 = 148;
/// Lines of the picture.
const HEIGHT: u16 = 18;
const SHORTEST_ROW: Duration = Duration::from_millis(1);
const MOST_ROWS: u128 = 1_000_000;

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::args::{Cli, Command};
    use super::*;

    fn page(line: &str) -> Result<String, Vec<String>> {
        let words = ["kprod-bench", "schedule"].into_iter().chain(line.split_whitespace());
        let Some(Command::Schedule(args)) = Cli::try_parse_from(words).unwrap().command else {
            panic!("{line}")
        };
        pages(&args).map_err(|problems| problems.lines().to_vec())
    }

    #[test]
    fn the_table_is_what_a_rate_file_reads() {
        let line = "--embedded --stage 1k:2s --stage 0:500ms --stage 3k:1s:linear --producers 3";
        let table = page(&format!("{line} --every 500ms")).unwrap();
        let expected = "time,rate,due\n0,1000,500\n0.5,1000,500\n1,1000,500\n1.5,1000,500\n2,0,0\n\
                        2.5,750,375\n3,2250,1125\n";
        assert_eq!(table, expected);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rate.csv");
        std::fs::write(&path, &table).unwrap();
        let again = page(&format!("--embedded --rate-file {} --every 500ms", path.display()));
        assert_eq!(again.unwrap(), expected);
    }

    /// Streams draw gaps of their own, from where the warm-up left them.
    #[test]
    fn random_arrivals_are_those_of_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("two.yaml");
        let profile = "version: 1\nname: two\nstreams:\n- {topic: a, weight: 3, producers: 2}\n\
                       - {topic: b}\n";
        std::fs::write(&path, profile).unwrap();
        let line = format!(
            "--embedded --profile {} --rate 1k --pacing poisson --warmup 2s --duration 3s",
            path.display()
        );
        let words = ["kprod-bench"].into_iter().chain(line.split_whitespace());
        let run = Cli::try_parse_from(words).unwrap().run;
        let settings = settings::build_unjudged(&run, &|_: &str| None).unwrap();
        let run = &settings.cells[0].plan;
        let mut due = [0; 3];
        for post in run.posts() {
            let mut schedule = Schedule::new(&run.schedule_of(post.stream), post.producer);
            let timed =
                |seconds| Stop { after: Some(Duration::from_secs(seconds)), ..Stop::default() };
            schedule.start_flat(Instant::ZERO, timed(2));
            while schedule.take(Instant::FAR_FUTURE).is_some() {}
            schedule.start(Instant::ZERO, timed(3));
            while let Some(record) = schedule.take(Instant::FAR_FUTURE) {
                let second = record.at.unwrap().nanos_since(Instant::ZERO) / 1_000_000_000;
                due[usize::try_from(second).unwrap()] += 1;
            }
        }
        let [first, second, third] = due;
        let expected = format!("time,rate,due\n0,1000,{first}\n1,1000,{second}\n2,1000,{third}\n");
        assert_eq!(page(&line).unwrap(), expected);
    }

    #[test]
    fn bursts_with_a_time_of_their_own_come_then() {
        let table = page("--embedded --pacing burst:200@3s --duration 6s --every 3s").unwrap();
        assert_eq!(table, "time,rate,due\n0,66.666666667,200\n3,66.666666667,200\n");
    }

    #[test]
    fn cells_have_headings_and_profiles_count() {
        let both = page("--embedded --rate 10,20 --duration 1s").unwrap();
        assert_eq!(
            both,
            "# --rate 10\ntime,rate,due\n0,10,10\n# --rate 20\ntime,rate,due\n0,20,20\n"
        );
        assert_eq!(page("").unwrap().lines().count(), 31);
        let counted = page("--embedded --rate 10 --num-records 15").unwrap();
        assert_eq!(counted, "time,rate,due\n0,10,10\n1,10,5\n");
    }

    #[test]
    fn what_has_no_plan_is_refused() {
        assert!(page("--embedded").unwrap_err()[0].starts_with("expected a rate: without --rate"));
        let many = page("--embedded --rate 1 --duration 2000s --every 1ms").unwrap_err();
        assert_eq!(many, ["--every = \"1ms\": expected at most 1000000 rows; give a longer time"]);
        let wrong = page("--embedded --rate 1 --every 5us").unwrap_err();
        assert_eq!(wrong, ["--every = \"5us\": expected 1ms or more, such as 1s"]);
    }

    #[test]
    fn bursts_are_drawn_as_dots_beside_the_plan() {
        let picture = page("--embedded --pacing burst:100@1s --duration 4s --plot").unwrap();
        assert!(picture.starts_with("records/s over time   ⠒ planned   • due\n"), "{picture}");
        assert!(picture.lines().all(|line| line.chars().count() <= 80), "{picture}");
        let even = page("--embedded --rate 100 --duration 4s --plot").unwrap();
        assert!(!even.contains('•'), "{even}");
    }
}
