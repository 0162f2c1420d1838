//! A template's text into its program. Cost class: once a template.

use super::error::{TemplateError, Wrong, quoted};
use super::extent::Extent;
use super::functions::{self, Arguments, FUNCTIONS, Function};
use super::lex::{self, Piece, Tag, Word};
use super::op::{Op, Pick, Span};
use super::render::DEEPEST;
use super::{FieldName, Template};
use crate::kafka::config::nearest_of;
use crate::load::draw::Uniform;

pub(super) fn parse(text: &str) -> Result<Template, Vec<TemplateError>> {
    let mut parser = Parser::default();
    let content = text.strip_suffix('\n').map_or(text, |it| it.strip_suffix('\r').unwrap_or(it));
    if u32::try_from(text.len()).is_err() {
        let what = format!("a template of {} bytes", text.len());
        parser.wrong.push(Wrong::new(0, what, "expected one below 4 GiB"));
    } else if content.is_empty() {
        parser.wrong.push(Wrong::new(0, "an empty template", "expected what a record holds"));
    } else {
        parser.read(content);
    }
    parser.finish(text)
}

/// A program in the making.
#[derive(Default)]
struct Parser {
    ops: Vec<Op>,
    pool: Vec<u8>,
    picks: Vec<Pick>,
    fields: Vec<Field>,
    open: Vec<Open>,
    /// How many repeats have begun, which numbers them.
    repeats: u32,
    /// What there is so far of the record, or of a turn of the innermost repeat.
    extent: Extent,
    /// How many values had their mean from draws.
    drawn: u32,
    wrong: Vec<Wrong>,
}

struct Field {
    name: String,
    /// The repeat that it stands in.
    within: Option<u32>,
    extent: Extent,
}

/// A repeat that hasn't ended.
struct Open {
    number: u32,
    at: usize,
    /// Its operation.
    op: usize,
    turns: Uniform,
    separator: Span,
    /// What there was before it.
    before: Extent,
}

impl Parser {
    fn read(&mut self, text: &str) {
        let mut wrong = Vec::new();
        for piece in lex::pieces(text, &mut wrong) {
            match piece {
                Piece::Text(text) => self.text(text),
                Piece::Tag(tag) => {
                    if let Err(error) = self.tag(tag) {
                        self.wrong.push(error);
                    }
                }
            }
            if self.wrong.len() >= MOST_ERRORS {
                return;
            }
        }
        self.wrong.extend(wrong);
        for open in core::mem::take(&mut self.open) {
            let expected = "expected {{/repeat}} after what is to be repeated";
            self.wrong.push(Wrong::new(open.at, "a repeat that doesn't end", expected));
        }
    }

    fn finish(mut self, text: &str) -> Result<Template, Vec<TemplateError>> {
        if self.wrong.is_empty() {
            self.wrong.extend(too_much(self.extent));
        }
        if !self.wrong.is_empty() {
            self.wrong.sort_by_key(|wrong| wrong.at);
            return Err(self.wrong.into_iter().map(|wrong| wrong.placed(text)).collect());
        }
        let fields = self.fields.into_iter();
        Ok(Template {
            text: text.into(),
            ops: self.ops.into(),
            pool: self.pool.into(),
            picks: self.picks.into(),
            fields: fields
                .map(|it| FieldName {
                    name: it.name.into(),
                    repeated: it.within.is_some(),
                    extent: it.extent,
                })
                .collect(),
            largest: u32::try_from(self.extent.most).expect("compared above"),
            extent: self.extent,
        })
    }

    fn text(&mut self, text: &str) {
        let span = functions::text(text, &mut self.pool);
        self.push(Op::Text(span), Extent::exactly(span.len()));
    }

    fn push(&mut self, op: Op, extent: Extent) {
        self.ops.push(op);
        self.extent = self.extent.and(extent);
    }

