//! A profile under the flags that were given. Cost class: once a process.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value as Data};

use super::super::layers::{Layers, key_of_flag};
use super::super::problems::Problems;
use super::super::yaml::read_text;
use super::builtin::FIRST;
use super::flags::{Flag, Flags, Shape};
use super::{Profile, Said, Value};
use crate::app::cli::args::{DataArgs, LoadArgs, ProducerArgs, RunArgs, TargetArgs};
use crate::load::source::KeyPlan;

/// A command line with the profile's values where it gives none.
#[derive(Clone, Debug)]
pub(in crate::app::settings) struct Given {
    /// The flags, whoever gave them.
    pub args: RunArgs,
    /// The layers of Kafka keys, the profile's among them.
    pub layers: Layers,
    /// The profile.
    pub profile: Option<Profile>,
    /// What became of the profile's values that aren't Kafka keys.
    pub rows: Vec<ProfileRow>,
    /// Flags that the profile gives.
    pub(super) from_profile: BTreeSet<String>,
    /// Flags that somebody typed, with what they say.
    pub(super) typed: BTreeMap<String, String>,
    /// The command line alone.
    pub(super) command_line: RunArgs,
}

/// What became of a value of a profile.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProfileRow {
    /// The stream that it is of; `None`: the whole run.
    pub stream: Option<String>,
    /// The flag that it stands for, without dashes.
    pub flag: String,
    /// What it says; several values are told apart by commas.
    pub value: String,
    /// Where: `file:line:column`.
    pub source: String,
    /// The flag that stands above it, with dashes, if one does, and what that says.
    pub overridden: Option<(String, String)>,
}

impl Given {
    /// Reads the profile that the flags name, or the one of a line without flags, and puts it under
    /// them. `variable` looks an environment variable up.
    pub(in crate::app::settings) fn read(
        args: &RunArgs,
        layers: Layers,
        variable: &dyn Fn(&str) -> Option<String>,
        problems: &mut Problems,
    ) -> Self {
        let profile = match &args.data.profile {
            Some(name) => Profile::load(name, variable, problems),
            None if is_bare(args) => Profile::load(FIRST, variable, problems),
            None => None,
        };
        let mut given = Self {
            args: args.clone(),
            layers,
            profile: None,
            rows: Vec::new(),
            from_profile: BTreeSet::new(),
            typed: BTreeMap::new(),
            command_line: args.clone(),
        };
        let Some(profile) = profile else { return given };
        let flags = Flags::of_run();
        given.typed = typed(&flags, &fields(&given.args));
        let held = given.put_under(&flags, &profile, problems);
        given.check_kafka(&flags, &profile, problems);
        let path = given.args.producer.command_config.as_deref();
        let path = path.filter(|_| given.is_from_profile("command-config"));
        given.layers.put_under(&profile, &held, path, problems);
        given.profile = Some(profile);
        given.stream_rows(&flags);
        given
    }

    /// Whether the profile gives that flag.
    pub(in crate::app::settings) fn is_from_profile(&self, flag: &str) -> bool {
        self.from_profile.contains(flag)
    }

    /// Whether somebody typed that flag.
    pub(in crate::app::settings) fn is_typed(&self, flag: &str) -> bool {
        self.typed.contains_key(flag)
    }

    /// The typed flag that stands above what a profile says in the place of `flag`, and what that
    /// is given.
    pub(super) fn typed_above(&self, flags: &Flags, flag: &str) -> Option<(&String, &String)> {
        let over = |flag: &str| {
            let displaces = |(name, value): &(&String, &String)| {
                flags.displaces(name, flag) && !asks_for(name, value, flag)
            };
            self.typed.get_key_value(flag).or_else(|| self.typed.iter().find(displaces))
        };
        // What makes sense only beside something else goes with it.
        let with_it = || {
            let (_, needed, _) = NEEDED.into_iter().find(|(needing, ..)| *needing == flag)?;
            over(needed).filter(|(name, _)| *name != needed)
        };
        // So do size and type where the typed keys have none.
        let with_keys = || {
            let key = self.typed.get_key_value("key").filter(|_| OF_MADE_KEYS.contains(&flag))?;
            is_unmade(key.1).then_some(key)
        };
        over(flag).or_else(with_it).or_else(with_keys)
    }

