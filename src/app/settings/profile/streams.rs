//! The streams of a profile: several kinds of records in one run, each with a topic, a share and
//! producers of its own. Cost class: once a process.

use core::ops::RangeInclusive;
use std::collections::BTreeSet;

use serde_json::Value as Data;

use super::super::problems::{Origin, Problems};
use super::super::yaml::{Node, Place};
use super::flags::Flags;
use super::merge::{
    Given, OF_MADE_KEYS, PAIRS, asks_for, datum, fields, joined, lonely, nothing, rival,
};
use super::read::Reader;
use super::sections::SECTIONS;
use super::{Said, Value};
use crate::load::schedule::Part;
use crate::load::source::KeyPlan;

/// One stream, as written.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::app::settings) struct StreamSaid {
    /// Its name in results.
    pub name: String,
    /// Its topic; `None`: the run's.
    pub topic: Option<Value>,
    /// Its weight.
    pub weight: u32,
    /// Its producers.
    pub producers: u32,
    /// What its generator says in the place of flags.
    said: Vec<Said>,
    /// Its keys, where it lists them.
    key: Option<(KeyPlan, Value)>,
    /// Where it stands.
    pub place: Place,
}

impl Reader<'_> {
    /// Reads a list of streams.
    pub(super) fn streams(&mut self, node: &Node<'_>) {
        let items = node.items(EXPECTED, self.problems);
        if node.is_empty_list() || items.len() > MOST {
            node.problem(format_args!("1 to {MOST} streams: {EXPECTED}"), self.problems);
            return;
        }
        for item in &items {
            if item.check_fields(&FIELDS, self.problems) {
                let stream = self.stream(item);
                self.profile.streams.push(stream);
            }
        }
    }

    fn stream(&mut self, node: &Node<'_>) -> StreamSaid {
        let topic = node.field("topic").and_then(|it| self.word(&it, "a topic's name"));
        let given = node.field("name").and_then(|it| self.word(&it, "a name"));
        let name = given.or_else(|| topic.clone()).map(|value| value.text);
        let name = name.unwrap_or_else(|| "stream".to_owned());
        let place = node.place();
        if self.profile.streams.iter().any(|other| other.name == name) {
            self.problems.add(format!(
                "stream \"{name}\" ({place}): expected a name that no other stream has; give it \
                 one of its own (name: …)"
            ));
        }
        let weight = self.count(node, "weight", 1..=Part::MAX_WEIGHT);
        let producers = self.count(node, "producers", 1..=MOST_PRODUCERS);
        let before = self.problems.look_at(Some(name.clone()));
        let (said, key) = self.generator(node);
        self.problems.look_at(before);
        StreamSaid { name, topic, weight, producers, said, key, place }
    }

    /// What a stream's generator says; the run's own stays as it is.
    fn generator(&mut self, node: &Node<'_>) -> (Vec<Said>, Option<(KeyPlan, Value)>) {
        let Some(node) = node.field("generator") else { return (Vec::new(), None) };
        let section = SECTIONS.iter().find(|section| section.name == "generator");
        let section = section.expect("profiles have a generator");
        let before = core::mem::take(&mut self.profile.said);
        let key = self.profile.key.take();
        self.section(&node, section);
        for (name, why) in OF_THE_RUN {
            if let Some(field) = node.field(name) {
                let expected = format!("nothing here, but in the run's own generator: {why}");
                field.problem(expected, self.problems);
            }
        }
        let said = core::mem::replace(&mut self.profile.said, before);
        (said, core::mem::replace(&mut self.profile.key, key))
    }

    fn word(&mut self, node: &Node<'_>, expected: &str) -> Option<Value> {
        let text = node.scalar().filter(|text| node.unset().is_none() && !text.is_empty());
        if text.is_none() {
            node.problem(expected, self.problems);
        }
        text.map(|text| Value { text, place: node.place(), missing: None })
    }

    /// A number; 1 where it isn't given.
    fn count(&mut self, node: &Node<'_>, name: &str, range: RangeInclusive<u32>) -> u32 {
        let Some(node) = node.field(name) else { return 1 };
        let number = node.scalar().and_then(|text| text.parse().ok());
        number.filter(|number| range.contains(number)).unwrap_or_else(|| {
            let (least, most) = (range.start(), range.end());
            node.problem(format_args!("a whole number, {least} to {most}"), self.problems);
            1
        })
    }
}

/// What holds for a stream.
#[derive(Clone, Debug)]
pub(in crate::app::settings) struct GivenStream {
    /// The run's flags with what the stream says in their place.
    pub given: Given,
    /// Where its own values stand.
    pub origins: Vec<(String, Vec<Origin>)>,
    /// The flags that it says.
    own: BTreeSet<String>,
    /// The flags of the run that don't hold for it.
    dropped: BTreeSet<String>,
}

impl GivenStream {
    /// Whether that flag says something else for it than for the run.
    pub(in crate::app::settings) fn differs_in(&self, flag: &str) -> bool {
        self.own.contains(flag) || self.dropped.contains(flag)
    }

    /// Whether it says itself what its values are made from.
    pub(in crate::app::settings) fn makes_values(&self) -> bool {
        OF_VALUES.iter().any(|flag| self.differs_in(flag))
    }
}

impl Given {
    /// The streams of the profile, as written.
    pub(in crate::app::settings) fn streams(&self) -> impl Iterator<Item = &StreamSaid> {
        self.profile.iter().flat_map(|profile| &profile.streams)
    }

