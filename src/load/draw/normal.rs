//! The normal distribution, by inverting its cumulative one.
//!
//! Method: M. J. Wichura, "Algorithm AS 241: The percentage points of the normal distribution",
//! Applied Statistics 37(3), 1988, the routine PPND16: three quotients of polynomials, right to
//! about 16 digits. One word makes one number, unlike the methods that make pairs or reject.

use super::{DrawError, open_unit};

/// Real numbers around a mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal {
    mean: f64,
    deviation: f64,
}

impl Normal {
    /// Of this mean and standard deviation, in any unit; a deviation of 0 always gives the mean.
    /// No draw lies further than 8.3 deviations away.
    ///
    /// # Errors
    /// When the mean isn't finite, or the deviation is negative or not finite.
    pub fn new(mean: f64, deviation: f64) -> Result<Self, DrawError> {
        if !mean.is_finite() {
            return Err(DrawError::Mean(mean));
        }
        if !deviation.is_finite() || deviation < 0.0 {
            return Err(DrawError::Deviation(deviation));
        }
        Ok(Self { mean, deviation })
    }

    /// The number that `word` decides.
    #[must_use]
    #[inline]
    pub fn draw(&self, word: u64) -> f64 {
        self.mean + self.deviation * standard_quantile(open_unit(word))
    }
}

/// Below which value a standard normal variable lies with this probability, strictly between 0
/// and 1.
fn standard_quantile(probability: f64) -> f64 {
    let off_centre = probability - 0.5;
    if off_centre.abs() <= 0.425 {
        let r = 0.180_625 - off_centre * off_centre;
        return off_centre * quotient(r, &CENTRE);
    }
    let tail = if off_centre < 0.0 { probability } else { 1.0 - probability };
    let r = (-libm::log(tail)).sqrt();
    let far = if r <= 5.0 { quotient(r - 1.6, &TAIL) } else { quotient(r - 5.0, &FAR_TAIL) };
    if off_centre < 0.0 { -far } else { far }
}

/// A polynomial over another, coefficients from the lowest power up.
fn quotient(x: f64, [above, below]: &[[f64; 8]; 2]) -> f64 {
    let value = |of: &[f64; 8]| of.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient);
    value(above) / value(below)
}

/// Probabilities within 0.425 of a half.
#[expect(clippy::excessive_precision, reason = "as they are published")]
const CENTRE: [[f64; 8]; 2] = [
    [
        3.387_132_872_796_366_608_0,
        1.331_416_678_917_843_774_5e2,
        1.971_590_950_306_551_442_7e3,
        1.373_169_376_550_946_112_5e4,
        4.592_195_393_154_987_145_7e4,
        6.726_577_092_700_870_085_3e4,
        3.343_057_558_358_812_810_5e4,
        2.509_080_928_730_122_672_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091_125_2e1,
        6.871_870_074_920_579_083_0e2,
        5.394_196_021_424_751_107_7e3,
        2.121_379_430_158_659_586_7e4,
        3.930_789_580_009_271_061_0e4,
        2.872_908_573_572_194_267_4e4,
        5.226_495_278_852_854_561_0e3,
    ],
];

/// Further out, down to e^-25.
#[expect(clippy::excessive_precision, reason = "as they are published")]
const TAIL: [[f64; 8]; 2] = [
    [
        1.423_437_110_749_683_577_34,
        4.630_337_846_156_545_295_90,
        5.769_497_221_460_691_405_50,
        3.647_848_324_763_204_605_04,
        1.270_458_252_452_368_382_58,
        2.417_807_251_774_506_117_70e-1,
        2.272_384_498_926_918_458_33e-2,
        7.745_450_142_783_414_076_40e-4,
    ],
    [
        1.0,
        2.053_191_626_637_758_821_87,
        1.676_384_830_183_803_849_40,
        6.897_673_349_851_000_045_50e-1,
        1.481_039_764_274_800_745_90e-1,
        1.519_866_656_361_645_719_66e-2,
        5.475_938_084_995_344_946_00e-4,
        1.050_750_071_644_416_843_24e-9,
    ],
];

/// Beyond that.
#[expect(clippy::excessive_precision, reason = "as they are published")]
const FAR_TAIL: [[f64; 8]; 2] = [
    [
        6.657_904_643_501_103_777_20,
        5.463_784_911_164_114_369_90,
        1.784_826_539_917_291_335_80,
        2.965_605_718_285_048_912_30e-1,
        2.653_218_952_657_612_309_30e-2,
        1.242_660_947_388_078_438_60e-3,
        2.711_555_568_743_487_578_15e-5,
        2.010_334_399_292_288_132_65e-7,
    ],
    [
        1.0,
        5.998_322_065_558_879_376_90e-1,
        1.369_298_809_227_358_053_10e-1,
        1.487_536_129_085_061_485_25e-2,
        7.868_691_311_456_132_591_00e-4,
        1.846_318_317_510_054_681_80e-5,
        1.421_511_758_316_445_888_70e-7,
        2.044_263_103_389_939_785_64e-15,
    ],
];

#[cfg(test)]
mod tests {
    use super::super::fit;
    use super::*;
    use crate::base::Rng;

    /// The values that the paper gives to check an implementation with.
    #[test]
    fn the_papers_check_values_come_out() {
        for (probability, value) in [
            (0.25, -0.674_489_750_196_081_7),
            (0.001, -3.090_232_306_167_814),
            (1e-20, -9.262_340_089_798_408),
        ] {
            assert!((standard_quantile(probability) / value - 1.0f64).abs() < 2e-16 * 4.0);
        }
    }

    #[test]
    fn it_inverts_the_cumulative_distribution_everywhere() {
        for power in 1..52 {
            for probability in [0.5f64.powi(power), 0.9 * 0.5f64.powi(power)] {
                let there = standard_quantile(probability);
                assert!(
                    (fit::normal_cdf(there) / probability - 1.0).abs() < 1e-13,
                    "{probability}"
                );
                let mirrored = standard_quantile(1.0 - probability);
                assert!((mirrored + there).abs() < 1e-9 || power > 20, "{probability}");
            }
        }
    }

    #[test]
    fn draws_are_distributed_as_asked() {
        let normal = Normal::new(20.0, 5.0).unwrap();
        let mut rng = Rng::new(5);
        let mut drawn: Vec<f64> = (0..50_000).map(|_| normal.draw(rng.next_u64())).collect();
        let p = fit::kolmogorov_smirnov(&mut drawn, |x| fit::normal_cdf((x - 20.0) / 5.0));
        assert!(p > 0.001, "{p}");
        let p = fit::kolmogorov_smirnov(&mut drawn, |x| fit::normal_cdf((x - 20.0) / 5.25));
        assert!(p < 0.001, "a deviation of 5.25 would do as well: {p}");
    }

    #[test]
    fn no_deviation_is_the_mean_and_the_ends_are_finite() {
        let normal = Normal::new(3.0, 0.0).unwrap();
        assert!([0, 1 << 40, u64::MAX].iter().all(|&word| normal.draw(word) == 3.0));
        let normal = Normal::new(0.0, 1.0).unwrap();
        assert!(normal.draw(0) > -8.3 && normal.draw(u64::MAX) < 8.3);
        assert!(normal.draw(0) < -8.0 && normal.draw(u64::MAX) > 8.0);
    }

    #[test]
    fn impossible_parameters_are_refused() {
        assert_eq!(Normal::new(1.0, -1.0), Err(DrawError::Deviation(-1.0)));
        assert!(Normal::new(f64::NAN, 1.0).is_err());
        assert!(Normal::new(1.0, f64::INFINITY).is_err());
    }
}
