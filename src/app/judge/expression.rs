//! `--assert 'response.p99 < 20ms and error_rate < 0.1%'`: reading a bound and holding a result
//! against it. Cost class: once a process.
//!
//! Comparisons of a metric with a number or another metric (`<`, `<=`, `>`, `>=`, `==`, `!=`),
//! joined by `and` and `or` (`and` binds tighter), with parentheses. A number has the unit of its
//! metric: `20ms`, `1%`, `200k`, `16MiB`; a bare one is taken where the metric's name or kind
//! leaves no doubt. A metric that a run doesn't have fails the comparison it stands in; that
//! nothing failed, was throttled or was sent again is a value, 0.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;

use super::lexer::{Token, Word, words};
use super::metric::{Metric, Unit};
use super::shown;
use crate::app::report::model::{GateModel, Report};
use crate::base::units::{parse_bytes, parse_count, parse_duration};

/// A bound that results are held against.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    text: String,
    root: Node,
}

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wrong {
    /// In characters, from 1.
    pub column: usize,
    /// The end of a sentence.
    pub what: String,
    text: String,
}

impl Wrong {
    pub(super) fn at(text: &str, column: usize, what: impl Into<String>) -> Self {
        Self { column, what: what.into(), text: text.to_owned() }
    }
}

/// Column and reason, then the expression with a caret below the place.
impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "at column {}: {}", self.column, self.what)?;
        writeln!(f, "    {}", self.text)?;
        write!(f, "    {:>1$}", "^", self.column)
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    All(Vec<Self>),
    Any(Vec<Self>),
    Holds(Operand, Op, Operand),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operand {
    Metric(Metric),
    /// In the other side's unit.
    Number(f64),
}

/// A comparison.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Op {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Unequal,
}

impl Op {
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
            Self::Equal => left == right,
            Self::Unequal => left != right,
        }
    }
}

impl Rule {
    /// Reads an expression.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        if text.chars().count() > LONGEST {
            return Err(Wrong::at("", 1, format!("expected at most {LONGEST} characters")));
        }
        let words = words(text)?;
        let mut parser = Parser { text, words: &words, at: 0, depth: 0 };
        let root = parser.any()?;
        match parser.words.get(parser.at) {
            None => Ok(Self { text: text.trim().to_owned(), root }),
            Some(word) => Err(parser.wrong(word.column, "expected and, or, or the end")),
        }
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The metrics in it, from left to right.
    #[must_use]
    pub fn metrics(&self) -> Vec<Metric> {
        let mut found = Vec::new();
        self.root.metrics(&mut found);
        found
    }

    /// Holds a result against it.
    #[must_use]
    pub fn judge(&self, report: &Report) -> GateModel {
        let metrics = self.metrics();
        let value = |metric: &Metric| metric.bounded(report);
        let said = metrics.iter().map(|metric| {
            let shown = value(metric)
                .map_or_else(|| "unknown".to_owned(), |found| shown::value(metric.unit, found));
            format!("{metric} {shown}")
        });
        let values: BTreeMap<String, Option<f64>> =
            metrics.iter().map(|metric| (metric.to_string(), value(metric))).collect();
        GateModel {
            expr: self.text.clone(),
            value: metrics.first().and_then(value),
            pass: self.root.holds(report),
            text: said.collect::<Vec<_>>().join(", "),
            values,
        }
    }
}

/// What a gate saw, in words, where a result keeps its first metric's value alone.
#[must_use]
pub fn seen(expr: &str, value: Option<f64>) -> String {
    let Some(value) = value else { return "unknown".to_owned() };
    let metric = Rule::parse(expr).ok().and_then(|rule| rule.metrics().first().copied());
    metric.map_or_else(
        || value.to_string(),
        |metric| format!("{metric} {}", shown::value(metric.unit, value)),
    )
}