    fn tag(&mut self, tag: Tag<'_>) -> Result<(), Wrong> {
        let mut words = lex::words(tag)?;
        let Some(first) = words.first_mut() else {
            let expected = "expected a function, such as {{uuid}}; to write braces: {{\"{{\"}}";
            return Err(Wrong::new(tag.at, "{{}}", expected));
        };
        if first.quoted {
            let text = core::mem::take(&mut first.text);
            return match words.get(1) {
                None => {
                    self.text(&text);
                    Ok(())
                }
                Some(word) => {
                    let expected = "expected }} after a quoted text";
                    Err(Wrong::new(word.at, quoted(&word.text), expected))
                }
            };
        }
        let name = take_name(first);
        if first.text.is_empty() {
            words.remove(0);
        }
        let end = tag.inside_at + tag.inside.trim_end().len();
        let (function, arguments) = match words.split_first() {
            Some((first, arguments)) => (find(first)?, arguments),
            None => {
                let expected = "expected a function after the name, such as {{user:zipf 1000}}";
                return Err(Wrong::new(end, "a name alone", expected));
            }
        };
        match (function.name, &name) {
            ("ref" | "repeat" | "/repeat" | "index", Some(name)) => {
                let what = format!("{} with a name, {}", function.name, quoted(name));
                Err(Wrong::new(
                    tag.at,
                    what,
                    "expected no name: only values that are made have one",
                ))
            }
            ("ref", None) => self.reference(function, arguments, end),
            ("repeat", None) => self.repeat(function, arguments, tag.at, end),
            ("/repeat", None) => self.end_repeat(function, arguments, tag.at, end),
            ("index", None) => self.index(function, arguments, tag.at, end),
            _ => self.value(function, arguments, name, tag.at, end),
        }
    }

    fn value(
        &mut self,
        function: Function,
        words: &[Word],
        name: Option<String>,
        at: usize,
        end: usize,
    ) -> Result<(), Wrong> {
        let mut arguments = Arguments::new(function, words, end, &mut self.pool, &mut self.picks);
        let value = functions::build(function.name, &mut arguments)
            .expect("every function of the table is one of those that are built")?;
        arguments.finish()?;
        let extent = value.extent(&self.picks, &mut self.drawn);
        let Some(name) = name else {
            self.push(Op::Value(value), extent);
            return Ok(());
        };
        if !is_name(&name) {
            let expected = "expected a name of letters, digits, - and _, a letter first";
            return Err(Wrong::new(at, format!("a field called {}", quoted(&name)), expected));
        }
        if self.fields.iter().any(|field| field.name == name) {
            let what = format!("a second field called {}", quoted(&name));
            return Err(Wrong::new(
                at,
                what,
                "expected another name; {{ref NAME}} writes it again",
            ));
        }
        let number = u32::try_from(self.fields.len()).expect("fewer fields than bytes");
        let within = self.open.last().map(|open| open.number);
        self.fields.push(Field { name, within, extent });
        self.push(Op::Field(number, value), extent);
        Ok(())
    }

    fn reference(&mut self, function: Function, words: &[Word], end: usize) -> Result<(), Wrong> {
        let mut arguments = Arguments::new(function, words, end, &mut self.pool, &mut self.picks);
        let word = arguments.needed()?;
        arguments.finish()?;
        let what = || format!("ref {}", quoted(&word.text));
        let Some(number) = self.fields.iter().position(|field| field.name == word.text) else {
            let names = self.fields.iter().map(|field| field.name.as_str());
            let expected = match nearest_of(&word.text, names) {
                Some(near) => format!("no field before it is called so; did you mean {near}?"),
                None => {
                    "expected a field that is named before it, such as {{user:zipf 1000}}".into()
                }
            };
            return Err(Wrong::new(word.at, what(), expected));
        };
        let Field { within, extent, .. } = self.fields[number];
        if within.is_some_and(|repeat| self.open.iter().all(|open| open.number != repeat)) {
            let expected = "expected it within the same repeat, since a record has none or many";
            return Err(Wrong::new(word.at, what(), expected));
        }
        self.push(Op::Ref(u32::try_from(number).expect("fewer fields than bytes")), extent);
        Ok(())
    }

