//! `--pacing`: how records fall due at the planned rate. Cost class: once a process.

use core::time::Duration;

use super::whole;
use crate::base::units::parse_duration;
use crate::load::schedule::{Arrivals, Rate};

/// What `--pacing` asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pacing {
    pub(super) arrivals: Arrivals,
    /// The rate that bursts have by themselves.
    pub(super) rate: Option<Rate>,
}

/// Reads `uniform`, `poisson`, `burst:N` (bursts of N at the planned rate) or `burst:N@T` (N every
/// T, which is a rate); the error is the end of a message about it.
pub(super) fn pacing(text: &str, seed: u64) -> Result<Pacing, String> {
    let evenly = |arrivals| Ok(Pacing { arrivals, rate: None });
    match text {
        "uniform" => return evenly(Arrivals::Uniform),
        "poisson" => return evenly(Arrivals::Poisson { seed }),
        _ => {}
    }
    let expected = || {
        "expected uniform, poisson, burst:N@T such as burst:1000@1s, or burst:N at the pace of \
         --rate or --stage"
            .to_owned()
    };
    let burst = text.strip_prefix("burst:").ok_or_else(expected)?;
    let (count, every) = match burst.split_once('@') {
        Some((count, every)) => (count, Some(every)),
        None => (burst, None),
    };
    let records = whole(count).filter(|count| *count > 0).ok_or_else(expected)?;
    let Some(every) = every else { return evenly(Arrivals::Bursts { records, period: None }) };
    let every = parse_duration(every, Duration::from_secs(1)).map_err(|_| expected())?;
    #[expect(clippy::cast_precision_loss, reason = "a count that people write is below 2^53")]
    let rate = Rate::per_second(records as f64 / every.as_secs_f64());
    let rate = rate.map_err(|error| error.to_string())?;
    Ok(Pacing { arrivals: Arrivals::Bursts { records, period: Some(every) }, rate: Some(rate) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_have_a_rate_of_their_own_or_take_the_planned_one() {
        let bursts = |period| Arrivals::Bursts { records: 5_000, period };
        let arrivals = bursts(Some(Duration::from_millis(500)));
        let own = Pacing { arrivals, rate: Rate::per_second(10_000.0).ok() };
        assert_eq!(pacing("burst:5k@500ms", 1), Ok(own));
        assert_eq!(pacing("burst:5k", 1), Ok(Pacing { arrivals: bursts(None), rate: None }));
        let poisson = Arrivals::Poisson { seed: 7 };
        assert_eq!(pacing("poisson", 7), Ok(Pacing { arrivals: poisson, rate: None }));
    }

    #[test]
    fn what_is_no_pacing_is_refused() {
        for text in ["even", "burst", "burst:0", "burst:x@1s", "burst:5@soon"] {
            let said = pacing(text, 1).unwrap_err();
            assert!(said.starts_with("expected uniform, poisson, burst:N@T"), "{text}: {said}");
        }
        assert!(pacing("burst:5@0", 1).unwrap_err().contains("out of range"));
    }
}
