//! The functions of templates: their names, forms, and how they are read. Cost class: once a
//! template.

use super::error::{Wrong, quoted};
use super::lex::Word;
use super::op::{Fixed, Pick, Real, Shape, Span, Time, Value};
use super::{extent, lists, numbers};
use crate::load::draw::{
    DrawError, Exponential, LogNormal, Normal, Uniform, UniformReal, Weighted, Zipf,
};

/// A function as people read of it.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// How it is written; what stands in brackets may be left out.
    pub form: &'static str,
    /// One that works.
    pub example: &'static str,
}

/// A function's words, read from the left.
pub(super) struct Arguments<'a> {
    function: Function,
    words: core::slice::Iter<'a, Word>,
    /// Where the next word would stand, if it is missing.
    end: usize,
    /// The template's tables, into which texts and picks go.
    pub(super) pool: &'a mut Vec<u8>,
    pub(super) picks: &'a mut Vec<Pick>,
}

type Built = Result<Value, Wrong>;

/// All of them but those of `parse.rs` (`ref`, `index`, `repeat`), which make no value.
pub(super) fn build(name: &str, arguments: &mut Arguments<'_>) -> Option<Built> {
    Some(match name {
        "uuid" => Ok(Value::Uuid),
        "sequence" => arguments.sequence(),
        "timestamp" => Ok(Value::Time(Time::Iso8601)),
        "date" => Ok(Value::Time(Time::Date)),
        "timestamp_s" => Ok(Value::Time(Time::Unix(1_000_000_000))),
        "timestamp_ms" => Ok(Value::Time(Time::Unix(1_000_000))),
        "timestamp_us" => Ok(Value::Time(Time::Unix(1_000))),
        "timestamp_ns" => Ok(Value::Time(Time::Unix(1))),
        "int" => arguments.int(),
        "float" => arguments.float(),
        "normal" => arguments.normal(),
        "lognormal" => arguments.lognormal(),
        "exponential" => arguments.exponential(),
        "zipf" => arguments.zipf(),
        "bool" => arguments.bool(),
        "pick" => arguments.pick(),
        "pick_zipf" => arguments.pick_zipf(),
        "hex" => arguments.count().map(Value::Hex),
        "alnum" => arguments.count().map(|count| Value::Characters(lists::ALNUM, count)),
        "digits" => arguments.count().map(|count| Value::Characters(&lists::ALNUM[..10], count)),
        "word" => Ok(Value::Listed(lists::WORDS)),
        "words" => arguments.count().map(Value::Words),
        "name" => Ok(Value::Name),
        "first_name" => Ok(Value::Listed(lists::FIRST_NAMES)),
        "last_name" => Ok(Value::Listed(lists::LAST_NAMES)),
        "email" => Ok(Value::Email),
        "city" => Ok(Value::Listed(lists::CITIES)),
        "country" => Ok(Value::Listed(lists::COUNTRIES)),
        "ipv4" => Ok(Value::Ipv4),
        _ => return None,
    })
}

impl<'a> Arguments<'a> {
    pub(super) fn new(
        function: Function,
        words: &'a [Word],
        end: usize,
        pool: &'a mut Vec<u8>,
        picks: &'a mut Vec<Pick>,
    ) -> Self {
        Self { function, words: words.iter(), end, pool, picks }
    }