    fn index(
        &mut self,
        function: Function,
        words: &[Word],
        at: usize,
        end: usize,
    ) -> Result<(), Wrong> {
        Arguments::new(function, words, end, &mut self.pool, &mut self.picks).finish()?;
        let Some(open) = self.open.last() else {
            return Err(Wrong::new(
                at,
                "index",
                "expected it within a repeat, whose turns it counts",
            ));
        };
        let extent = Extent::index(&open.turns);
        self.push(Op::Index, extent);
        Ok(())
    }

    fn repeat(
        &mut self,
        function: Function,
        words: &[Word],
        at: usize,
        end: usize,
    ) -> Result<(), Wrong> {
        let mut arguments = Arguments::new(function, words, end, &mut self.pool, &mut self.picks);
        let turns = arguments.count();
        arguments.word();
        let rest = arguments.finish();
        let separator = words.get(1).map_or(",", |word| &word.text);
        let separator = functions::text(separator, &mut self.pool);
        let none = Uniform::new(0, 0).expect("a range from 0 to 0");
        // Opened even where it is wrong, or its end would be called wrong, too.
        self.repeats += 1;
        self.open.push(Open {
            number: self.repeats,
            at,
            op: self.ops.len(),
            turns: *turns.as_ref().unwrap_or(&none),
            separator,
            before: core::mem::take(&mut self.extent),
        });
        if self.open.len() > DEEPEST {
            let what = format!("a repeat within {} others", self.open.len() - 1);
            return Err(Wrong::new(at, what, format!("expected {DEEPEST} levels at most")));
        }
        self.ops.push(Op::Repeat { turns: turns?, over: 0 });
        rest
    }

    fn end_repeat(
        &mut self,
        function: Function,
        words: &[Word],
        at: usize,
        end: usize,
    ) -> Result<(), Wrong> {
        Arguments::new(function, words, end, &mut self.pool, &mut self.picks).finish()?;
        let Some(open) = self.open.pop() else {
            return Err(Wrong::new(at, "/repeat", "expected {{repeat …}} before it"));
        };
        let position = |op: usize| u32::try_from(op).expect("fewer operations than bytes");
        let after = position(self.ops.len() + 1);
        if let Some(Op::Repeat { over, .. }) = self.ops.get_mut(open.op) {
            *over = after;
        }
        self.ops.push(Op::Again { start: position(open.op + 1), separator: open.separator });
        let repeated = self.extent.repeated(&open.turns, open.separator.len());
        self.extent = open.before.and(repeated);
        Ok(())
    }
}

/// Why nobody could send such records, or wait for them.
fn too_much(Extent { most, steps, .. }: Extent) -> Option<Wrong> {
    if most > Template::LONGEST_RECORD.into() {
        let what = format!("a template whose records may have {most} bytes");
        let expected = format!("expected {} at most", Template::LONGEST_RECORD);
        return Some(Wrong::new(0, what, expected));
    }
    (steps > Template::MOST_STEPS).then(|| {
        let what = format!("a template whose records may take {steps} steps");
        let expected = format!(
            "expected {} at most, what stands in a repeat counted in each of its turns; give its \
             repeats fewer turns",
            Template::MOST_STEPS
        );
        Wrong::new(0, what, expected)
    })
}

/// The function that a word names.
fn find(word: &Word) -> Result<Function, Wrong> {
    if let Some(function) = FUNCTIONS.iter().find(|function| function.name == word.text) {
        return Ok(*function);
    }
    let names = || FUNCTIONS.iter().map(|function| function.name);
    let expected = match nearest_of(&word.text, names()) {
        Some(near) => format!("there is no such function; did you mean {near}?"),
        None => format!("expected one of {}", names().collect::<Vec<_>>().join(", ")),
    };
    Err(Wrong::new(word.at, quoted(&word.text), expected))
}

/// Takes `name:` off the first word.
fn take_name(word: &mut Word) -> Option<String> {
    let colon = word.text.find(':')?;
    let function = word.text.split_off(colon + 1);
    let mut name = core::mem::replace(&mut word.text, function);
    name.truncate(colon);
    word.at += colon + 1;
    Some(name)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// More would help nobody, and each is counted out through the text.
const MOST_ERRORS: usize = 100;
