//! Stages of a planned rate, and the straight lines that they are made of. Cost class: once a run.
//!
//! Every planned rate is a chain of straight lines, for their sums are whole numbers and their
//! inverses closed forms. A sine is [`SINE_LINES`] of them a period: never more than five
//! millionths of its amplitude from the curve, with as many records in a period.

use core::time::Duration;

use super::rate::Level;

/// One stage of a planned rate. `L` is what a rate is: a [`Level`] here, something that becomes one
/// in the settings.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage<L = Level> {
    /// The same rate all the time.
    Hold {
        /// Which.
        rate: L,
        /// How long.
        span: Duration,
    },
    /// A straight line from the rate with which the stage before ended (from 0 in the first stage).
    Ramp {
        /// The rate at its end.
        to: L,
        /// How long.
        span: Duration,
    },
    /// Constant steps of equal length and height.
    Steps {
        /// The rate of the first step.
        from: L,
        /// The rate of the last step.
        to: L,
        /// How many, 2 or more.
        count: u32,
        /// How long, all steps together.
        span: Duration,
    },
    /// mean + amplitude · sin(2πt ÷ period).
    Sine {
        /// The rate that it swings around.
        mean: L,
        /// How far, at most the mean.
        amplitude: L,
        /// The length of a wave.
        period: Duration,
        /// How long, all waves together; the last may be cut off.
        span: Duration,
    },
    /// Low for half a period, high for the other half.
    Square {
        /// The first rate.
        low: L,
        /// The second.
        high: L,
        /// The length of a wave.
        period: Duration,
        /// How long, all waves together; the last may be cut off.
        span: Duration,
    },
    /// A straight line from low to high in each period.
    Saw {
        /// The rate at the begin of a wave.
        low: L,
        /// The rate at its end.
        high: L,
        /// The length of a wave.
        period: Duration,
        /// How long, all waves together; the last may be cut off.
        span: Duration,
    },
    /// What was recorded.
    Recorded(Vec<Line<L>>),
}

/// A straight line of the planned rate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Line<L = Level> {
    /// The rate at its begin.
    pub from: L,
    /// The rate at its end.
    pub to: L,
    /// How long it is.
    pub span: Duration,
}

impl<L> Stage<L> {
    /// The same stage with every rate turned into another.
    ///
    /// # Errors
    /// The first that `turn` gives.
    pub fn try_map<M, E>(self, turn: &mut impl FnMut(L) -> Result<M, E>) -> Result<Stage<M>, E> {
        Ok(match self {
            Self::Hold { rate, span } => Stage::Hold { rate: turn(rate)?, span },
            Self::Ramp { to, span } => Stage::Ramp { to: turn(to)?, span },
            Self::Steps { from, to, count, span } => {
                Stage::Steps { from: turn(from)?, to: turn(to)?, count, span }
            }
            Self::Sine { mean, amplitude, period, span } => {
                Stage::Sine { mean: turn(mean)?, amplitude: turn(amplitude)?, period, span }
            }
            Self::Square { low, high, period, span } => {
                Stage::Square { low: turn(low)?, high: turn(high)?, period, span }
            }
            Self::Saw { low, high, period, span } => {
                Stage::Saw { low: turn(low)?, high: turn(high)?, period, span }
            }
            Self::Recorded(lines) => {
                let turned = lines.into_iter().map(|line| {
                    let Line { from, to, span } = line;
                    Ok(Line { from: turn(from)?, to: turn(to)?, span })
                });
                Stage::Recorded(turned.collect::<Result<_, E>>()?)
            }
        })
    }

    /// How long it is.
    #[must_use]
    pub fn span(&self) -> Duration {
        match self {
            Self::Hold { span, .. }
            | Self::Ramp { span, .. }
            | Self::Steps { span, .. }
            | Self::Sine { span, .. }
            | Self::Square { span, .. }
            | Self::Saw { span, .. } => *span,
            Self::Recorded(lines) => {
                lines.iter().fold(Duration::ZERO, |sum, line| sum.saturating_add(line.span))
            }
        }
    }
}

