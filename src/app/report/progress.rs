//! What is shown while a run goes on: a bar on a terminal, plain lines elsewhere, always on
//! standard error. Cost class: per tick.

use std::io::Write as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::figures::{millis, plural, rate, seconds, thousands};
use super::page::COLUMNS;
use super::perf_test::window_line;
use crate::host::driver::result::{ClusterFacts, PhaseKind, TopicFacts};
use crate::host::driver::{LogLevel, Observer, Progress};

/// How progress is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Style {
    /// A bar that is drawn over itself.
    Bar,
    /// A line a tick.
    Lines,
    /// kafka-producer-perf-test's line a tick.
    PerfTest,
}

/// Shows a run.
#[derive(Debug)]
pub struct Watcher {
    style: Style,
    log: LogLevel,
    /// What stands before every line, such as "run 3 of 18: acks=1".
    title: String,
    bar: Option<ProgressBar>,
    warmed_up: bool,
}

impl Watcher {
    /// Shows progress in `style`, and logs lines as important as `log` or more.
    #[must_use]
    pub const fn new(style: Style, log: LogLevel, title: String) -> Self {
        Self { style, log, title, bar: None, warmed_up: false }
    }

    /// Prints a line, above the bar if there is one.
    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            // Nobody reads standard error any more: the run goes on.
            None => drop(writeln!(std::io::stderr().lock(), "{text}")),
        }
    }

    fn end_bar(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn draw(&mut self, progress: &Progress) {
        let (done, whole) = done_of(progress);
        let bar = self.bar.get_or_insert_with(|| new_bar(&self.title));
        bar.set_length(whole.max(1));
        bar.set_position(done);
        let taken = self.title.chars().count() + BAR + 1;
        bar.set_message(on_a_terminal(progress, columns().saturating_sub(taken)));
    }
}

impl Observer for Watcher {
    fn connected(&mut self, cluster: &ClusterFacts, topics: &[TopicFacts]) {
        if self.style == Style::PerfTest {
            return;
        }
        let brokers = plural(cluster.brokers.len() as u64, "broker");
        let title = &self.title;
        let topics = in_words(topics);
        let whole = format!("{title}connected to every leader: {brokers}, {topics}");
        match self.style {
            Style::Bar => self.line(&fitting(whole.split_inclusive([',', ';']), "", columns())),
            Style::Lines | Style::PerfTest => self.line(&whole),
        }
    }

    fn phase(&mut self, phase: PhaseKind) {
        self.end_bar();
        if self.style == Style::PerfTest && phase == PhaseKind::Measure && self.warmed_up {
            self.line("In steady state.");
        }
        self.warmed_up |= phase == PhaseKind::Warmup;
        if self.style == Style::Lines && phase != PhaseKind::Connect {
            self.line(&format!("{}{}", self.title, phase.name()));
        }
    }

    fn progress(&mut self, progress: &Progress) {
        match self.style {
            Style::Bar => self.draw(progress),
            Style::Lines => self.line(&format!("{}{}", self.title, plain(progress))),
            Style::PerfTest => self.line(&window_line(&progress.since_last)),
        }
    }

