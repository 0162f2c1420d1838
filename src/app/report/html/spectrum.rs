//! The latencies by percentile: response beside service for a run, the headline of each for
//! several.

use super::svg::{Frame, Scale, float, ms, ms_tick};
use super::{figure, key, none, run_name, table};
use crate::app::report::figures::{millis, millis_of, thousands};
use crate::app::report::files::hdr::decode;
use crate::app::report::model::{Distribution, Report};
use crate::app::report::outcome::RunOf;
use crate::app::report::text::shown;

/// The section of one run or of several.
pub(super) fn section(runs: &[RunOf<'_>]) -> String {
    let [run] = runs else { return several(runs) };
    let report = run.report;
    let latency = &report.latency;
    let families: Vec<(usize, &str, &Distribution)> = [
        (1, "response, from when each record was due", &latency.response),
        (2, "service, from when the producer got it", &latency.service),
        (4, "worst case, records without an ack included", &latency.worst_case),
        (6, "failed, to the failure", &latency.failure),
    ]
    .into_iter()
    .filter_map(|(colour, name, family)| Some((colour, name, family.as_ref()?)))
    .filter(|(_, _, family)| family.count > 0)
    .collect();
    if families.is_empty() {
        return none("No record was delivered, so there is no latency.");
    }
    let mut text = String::from("<div class=\"grid\">");
    text.push_str(&drawing(report, &families));
    text.push_str(&figures(&families));
    text.push_str("</div>");
    if latency.response.is_none() {
        text.push_str(&none(
            "There is no response: without --rate no record has an instant at which it was due, \
             and latencies are those of queues as full as they get.",
        ));
    }
    text
}

fn drawing(report: &Report, families: &[(usize, &str, &Distribution)]) -> String {
    // What nearly equals the response would only hide it.
    let apart = |(colour, _, family): &&(usize, &str, &Distribution)| {
        let response = report.latency.response.as_ref();
        *colour != 4 || response.is_none_or(|response| response.max != family.max)
    };
    let lines: Vec<_> = families
        .iter()
        .filter(apart)
        .map(|(colour, name, family)| (*colour, *name, points(family)))
        .filter(|(_, _, points)| !points.is_empty())
        .collect();
    let named: Vec<_> = lines.iter().map(|(colour, name, _)| (*colour, *name)).collect();
    let curves: Vec<_> = lines.iter().map(|(colour, _, points)| (*colour, &points[..])).collect();
    let caption = match report.latency.response {
        Some(_) => {
            "The shaded gap between the two is what a tool that measures in a closed loop hides."
        }
        None => "Each step to the right leaves a tenth of the records that are slower.",
    };
    let description = families.iter().map(|(_, name, family)| {
        format!("{name}: p50 {} ms, p99 {} ms", millis(family.p50), millis(family.p99))
    });
    let description = description.collect::<Vec<_>>().join("; ");
    figure(&spectrum(&curves, description, true), caption, &key(&named))
}

/// Several runs, the headline of each.
fn several(runs: &[RunOf<'_>]) -> String {
    let named: Vec<(String, &Distribution)> = runs
        .iter()
        .filter_map(|run| {
            let latency = &run.report.latency;
            let family = latency.response.as_ref().or(latency.service.as_ref())?;
            Some((run_name(run, runs), family))
        })
        .collect();
    if named.is_empty() {
        return none("No run delivered a record.");
    }
    // More lines than colours can't be told apart: the fastest, the slowest and those between.
    let mut by_p99: Vec<usize> = (0..named.len()).collect();
    by_p99.sort_by_key(|&at| named[at].1.p99);
    let most = by_p99.len().min(COLOURS);
    let chosen: Vec<usize> =
        (0..most).map(|at| by_p99[at * (by_p99.len() - 1) / (most - 1).max(1)]).collect();
    let lines: Vec<_> = chosen.iter().map(|&at| points(named[at].1)).collect();
    let curves: Vec<_> = lines.iter().enumerate().map(|(at, line)| (at + 1, &line[..])).collect();
    let names: Vec<_> =
        chosen.iter().enumerate().map(|(at, &run)| (at + 1, &*named[run].0)).collect();
    let description = format!("the latencies of {} of {} runs by percentile", most, named.len());
    let caption = if named.len() > most {
        "Six of the runs, from the lowest 99th percentile to the highest."
    } else {
        "Response under a rate, else service."
    };
    let rows = named.iter().map(|(name, family)| row(name, family));
    let rows: Vec<_> = core::iter::once(head("run")).chain(rows).collect();
    format!(
        "<div class=\"grid\">{}{}</div>",
        figure(&spectrum(&curves, description, false), caption, &key(&names)),
        table("", "Milliseconds.", &rows)
    )
}

/// Curves over a scale on which each step to the right leaves a tenth of the records.
fn spectrum(curves: &[(usize, &[(f64, f64)])], description: String, gap: bool) -> String {
    let all = || curves.iter().flat_map(|(_, points)| points.iter());
    let low = all().map(|(_, y)| *y).filter(|y| *y > 0.0).fold(f64::INFINITY, f64::min);
    let low = if low.is_finite() { low } else { 1e-3 };
    let high = all().map(|(_, y)| *y).fold(low, f64::max);
    let most = all().map(|(x, _)| *x).fold(100.0, f64::max);
    let title = "Latency by percentile";
    let (x, y) = (Scale::log(1.0, most), Scale::log(low, high));
    let mut frame = Frame::new("spectrum", title, description, x, y);
    if gap && let [(1, response), (2, service), ..] = curves {
        frame.between("gap", response, service);
    }
    for (colour, points) in curves {
        let points: Vec<_> = points.iter().map(|(x, y)| (*x, Some(*y))).collect();
        frame.line(&format!("s{colour}"), &points);
    }
    let names = [(1.0, "0"), (2.0, "50 %"), (10.0, "90 %"), (100.0, "99 %"), (1e3, "99.9 %")];
    let rare = [(1e4, "99.99 %"), (1e5, "99.999 %"), (1e6, "99.9999 %")];
    let names = names.into_iter().chain(rare).filter(|(at, _)| *at <= most * 1.001);
    let x: Vec<_> = names.map(|(at, name)| (at, name.to_owned())).collect();
    let y = frame.y_ticks(ms_tick);
    frame.draw(&x, &y, "records that were faster")
}

/// A family's curve: 1 ÷ the share that is slower, and milliseconds. It ends where fewer than ten
/// records are left.
fn points(family: &Distribution) -> Vec<(f64, f64)> {
    let Some(histogram) = decode(&family.hdr) else { return Vec::new() };
    if histogram.is_empty() {
        return Vec::new();
    }
    let most = (float(histogram.len()) / 10.0).clamp(10.0, 1e6);
    let steps = core::iter::successors(Some(1.0), |x| Some(x * 1.12)).take_while(|x| *x < most);
    steps
        .chain([most])
        .map(|x| (x, ms(histogram.value_at_quantile(1.0 - 1.0 / x).min(family.max))))
        .collect()
}

fn figures(families: &[(usize, &str, &Distribution)]) -> String {
    let rows = families
        .iter()
        .map(|(_, name, family)| row(name.split(',').next().unwrap_or(name), family));
    let rows: Vec<_> = core::iter::once(head("")).chain(rows).collect();
    let counts = families.iter().map(|(_, name, family)| {
        let name = name.split(',').next().unwrap_or(name);
        let count = thousands(family.count);
        format!("{name}: mean {} ms over {count} records", millis_of(family.mean))
    });
    let written = families.iter().any(|(_, _, family)| family.kind == "written");
    let end = if written {
        "They end at the write to the socket (acks=0), and are comparable with nothing that ends \
         at an ack."
    } else {
        "A dash: fewer than a hundred records lie beyond it."
    };
    format!(
        "<div>{}<p class=\"sub\">{}</p></div>",
        table("", "Milliseconds.", &rows),
        super::escape(&format!("{}. {end}", counts.collect::<Vec<_>>().join("; ")))
    )
}

fn head(first: &str) -> Vec<String> {
    [first, "p50", "p90", "p99", "p99.9", "p99.99", "max"].map(str::to_owned).to_vec()
}

fn row(name: &str, family: &Distribution) -> Vec<String> {
    let rare = |nanos, one_in| {
        if shown(family.count, one_in) { millis(nanos) } else { "–".to_owned() }
    };
    vec![
        name.to_owned(),
        millis(family.p50),
        millis(family.p90),
        millis(family.p99),
        rare(family.p999, 1_000),
        rare(family.p9999, 10_000),
        millis(family.max),
    ]
}

/// Of the page.
const COLOURS: usize = 6;