    /// What holds for one of them: flags that were typed, what it says itself, and what else holds
    /// for the run. Its values displace those of the run that can't stand beside them, its key or
    /// value the run's whole one.
    pub(in crate::app::settings) fn of_stream(
        &self,
        stream: &StreamSaid,
        problems: &mut Problems,
    ) -> GivenStream {
        let flags = Flags::of_run();
        let (mut data, typed) = (fields(&self.args), fields(&self.command_line));
        let mut of = GivenStream {
            given: self.clone(),
            origins: Vec::new(),
            own: BTreeSet::new(),
            dropped: BTreeSet::new(),
        };
        let holds = |said: &&Said| !self.is_above_streams(&flags, &said.flag);
        let held: Vec<Said> = stream.said.iter().filter(holds).cloned().collect();
        let lists_key = stream.key.is_some() && !self.is_above_streams(&flags, "key");
        let says_key = lists_key || held.iter().any(|said| said.flag == "key");
        // A key or a value is replaced as a whole, with all that goes with it.
        let says_value = held.iter().any(|said| MAKES_VALUES.contains(&said.flag.as_str()));
        let is_unsized = held
            .iter()
            .any(|said| said.flag == "generator" && UNSIZED.contains(&&*joined(&said.values)));
        let is_free = |name: &str| self.typed_above(&flags, name).is_none();
        for flag in flags.all().iter().filter(|flag| is_free(&flag.name)) {
            let by = |said: &Said| displaces(&flags, said, &flag.name);
            let is_of_key = flag.name == "key" || OF_MADE_KEYS.contains(&flag.name.as_str());
            let goes_with_value = (says_value && OF_VALUE.contains(&flag.name.as_str()))
                || (is_unsized && flag.name == "record-size");
            if held.iter().any(by) || (says_key && is_of_key) || goes_with_value {
                data.insert(flag.id.clone(), nothing(flag.shape));
                of.dropped.insert(flag.name.clone());
            }
        }
        for (at, said) in held.iter().enumerate() {
            let missing = said.values.iter().filter_map(|value| value.missing.as_ref());
            missing.for_each(|sentence| problems.add(sentence.clone()));
            if let Some(rival) = rival(&flags, &held[..at], said) {
                problems.add(rival);
                continue;
            }
            let flag = flags.get(&said.flag).expect("a profile says flags that exist");
            data.insert(flag.id.clone(), datum(flag, said, typed.get(&flag.id)));
            of.own.insert(said.flag.clone());
            of.origins.push((said.flag.clone(), said.origins()));
        }
        for said in &held {
            if let Some(sentence) = lonely(said, &self.typed, &held) {
                problems.add(sentence);
            }
        }
        of.given.args = serde_json::from_value(Data::Object(data))
            .expect("what stands for a flag has the flag's shape");
        if let Some(profile) = of.given.profile.as_mut().filter(|_| says_key) {
            profile.key = stream.key.clone().filter(|_| lists_key);
        }
        of.given.from_profile.extend(of.own.iter().cloned());
        of
    }

    /// Whether a flag says for all streams what one of them would say: it was typed, or is varied.
    fn is_above_streams(&self, flags: &Flags, flag: &str) -> bool {
        let said = self.profile.iter().flat_map(|profile| &profile.said);
        let mut axes = said.filter(|said| said.is_axis);
        let is_typed = self.typed_above(flags, flag).is_some() && !PAIRS.contains(&flag);
        is_typed || axes.any(|axis| axis.flag == flag)
    }

    /// Adds what became of the values of all streams.
    pub(super) fn stream_rows(&mut self, flags: &Flags) {
        let Some(profile) = self.profile.take() else { return };
        for stream in &profile.streams {
            let first = self.rows.len();
            if let Some((_, value)) = &stream.key {
                let key = value.clone();
                let said = Said {
                    flag: "key".to_owned(),
                    field: "key".to_owned(),
                    values: vec![key],
                    is_axis: false,
                };
                self.row(&said, self.above(flags, &profile, &said));
            }
            for said in &stream.said {
                let above = self.above(flags, &profile, said);
                self.row(said, above.filter(|_| !PAIRS.contains(&said.flag.as_str())));
            }
            for row in &mut self.rows[first..] {
                row.stream = Some(stream.name.clone());
            }
        }
        self.profile = Some(profile);
    }
}

/// Whether what a stream says in the place of one flag leaves another of the run's without effect.
fn displaces(flags: &Flags, said: &Said, other: &str) -> bool {
    let flag = said.flag.as_str();
    let both = MAKES_VALUES.contains(&flag) && OF_VALUES.contains(&other);
    let stays = flag == other || asks_for(flag, &joined(&said.values), other);
    !stays && (both || flags.displaces(flag, other))
}

/// What decides how values are made: a stream that says one of them stands above all that the run's
/// generator says of it.
const MAKES_VALUES: [&str; 4] = ["generator", "template", "payload-file", "payload-monotonic"];
const OF_VALUES: [&str; 7] = [
    "generator",
    "template",
    "payload-file",
    "payload-monotonic",
    "payload-format",
    "payload-order",
    "payload-delimiter",
];
/// What else a value has.
const OF_VALUE: [&str; 4] = ["value-type", "compress-ratio", "tombstones", "schema-id"];
/// Values with a length of their own that no file names.
const UNSIZED: [&str; 2] = ["increasing", "null"];
/// Fields of a generator that hold for all streams, and why.
pub(super) const OF_THE_RUN: [(&str, &str); 2] = [
    ("seed", "every stream's records follow from the run's seed, and no two streams are alike"),
    ("key-rules", "all producers choose partitions alike"),
];
/// What a stream has.
const FIELDS: [&str; 5] = ["name", "topic", "weight", "producers", "generator"];
const EXPECTED: &str = "streams, such as [{topic: orders, weight: 3}, {topic: audit}]";
/// More are a mistake.
pub(super) const MOST: usize = 100;
/// As of `--producers`.
pub(super) const MOST_PRODUCERS: u32 = 1_000;
