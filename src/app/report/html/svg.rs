//! Drawings: scales, a frame with axes, and marks in it. Cost class: once a page.
//!
//! Everything is a string of SVG that stands in the page itself; colours are the page's classes, so
//! that dark mode and print change them. Each drawing has a title and a description for who can't
//! see it, and marks have titles that browsers show on hover.

use std::fmt::Write as _;

/// From values to places along an axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    log: bool,
}

impl Scale {
    /// From 0 to a round number at or above `highest`.
    pub(super) fn linear(highest: f64) -> Self {
        let highest = if highest > 0.0 { highest } else { 1.0 };
        let step = step(highest);
        Self { low: 0.0, high: (highest / step).ceil() * step, log: false }
    }

    /// From `low` to `high` as they are.
    pub(super) const fn span(low: f64, high: f64) -> Self {
        Self { low, high, log: false }
    }

    /// By decades, round at both ends. What isn't above 0 lies at the lower end.
    pub(super) fn log(low: f64, high: f64) -> Self {
        let low = round_log(if low > 0.0 { low } else { 1e-3 }, f64::floor);
        let high = round_log(high.max(low), f64::ceil);
        // One value alone gets a decade to lie in.
        Self { low, high: if high > low { high } else { low * 10.0 }, log: true }
    }