impl Node {
    fn holds(&self, report: &Report) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|node| node.holds(report)),
            Self::Any(nodes) => nodes.iter().any(|node| node.holds(report)),
            Self::Holds(left, op, right) => {
                let value = |operand: &Operand| match operand {
                    Operand::Metric(metric) => metric.bounded(report),
                    Operand::Number(number) => Some(*number),
                };
                matches!((value(left), value(right)), (Some(a), Some(b)) if op.holds(a, b))
            }
        }
    }

    fn metrics(&self, found: &mut Vec<Metric>) {
        match self {
            Self::All(nodes) | Self::Any(nodes) => {
                nodes.iter().for_each(|node| node.metrics(found));
            }
            Self::Holds(left, _, right) => {
                for operand in [left, right] {
                    if let Operand::Metric(metric) = operand
                        && !found.contains(metric)
                    {
                        found.push(*metric);
                    }
                }
            }
        }
    }
}

/// By descent: any ← all (or all)*, all ← one (and one)*, one ← ( any ) | operand op operand.
struct Parser<'a> {
    text: &'a str,
    words: &'a [Word<'a>],
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn any(&mut self) -> Result<Node, Wrong> {
        self.joined(Token::Or, Self::all).map(|mut nodes| match nodes.len() {
            1 => nodes.remove(0),
            _ => Node::Any(nodes),
        })
    }

    fn all(&mut self) -> Result<Node, Wrong> {
        self.joined(Token::And, Self::one).map(|mut nodes| match nodes.len() {
            1 => nodes.remove(0),
            _ => Node::All(nodes),
        })
    }

    fn joined(
        &mut self,
        by: Token<'a>,
        part: fn(&mut Self) -> Result<Node, Wrong>,
    ) -> Result<Vec<Node>, Wrong> {
        let mut nodes = vec![part(self)?];
        while self.take(by) {
            nodes.push(part(self)?);
        }
        Ok(nodes)
    }

    fn one(&mut self) -> Result<Node, Wrong> {
        let column = self.column();
        if self.take(Token::Open) {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err(self.wrong(column, format!("expected at most {DEEPEST} parentheses")));
            }
            let node = self.any()?;
            if !self.take(Token::Close) {
                return Err(self.wrong(self.column(), "expected )"));
            }
            self.depth -= 1;
            return Ok(node);
        }
        let left = self.operand()?;
        let Some(Token::Op(op)) = self.words.get(self.at).map(|word| word.token) else {
            return Err(self.wrong(self.column(), "expected <, <=, >, >=, == or !="));
        };
        self.at += 1;
        let right = self.operand()?;
        self.comparison(left, op, right)
    }

    /// A word that is a metric or a number.
    fn operand(&mut self) -> Result<Word<'a>, Wrong> {
        match self.words.get(self.at) {
            Some(word) if matches!(word.token, Token::Name(_) | Token::Number(_)) => {
                self.at += 1;
                Ok(*word)
            }
            _ => {
                let expected = "expected a metric such as response.p99, or a number such as 20ms";
                Err(self.wrong(self.column(), expected))
            }
        }
    }

    fn comparison(&self, left: Word<'a>, op: Op, right: Word<'a>) -> Result<Node, Wrong> {
        match (left.token, right.token) {
            (Token::Name(_), Token::Name(_)) => {
                let (a, b) = (self.metric(left)?, self.metric(right)?);
                if a.unit != b.unit {
                    let units = (a.unit.name(), b.unit.name());
                    let what = format!("{a} is in {}, {b} in {}", units.0, units.1);
                    return Err(self.wrong(right.column, what));
                }
                Ok(Node::Holds(Operand::Metric(a), op, Operand::Metric(b)))
            }
            (Token::Name(_), _) => {
                let metric = self.metric(left)?;
                let number = self.number(right, metric)?;
                Ok(Node::Holds(Operand::Metric(metric), op, number))
            }
            (_, Token::Name(_)) => {
                let metric = self.metric(right)?;
                let number = self.number(left, metric)?;
                Ok(Node::Holds(number, op, Operand::Metric(metric)))
            }
            _ => Err(self.wrong(left.column, "expected a metric on one side at least")),
        }
    }

    fn metric(&self, word: Word<'_>) -> Result<Metric, Wrong> {
        Metric::find(word.text()).map_err(|error| self.wrong(word.column, error))
    }

    fn number(&self, word: Word<'_>, metric: Metric) -> Result<Operand, Wrong> {
        match number(word.text(), metric.unit) {
            Some(number) => Ok(Operand::Number(number)),
            None => {
                let expected = expected(metric.unit);
                Err(self.wrong(word.column, format!("{metric} is {expected}")))
            }
        }
    }

    fn take(&mut self, token: Token<'_>) -> bool {
        let found = self.words.get(self.at).is_some_and(|word| word.token == token);
        self.at += usize::from(found);
        found
    }

    /// Of the next word, or just behind the last.
    fn column(&self) -> usize {
        let end = || self.text.trim_end().chars().count() + 1;
        self.words.get(self.at).map_or_else(end, |word| word.column)
    }

    fn wrong(&self, column: usize, what: impl Into<String>) -> Wrong {
        Wrong::at(self.text, column, what)
    }
}