    /// The next word.
    pub(super) fn word(&mut self) -> Option<&'a Word> {
        self.words.next()
    }

    /// The next word, without which there is no function.
    pub(super) fn needed(&mut self) -> Result<&'a Word, Wrong> {
        self.word().ok_or_else(|| {
            let what = format!("{} ends here", self.function.name);
            Wrong::new(self.end, what, format!("expected {}", self.form()))
        })
    }

    /// That there is nothing more.
    pub(super) fn finish(&mut self) -> Result<(), Wrong> {
        match self.word() {
            Some(word) => Err(self.refuse(word)),
            None => Ok(()),
        }
    }

    /// A word that isn't what the form says.
    pub(super) fn refuse(&self, word: &Word) -> Wrong {
        Wrong::new(word.at, self.named(word), format!("expected {}", self.form()))
    }

    /// A word whose number can't be.
    fn impossible(&self, word: &Word, why: DrawError) -> Wrong {
        Wrong::new(word.at, self.named(word), format!("{why}; the form is {}", self.form()))
    }

    fn named(&self, word: &Word) -> String {
        format!("{} {}", self.function.name, quoted(&word.text))
    }

    fn form(&self) -> String {
        let Function { form, example, .. } = self.function;
        if form == example {
            format!("{{{{{form}}}}} and nothing more")
        } else {
            format!("{{{{{form}}}}}, such as {{{{{example}}}}}")
        }
    }

    /// The next word as `read` takes it.
    fn read<T>(&mut self, read: impl Fn(&str) -> Option<T>) -> Result<(&'a Word, T), Wrong> {
        let word = self.needed()?;
        read(&word.text).map(|value| (word, value)).ok_or_else(|| self.refuse(word))
    }

    /// The next word, if there is one, as `read` takes it.
    fn maybe<T>(
        &mut self,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<(&'a Word, T)>, Wrong> {
        if self.words.as_slice().is_empty() { Ok(None) } else { self.read(read).map(Some) }
    }

    fn sequence(&mut self) -> Built {
        let start =
            self.maybe(|text| numbers::whole(text).and_then(|it| u64::try_from(it).ok()))?;
        Ok(Value::Sequence(start.map_or(0, |(_, start)| start)))
    }

    fn int(&mut self) -> Built {
        let (word, (low, high)) = self.read(|text| numbers::range(text, numbers::whole))?;
        Uniform::new(low, high).map(Value::Int).map_err(|why| self.impossible(word, why))
    }

    fn float(&mut self) -> Built {
        let (word, (low, high)) = self.read(|text| numbers::range(text, numbers::real))?;
        UniformReal::new(low, high).map_err(|why| self.impossible(word, why))?;
        let decimals = self.maybe(decimals)?.map_or(DECIMALS, |(_, decimals)| decimals);
        let ends = (self.units(word, low, decimals)?, self.units(word, high, decimals)?);
        let units = Uniform::new(ends.0, ends.1).map_err(|why| self.impossible(word, why))?;
        Ok(Value::Fixed(Fixed { units, decimals }))
    }

    fn normal(&mut self) -> Built {
        let (at_mean, mean) = self.read(numbers::real)?;
        let (word, deviation) = self.read(numbers::real)?;
        let normal = Normal::new(mean, deviation).map_err(|why| self.impossible(word, why))?;
        self.real(at_mean, mean, Shape::Normal(normal))
    }

    fn lognormal(&mut self) -> Built {
        let (at_median, median) = self.read(numbers::real)?;
        let (word, sigma) = self.read(numbers::real)?;
        if median <= 0.0 {
            return Err(self.refuse(at_median));
        }
        let lognormal =
            LogNormal::new(libm::log(median), sigma).map_err(|why| self.impossible(word, why))?;
        self.real(at_median, median, Shape::LogNormal(lognormal))
    }

    fn exponential(&mut self) -> Built {
        let (word, mean) = self.read(numbers::real)?;
        let exponential = Exponential::new(mean).map_err(|why| self.impossible(word, why))?;
        self.real(word, mean, Shape::Exponential(exponential))
    }

    /// Decimals and bounds of a distribution around `middle`, in either order.
    fn real(&mut self, at_middle: &Word, middle: f64, shape: Shape) -> Built {
        let (mut given_decimals, mut bounds) = (None, None);
        while let Some(word) = self.word() {
            if word.text.contains("..") && bounds.is_none() {
                let range = numbers::range(&word.text, numbers::real);
                let (low, high) = range.ok_or_else(|| self.refuse(word))?;
                UniformReal::new(low, high).map_err(|why| self.impossible(word, why))?;
                bounds = Some((word, low, high));
            } else if given_decimals.is_none() {
                given_decimals = Some(decimals(&word.text).ok_or_else(|| self.refuse(word))?);
            } else {
                return Err(self.refuse(word));
            }
        }
        let decimals = given_decimals.unwrap_or(DECIMALS);
        self.units(at_middle, middle, decimals)?;
        let (least, most) = match bounds {
            Some((word, low, high)) => {
                (self.units(word, low, decimals)?, self.units(word, high, decimals)?)
            }
            None => (-WIDEST, WIDEST),
        };
        Ok(Value::Real(Real { shape, decimals, least, most }))
    }

    /// A number in units of its last decimal.
    fn units(&self, word: &Word, number: f64, decimals: u8) -> Result<i64, Wrong> {
        numbers::units(number, decimals).ok_or_else(|| {
            let what = format!("{} with {decimals} decimals", self.named(word));
            Wrong::new(word.at, what, "expected 15 digits at most; give fewer decimals")
        })
    }

    fn zipf(&mut self) -> Built {
        let (at_count, count) = self.read(numbers::whole)?;
        let exponent = self.maybe(numbers::real)?;
        let word = exponent.map_or(at_count, |(word, _)| word);
        let exponent = exponent.map_or(EXPONENT, |(_, exponent)| exponent);
        let count = u64::try_from(count).map_err(|_| self.refuse(at_count))?;
        let zipf = Zipf::new(count, exponent);
        zipf.map(Value::Zipf).map_err(|why| self.impossible(word, why))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 2^64, where the largest word stands for the end"
    )]
    fn bool(&mut self) -> Built {
        let share = self.maybe(numbers::share)?.map_or(0.5, |(_, share)| share);
        Ok(Value::Bool((share * ALL_WORDS) as u64))
    }

    fn pick(&mut self) -> Built {
        let first = self.needed()?;
        let mut weights = Vec::new();
        let mut items = Vec::new();
        for word in core::iter::once(first).chain(self.words.clone()) {
            let (item, weight) = self.weighted(word)?;
            items.push(text(item, self.pool));
            weights.push(weight);
        }
        self.words = core::slice::Iter::default();
        self.picked(first, &weights, items)
    }

    /// An item and its weight, 1 if there is none. A colon in quotes belongs to the item; another
    /// one has a weight behind it, or a mistyped weight became part of the item.
    fn weighted<'w>(&self, word: &'w Word) -> Result<(&'w str, f64), Wrong> {
        let Some(colon) = word.colon else { return Ok((&word.text, 1.0)) };
        let (item, weight) = (&word.text[..colon], &word.text[colon + 1..]);
        let number = numbers::real(weight.strip_suffix('%').unwrap_or(weight));
        match number.filter(|number| *number >= 0.0) {
            Some(weight) => Ok((item, weight)),
            None => {
                let expected = format!(
                    "expected a weight behind the colon, a number of 0 or more as in created:70, \
                     or quotes around an item that has a colon: {}",
                    quoted(&word.text)
                );
                Err(Wrong::new(word.at, self.named(word), expected))
            }
        }
    }

    fn pick_zipf(&mut self) -> Built {
        let (word, exponent) = self.read(numbers::real)?;
        Zipf::new(1, exponent).map_err(|why| self.impossible(word, why))?;
        let first = self.needed()?;
        let mut items = Vec::new();
        for word in core::iter::once(first).chain(self.words.by_ref()) {
            items.push(text(&word.text, self.pool));
        }
        let weights = (1..=u32::try_from(items.len()).unwrap_or(u32::MAX))
            .map(|rank| libm::pow(rank.into(), -exponent));
        self.picked(first, &weights.collect::<Vec<_>>(), items)
    }

    fn picked(&mut self, first: &Word, weights: &[f64], items: Vec<Span>) -> Built {
        let drawn = Weighted::new(weights).map_err(|why| self.impossible(first, why))?;
        let mean = extent::mean_of_items(weights, &items);
        self.picks.push(Pick { weights: drawn, items: items.into(), mean });
        let number = u32::try_from(self.picks.len() - 1).expect("fewer picks than bytes");
        Ok(Value::Pick(number))
    }

    /// A number of things, or a range of such.
    pub(super) fn count(&mut self) -> Result<Uniform, Wrong> {
        let (word, (least, most)) = self.read(numbers::counts)?;
        Uniform::new(least, most).map_err(|why| self.impossible(word, why))
    }
}

