//! Mappings with a `kind`, written as the word that a flag takes. Cost class: once a process.
//!
//! `{kind: zipf, least: 1, most: 50, exponent: 1.1}` and `zipf:1..50:1.1` are the same; the flag's
//! reader judges both.

use super::super::problems::Problems;
use super::super::yaml::Node;
use crate::kafka::config::nearest_of;

/// A kind and its word: `{name}` stands for a part, brackets for what may be left out as a whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// What `kind` says; nothing where the parts tell.
    pub name: &'static str,
    /// Its word.
    pub word: &'static str,
    /// One that works, with all of its parts.
    pub example: &'static str,
}

const fn kind(name: &'static str, word: &'static str, example: &'static str) -> Kind {
    Kind { name, word, example }
}

/// A piece of a word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Piece {
    Text(&'static str),
    Part(&'static str),
    /// From here on all may be left out, up to the same again.
    Optional,
}

impl Kind {
    /// The names of its parts, and whether each may be left out.
    pub(super) fn parts(&self) -> Vec<(&'static str, bool)> {
        let mut optional = false;
        let part = |piece| match piece {
            Piece::Part(name) => Some((name, optional)),
            Piece::Text(_) => None,
            Piece::Optional => {
                optional = !optional;
                None
            }
        };
        self.pieces().into_iter().filter_map(part).collect()
    }

    fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for piece in self.word.split_inclusive(['{', '}', '[', ']']) {
            let (text, mark) = match piece.char_indices().next_back() {
                Some((at, mark @ ('{' | '}' | '[' | ']'))) => (&piece[..at], Some(mark)),
                _ => (piece, None),
            };
            match mark {
                Some('}') => pieces.push(Piece::Part(text)),
                _ if !text.is_empty() => pieces.push(Piece::Text(text)),
                _ => {}
            }
            if matches!(mark, Some('[' | ']')) {
                pieces.push(Piece::Optional);
            }
        }
        pieces
    }

    /// The word for a mapping; `None` where something is wrong, which is reported. `beside` are
    /// fields that somebody else reads.
    pub(super) fn of(
        &self,
        node: &Node<'_>,
        beside: &[&str],
        problems: &mut Problems,
    ) -> Option<String> {
        let parts = self.parts();
        let names = parts.iter().map(|(name, _)| *name);
        let kind = (!self.name.is_empty()).then_some("kind");
        let known: Vec<&str> = kind.into_iter().chain(names).chain(beside.to_vec()).collect();
        node.check_fields(&known, problems);
        let wanted = parts.iter().any(|(name, optional)| *optional && node.field(name).is_some());
        let mut word = Some(String::new());
        let mut optional = false;
        for piece in self.pieces() {
            let text = match piece {
                Piece::Optional => {
                    optional = !optional;
                    continue;
                }
                _ if optional && !wanted => continue,
                Piece::Text(text) => Some(text.to_owned()),
                Piece::Part(name) => part(node, name, self.example, problems),
            };
            word = word.zip(text).map(|(word, text)| word + &text);
        }
        word
    }
}

/// The word for a mapping whose `kind` is one of `kinds`; `None` where something is wrong, which is
/// reported. `beside` are fields that somebody else reads.
pub(super) fn word(
    kinds: &[Kind],
    node: &Node<'_>,
    beside: &[&str],
    problems: &mut Problems,
) -> Option<String> {
    let names: Vec<&str> = kinds.iter().map(|known| known.name).collect();
    let example = kinds.iter().find(|known| !known.parts().is_empty());
    let example = example.map_or("", |known| known.example);
    let example = format!("{example}, one of {}", names.join(", "));
    let kind = node.needed("kind", example, problems)?;
    let given = named(&kind);
    match kinds.iter().find(|known| Some(known.name) == given) {
        Some(known) => known.of(node, beside, problems),
        None => {
            let hint = given.and_then(|text| nearest_of(text, names.iter().copied()));
            let hint = hint.map(|hint| format!("; the nearest is {hint}")).unwrap_or_default();
            kind.problem(format_args!("one of {}{hint}", names.join(", ")), problems);
            None
        }
    }
}

/// What a kind says; `None` where it is no text.
pub(super) fn named<'n>(kind: &'n Node<'_>) -> Option<&'n str> {
    if kind.is_null() { Some(NULL) } else { kind.text().filter(|_| kind.unset().is_none()) }
}

/// A part of a mapping as text; a problem where it isn't there, or is none.
fn part(node: &Node<'_>, name: &str, example: &str, problems: &mut Problems) -> Option<String> {
    let field = node.needed(name, example, problems)?;
    let text = field.scalar().filter(|_| field.unset().is_none());
    if text.is_none() {
        field.problem("a number or a text", problems);
    }
    text
}

/// Keys; a list in a list's own form is read elsewhere.
pub(super) const KEYS: &[Kind] = &[
    kind("none", "none", "{kind: none}"),
    kind("sequence", "sequence", "{kind: sequence}"),
    kind("uniform", "uniform:{cardinality}", "{kind: uniform, cardinality: 10k}"),
    kind("zipf", "zipf:{cardinality}:{exponent}", "{kind: zipf, cardinality: 1M, exponent: 0.99}"),
    kind("roundrobin", "roundrobin:{cardinality}", "{kind: roundrobin, cardinality: 12}"),
    kind("hot", "hot:{share}:{keys}[/{others}]", "{kind: hot, share: 80%, keys: 10, others: 100k}"),
    kind("field", "field:{field}", "{kind: field, field: user}"),
    kind(LIST, "list:{values}", "{kind: list, values: [Pangyo, Seoul]}"),
];

