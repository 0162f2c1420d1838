//! When records were due, in a result. Cost class: once a run.

use core::time::Duration;

use super::model::LoadModel;
use crate::load::schedule::{Arrivals, Curve, Full, Late, SchedulePlan, Shape};

/// What a result says of a plan.
pub(super) fn load(plan: &SchedulePlan) -> LoadModel {
    if !plan.is_paced() {
        return LoadModel::default();
    }
    let pacing = match plan.arrivals {
        Arrivals::Uniform => "uniform".to_owned(),
        Arrivals::Poisson { .. } => "poisson".to_owned(),
        Arrivals::Bursts { records, .. } => format!("burst:{records}"),
    };
    let on_late = match plan.late {
        Late::CatchUp => "catchup".to_owned(),
        Late::Skip(bound) => format!("skip:{}ms", bound.as_secs_f64() * 1e3),
    };
    let on_full = match plan.full {
        Full::Block => "block",
        Full::Drop => "drop",
    };
    let curve = match &plan.shape {
        Shape::Curve(curve) => Some(curve),
        _ => None,
    };
    LoadModel {
        pacing: Some(pacing),
        on_late: Some(on_late),
        on_full: Some(on_full.to_owned()),
        rates: curve.map(|curve| rates(curve)).unwrap_or_default(),
        span_seconds: curve.map(|curve| curve.span().as_secs_f64()),
    }
}

/// Planned records/s in equal parts, to a thousandth.
fn rates(curve: &Curve) -> Vec<f64> {
    let part = curve.span().as_secs_f64() / f64::from(LoadModel::PARTS);
    let at = |nth: u32| Duration::from_secs_f64(part * f64::from(nth)).min(curve.span());
    let rate = |nth: u32| curve.planned(at(nth), at(nth + 1)) / part;
    (0..LoadModel::PARTS).map(|nth| (rate(nth) * 1e3).round() / 1e3).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::load::schedule::{Level, Rate, Stage};

    #[test]
    fn a_plan_is_told_in_the_words_of_its_flags() {
        let constant = SchedulePlan::of(Rate::per_second(5.0).ok(), 1);
        let said = load(&SchedulePlan {
            arrivals: Arrivals::Bursts { records: 7, period: None },
            late: Late::Skip(Duration::from_micros(20_500)),
            full: Full::Drop,
            ..constant.clone()
        });
        let words = [said.pacing, said.on_late, said.on_full].map(Option::unwrap);
        assert_eq!(words, ["burst:7", "skip:20.5ms", "drop"]);
        assert_eq!((said.rates, said.span_seconds), (Vec::new(), None));
        let said = load(&constant);
        let words = [said.pacing, said.on_late, said.on_full].map(Option::unwrap);
        assert_eq!(words, ["uniform", "catchup", "block"]);
        assert_eq!(load(&SchedulePlan::of(None, 1)), LoadModel::default());
    }

    #[test]
    fn a_rate_that_varies_is_told_part_by_part() {
        let span = Duration::from_secs(50);
        let level = |rate| Level::per_second(rate).unwrap();
        let stages =
            [Stage::Hold { rate: level(100.0), span }, Stage::Ramp { to: Level::ZERO, span }];
        let shape = Shape::Curve(Arc::new(Curve::new(&stages).unwrap()));
        let said = load(&SchedulePlan { shape, ..SchedulePlan::of(None, 2) });
        assert_eq!(said.span_seconds, Some(100.0));
        assert_eq!(said.rates.len(), 100);
        assert_eq!((said.rates[0], said.rates[49], said.rates[50]), (100.0, 100.0, 99.0));
        assert_eq!(said.rates[99], 1.0);
    }
}
