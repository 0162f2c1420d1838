//! The run second by second: rates, latencies, their spread, what went wrong.

use super::svg::{Frame, Scale, count_tick, float, ms, ms_tick};
use super::{figure, heat, key, none};
use crate::app::report::figures::{rate, thousands};
use crate::app::report::model::{ClusterKind, IntervalModel, Report};

/// The section of one run.
pub(super) fn section(report: &Report) -> String {
    if report.intervals.len() < 2 {
        return none("The run has fewer than two seconds, so there is no course to draw.");
    }
    let drawings =
        [rates(report), latencies(report), heat::drawing(report), backlog(report), cpu(report)];
    format!("<div class=\"grid\">{}</div>{}", drawings.concat(), moves(report))
}

/// The middle of an interval in seconds, and its whole length.
fn seconds(interval: &IntervalModel) -> (f64, f64) {
    let length = float(interval.length) / 1e9;
    (float(interval.start) / 1e9 + length / 2.0, length)
}

/// The scale of time, for all drawings.
pub(super) fn time(report: &Report) -> Scale {
    let last = report.intervals.last();
    let end = last.map_or(1.0, |last| float(last.start + last.length) / 1e9);
    Scale::span(0.0, end)
}

/// Ticks along the time.
pub(super) fn time_ticks(report: &Report) -> Vec<(f64, String)> {
    let last = report.intervals.last();
    let end = last.map_or(1.0, |last| float(last.start + last.length) / 1e9);
    let ticks = Scale::linear(end).ticks();
    ticks.into_iter().filter(|tick| *tick <= end).map(|tick| (tick, format!("{tick}"))).collect()
}

fn rates(report: &Report) -> String {
    let per_second = |count: u64, interval: &IntervalModel| float(count) / seconds(interval).1;
    let points = |of: fn(&IntervalModel) -> u64| -> Vec<(f64, Option<f64>)> {
        let point = |it: &IntervalModel| (seconds(it).0, Some(per_second(of(it), it)));
        report.intervals.iter().map(point).collect()
    };
    let (due, acked) = (points(|it| it.due), points(|it| it.acked));
    let all = due.iter().chain(&acked).filter_map(|(_, y)| *y);
    let most = all.fold(0.0, f64::max);
    let description = format!(
        "up to {} records a second, {} acked a second over the window",
        rate(most),
        rate(report.throughput.acked_rps)
    );
    let title = "Records a second";
    let mut frame = Frame::new("rates", title, description, time(report), Scale::linear(most));
    frame.line("s2 dash", &due);
    frame.line("s1", &acked);
    let mut named = vec![(2, "fell due, records/s"), (1, "acked, records/s")];
    named.extend(leaders(report, &mut frame));
    let y = frame.y_ticks(count_tick);
    let drawn = frame.draw(&time_ticks(report), &y, "seconds");
    let caption = "The last seconds are those of the drain: nothing is due in them.";
    figure(&drawn, caption, &key(&named))
}

fn latencies(report: &Report) -> String {
    let points = |of: fn(&IntervalModel) -> Option<u64>| -> Vec<(f64, Option<f64>)> {
        report.intervals.iter().map(|it| (seconds(it).0, of(it).map(ms))).collect()
    };
    let lines = [
        (2, "max", points(|it| it.max)),
        (1, "p99", points(|it| it.p99)),
        (3, "p50", points(|it| it.p50)),
        (4, "p99 of the schedule lag", points(|it| it.lag_p99)),
    ];
    let all = || lines.iter().flat_map(|(_, _, points)| points).filter_map(|(_, y)| *y);
    let low = all().filter(|y| *y > 0.0).fold(f64::INFINITY, f64::min);
    if !low.is_finite() {
        return figure("", "No record was delivered.", "");
    }
    let high = all().fold(low, f64::max);
    let description = format!("between {} and {}", ms_tick(low), ms_tick(high));
    let title = "Latency by the second in which records were due";
    let y = Scale::log(low, high);
    let mut frame = Frame::new("latencies", title, description, time(report), y);
    let mut named = Vec::new();
    for (colour, name, points) in &lines {
        if points.iter().any(|(_, y)| y.is_some()) {
            frame.line(&format!("s{colour}"), points);
            named.push((*colour, *name));
        }
    }
    named.extend(leaders(report, &mut frame));
    let y = frame.y_ticks(ms_tick);
    let drawn = frame.draw(&time_ticks(report), &y, "seconds");
    figure(&drawn, "By the second in which records were due.", &key(&named))
}

