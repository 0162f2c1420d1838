//! The timestamp of a record: when it was handed over, or a time that its number decides.
//!
//! Cost class: per record; nothing is allocated. Brokers replace timestamps where a topic has
//! `message.timestamp.type=LogAppendTime`.

use core::time::Duration;

use super::clock::PayloadClock;
use crate::base::{Rng, mix};
use crate::load::draw::Exponential;

/// What timestamps say.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum TimestampPlan {
    /// When the record was handed over, as the Java client has it.
    #[default]
    Now,
    /// Record n is stamped `start_ms` + n × `step`.
    Step {
        /// Of record 0, Unix milliseconds; `None`: the payload clock's origin.
        start_ms: Option<i64>,
        /// From one record to the next.
        step: Duration,
    },
    /// The payload clock's time, from which some records come late.
    Event {
        /// The share of records that are late, 0 to 1.
        share: f64,
        /// By how much.
        late: Lateness,
    },
}

/// How much earlier than now an event happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lateness {
    /// By this.
    Fixed(Duration),
    /// Evenly between these.
    Uniform(Duration, Duration),
    /// Mostly by little: exponential, of this mean, above 0.
    Exponential(Duration),
}

/// Timestamps that can't be.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum TimestampError {
    /// A share that is none.
    #[error("a share of late records is 0 to 1, not {0}")]
    Share(f64),
    /// Times the wrong way round.
    #[error("lateness goes from a shorter time to a longer one, not from {0:?} to {1:?}")]
    Bounds(Duration, Duration),
    /// A mean of a distribution that has positive values only.
    #[error("exponential lateness has a mean above 0")]
    NoMean,
}

impl TimestampPlan {
    /// Whether such timestamps can be.
    ///
    /// # Errors
    /// Says what stands in the way.
    pub fn check(&self) -> Result<(), TimestampError> {
        let Self::Event { share, late } = self else { return Ok(()) };
        if !(0.0..=1.0).contains(share) {
            return Err(TimestampError::Share(*share));
        }
        match late {
            Lateness::Uniform(least, most) if least > most => {
                Err(TimestampError::Bounds(*least, *most))
            }
            Lateness::Exponential(mean) if mean.is_zero() => Err(TimestampError::NoMean),
            _ => Ok(()),
        }
    }
}

/// Stamps records.
#[derive(Clone, Debug)]
pub(super) enum Stamps {
    Step { start_ms: i64, nanos: u64 },
    Event { seed: u64, share: f64, late: Late },
}

#[derive(Clone, Debug)]
pub(super) enum Late {
    Fixed(u64),
    Uniform { least: u64, choices: u64 },
    Exponential(Exponential),
}

impl Stamps {
    /// `None` where records are stamped when they are handed over.
    ///
    /// # Panics
    /// When [`TimestampPlan::check`] finds fault.
    pub(super) fn new(plan: &TimestampPlan, clock: &PayloadClock, seed: u64) -> Option<Box<Self>> {
        let stamps = match plan {
            TimestampPlan::Now => return None,
            TimestampPlan::Step { start_ms, step } => Self::Step {
                start_ms: start_ms.or(clock.origin_ms).unwrap_or(0),
                nanos: nanos(*step),
            },
            TimestampPlan::Event { share, late } => Self::Event {
                seed: mix(seed ^ LATENESS_STREAM),
                share: *share,
                late: Late::new(*late),
            },
        };
        Some(Box::new(stamps))
    }

    /// The timestamp of record `n`, which happened at `time` (nanoseconds since 1970): Unix
    /// milliseconds, 0 or more.
    pub(super) fn of(&self, n: u64, time: i64) -> i64 {
        let stamp = match self {
            Self::Step { start_ms, nanos } => {
                let since = u128::from(n) * u128::from(*nanos) / 1_000_000;
                start_ms.saturating_add(i64::try_from(since).unwrap_or(i64::MAX))
            }
            Self::Event { seed, share, late } => {
                let mut rng = Rng::nth(*seed, n);
                let late = if rng.unit() < *share { late.draw(&mut rng) } else { 0 };
                let late = i64::try_from(late).unwrap_or(i64::MAX);
                time.saturating_sub(late).div_euclid(1_000_000)
            }
        };
        stamp.max(0)
    }
}