/// A number in a metric's unit.
fn number(text: &str, unit: Unit) -> Option<f64> {
    let nanos = |bare: Duration| Some(parse_duration(text, bare).ok()?.as_nanos() as f64);
    let bare = text.ends_with(|c: char| c.is_ascii_digit());
    match unit {
        // 20 of what? Only zero needs no unit.
        Unit::Nanos if bare => parse_count(text).ok().filter(|number| *number == 0.0),
        Unit::Nanos => nanos(Duration::from_nanos(1)),
        Unit::NanosPerRecord => nanos(Duration::from_nanos(1)),
        Unit::Seconds => nanos(Duration::from_secs(1)).map(|nanos| nanos / 1e9),
        Unit::PerSecond | Unit::Count => parse_count(text).ok(),
        Unit::Megabytes if bare => parse_count(text).ok(),
        Unit::Megabytes => Some(parse_bytes(text).ok()? as f64 / 1e6),
        Unit::Bytes => Some(parse_bytes(text).ok()? as f64),
        Unit::Share => match text.strip_suffix('%') {
            Some(percent) => Some(parse_count(percent).ok()? / 100.0),
            None => parse_count(text).ok(),
        },
    }
}

/// What a number of that unit looks like, as the end of a sentence.
const fn expected(unit: Unit) -> &'static str {
    match unit {
        Unit::Nanos => "a time; expected a number with a unit, such as 20ms or 500us",
        Unit::NanosPerRecord => "a time; expected a number such as 200ns",
        Unit::Seconds => "a time; expected a number such as 2s or 500ms",
        Unit::PerSecond => "a rate; expected a number such as 200k",
        Unit::Megabytes => "10^6 bytes a second; expected a number such as 150 or 150MB",
        Unit::Bytes => "a size; expected a number such as 64MiB",
        Unit::Share => "a share; expected a number such as 1% or 0.01",
        Unit::Count => "a count; expected a number such as 5 or 10k",
    }
}