fn backlog(report: &Report) -> String {
    let points = |of: fn(&IntervalModel) -> u64| -> Vec<(f64, Option<f64>)> {
        report.intervals.iter().map(|it| (seconds(it).0, Some(float(of(it))))).collect()
    };
    let (backlog, errors) = (points(|it| it.backlog), points(|it| it.errors));
    let failed = errors.iter().any(|(_, y)| y.is_some_and(|y| y > 0.0));
    let most = report.intervals.iter().map(|it| it.backlog.max(it.errors)).max().unwrap_or(0);
    let description = format!(
        "at most {} records were due without an outcome",
        thousands(report.throughput.backlog_max)
    );
    let title = "Records without an outcome, and failures";
    let y = Scale::linear(float(most));
    let mut frame = Frame::new("backlog", title, description, time(report), y);
    frame.line("s1", &backlog);
    let mut named = vec![(1, "due without an outcome at the second's end")];
    if failed {
        frame.line("s6", &errors);
        named.push((6, "failed in the second"));
    }
    named.extend(leaders(report, &mut frame));
    let y = frame.y_ticks(count_tick);
    let drawn = frame.draw(&time_ticks(report), &y, "seconds");
    figure(&drawn, "A backlog that grows is a rate that isn't kept up with.", &key(&named))
}

/// What the run took of this machine.
fn cpu(report: &Report) -> String {
    let points: Vec<_> = report.intervals.iter().map(|it| (seconds(it).0, it.cpu)).collect();
    let most = points.iter().filter_map(|(_, y)| *y).fold(0.0, f64::max);
    if most <= 0.0 {
        return figure("", "The CPU time in the course of the run is not known.", "");
    }
    let description = format!("up to {most:.2} cores");
    let title = "CPU time of this process";
    let mut frame = Frame::new("cpu", title, description, time(report), Scale::linear(most));
    frame.line("s1", &points);
    let y = frame.y_ticks(|cores| {
        let text = format!("{cores:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    });
    let drawn = frame.draw(&time_ticks(report), &y, "seconds");
    let embedded = report.cluster.kind == ClusterKind::Embedded && !report.cluster.another_process;
    let caption = match embedded {
        true => "1 is one core all the time; the embedded brokers' part is in it.",
        false => "1 is one core all the time.",
    };
    figure(&drawn, caption, &key(&[(1, "cores, on average over the second")]))
}

/// A line for each leader that moved, and what it is called where there is one.
fn leaders(report: &Report, frame: &mut Frame) -> Option<(usize, &'static str)> {
    for one in report.leader_changes.iter().take(MOST_MARKS) {
        let at = float(one.at) / 1e9;
        let from = one.from.map_or_else(|| "none".to_owned(), |id| format!("broker {id}"));
        let of = one.topic.as_ref().map_or_else(String::new, |topic| format!(" of {topic}"));
        let words = format!("{at:.1} s: partition {}{of} from {from} to {}", one.partition, one.to);
        frame.mark("s5 dash", at, &words);
    }
    (!report.leader_changes.is_empty()).then_some((5, "a partition got another leader"))
}

/// Which partitions have another leader at the end.
fn moves(report: &Report) -> String {
    let topics = report.cluster.topics();
    if topics.iter().any(|topic| topic.leaders_after.is_empty()) {
        return none("Whether leaders moved is not known: they were not asked for afterwards.");
    }
    let mut moved = Vec::new();
    for topic in topics {
        let of = if topics.len() > 1 { format!(" of {}", topic.name) } else { String::new() };
        let both = topic.leaders_before.iter().zip(&topic.leaders_after).enumerate();
        let other = both.filter(|(_, (before, after))| before != after);
        moved.extend(other.map(|(partition, (before, after))| {
            format!("{partition}{of} from {before} to {after}")
        }));
    }
    let words = if moved.is_empty() {
        "Every partition had the same leader before and after.".to_owned()
    } else {
        format!("Leaders moved: partition {}.", moved.join(", "))
    };
    format!("<p class=\"sub\">{}</p>", super::escape(&words))
}

/// Leader changes that are drawn; more would hide what they explain.
const MOST_MARKS: usize = 200;
