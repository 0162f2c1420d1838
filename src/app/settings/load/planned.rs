//! The planned rate: one of `--rate`, `--throughput`, `--stage` and `--rate-file`. Cost class: once
//! a process.

use core::fmt;
use core::time::Duration;
use std::path::Path;
use std::sync::Arc;

use super::rate_file::{read_text, recorded};
use super::speed::{self, Speed};
use super::stages::stage;
use super::{Choice, Problems};
use crate::app::cli::args::LoadArgs;
use crate::load::schedule::{Curve, Level, Line, Rate, RateError, Shape, Stage};

/// What the flags that aren't part of a matrix say of the planned rate: read once, so that a file
/// is opened once and complained about once.
#[derive(Clone, Debug, Default)]
pub(in crate::app::settings) struct Planned {
    stages: Vec<Stage<Speed>>,
    /// Where each stands, for messages.
    given: Vec<(&'static str, String)>,
    /// Where all of it is cut off, if it is.
    end: Option<Duration>,
}

impl Planned {
    /// Reads `--stage` and `--rate-file`.
    pub(in crate::app::settings) fn read(args: &LoadArgs, problems: &mut Problems) -> Self {
        let mut planned = Self::default();
        for text in &args.stage {
            match stage(text) {
                Ok(stage) => planned.add(stage, "stage", text),
                Err(expected) => problems.flag("stage", text, expected),
            }
        }
        if let Some(path) = &args.rate_file {
            match read_text(Path::new(path)) {
                Ok(text) => {
                    let found = recorded(path, &text, args.rate_file_linear, problems);
                    found.into_iter().for_each(|stage| planned.add(stage, "rate-file", path));
                }
                Err(error) => {
                    problems.flag("rate-file", path, format_args!("can't read it: {error}"));
                }
            }
        }
        planned
    }

    fn add(&mut self, stage: Stage<Speed>, flag: &'static str, text: &str) {
        self.stages.push(stage);
        self.given.push((flag, text.to_owned()));
    }

    /// The same for so long, where that is said: stages that are longer are cut off there, shorter
    /// ones go on as the last of them ends, a wave with more waves.
    pub(super) fn as_long_as(&self, asked: Option<Duration>) -> Self {
        let mut planned = Self { end: asked.filter(|end| !end.is_zero()), ..self.clone() };
        let (Some(end), Some(span)) = (planned.end, self.span()) else { return planned };
        let more = end.saturating_sub(span);
        if more.is_zero() {
            return planned;
        }
        let on = match planned.stages.last_mut().expect("what has a length has stages") {
            Stage::Hold { span, .. }
            | Stage::Sine { span, .. }
            | Stage::Square { span, .. }
            | Stage::Saw { span, .. } => {
                *span = span.saturating_add(more);
                return planned;
            }
            Stage::Recorded(lines) => {
                let last = lines.last().map(|line| line.to);
                lines.extend(last.map(|rate| Line { from: rate, to: rate, span: more }));
                return planned;
            }
            Stage::Ramp { to, .. } | Stage::Steps { to, .. } => *to,
        };
        let last = planned.given.last().cloned();
        planned.stages.push(Stage::Hold { rate: on, span: more });
        planned.given.extend(last);
        planned
    }

    /// The planned rate, with records of `payload_bytes` of key and value on average.
    pub(super) fn shape(
        &self,
        choice: &Choice,
        payload_bytes: f64,
        problems: &mut Problems,
    ) -> Shape {
        let constant = |rate: Option<Rate>| rate.map_or(Shape::Saturating, Shape::Constant);
        match (choice.get("rate"), choice.get("throughput")) {
            _ if !self.stages.is_empty() => self.staged(payload_bytes, problems),
            (Some(text), _) => constant(rate(text, payload_bytes, problems)),
            (None, Some(text)) => constant(throughput(text, problems)),
            (None, None) => Shape::Saturating,
        }
    }

    fn staged(&self, payload_bytes: f64, problems: &mut Problems) -> Shape {
        let mut complain = |index: usize, expected: &dyn fmt::Display| {
            let (flag, text) = &self.given[index];
            problems.flag(flag, text, expected);
        };
        let mut stages = Vec::new();
        for (index, stage) in self.stages.iter().enumerate() {
            let turned: Result<Stage<Level>, RateError> =
                stage.clone().try_map(&mut |speed| speed.level(payload_bytes));
            match turned {
                Ok(stage) => stages.push(stage),
                Err(_) if payload_bytes <= 0.0 => complain(index, &NO_BYTES),
                Err(error) => complain(index, &error),
            }
        }
        if stages.len() < self.stages.len() {
            return Shape::Saturating;
        }
        if let [Stage::Hold { rate, .. }] = &*stages
            && let Some(rate) = rate.rate()
        {
            return Shape::Constant(rate);
        }
        match Curve::cut(&stages, self.end.unwrap_or(Duration::MAX)) {
            Ok(curve) => Shape::Curve(Arc::new(curve)),
            Err(error) => {
                complain(error.stage().unwrap_or(stages.len() - 1), &error);
                Shape::Saturating
            }
        }
    }

    /// Whether any of it is in bytes.
    pub(in crate::app::settings) fn is_in_bytes(&self, choice: &Choice) -> bool {
        let is_bytes = |speed: Speed| matches!(speed, Speed::Bytes(_));
        if self.stages.is_empty() {
            return choice.get("rate").and_then(Speed::parse).is_some_and(is_bytes);
        }
        self.stages.iter().any(|stage| {
            let records = stage.clone().try_map(&mut |speed| match speed {
                Speed::Bytes(_) => Err(()),
                Speed::Records(records) => Ok(records),
            });
            records.is_err()
        })
    }

    /// How long the stages are, all together; `None` without any.
    pub(super) fn span(&self) -> Option<Duration> {
        let spans = self.stages.iter().map(Stage::span);
        (!self.stages.is_empty())
            .then(|| spans.fold(Duration::ZERO, |sum, span| sum.saturating_add(span)))
    }
}

fn rate(text: &str, payload_bytes: f64, problems: &mut Problems) -> Option<Rate> {
    match Speed::parse(text) {
        Some(Speed::Bytes(_)) if payload_bytes <= 0.0 => {
            problems.flag("rate", text, NO_BYTES);
            None
        }
        Some(speed) => checked("rate", text, speed.records(payload_bytes), problems),
        None => {
            problems.flag("rate", text, format_args!("expected {}", speed::EXPECTED));
            None
        }
    }
}

fn throughput(text: &str, problems: &mut Problems) -> Option<Rate> {
    match text.trim().parse::<f64>() {
        Ok(unlimited) if unlimited < 0.0 => None,
        Ok(per_second) => checked("throughput", text, per_second, problems),
        Err(_) => {
            problems.flag("throughput", text, "expected records/s, or -1 for unlimited");
            None
        }
    }
}

/// What a rate in bytes of nothing is told.
const NO_BYTES: &str = "a rate in bytes needs bytes, and these records have neither key, value nor \
                        header; give records/s such as 200k, or --key";

fn checked(flag: &str, text: &str, per_second: f64, problems: &mut Problems) -> Option<Rate> {
    Rate::per_second(per_second).map_err(|error| problems.flag(flag, text, error)).ok()
}