/// Lines that follow one another, as often as it says.
pub(super) struct Chain {
    pub(super) lines: Vec<Line>,
    pub(super) repeats: u64,
}

impl Chain {
    /// What of it comes before `end`, counted from its begin.
    pub(super) fn before(self, end: Duration) -> Vec<Self> {
        let all = self.lines.iter().fold(Duration::ZERO, |sum, line| sum.saturating_add(line.span));
        let whole = all.as_nanos() * u128::from(self.repeats);
        if whole <= end.as_nanos() { vec![self] } else { waves(self.lines, all, end) }
    }
}

impl Stage {
    /// The stage as chains; `before` is the rate with which the stage before ended.
    pub(super) fn chains(&self, before: Level) -> Vec<Chain> {
        let once = |lines| vec![Chain { lines, repeats: 1 }];
        match *self {
            Self::Hold { rate, span } => once(vec![Line { from: rate, to: rate, span }]),
            Self::Ramp { to, span } => once(vec![Line { from: before, to, span }]),
            Self::Steps { from, to, count, span } => once(steps(from, to, count, span)),
            Self::Sine { mean, amplitude, period, span } => {
                waves(sine(mean, amplitude, period), period, span)
            }
            Self::Square { low, high, period, span } => {
                let half = period / 2;
                let lines = vec![
                    Line { from: low, to: low, span: half },
                    Line { from: high, to: high, span: period - half },
                ];
                waves(lines, period, span)
            }
            Self::Saw { low, high, period, span } => {
                waves(vec![Line { from: low, to: high, span: period }], period, span)
            }
            Self::Recorded(ref lines) => once(lines.clone()),
        }
    }
}

fn steps(from: Level, to: Level, count: u32, span: Duration) -> Vec<Line> {
    let at = |step: u32| between(from, to, step.into(), u64::from(count.max(2) - 1));
    let begin = |step: u32| span.mul_f64(f64::from(step) / f64::from(count));
    (0..count)
        .map(|step| Line { from: at(step), to: at(step), span: begin(step + 1) - begin(step) })
        .collect()
}

/// One period in [`SINE_LINES`] lines.
fn sine(mean: Level, amplitude: Level, period: Duration) -> Vec<Line> {
    let level = |step: u32| {
        let turn = 2.0 * core::f64::consts::PI * f64::from(step) / f64::from(SINE_LINES);
        let swing = libm::round(amplitude.billionths() as f64 * libm::sin(turn));
        moved(mean, swing)
    };
    let nanos = period.as_nanos();
    let begin = |step: u32| {
        let at = nanos * u128::from(step) / u128::from(SINE_LINES);
        Duration::from_nanos(u64::try_from(at).unwrap_or(u64::MAX))
    };
    (0..SINE_LINES)
        .map(|step| Line {
            from: level(step),
            to: level(step + 1),
            span: begin(step + 1) - begin(step),
        })
        .collect()
}

/// A level `swing` billionths higher.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an amplitude of at most 10^18 billionths"
)]
fn moved(level: Level, swing: f64) -> Level {
    let by = swing.abs() as u64;
    let billionths = level.billionths();
    Level::from_billionths(if swing < 0.0 {
        billionths.saturating_sub(by)
    } else {
        billionths.saturating_add(by)
    })
}

/// As many whole waves as the span has, and the begin of one more.
fn waves(lines: Vec<Line>, period: Duration, span: Duration) -> Vec<Chain> {
    let (period, nanos) = (period.as_nanos().max(1), span.as_nanos());
    let repeats = u64::try_from(nanos / period).unwrap_or(u64::MAX);
    let mut rest = Duration::from_nanos(u64::try_from(nanos % period).unwrap_or(u64::MAX));
    let mut cut = Vec::new();
    for line in &lines {
        let taken = line.span.min(rest);
        rest -= taken;
        let at = |nanos: u128| u64::try_from(nanos).unwrap_or(u64::MAX);
        let to = between(line.from, line.to, at(taken.as_nanos()), at(line.span.as_nanos()));
        if !taken.is_zero() {
            cut.push(Line { from: line.from, to, span: taken });
        }
    }
    vec![Chain { lines, repeats }, Chain { lines: cut, repeats: 1 }]
}