const LONGEST: usize = 1_000;
const DEEPEST: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::app::report::sample;

    /// Whether the sample passes: response p50 5.41 ms, p99 12.3 ms, 199,998 acks a second.
    fn holds(text: &str) -> bool {
        Rule::parse(text).unwrap_or_else(|wrong| panic!("{wrong}")).judge(&sample::report()).pass
    }

    fn wrong(text: &str) -> (usize, String) {
        let found = Rule::parse(text).unwrap_err();
        (found.column, found.what)
    }

    #[test]
    fn a_bound_holds_or_does_not() {
        for (text, pass) in [
            ("response.p99 < 20ms", true),
            ("response.p99<12.3ms", false),
            ("latency.response.p99 <= 12300us", true),
            ("response.p99 == 12.3ms", true),
            ("response.p99 != 12.3ms", false),
            ("response.p99.9 > 0.03s", true),
            ("20ms > response.p99", true),
            ("response.p99 ≤ 12.3ms", true),
            ("acked_rps >= 199k", true),
            ("acked_rps >= 200_000", false),
            ("achieved_ratio >= 99.5%", true),
            ("achieved_ratio >= 0.995", true),
            ("error_rate == 0 and retries == 0", true),
            ("mb_s_uncompressed > 19MB", true),
            ("mb_s_uncompressed > 20.5", false),
            ("client.rss_peak < 64MiB", true),
            ("client.rss_peak < 45MiB", false),
            ("client.cpu_ns_per_record < 62", true),
            ("drain_seconds < 20ms", false),
            ("drain_seconds <= 0.02", true),
            ("response.p99 < service.p99", false),
            ("throttle.max == 0", true),
            ("throttle.max < 1ms and throttle.p99 == 0", true),
            ("failure.count == 0", true),
            ("failure.max > 0", false),
            ("retry.count > 0", true),
            ("headroom > 1", false),
            ("headroom <= 1", false),
        ] {
            assert_eq!(holds(text), pass, "{text}");
        }
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let (t, f) = ("retries == 0", "retries > 0");
        assert!(holds(&format!("{t} or {f} and {f}")));
        assert!(!holds(&format!("({t} or {f}) and {f}")));
        assert!(holds(&format!("{f} && {f} || {t}")));
        assert!(holds(&format!("(({t})) AND {t}")));
    }

    #[test]
    fn a_gate_says_what_it_saw() {
        let gate = Rule::parse(" response.p99 < 20ms or headroom > 2 ").unwrap();
        let gate = gate.judge(&sample::report());
        assert_eq!(gate.expr, "response.p99 < 20ms or headroom > 2");
        assert_eq!((gate.value, gate.pass), (Some(12_300_000.0), true));
        assert_eq!(gate.text, "response.p99 12.3 ms, client.calibration.headroom unknown");
        assert_eq!(gate.values["client.calibration.headroom"], None);
        let gate = Rule::parse("throttle.max < 1ms").unwrap().judge(&sample::report());
        assert_eq!((gate.value, gate.pass), (Some(0.0), true));
        assert_eq!(gate.text, "throttle.max 0.00 ms");
    }

    #[test]
    fn an_error_points_at_its_column() {
        for (text, column, what) in [
            ("response.p9 < 20ms", 1, "no metric response.p9; the nearest is response.p90"),
            ("retries == 0 and respnse.p99 < 1ms", 18, "the nearest is response.p99"),
            ("response.p99 < 20", 16, "expected a number with a unit, such as 20ms"),
            ("response.p99 < 20%", 16, "response.p99 is a time"),
            ("acked_rps > 5ms", 13, "acked_rps is a rate"),
            ("response.p99 20ms", 14, "expected <, <=, >, >=, == or !="),
            ("response.p99 = 20ms", 14, "write =="),
            ("response.p99 <", 15, "expected a metric such as response.p99"),
            ("", 1, "expected a metric"),
            ("(retries == 0", 14, "expected )"),
            ("retries == 0)", 13, "expected and, or, or the end"),
            ("5 < 6", 1, "expected a metric on one side"),
            ("response.p99 < acked_rps", 16, "response.p99 is in ns, acked_rps in 1/s"),
            ("retries == 0 ; x", 14, "unexpected ;"),
            ("é == 0", 1, "unexpected é"),
        ] {
            let (at, said) = wrong(text);
            assert_eq!(at, column, "{text}: {said}");
            assert!(said.contains(what), "{text}: {said}");
        }
        let wrong = Rule::parse("retries == 0 and respnse.p99 < 1ms").unwrap_err().to_string();
        let lines: Vec<&str> = wrong.lines().collect();
        assert_eq!(lines[2].find('^'), lines[1].find("respnse"), "{wrong}");
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let deep = format!("{}retries == 0{}", "(".repeat(100), ")".repeat(100));
        assert!(wrong(&deep).1.contains("at most 32"));
        assert!(wrong(&"(".repeat(2_000)).1.contains("at most 1000 characters"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            if let Err(wrong) = Rule::parse(&text) {
                prop_assert!((1..=text.chars().count() + 1).contains(&wrong.column));
            }
        }

        #[test]
        fn no_words_panic(words in prop::collection::vec(
            prop::sample::select(vec![
                "(", ")", "and", "or", "<", "==", "response.p99", "retries", "5", "20ms", "1%",
            ]),
            0..12,
        )) {
            drop(Rule::parse(&words.join(" ")));
        }
    }
}