fn decimals(text: &str) -> Option<u8> {
    text.parse().ok().filter(|decimals| *decimals <= numbers::MOST_DECIMALS)
}

/// Puts a text into the pool.
pub(super) fn text(text: &str, pool: &mut Vec<u8>) -> Span {
    let end = |pool: &Vec<u8>| u32::try_from(pool.len()).expect("a template is below 4 GiB");
    let from = end(pool);
    pool.extend_from_slice(text.as_bytes());
    Span { from, to: end(pool) }
}

/// Decimals where none are given, as prices have.
const DECIMALS: u8 = 2;
/// The exponent where none is given, YCSB's.
const EXPONENT: f64 = 0.99;
/// 2^64.
const ALL_WORDS: f64 = 18_446_744_073_709_551_616.0;
/// 2^53 units.
const WIDEST: i64 = 1 << 53;

/// All functions, in the order in which they are documented.
pub const FUNCTIONS: &[Function] = &[
    plain("uuid"),
    plain("timestamp"),
    plain("timestamp_s"),
    plain("timestamp_ms"),
    plain("timestamp_us"),
    plain("timestamp_ns"),
    plain("date"),
    function("sequence", "sequence [START]", "sequence 1000"),
    function("int", "int LOW..HIGH", "int 1..100"),
    function("float", "float LOW..HIGH [DECIMALS]", "float 1..500 2"),
    function("normal", "normal MEAN DEVIATION [DECIMALS] [LOW..HIGH]", "normal 20 5 1"),
    function(
        "lognormal",
        "lognormal MEDIAN SIGMA [DECIMALS] [LOW..HIGH]",
        "lognormal 80 0.6 2 1..5000",
    ),
    function("exponential", "exponential MEAN [DECIMALS] [LOW..HIGH]", "exponential 250 0"),
    function("zipf", "zipf COUNT [EXPONENT]", "zipf 1000000 0.99"),
    function("bool", "bool [PERCENT]", "bool 10%"),
    function("pick", "pick ITEM[:WEIGHT]…", "pick created:70 paid:25 refunded:5"),
    function("pick_zipf", "pick_zipf EXPONENT ITEM…", "pick_zipf 1.1 red green blue"),
    function("hex", "hex LENGTH|LEAST..MOST", "hex 16"),
    function("alnum", "alnum LENGTH|LEAST..MOST", "alnum 5..20"),
    function("digits", "digits LENGTH|LEAST..MOST", "digits 12"),
    plain("word"),
    function("words", "words COUNT|LEAST..MOST", "words 3..10"),
    plain("name"),
    plain("first_name"),
    plain("last_name"),
    plain("email"),
    plain("city"),
    plain("country"),
    plain("ipv4"),
    function("ref", "ref FIELD", "ref user"),
    function("repeat", "repeat COUNT|LEAST..MOST [\"SEPARATOR\"]", "repeat 1..5"),
    plain("/repeat"),
    plain("index"),
];

const fn function(name: &'static str, form: &'static str, example: &'static str) -> Function {
    Function { name, form, example }
}

/// One that needs nothing.
const fn plain(name: &'static str) -> Function {
    function(name, name, name)
}