/// The kind of keys whose values may be a list.
pub(super) const LIST: &str = "list";

/// What a key has beside its kind, and the flag that says it.
pub(super) const BESIDE_KEY: [(&str, &str); 2] = [("size", "key-size"), ("type", "key-type")];

/// What a value has beside its kind, and the flag that says it.
pub(super) const BESIDE_VALUE: [(&str, &str); 4] = [
    ("type", "value-type"),
    ("compress-ratio", "compress-ratio"),
    ("tombstones", "tombstones"),
    ("schema-id", "schema-id"),
];

/// Values that come out of no file, as `--generator` names them.
pub(super) const MADE_VALUES: [&str; 5] = ["random", "fixed", "sequence", "increasing", NULL];

/// What YAML reads as nothing where it isn't in quotes.
pub(super) const NULL: &str = "null";

/// A value that comes out of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filed {
    /// What `kind` says.
    pub kind: &'static str,
    /// Its fields, and the flag that says each. The file is first and can't be left out; its flag
    /// says the kind as well.
    pub fields: &'static [(&'static str, &'static str)],
    /// One that works.
    pub example: &'static str,
}

/// Values that come out of a file.
pub(super) const FILED_VALUES: [Filed; 2] = [
    Filed {
        kind: "template",
        fields: &[("file", "template"), ("tombstones", "tombstones"), ("schema-id", "schema-id")],
        example: FROM_TEMPLATE,
    },
    Filed {
        kind: "corpus",
        fields: &[
            ("file", "payload-file"),
            ("format", "payload-format"),
            ("order", "payload-order"),
            ("delimiter", "payload-delimiter"),
            ("tombstones", "tombstones"),
            ("schema-id", "schema-id"),
        ],
        example: FROM_CORPUS,
    },
];

/// How a profile says that values come out of a template.
pub(in crate::app::settings) const FROM_TEMPLATE: &str = "{kind: template, file: order.json.tmpl}";
/// The same of a corpus.
pub(in crate::app::settings) const FROM_CORPUS: &str = "{kind: corpus, file: lines.txt}";

/// The header that has the same text in every record.
pub(super) const TEXT_HEADER: Kind = kind("", "{name}={value}", "{name: source, value: web}");

/// Headers that are made for each record.
pub(super) const HEADERS: &[Kind] = &[
    kind("uuid", "{name}=uuid()", "{name: trace-id, kind: uuid}"),
    kind("sequence", "{name}=sequence()", "{name: number, kind: sequence}"),
    kind("random", "{name}=random({digits})", "{name: trace-id, kind: random, digits: 16}"),
    kind("time", "{name}=time()", "{name: sent-at, kind: time}"),
    kind(NULL, "{name}=null()", "{name: trace-id, kind: null}"),
];

/// Sizes beside those with weights.
pub(super) const SIZES: &[Kind] = &[
    kind("uniform", "uniform:{least}..{most}", "{kind: uniform, least: 100, most: 2000}"),
    kind(
        "normal",
        "normal:{mean}:{deviation}[:{least}..{most}]",
        "{kind: normal, mean: 500, deviation: 100, least: 100, most: 1000}",
    ),
    kind(
        "lognormal",
        "lognormal:{median}:{sigma}[:{least}..{most}]",
        "{kind: lognormal, median: 200, sigma: 0.8, least: 50, most: 10000}",
    ),
    kind(
        "zipf",
        "zipf:{least}..{most}:{exponent}",
        "{kind: zipf, least: 1, most: 10000, exponent: 1.1}",
    ),
];

/// Stages of a rate that varies.
pub(super) const STAGES: &[Kind] = &[
    kind(
        "steps",
        "steps:{from}:{to}:{count}:{for}",
        "{kind: steps, from: 10k, to: 50k, count: 5, for: 60s}",
    ),
    kind(
        "sine",
        "sine:{mean}:{amplitude}:{period}:{for}",
        "{kind: sine, mean: 10k, amplitude: 5k, period: 10s, for: 60s}",
    ),
    kind(
        "square",
        "square:{low}:{high}:{period}:{for}",
        "{kind: square, low: 10k, high: 20k, period: 10s, for: 60s}",
    ),
    kind(
        "saw",
        "saw:{low}:{high}:{period}:{for}",
        "{kind: saw, low: 10k, high: 20k, period: 10s, for: 60s}",
    ),
];

/// A rate for a time.
pub(super) const HOLD: Kind = kind("", "{rate}:{for}", "{rate: 100k, for: 60s}");

/// A way to a rate, as long as a time.
pub(super) const RAMP: Kind = kind("", "{ramp-to}:{for}:linear", "{ramp-to: 300k, for: 60s}");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_made_of_texts_and_parts() {
        let kind = kind("x", "x:{a}..{b}[:{c}]!", "");
        assert_eq!(kind.parts(), [("a", false), ("b", false), ("c", true)]);
        assert_eq!(
            kind.pieces(),
            [
                Piece::Text("x:"),
                Piece::Part("a"),
                Piece::Text(".."),
                Piece::Part("b"),
                Piece::Optional,
                Piece::Text(":"),
                Piece::Part("c"),
                Piece::Optional,
                Piece::Text("!"),
            ]
        );
    }
}
