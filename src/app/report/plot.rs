//! Rates over time as a picture of characters. Cost class: once a run.
//!
//! ratatui's chart, drawn into a buffer in memory: the same lines on a terminal and in a file,
//! without colour, 80 columns wide or fewer.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::{Alignment, Rect};
use ratatui_core::symbols::Marker;
use ratatui_core::widgets::Widget as _;
use ratatui_widgets::chart::{Axis, Chart, Dataset, GraphType};

/// What is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plot {
    /// The planned rate, a line: (seconds, records a second) by ascending time.
    pub planned: Vec<(f64, f64)>,
    /// Rates that came about, dots, and what they are called.
    pub achieved: Option<(String, Vec<(f64, f64)>)>,
    /// Where the time axis ends, seconds; above 0.
    pub seconds: f64,
    /// Lines of the picture, axes included; 8 or more.
    pub height: u16,
    /// Columns, axes included; 40 or more, [`WIDTH`] where there is room.
    pub width: u16,
}

impl Plot {
    /// The lines, with one above that says what is what.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let (top, step) = self.scale();
        let marks = |last: f64, step: f64, word: fn(f64) -> String| {
            let mut marks = vec![word(0.0)];
            let mut at = step;
            while at <= last * 1.000_001 {
                marks.push(word(at));
                at += step;
            }
            marks
        };
        let mut sets = vec![line(&self.planned)];
        if let Some((_, points)) = &self.achieved {
            sets.push(dots(points));
        }
        let seconds = self.seconds.max(1e-3);
        let time = Axis::default()
            .bounds([0.0, seconds])
            .labels(marks(seconds, seconds / 4.0, time_label))
            .labels_alignment(Alignment::Right);
        let rate = Axis::default()
            .bounds([0.0, top])
            .labels(marks(top, step, rate_label))
            .labels_alignment(Alignment::Right);
        let area = Rect::new(0, 0, self.width.max(40), self.height.max(8));
        let mut buffer = Buffer::empty(area);
        Chart::new(sets).x_axis(time).y_axis(rate).legend_position(None).render(area, &mut buffer);
        let mut lines = vec![self.caption()];
        lines.extend((0..area.height).map(|y| {
            let cells = (0..area.width).map(|x| buffer[(x, y)].symbol());
            cells.collect::<String>().trim_end().to_owned()
        }));
        lines
    }

    fn caption(&self) -> String {
        let dots = self.achieved.as_ref().map(|(name, _)| format!("   • {name}"));
        format!("records/s over time   ⠒ planned{}", dots.unwrap_or_default())
    }

    /// The upper end of the rate axis and the distance of its marks: round numbers, four marks or
    /// five.
    fn scale(&self) -> (f64, f64) {
        let achieved = self.achieved.iter().flat_map(|(_, points)| points);
        let points = self.planned.iter().chain(achieved);
        let highest = points.map(|(_, rate)| *rate).fold(0.0, f64::max).max(1e-6);
        let power = libm::pow(10.0, libm::floor(libm::log10(highest / 4.0)));
        let round = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * power);
        let step = round.into_iter().find(|step| step * 4.0 >= highest * 0.999_999);
        let step = step.unwrap_or(10.0 * power);
        let marks = libm::ceil(highest / step * 0.999_999);
        (step * marks, step)
    }
}

fn line(points: &[(f64, f64)]) -> Dataset<'_> {
    Dataset::default().marker(Marker::Braille).graph_type(GraphType::Line).data(points)
}

fn dots(points: &[(f64, f64)]) -> Dataset<'_> {
    Dataset::default().marker(Marker::Dot).graph_type(GraphType::Scatter).data(points)
}

/// `0`, `50k`, `1.5M`.
fn rate_label(rate: f64) -> String {
    let (value, unit) = match rate {
        rate if rate >= 999_999.5 => (rate / 1e6, "M"),
        rate if rate >= 999.95 => (rate / 1e3, "k"),
        rate => (rate, ""),
    };
    format!("{}{unit}", short(value))
}

/// `0`, `7.5s`, `2m`, `1.5h`.
fn time_label(seconds: f64) -> String {
    let (value, unit) = match seconds {
        0.0 => return "0".to_owned(),
        s if s >= 7_200.0 => (s / 3_600.0, "h"),
        s if s >= 120.0 => (s / 60.0, "m"),
        s if s >= 1.0 => (s, "s"),
        s => (s * 1e3, "ms"),
    };
    format!("{}{unit}", short(value))
}

/// At most two decimals, none that are 0.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Columns of a picture that has the room.
pub const WIDTH: u16 = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_round_marks_with_units() {
        let scale = |highest: f64| {
            let planned = vec![(0.0, highest)];
            Plot { planned, seconds: 1.0, ..Plot::default() }.scale()
        };
        assert_eq!(scale(200_000.0), (200_000.0, 50_000.0));
        assert_eq!(scale(300_000.0), (300_000.0, 100_000.0));
        assert_eq!(scale(210.0), (300.0, 100.0));
        assert_eq!(scale(7.0), (8.0, 2.0));
        assert_eq!([rate_label(0.0), rate_label(2_500.0), rate_label(1e6)], ["0", "2.5k", "1M"]);
        assert_eq!([time_label(7.5), time_label(300.0), time_label(0.25)], ["7.5s", "5m", "250ms"]);
    }

    #[test]
    fn a_ramp_rises_from_left_to_right_within_80_columns() {
        let planned: Vec<_> = (0..=10).map(|s| (f64::from(s), f64::from(s) * 20_000.0)).collect();
        let dots = planned.iter().map(|(at, rate)| (*at, rate / 2.0)).collect();
        let achieved = Some(("acked".to_owned(), dots));
        let plot = Plot { planned, achieved, seconds: 10.0, height: 12, width: WIDTH };
        let lines = plot.lines();
        assert_eq!(lines.len(), 13);
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:#?}");
        assert_eq!(lines[0], "records/s over time   ⠒ planned   • acked");
        assert!(lines[1].trim_start().starts_with("200k"), "{lines:#?}");
        for label in ["2.5s", "5s", "7.5s", "10s"] {
            assert!(lines[12].contains(label), "{lines:#?}");
        }
        let column = |line: &str| line.chars().position(|c| ('\u{2801}'..='\u{28ff}').contains(&c));
        let (top, bottom) = (column(&lines[1]).unwrap(), column(&lines[10]).unwrap());
        assert!(top > bottom + 50, "{lines:#?}");
        assert!(lines.iter().skip(1).any(|line| line.contains('•')), "{lines:#?}");
    }
}