    /// The keys that the profile lists.
    pub(in crate::app::settings) fn listed_key(&self) -> Option<&KeyPlan> {
        self.profile.as_ref()?.key.as_ref().map(|(keys, _)| keys)
    }

    /// Kafka keys with several values that no flag stands for, as axes.
    pub(in crate::app::settings) fn axes(&self) -> Vec<(&'static str, Vec<String>)> {
        let axes = self.profile.iter().flat_map(|profile| &profile.axes);
        let axes = axes.filter(|(key, _)| self.layers.above_profile(key).is_none());
        let texts = |values: &[Value]| values.iter().map(|value| value.text.clone()).collect();
        axes.map(|(key, values)| (*key, texts(values))).collect()
    }

    /// The text of the file that a flag names, which a built-in profile may carry.
    pub(in crate::app::settings) fn text_of_file(
        &self,
        flag: &str,
        path: &str,
    ) -> std::io::Result<String> {
        self.carried(flag, path).map_or_else(|| read_text(Path::new(path)), |it| Ok(it.to_owned()))
    }

    /// The same, where this program carries it.
    pub(in crate::app::settings) fn carried(&self, flag: &str, path: &str) -> Option<&'static str> {
        let profile = self.profile.as_ref().filter(|_| self.is_from_profile(flag))?;
        profile.beside.carried(path)
    }

    /// Puts what a profile says where no flag does; gives back what of it holds.
    fn put_under(
        &mut self,
        flags: &Flags,
        profile: &Profile,
        problems: &mut Problems,
    ) -> Vec<Said> {
        let mut data = fields(&self.args);
        self.list_key(profile);
        let mut held: Vec<Said> = Vec::new();
        for said in &profile.said {
            let flag = flags.get(&said.flag).expect("a profile says flags that exist");
            let adds = PAIRS.contains(&flag.name.as_str());
            let above = self.above(flags, profile, said).filter(|_| !adds);
            if above.is_some() {
                self.row(said, above);
                continue;
            }
            let missing = said.values.iter().filter_map(|value| value.missing.clone());
            let missing: Vec<String> = missing.collect();
            if !missing.is_empty() {
                missing.into_iter().for_each(|sentence| problems.add(sentence));
                continue;
            }
            if let Some(rival) = rival(flags, &held, said) {
                problems.add(rival);
                continue;
            }
            self.row(said, None);
            problems.stand_elsewhere(&flag.name, said.origins());
            let value = datum(flag, said, data.get(&flag.id));
            data.insert(flag.id.clone(), value);
            self.from_profile.insert(flag.name.clone());
            held.push(said.clone());
        }
        for said in &held {
            if let Some(sentence) = lonely(said, &self.typed, &held) {
                problems.add(sentence);
            }
        }
        self.args = serde_json::from_value(Data::Object(data))
            .expect("what stands for a flag has the flag's shape");
        held
    }

    /// Who stands above what a profile says, with dashes, and what it says.
    pub(super) fn above(
        &self,
        flags: &Flags,
        profile: &Profile,
        said: &Said,
    ) -> Option<(String, String)> {
        let dashed = |(name, value): (&String, &String)| (format!("--{name}"), value.clone());
        let by_flag = self.typed_above(flags, &said.flag).map(dashed);
        let by_axis = || {
            let is_it = |it: &&Said| it.is_axis && it.flag == said.flag && !said.is_axis;
            let axis = profile.said.iter().find(is_it)?;
            Some(("matrix".to_owned(), joined(&axis.values)))
        };
        let by_layer = || {
            let key = key_of_flag(&said.flag).filter(|_| said.is_axis)?;
            let (value, source) = self.layers.above_profile(key)?;
            Some((source.to_string(), value.to_owned()))
        };
        by_flag.or_else(by_axis).or_else(by_layer)
    }

    /// Listed keys stand for no flag's word.
    fn list_key(&mut self, profile: &Profile) {
        let Some((_, value)) = &profile.key else { return };
        let by_flag = self.typed.get("key").map(|text| ("--key".to_owned(), text.clone()));
        let axis = profile.said.iter().find(|said| said.flag == "key");
        let by_axis = || axis.map(|axis| ("matrix".to_owned(), joined(&axis.values)));
        self.rows.push(ProfileRow {
            stream: None,
            flag: "key".to_owned(),
            value: value.text.clone(),
            source: value.place.to_string(),
            overridden: by_flag.or_else(by_axis),
        });
    }

    pub(super) fn row(&mut self, said: &Said, overridden: Option<(String, String)>) {
        let first = said.values.first().map(|value| value.place.to_string());
        self.rows.push(ProfileRow {
            stream: None,
            flag: said.flag.clone(),
            value: joined(&said.values),
            source: first.unwrap_or_default(),
            overridden,
        });
    }

    /// Says which of the profile's Kafka keys name variables that aren't there, unless somebody
    /// else gives the key.
    fn check_kafka(&self, flags: &Flags, profile: &Profile, problems: &mut Problems) {
        let typed = typed(flags, &fields(&self.args));
        let by_flag = |key: &str| typed.keys().any(|flag| key_of_flag(flag) == Some(key));
        let servers = profile.servers.iter().map(|value| (SERVERS, value));
        let keys = profile.producer.iter().map(|(key, value)| (key.as_str(), value));
        let axes = profile.axes.iter().flat_map(|(key, values)| values.iter().map(|it| (*key, it)));
        for (key, value) in servers.chain(keys).chain(axes) {
            let given = by_flag(key) || self.layers.above_profile(key).is_some();
            let embedded = key == SERVERS && self.args.target.embedded;
            if let Some(sentence) = value.missing.as_ref().filter(|_| !given && !embedded) {
                problems.add(sentence.clone());
            }
        }
    }
}

