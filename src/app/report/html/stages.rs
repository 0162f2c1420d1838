//! The six stages: how much of the mean each is, and their own percentiles.

use std::fmt::Write as _;

use super::svg::{WIDTH, escape, open};
use super::{figure, key, none, run_name, table};
use crate::app::report::figures::{millis, millis_of, whole_percent};
use crate::app::report::model::{Distribution, Report};
use crate::app::report::outcome::RunOf;

/// The section of one run or of several.
pub(super) fn section(runs: &[RunOf<'_>]) -> String {
    let measured: Vec<_> = runs
        .iter()
        .filter(|run| passed(run.report).iter().any(|stage| stage.1.mean > 0.0))
        .collect();
    if measured.is_empty() {
        return none("No record was delivered, so none has passed the stages.");
    }
    let bars: Vec<_> =
        measured.iter().map(|run| (run_name(run, runs), passed(run.report))).collect();
    let names: Vec<_> = STAGES.iter().map(|(colour, name, _)| (*colour, *name)).collect();
    let caption = if runs.len() == 1 {
        "Of the mean; the stages follow one another and add up to it."
    } else {
        "Of each run's mean, in milliseconds, on one scale."
    };
    let drawn = figure(&drawing(&bars), caption, &key(&names));
    match (runs, &measured[..]) {
        ([_], [run]) => {
            format!("<div class=\"grid\">{drawn}{}</div>{}", figures(run.report), meanings())
        }
        _ => format!("{drawn}{}", meanings()),
    }
}

/// The stages that exist, by their number, in the order in which a record passes them.
fn passed(report: &Report) -> Vec<(usize, &Distribution)> {
    let stages = &report.stages;
    let all = [
        &stages.schedule_lag,
        &stages.buffer_wait,
        &stages.batch_wait,
        &stages.retry,
        &stages.send_queue,
        &stages.broker,
    ];
    all.into_iter().enumerate().filter_map(|(at, stage)| Some((at, stage.as_ref()?))).collect()
}

/// A bar a run, as long as its mean.
fn drawing(bars: &[(String, Vec<(usize, &Distribution)>)]) -> String {
    let sum = |stages: &[(usize, &Distribution)]| stages.iter().map(|it| it.1.mean).sum::<f64>();
    let longest = bars.iter().map(|(_, stages)| sum(stages)).fold(0.0, f64::max);
    let height = bars.iter().fold(6.0, |height, _| height + BAR + GAP);
    let description = bars.iter().map(|(name, stages)| {
        let parts = stages
            .iter()
            .map(|(at, stage)| format!("{} {} ms", STAGES[*at].1, millis_of(stage.mean)));
        format!("{name}: {}", parts.collect::<Vec<_>>().join(", "))
    });
    let description = description.collect::<Vec<_>>().join("; ");
    let mut text = open("stages-bar", "Mean by stage", &description, height);
    let mut top = 4.0;
    for (name, stages) in bars {
        let total = sum(stages);
        let _ = write!(
            text,
            "<text class=\"v\" x=\"0\" y=\"{:.1}\">{}: {} ms</text>",
            top + 13.0,
            escape(name),
            millis_of(total)
        );
        let mut left = 0.0;
        for (at, stage) in stages {
            let width = stage.mean / longest.max(1.0) * WIDTH;
            let (colour, name, _) = STAGES[*at];
            let share = whole_percent(stage.mean / total.max(1.0));
            let _ = write!(
                text,
                "<rect class=\"f{colour}\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{:.1}\" \
                 height=\"22\"><title>{name}: {} ms, {share}</title></rect>",
                top + 19.0,
                (width - 1.0).max(if stage.mean > 0.0 { 0.6 } else { 0.0 }),
                millis_of(stage.mean)
            );
            left += width;
        }
        top += BAR + GAP;
    }
    text + "</svg>"
}

fn figures(report: &Report) -> String {
    let head = ["", "mean", "share", "p50", "p99", "max"].map(str::to_owned).to_vec();
    let stages = passed(report);
    let total: f64 = stages.iter().map(|(_, stage)| stage.mean).sum();
    let row = |name: &str, stage: &Distribution, share: String| {
        vec![
            name.to_owned(),
            millis_of(stage.mean),
            share,
            millis(stage.p50),
            millis(stage.p99),
            millis(stage.max),
        ]
    };
    let mut rows = vec![head];
    for (at, stage) in &stages {
        let share = whole_percent(stage.mean / total.max(1.0));
        rows.push(row(STAGES[*at].1, stage, share));
    }
    let beside = [
        ("compressing (in batch)", &report.seal),
        ("waiting to be compressed", &report.seal_wait),
        ("client's loop late by", &report.loop_lag),
        ("brokers asked for pauses of", &report.throttle),
    ];
    for (name, part) in beside {
        rows.extend(part.as_ref().map(|part| row(name, part, String::new())));
    }
    table("", "Milliseconds. Means add up; percentiles don't.", &rows)
}

fn meanings() -> String {
    let rows = STAGES.iter().map(|(_, name, meaning)| format!("{name}: {meaning}"));
    format!("<p class=\"sub\">{}.</p>", escape(&rows.collect::<Vec<_>>().join("; ")))
}

/// Colour, name, and what a record waits for.
const STAGES: [(usize, &str, &str); 6] = [
    (4, "pacing", "sent late by this client"),
    (6, "buffer", "no room in buffer.memory, or behind a record that had none"),
    (3, "batch", "filling, linger.ms, or no request free to carry it"),
    (5, "retry", "sent again"),
    (2, "send queue", "until the socket took it"),
    (1, "broker", "until its ack was read"),
];
const BAR: f64 = 44.0;
const GAP: f64 = 8.0;