    fn log(&mut self, level: LogLevel, line: &str) {
        if level <= self.log {
            let word = match level {
                LogLevel::Error => "error",
                LogLevel::Warn => "warning",
                LogLevel::Info => "info",
                LogLevel::Debug => "debug",
            };
            self.line(&format!("{word}: {line}"));
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.end_bar();
    }
}

/// The topics with their partitions.
fn in_words(topics: &[TopicFacts]) -> String {
    let one = |topic: &TopicFacts| {
        let made = if topic.created { " (made by this run)" } else { "" };
        let partitions = plural(topic.partitions.into(), "partition");
        format!("topic {}{made}, {partitions}", topic.name)
    };
    topics.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn new_bar(title: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(&format!("{{prefix}}{{bar:{BAR}}} {{wide_msg}}"))
        .expect("the template is a constant")
        .progress_chars("█▉▊▋▌▍▎▏ ");
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style);
    bar.set_prefix(title.to_owned());
    bar
}

/// How much of the phase is done, by whatever ends it: milliseconds, or records.
fn done_of(progress: &Progress) -> (u64, u64) {
    let ms = |span: core::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    match (progress.planned, progress.planned_records) {
        (Some(planned), _) => (ms(progress.elapsed).min(ms(planned)), ms(planned)),
        (None, Some(records)) if progress.phase == PhaseKind::Drain => {
            (records.saturating_sub(progress.backlog()), records)
        }
        (None, Some(records)) => (progress.due.min(records), records),
        (None, None) => (0, 1),
    }
}

/// One tick as a line.
fn plain(progress: &Progress) -> String {
    let of = match (progress.planned, progress.planned_records) {
        (Some(planned), _) => format!(" of {:.0} s", planned.as_secs_f64()),
        (None, Some(_)) if progress.phase == PhaseKind::Drain => String::new(),
        (None, Some(records)) => {
            format!(", {} of {} records", thousands(progress.acked), thousands(records))
        }
        (None, None) => String::new(),
    };
    let elapsed = progress.elapsed.as_secs_f64();
    format!("{} {elapsed:.1} s{of}   {}", progress.phase.name(), standing(progress))
}

/// The terminal's width.
fn columns() -> usize {
    crossterm::terminal::size().map_or(COLUMNS, |(columns, _)| columns.into())
}

/// As many fields from the left as `columns` have room for, at least one: half a number is a wrong
/// one.
fn fitting<'a>(fields: impl Iterator<Item = &'a str>, between: &str, columns: usize) -> String {
    let mut text = String::new();
    for field in fields {
        let apart = if text.is_empty() { "" } else { between };
        let width = text.chars().count() + apart.chars().count() + field.trim_end().chars().count();
        if !text.is_empty() && width > columns {
            break;
        }
        text.push_str(apart);
        text.push_str(field);
    }
    text.trim_end_matches([' ', ',', ';']).to_owned()
}

/// What stands beside the bar in so many columns, what matters most first.
fn on_a_terminal(progress: &Progress, columns: usize) -> String {
    let left = left(progress).map_or_else(String::new, |span| format!(" {} left", seconds(span)));
    let bad = progress.failed + progress.indeterminate;
    let errors =
        if bad > 0 { format!("FAILED {}", thousands(bad)) } else { "no errors".to_owned() };
    let all = format!("{}{left}   {errors}   {}", progress.phase.name(), going(progress));
    fitting(all.split("   "), "   ", columns)
}

/// Columns of the bar itself.
const BAR: usize = 16;

/// Seconds until the phase's load is over: planned, or as long as the records that are left take at
/// the rate so far. `None` where that isn't known.
#[expect(clippy::cast_precision_loss, reason = "seconds for people")]
fn left(progress: &Progress) -> Option<f64> {
    let elapsed = progress.elapsed.as_secs_f64();
    match (progress.planned, progress.planned_records) {
        (Some(planned), _) => Some((planned.as_secs_f64() - elapsed).max(0.0)),
        (None, Some(records)) if progress.phase != PhaseKind::Drain && progress.acked > 0 => {
            let rest = records.saturating_sub(progress.acked) as f64;
            Some(rest * elapsed / progress.acked as f64)
        }
        _ => None,
    }
}

/// What matters at the moment.
fn standing(progress: &Progress) -> String {
    let mut text = going(progress);
    let bad = progress.failed + progress.indeterminate;
    if bad > 0 {
        text.push_str(&format!("   FAILED {}", thousands(bad)));
    }
    text
}