impl Profile {
    /// The Kafka keys that it has a value for, in their order.
    pub(in crate::app::settings) fn kafka(&self) -> impl Iterator<Item = (&str, &Value)> {
        let servers = self.servers.iter().map(|value| (SERVERS, value));
        let keys = self.producer.iter().map(|(key, value)| (key.as_str(), value));
        servers.chain(keys).filter(|(_, value)| value.missing.is_none())
    }
}

/// Whether nothing is asked of the run itself, so that the first profile says it all. What is
/// written where doesn't count.
fn is_bare(args: &RunArgs) -> bool {
    args.target == TargetArgs::default()
        && args.producer == ProducerArgs::default()
        && args.load == LoadArgs::default()
        && args.data == DataArgs::default()
}

/// The flags as data, by field.
pub(super) fn fields(args: &RunArgs) -> Map<String, Data> {
    match serde_json::to_value(args) {
        Ok(Data::Object(fields)) => fields,
        _ => unreachable!("flags are texts, numbers and lists of texts by name"),
    }
}

/// The flags that somebody typed, with what they say.
fn typed(flags: &Flags, data: &Map<String, Data>) -> BTreeMap<String, String> {
    let text = |value: &Data| match value {
        Data::Null | Data::Bool(false) => None,
        Data::Array(items) if items.is_empty() => None,
        Data::String(text) => Some(text.clone()),
        Data::Array(items) => {
            Some(items.iter().filter_map(Data::as_str).collect::<Vec<_>>().join(", "))
        }
        other => Some(other.to_string()),
    };
    let all = flags.all().iter().filter_map(|flag| Some((flag, data.get(&flag.id)?)));
    all.filter_map(|(flag, value)| Some((flag.name.clone(), text(value)?))).collect()
}

