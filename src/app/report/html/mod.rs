//! The report as one page: HTML with drawings and style in it, which fetches nothing and runs
//! nothing. Cost class: once a process.
//!
//! A section a file. A part that a result has no data for says why; none is left out in silence.
//! Colours are variables of the page: light, dark and print differ in them alone.

mod batches;
mod brokers;
mod compare;
mod curve;
mod errors;
mod heat;
mod matrix;
mod place;
mod series;
mod spectrum;
mod stages;
mod svg;
mod verdict;

use self::svg::escape;
use super::matrix::common;
use super::model::{ComparisonModel, ComparisonReport, Report};
use super::outcome::{Outcome, RunOf};

/// The page of a run or of a matrix.
#[must_use]
pub fn html(outcome: &Outcome) -> String {
    let sections = match outcome {
        Outcome::Run(report) => of_run(report),
        Outcome::Matrix(_) => of_matrix(outcome),
    };
    let title = outcome.first().map_or_else(|| "kprod-bench".to_owned(), title);
    let place = outcome.first().map_or_else(String::new, place::line);
    page("result", &title, &place, &sections)
}

/// The page of a comparison.
#[must_use]
pub fn comparison(report: &ComparisonReport) -> String {
    let title = format!("{}: B against A", report.tool.name);
    page("comparison", &title, "", &compare::sections(report))
}

/// A page of a kind, with a line below its title.
fn page(kind: &str, title: &str, line: &str, sections: &[Section]) -> String {
    let links: String = sections
        .iter()
        .map(|one| format!("<a href=\"#{}\">{}</a>", one.id, escape(one.name)))
        .collect();
    let bodies: String = sections
        .iter()
        .map(|one| {
            format!("<section id=\"{0}\"><h2>{1}</h2>{2}</section>\n", one.id, one.name, one.body)
        })
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <link rel=\"icon\" href=\"data:,\"><title>{0}</title><style>{STYLE}</style></head>\n\
         <body data-kind=\"{kind}\"><header><h1>{0}</h1>{line}<nav>{links}</nav></header>\n\
         <main>{bodies}</main>\n\
         <footer>Latencies are in milliseconds unless a unit stands beside them. Made by {1} {2} \
         from the JSON, which holds every figure of this page.</footer></body></html>\n",
        escape(title),
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
    )
}

/// One part of the page.
struct Section {
    /// For links.
    id: &'static str,
    name: &'static str,
    /// HTML below its heading.
    body: String,
}

const fn section(id: &'static str, name: &'static str, body: String) -> Section {
    Section { id, name, body }
}

fn of_run(report: &Report) -> Vec<Section> {
    let one = [RunOf { number: 1, place: None, report }];
    let alone = "One run: cells stand beside each other where a flag has a comma list, such as \
                 --linger-ms 0,5,20.";
    vec![
        section("verdict", "Verdict", verdict::of_run(report)),
        section("latency", "Latency", spectrum::section(&one)),
        section("time", "Over time", series::section(report)),
        section("stages", "Where the time went", stages::section(&one)),
        section("batches", "Batches and compression", batches::section(report)),
        section("brokers", "Brokers and partitions", brokers::section(report)),
        section("errors", "Errors and unavailability", errors::section(&one)),
        section("matrix", "Matrix", none(alone)),
        section("curve", "Load and latency", none(curve::WHY_NOT)),
        section("compare", "Comparison", compared(report.comparison.as_ref())),
        section("place", "Environment and configuration", place::section(report, &[])),
    ]
}

fn of_matrix(outcome: &Outcome) -> Vec<Section> {
    let runs = outcome.runs();
    let Outcome::Matrix(matrix) = outcome else { return Vec::new() };
    let own = "Each run has its own: it is in the folder that --out writes, under runs/, and \
               kprod-bench report makes it from the run's result.";
    let first = outcome.first();
    let axes: Vec<&str> = matrix.matrix.axes.iter().map(|axis| &*axis.flag).collect();
    let common = common(matrix);
    vec![
        section("verdict", "Verdict", verdict::of_matrix(matrix, first)),
        section("matrix", "Matrix", matrix::section(&matrix.matrix)),
        section("curve", "Load and latency", curve::section(&matrix.matrix)),
        section("latency", "Latency", spectrum::section(&runs)),
        section("stages", "Where the time went", stages::section(&runs)),
        section("time", "Over time", none(own)),
        section("batches", "Batches and compression", batches::of_several(&runs)),
        section("brokers", "Brokers and partitions", none(own)),
        section("errors", "Errors and unavailability", errors::section(&runs)),
        section("compare", "Comparison", compared(outcome.comparison())),
        section(
            "place",
            "Environment and configuration",
            common.map_or_else(
                || none("No run came to a result."),
                |common| place::section(&common, &axes),
            ),
        ),
    ]
}

fn compared(found: Option<&ComparisonModel>) -> String {
    found.map_or_else(|| none(WHY_NO_COMPARISON), compare::of_result)
}

fn title(report: &Report) -> String {
    let topics: Vec<_> = report.cluster.topics().iter().map(|it| it.name.as_str()).collect();
    format!("{}: topic {}", report.tool.name, topics.join(", "))
}

/// Why a part is empty.
fn none(why: &str) -> String {
    format!("<p class=\"none\">{}</p>", escape(why))
}

/// What a run is called beside others: its cell, and its repetition where there are several.
fn run_name(run: &RunOf<'_>, runs: &[RunOf<'_>]) -> String {
    let Some((cell, repetition)) = run.place else { return "this run".to_owned() };
    let values = cell.iter().map(|(flag, value)| format!("{flag}={value}"));
    let mut name = values.collect::<Vec<_>>().join(" ");
    let repeated = runs.iter().any(|other| other.place.is_some_and(|(_, at)| at > 0));
    if repeated {
        name.push_str(&format!(" #{}", repetition + 1));
    }
    if name.is_empty() { format!("run {}", run.number) } else { name }
}

/// Figures with their names, in boxes.
fn facts(facts: &[(&str, String)]) -> String {
    let boxes = facts.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| {
        format!("<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(value))
    });
    format!("<dl class=\"facts\">{}</dl>", boxes.collect::<String>())
}

/// A table of texts; the first row is its head.
fn table(class: &str, caption: &str, rows: &[Vec<String>]) -> String {
    let line = |tag: &str, cells: &[String]| {
        let cells: String =
            cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escape(cell))).collect();
        format!("<tr>{cells}</tr>")
    };
    let mut rows = rows.iter();
    let head = rows.next().map(|row| line("th", row)).unwrap_or_default();
    let body: String = rows.map(|row| line("td", row)).collect();
    format!(
        "<div class=\"wide\"><table class=\"{class}\"><caption>{}</caption><thead>{head}</thead>\
         <tbody>{body}</tbody></table></div>",
        escape(caption)
    )
}

/// What the colours of a drawing mean.
fn key(rows: &[(usize, &str)]) -> String {
    let rows = rows
        .iter()
        .map(|(colour, name)| format!("<li><i class=\"b{colour}\"></i>{}</li>", escape(name)));
    format!("<ul class=\"key\">{}</ul>", rows.collect::<String>())
}

/// A drawing with what it shows below it.
fn figure(drawing: &str, caption: &str, key: &str) -> String {
    format!("<figure>{drawing}{key}<figcaption>{}</figcaption></figure>", escape(caption))
}

const STYLE: &str = include_str!("style.css");
const WHY_NO_COMPARISON: &str = "This result was held against no other: kprod-bench compare A B \
                                 or --baseline does that.";

#[cfg(test)]
mod tests;