/// The level `part` ÷ `whole` of the way from one to another.
fn between(from: Level, to: Level, part: u64, whole: u64) -> Level {
    let (a, b) = (u128::from(from.billionths()), u128::from(to.billionths()));
    let (part, whole) = (u128::from(part.min(whole)), u128::from(whole.max(1)));
    let at = (a * (whole - part) + b * part) / whole;
    Level::from_billionths(u64::try_from(at).unwrap_or(u64::MAX))
}

/// Lines of one period of a sine.
pub const SINE_LINES: u32 = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    fn level(records: f64) -> Level {
        Level::per_second(records).unwrap()
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn steps_have_equal_lengths_and_heights() {
        let lines = steps(level(100.0), level(400.0), 4, secs(8));
        let seen: Vec<_> = lines.iter().map(|it| (it.from.as_f64(), it.span)).collect();
        let two = secs(2);
        assert_eq!(seen, [(100.0, two), (200.0, two), (300.0, two), (400.0, two)]);
    }

    #[test]
    fn a_sine_is_as_near_to_the_curve_as_promised() {
        let (mean, amplitude) = (200_000.0, 150_000.0);
        let lines = sine(level(mean), level(amplitude), secs(60));
        let mut at = Duration::ZERO;
        for line in &lines {
            // A straight line is farthest from the curve about half-way.
            let half = at + line.span / 2;
            let planned = (line.from.as_f64() + line.to.as_f64()) / 2.0;
            let exact = mean
                + amplitude * libm::sin(2.0 * core::f64::consts::PI * half.as_secs_f64() / 60.0);
            assert!((planned - exact).abs() < 5e-6 * amplitude, "{planned} for {exact}");
            at += line.span;
        }
        assert_eq!(at, secs(60));
        assert!(lines.windows(2).all(|pair| pair[0].to == pair[1].from));
    }

    #[test]
    fn a_chain_is_cut_within_any_of_its_repeats() {
        let line = |from, to, span| Line { from: level(from), to: level(to), span: secs(span) };
        let chain = || Chain { lines: vec![line(0.0, 4.0, 4), line(4.0, 4.0, 2)], repeats: 3 };
        let cut = |end| -> Vec<_> {
            let parts = chain().before(secs(end)).into_iter();
            parts.map(|part| (part.repeats, part.lines)).filter(|it| it.0 > 0).collect()
        };
        assert_eq!(cut(18), [(3, chain().lines)]);
        assert_eq!(cut(99), [(3, chain().lines)]);
        assert_eq!(cut(9), [(1, chain().lines), (1, vec![line(0.0, 3.0, 3)])]);
        assert_eq!(cut(5)[0], (1, vec![line(0.0, 4.0, 4), line(4.0, 4.0, 1)]));
        assert!(cut(0).iter().all(|(_, lines)| lines.is_empty()));
    }

    #[test]
    fn the_last_wave_is_cut_where_the_span_ends() {
        let saw = Stage::Saw { low: level(0.0), high: level(80.0), period: secs(4), span: secs(9) };
        let chains = saw.chains(Level::ZERO);
        assert_eq!((chains[0].repeats, chains[1].repeats), (2, 1));
        assert_eq!(chains[1].lines, [Line { from: level(0.0), to: level(20.0), span: secs(1) }]);
        let square =
            Stage::Square { low: level(1.0), high: level(9.0), period: secs(4), span: secs(7) };
        let rest = &square.chains(Level::ZERO)[1].lines;
        let seen: Vec<_> = rest.iter().map(|it| (it.from.as_f64(), it.span)).collect();
        assert_eq!(seen, [(1.0, secs(2)), (9.0, secs(1))]);
    }
}