/// What stands in the field of a flag that isn't given.
pub(super) fn nothing(shape: Shape) -> Data {
    match shape {
        Shape::Switch => Data::Bool(false),
        Shape::One => Data::Null,
        Shape::Many => Data::Array(Vec::new()),
    }
}

/// What stands in a flag's field for what a profile says; `before` is what stands there already.
pub(super) fn datum(flag: &Flag, said: &Said, before: Option<&Data>) -> Data {
    match flag.shape {
        Shape::Switch => Data::Bool(true),
        Shape::One => {
            let texts: Vec<&str> = said.values.iter().map(|value| value.text.as_str()).collect();
            Data::String(texts.join(","))
        }
        Shape::Many => {
            let typed = before.and_then(Data::as_array).cloned().unwrap_or_default();
            let key = |pair: &str| pair.split('=').next().map(|key| key.trim().to_owned());
            let known: Vec<_> = typed.iter().filter_map(Data::as_str).map(key).collect();
            let own = said.values.iter().map(|value| &value.text);
            let own = own.filter(|text| !known.contains(&key(text)));
            own.map(|text| Data::String(text.clone())).chain(typed).collect()
        }
    }
}

/// Why something that a profile says can't stand beside what it said before.
pub(super) fn rival(flags: &Flags, held: &[Said], said: &Said) -> Option<String> {
    let is_rival = |it: &&Said| it.flag == said.flag || flags.are_exclusive(&it.flag, &said.flag);
    let other = held.iter().find(is_rival)?;
    let (own, others) = (said.values.first()?, other.values.first()?);
    Some(format!(
        "{} = \"{}\" ({}): expected nothing beside {} ({}); leave one of the two out",
        said.field, own.text, own.place, other.field, others.place
    ))
}

/// Why something that a profile says makes no sense without something else.
pub(super) fn lonely(
    said: &Said,
    typed: &BTreeMap<String, String>,
    held: &[Said],
) -> Option<String> {
    let (_, needed, field) = NEEDED.into_iter().find(|(flag, ..)| *flag == said.flag)?;
    if typed.contains_key(needed) || held.iter().any(|it| it.flag == needed) {
        return None;
    }
    let value = said.values.first()?;
    let Said { field: own, .. } = said;
    Some(format!("{own} = \"{}\" ({}): expected {field} beside it", value.text, value.place))
}

pub(super) fn joined(values: &[Value]) -> String {
    values.iter().map(|value| value.text.as_str()).collect::<Vec<_>>().join(",")
}

/// Whether what is given for one flag asks for what another one names, so that this stays.
pub(super) fn asks_for(name: &str, value: &str, flag: &str) -> bool {
    let kind = match (name, flag) {
        ("generator", "template") => "template",
        ("generator", "payload-file") => "corpus",
        _ => return false,
    };
    value.split(',').any(|word| word.trim() == kind)
}

/// Whether `--key` given so makes no key from a number, each of its values, so that there is
/// nothing to have a size or a type.
fn is_unmade(keys: &str) -> bool {
    keys.split(',')
        .map(str::trim)
        .all(|key| key == "none" || key.starts_with("list:") || key.starts_with("field:"))
}

/// What keys that are made from numbers have.
pub(super) const OF_MADE_KEYS: [&str; 2] = ["key-size", "key-type"];
/// Flags that add to what a profile says, key by key.
pub(super) const PAIRS: [&str; 3] = ["topic-config", "label", "header"];
/// Flags that the command line takes beside others alone, and what a profile calls those.
const NEEDED: [(&str, &str, &str); 5] = [
    ("keep-topic", "fresh-topic", "fresh: true"),
    ("rate-file-linear", "rate-file", "rate-file"),
    ("payload-format", "payload-file", "payload-file"),
    ("payload-order", "payload-file", "payload-file"),
    ("payload-delimiter", "payload-file", "payload-file"),
];
const SERVERS: &str = "bootstrap.servers";