    /// The place of a value, 0 to 1.
    pub(super) fn part(&self, value: f64) -> f64 {
        let part = if self.log {
            (value.max(self.low) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        part.clamp(0.0, 1.0)
    }

    /// Round values to write beside the axis.
    pub(super) fn ticks(&self) -> Vec<f64> {
        if !self.log {
            let step = step(self.high - self.low);
            let count = ((self.high - self.low) / step).round();
            return up_to(count).map(|at| self.low + at * step).collect();
        }
        let decades = (self.high / self.low).log10();
        let parts: &[f64] = match decades {
            d if d <= 2.2 => &[1.0, 2.0, 5.0],
            d if d <= 3.2 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let first = self.low.log10().floor();
        let all = up_to(decades.ceil() + 1.0).flat_map(|decade| {
            let unit = 10_f64.powf(first + decade);
            parts.iter().map(move |part| part * unit)
        });
        all.filter(|tick| *tick >= self.low * 0.999 && *tick <= self.high * 1.001).collect()
    }
}

/// 0, 1, 2, … up to `count`.
fn up_to(count: f64) -> impl Iterator<Item = f64> {
    core::iter::successors(Some(0.0_f64), |at| Some(at + 1.0)).take_while(move |at| *at <= count)
}

/// A round step that cuts a span in about five.
fn step(span: f64) -> f64 {
    let raw = span / 5.0;
    let unit = 10_f64.powf(raw.log10().floor());
    let parts = [1.0, 2.0, 2.5, 5.0, 10.0];
    unit * parts.into_iter().find(|part| part * unit >= raw * 0.999).unwrap_or(10.0)
}

/// The next 1, 2 or 5 of a decade, to one side.
fn round_log(value: f64, side: fn(f64) -> f64) -> f64 {
    let unit = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    let part = value / unit;
    if side(0.5) > 0.0 {
        unit * steps.into_iter().find(|step| *step >= part * 0.999).unwrap_or(10.0)
    } else {
        unit * steps.into_iter().rfind(|step| *step <= part * 1.001).unwrap_or(1.0)
    }
}

/// A drawing with two axes.
#[derive(Debug)]
pub(super) struct Frame {
    id: &'static str,
    title: &'static str,
    /// What the drawing shows, in words.
    description: String,
    x: Scale,
    y: Scale,
    marks: String,
}

impl Frame {
    /// An empty drawing; `id` is its own on the page.
    pub(super) fn new(
        id: &'static str,
        title: &'static str,
        description: String,
        x: Scale,
        y: Scale,
    ) -> Self {
        Self { id, title, description, x, y, marks: String::new() }
    }

    /// The place of a value along the horizontal axis.
    pub(super) fn x(&self, value: f64) -> f64 {
        LEFT + self.x.part(value) * (WIDTH - LEFT - RIGHT)
    }

    /// The place of a value along the vertical axis.
    pub(super) fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - self.y.part(value) * (HEIGHT - TOP - BOTTOM)
    }

    /// A line through points; a missing one interrupts it.
    pub(super) fn line(&mut self, class: &str, points: &[(f64, Option<f64>)]) {
        let mut path = String::new();
        let mut pen = 'M';
        for (x, y) in points {
            let Some(y) = y else {
                pen = 'M';
                continue;
            };
            let _ = write!(path, "{pen}{:.1} {:.1}", self.x(*x), self.y(*y));
            pen = 'L';
        }
        let _ = write!(self.marks, "<path class=\"ln {class}\" d=\"{path}\"/>");
    }

    /// The area between two lines.
    pub(super) fn between(&mut self, class: &str, upper: &[(f64, f64)], lower: &[(f64, f64)]) {
        let all = upper.iter().chain(lower.iter().rev());
        let points: Vec<String> =
            all.map(|(x, y)| format!("{:.1},{:.1}", self.x(*x), self.y(*y))).collect();
        let _ = write!(self.marks, "<polygon class=\"{class}\" points=\"{}\"/>", points.join(" "));
    }

    /// A point with words on hover.
    pub(super) fn point(&mut self, class: &str, x: f64, y: f64, words: &str) {
        let (x, y) = (self.x(x), self.y(y));
        let _ = write!(
            self.marks,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"><title>{}</title>\
             </circle>",
            escape(words)
        );
    }

    /// A line from top to bottom, with words on hover.
    pub(super) fn mark(&mut self, class: &str, x: f64, words: &str) {
        let (x, bottom) = (self.x(x), HEIGHT - BOTTOM);
        let _ = write!(
            self.marks,
            "<path class=\"ln {class}\" d=\"M{x:.1} {TOP}V{bottom}\"><title>{}</title></path>",
            escape(words)
        );
    }

    /// A box between two values on each axis, filled by the share `strength`.
    pub(super) fn cell(&mut self, x: (f64, f64), y: (f64, f64), strength: f64, words: &str) {
        let (left, right) = (self.x(x.0), self.x(x.1));
        let (top, bottom) = (self.y(y.1), self.y(y.0));
        let _ = write!(
            self.marks,
            "<rect class=\"h\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" \
             opacity=\"{strength:.2}\"><title>{}</title></rect>",
            right - left + 0.3,
            bottom - top + 0.3,
            escape(words)
        );
    }

    /// The whole drawing. Ticks are values with their words.
    pub(super) fn draw(self, x: &[(f64, String)], y: &[(f64, String)], x_name: &str) -> String {
        let mut text = open(self.id, self.title, &self.description, HEIGHT);
        let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        for (value, words) in y {
            let at = self.y(*value);
            let _ = write!(
                text,
                "<path class=\"gl\" d=\"M{LEFT} {at:.1}H{right}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{words}</text>",
                LEFT - 6.0,
                at + 4.0
            );
        }
        for (value, words) in x {
            let at = self.x(*value);
            // Words that would be cut off at the end of the drawing stand before it.
            let room = 2.0 * (WIDTH - at);
            let (place, anchor) = match float(words.chars().count() as u64) * GLYPH > room {
                true => (WIDTH - 2.0, "end"),
                false => (at, "middle"),
            };
            let _ = write!(
                text,
                "<path class=\"gl\" d=\"M{at:.1} {TOP}V{bottom}\"/>\
                 <text x=\"{place:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{words}</text>",
                bottom + 17.0
            );
        }
        let _ = write!(
            text,
            "{}<path class=\"axis\" d=\"M{LEFT} {TOP}V{bottom}H{right}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text></svg>",
            self.marks,
            right,
            HEIGHT - 5.0,
            escape(x_name)
        );
        text
    }

    /// Ticks of the vertical axis with words by `name`.
    pub(super) fn y_ticks(&self, name: impl Fn(f64) -> String) -> Vec<(f64, String)> {
        self.y.ticks().into_iter().map(|value| (value, name(value))).collect()
    }

    /// Ticks of the horizontal axis with words by `name`.
    pub(super) fn x_ticks(&self, name: impl Fn(f64) -> String) -> Vec<(f64, String)> {
        self.x.ticks().into_iter().map(|value| (value, name(value))).collect()
    }
}

/// The beginning of a drawing, with its title and description.
pub(super) fn open(id: &str, title: &str, description: &str, height: f64) -> String {
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\
         <title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>",
        escape(title),
        escape(description)
    )
}

/// Text as it stands in a page, whatever is in it.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// A count for drawing.
#[expect(clippy::cast_precision_loss, reason = "a place in a drawing")]
pub(super) const fn float(count: u64) -> f64 {
    count as f64
}

/// Nanoseconds as milliseconds for drawing.
pub(super) const fn ms(nanos: u64) -> f64 {
    float(nanos) / 1e6
}

/// Milliseconds beside an axis, without zeros at the end.
pub(super) fn ms_tick(ms: f64) -> String {
    match ms {
        v if v >= 1_000.0 => format!("{} s", plain(v / 1_000.0)),
        v if v > 0.0 && v < 0.0995 => format!("{} µs", plain(v * 1_000.0)),
        v => format!("{} ms", plain(v)),
    }
}

/// A count beside an axis, short: `200k`.
pub(super) fn count_tick(count: f64) -> String {
    match count {
        v if v >= 1e6 => format!("{}M", plain(v / 1e6)),
        v if v >= 1e3 => format!("{}k", plain(v / 1e3)),
        v => plain(v),
    }
}

/// Three decimals at most, without zeros at the end.
fn plain(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Of a drawing's own units: on a desk two stand beside each other at about their own size.
pub(super) const WIDTH: f64 = 540.0;
const HEIGHT: f64 = 270.0;
/// The width that a character may take.
const GLYPH: f64 = 8.0;
const LEFT: f64 = 66.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 42.0;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_scale() {
        assert_eq!(Scale::linear(198_000.0).ticks().last(), Some(&200_000.0));
        let log = Scale::log(0.26, 52.7);
        let names: Vec<_> = log.ticks().into_iter().map(ms_tick).collect();
        assert_eq!(names.join(","), "0.3 ms,1 ms,3 ms,10 ms,30 ms,100 ms");
        assert_eq!([ms_tick(0.02), ms_tick(2_000.0)], ["20 µs", "2 s"]);
        assert_eq!([count_tick(250_000.0), count_tick(1.5e6)], ["250k", "1.5M"]);
    }

    proptest! {
        #[test]
        fn every_value_has_a_place_and_every_scale_has_ticks(
            low in 1e-4_f64..1e6, times in 1.0_f64..1e9, value in -1e3_f64..1e12
        ) {
            for scale in [Scale::log(low, low * times), Scale::linear(low * times)] {
                let part = scale.part(value);
                prop_assert!((0.0..=1.0).contains(&part), "{part}");
                let ticks = scale.ticks();
                prop_assert!((2..=20).contains(&ticks.len()), "{scale:?}: {ticks:?}");
                prop_assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]));
            }
        }
    }

    #[test]
    fn words_at_the_end_of_an_axis_stay_within_the_drawing() {
        let (x, y) = (Scale::log(1.0, 1e4), Scale::linear(1.0));
        let frame = Frame::new("a", "T", String::new(), x, y);
        let ticks = [(1e2, "99 %".to_owned()), (1e4, "99.99 %".to_owned())];
        let drawn = frame.draw(&ticks, &[], "");
        assert!(drawn.contains("text-anchor=\"middle\">99 %<"), "{drawn}");
        assert!(drawn.contains("x=\"538.0\" y=\"245.0\" text-anchor=\"end\">99.99 %<"), "{drawn}");
    }

    #[test]
    fn nothing_that_is_shown_becomes_markup() {
        assert_eq!(escape("<b a='\"'>&"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
        let scale = Scale::linear(1.0);
        let mut frame = Frame::new("a", "T", "<i>".to_owned(), scale, scale);
        frame.point("f1", 0.5, 0.5, "<script>");
        let drawn = frame.draw(&[], &[], "<x>");
        assert!(!drawn.contains("<i>") && !drawn.contains("<script>") && !drawn.contains("<x>"));
    }
}