impl Late {
    fn new(plan: Lateness) -> Self {
        match plan {
            Lateness::Fixed(span) => Self::Fixed(nanos(span)),
            Lateness::Uniform(least, most) => Self::Uniform {
                least: nanos(least),
                choices: nanos(most - least).saturating_add(1),
            },
            Lateness::Exponential(mean) => {
                let drawn = Exponential::new(mean.as_secs_f64() * 1e9);
                Self::Exponential(drawn.expect("a mean that was checked"))
            }
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a draw is above 0, and a conversion from float to integer saturates"
    )]
    fn draw(&self, rng: &mut Rng) -> u64 {
        match self {
            Self::Fixed(nanos) => *nanos,
            Self::Uniform { least, choices } => least + rng.below(*choices),
            Self::Exponential(drawn) => drawn.draw(rng.next_u64()) as u64,
        }
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// Keeps what is drawn for one seed apart; any constant does.
const LATENESS_STREAM: u64 = 0x6c61_7465_6c61_7465;

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn stamps(plan: &TimestampPlan) -> Box<Stamps> {
        let clock = PayloadClock { origin_ms: Some(1_000_000), timetable: None };
        Stamps::new(plan, &clock, 1).unwrap()
    }

    /// The timestamp of record `n` of those that happen a millisecond apart.
    fn stamp(stamps: &Stamps, n: u64) -> i64 {
        stamps.of(n, (1_000_000 + i64::try_from(n).unwrap()) * 1_000_000)
    }

    #[test]
    fn steps_count_from_their_start() {
        let step = |start_ms, step| TimestampPlan::Step { start_ms, step };
        let from = stamps(&step(Some(500), Duration::from_micros(1_500)));
        assert_eq!([0, 1, 2, 1_000].map(|n| stamp(&from, n)), [500, 501, 503, 2_000]);
        assert_eq!(stamp(&stamps(&step(None, SECOND)), 2), 1_002_000);
        assert!(Stamps::new(&TimestampPlan::Now, &PayloadClock::default(), 1).is_none());
    }

    #[test]
    fn events_are_late_as_often_and_by_as_much_as_asked() {
        let on_time = stamps(&TimestampPlan::Event { share: 0.0, late: Lateness::Fixed(SECOND) });
        assert_eq!([0, 1, 1_500].map(|n| stamp(&on_time, n)), [1_000_000, 1_000_001, 1_001_500]);
        let late_by = |share, late| {
            let stamps = stamps(&TimestampPlan::Event { share, late });
            (0..20_000u64).map(|n| stamp(&on_time, n) - stamp(&stamps, n)).collect::<Vec<_>>()
        };
        assert!(late_by(1.0, Lateness::Fixed(SECOND)).iter().all(|late| *late == 1_000));
        let tenth = late_by(0.1, Lateness::Fixed(SECOND));
        let count = tenth.iter().filter(|late| **late > 0).count();
        // A standard deviation of 42.
        assert!((1_850..2_150).contains(&count), "{count}");
        let even = late_by(1.0, Lateness::Uniform(SECOND, 3 * SECOND));
        assert!(even.iter().all(|late| (1_000..=3_001).contains(late)));
        let mean = |all: &[i64]| all.iter().sum::<i64>() / 20_000;
        assert!((1_980..2_020).contains(&mean(&even)), "{}", mean(&even));
        let few = late_by(1.0, Lateness::Exponential(SECOND));
        assert!((970..1_030).contains(&mean(&few)), "{}", mean(&few));
        assert!(few.iter().any(|late| *late > 5_000));
    }

    #[test]
    fn timestamps_that_cannot_be_say_why() {
        let check = |share, late| TimestampPlan::Event { share, late }.check();
        let late = Lateness::Fixed(SECOND);
        assert_eq!(TimestampPlan::Now.check(), Ok(()));
        assert_eq!((check(0.0, late), check(1.0, late)), (Ok(()), Ok(())));
        assert_eq!(check(1.5, late), Err(TimestampError::Share(1.5)));
        assert!(check(f64::NAN, late).is_err() && check(-0.1, late).is_err());
        assert_eq!(check(0.5, Lateness::Uniform(SECOND, SECOND)), Ok(()));
        assert_eq!(
            check(0.5, Lateness::Uniform(2 * SECOND, SECOND)).unwrap_err().to_string(),
            "lateness goes from a shorter time to a longer one, not from 2s to 1s"
        );
        let none = Lateness::Exponential(Duration::ZERO);
        assert_eq!(check(0.5, none), Err(TimestampError::NoMean));
    }

    #[test]
    fn no_timestamp_is_before_1970() {
        let late = Lateness::Fixed(Duration::from_secs(1 << 32));
        assert_eq!(stamp(&stamps(&TimestampPlan::Event { share: 1.0, late }), 5), 0);
    }
}