/// Rate, latency and backlog of the last tick.
fn going(progress: &Progress) -> String {
    let lap = &progress.since_last;
    let seconds = lap.span.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let per_second = if seconds > 0.0 { lap.acked as f64 / seconds } else { 0.0 };
    let mut text = format!("{} records/s", rate(per_second));
    if lap.latency_p99 > 0 {
        let family = if progress.paced { "response" } else { "service" };
        text.push_str(&format!("   {family} p99 {} ms", millis(lap.latency_p99)));
    }
    text.push_str(&format!("   {} unanswered", plural(progress.backlog(), "record")));
    text
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::host::driver::Lap;

    fn progress() -> Progress {
        Progress {
            phase: PhaseKind::Measure,
            paced: true,
            elapsed: Duration::from_millis(12_030),
            planned: Some(Duration::from_secs(30)),
            planned_records: None,
            due: 2_400_000,
            acked: 2_398_976,
            failed: 0,
            indeterminate: 0,
            since_last: Lap {
                span: Duration::from_secs(1),
                acked: 199_998,
                latency_p99: 12_340_000,
                ..Lap::default()
            },
        }
    }

    #[test]
    fn a_tick_is_one_line_without_a_terminal() {
        assert_eq!(
            plain(&progress()),
            "measure 12.0 s of 30 s   199,998 records/s   response p99 12.3 ms   \
             1,024 records unanswered"
        );
        let counted = Progress {
            planned: None,
            planned_records: Some(3_000_000),
            failed: 24,
            since_last: Lap::default(),
            ..progress()
        };
        assert_eq!(
            plain(&counted),
            "measure 12.0 s, 2,398,976 of 3,000,000 records   0 records/s   \
             1,000 records unanswered   FAILED 24"
        );
        let drain = Progress {
            phase: PhaseKind::Drain,
            paced: false,
            elapsed: Duration::from_millis(2_060),
            planned: None,
            planned_records: Some(2_400_000),
            ..progress()
        };
        assert_eq!(
            plain(&drain),
            "drain 2.1 s   199,998 records/s   service p99 12.3 ms   1,024 records unanswered"
        );
        assert_eq!(done_of(&drain), (2_398_976, 2_400_000));
    }

    #[test]
    fn beside_the_bar_stand_phase_time_left_and_errors_first() {
        assert_eq!(
            on_a_terminal(&progress(), 200),
            "measure 18.0 s left   no errors   199,998 records/s   response p99 12.3 ms   \
             1,024 records unanswered"
        );
        let counted =
            Progress { planned: None, planned_records: Some(4_797_952), failed: 24, ..progress() };
        let said = on_a_terminal(&counted, 200);
        assert!(said.starts_with("measure 12.0 s left   FAILED 24   199,998 records/s"), "{said}");
        let open = Progress { planned: None, ..progress() };
        assert!(on_a_terminal(&open, 200).starts_with("measure   no errors"));
    }

    /// Goal: no field is cut in two. Method: every width; what is there begins the whole line and
    /// ends with one of its fields.
    #[test]
    fn a_narrow_terminal_has_fewer_fields_and_each_of_them_whole() {
        let whole = on_a_terminal(&progress(), 200);
        for columns in 0..=whole.chars().count() {
            let seen = on_a_terminal(&progress(), columns);
            assert!(whole.starts_with(&seen), "{seen}");
            assert!(whole == seen || whole[seen.len()..].starts_with("   "), "{seen}");
            assert!(seen.chars().count() <= columns.max("measure 18.0 s left".len()), "{seen}");
        }
        assert_eq!(on_a_terminal(&progress(), 43), "measure 18.0 s left   no errors");
        let connected = "connected to every leader: 3 brokers, topic orders, 12 partitions";
        let at = |columns| fitting(connected.split_inclusive([',', ';']), "", columns);
        assert_eq!(at(65), connected);
        assert_eq!(at(60), "connected to every leader: 3 brokers, topic orders");
    }

    #[test]
    fn every_topic_is_named_with_its_partitions() {
        let topic = |name: &str, created, partitions| TopicFacts {
            name: name.to_owned(),
            created,
            partitions,
            ..TopicFacts::default()
        };
        assert_eq!(in_words(&[topic("a", true, 1)]), "topic a (made by this run), 1 partition");
        let two = [topic("a", false, 12), topic("b", true, 3)];
        let words = "topic a, 12 partitions; topic b (made by this run), 3 partitions";
        assert_eq!(in_words(&two), words);
    }

    #[test]
    fn a_bar_is_full_when_its_phase_is_over() {
        assert_eq!(done_of(&progress()), (12_030, 30_000));
        let over = Progress { elapsed: Duration::from_secs(31), ..progress() };
        assert_eq!(done_of(&over), (30_000, 30_000));
        let open = Progress { planned: None, ..progress() };
        assert_eq!(done_of(&open), (0, 1));
    }
}
