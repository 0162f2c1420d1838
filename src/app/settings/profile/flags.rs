//! The flags of a run as data: what a profile can say in their place. Cost class: once a process.
//!
//! Read from the command line's own declarations, so that a new flag is a field of its section in a
//! profile without a further word.

use std::collections::BTreeSet;

use clap::{Arg, ArgAction, Args as _, Command};

use crate::app::cli::args::RunArgs;

/// One flag.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Flag {
    /// Its field in the data of [`RunArgs`].
    pub id: String,
    /// Without dashes in front.
    pub name: String,
    /// The group that the help lists it in.
    pub heading: String,
    /// What it takes.
    pub shape: Shape,
    /// The words that it takes, where there are a few.
    pub words: Vec<String>,
    /// Whether it names a file.
    pub is_file: bool,
    /// What the help says.
    pub help: String,
}

/// What a flag takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shape {
    /// Nothing.
    Switch,
    /// One value.
    One,
    /// A value each time that it is given.
    Many,
}

/// All of them.
#[derive(Clone, Debug)]
pub(super) struct Flags {
    all: Vec<Flag>,
    /// Pairs that can't stand beside each other, by name, in both orders.
    exclusive: BTreeSet<(String, String)>,
}

impl Flags {
    /// Those of a run.
    pub(super) fn of_run() -> Self {
        let command = RunArgs::augment_args(Command::new("run"));
        // What is hidden from the help is no business of a profile.
        let shown = |arg: &&Arg| arg.get_long().is_some() && !arg.is_hide_set();
        let named = || command.get_arguments().filter(shown);
        let mut exclusive = BTreeSet::new();
        for arg in named() {
            for other in command.get_arg_conflicts_with(arg) {
                exclusive.insert((name(arg), name(other)));
                exclusive.insert((name(other), name(arg)));
            }
        }
        Self { all: named().filter_map(flag).collect(), exclusive }
    }

    /// In the order of the help.
    pub(super) fn all(&self) -> &[Flag] {
        &self.all
    }

    /// The flag of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Flag> {
        self.all.iter().find(|flag| flag.name == name)
    }

    /// Those of one group of the help, whose heading begins with this word.
    pub(super) fn under(&self, heading: &str) -> impl Iterator<Item = &Flag> {
        self.all.iter().filter(move |flag| flag.heading.starts_with(heading))
    }

    /// Whether two flags can't stand beside each other.
    pub(super) fn are_exclusive(&self, one: &str, other: &str) -> bool {
        self.exclusive.contains(&(one.to_owned(), other.to_owned()))
    }

    /// Whether a flag leaves what a profile says in the place of another without effect.
    pub(super) fn displaces(&self, given: &str, other: &str) -> bool {
        self.are_exclusive(given, other) || DISPLACED.contains(&(given, other))
    }
}

fn name(arg: &Arg) -> String {
    arg.get_long().unwrap_or_default().to_owned()
}

/// `None` for flags that are counted: those speak to the one who types.
fn flag(arg: &Arg) -> Option<Flag> {
    let shape = match arg.get_action() {
        ArgAction::SetTrue => Shape::Switch,
        ArgAction::Set => Shape::One,
        ArgAction::Append => Shape::Many,
        _ => return None,
    };
    let words = arg.get_possible_values();
    let words = words.iter().map(|word| word.get_name().to_owned());
    let is_file = arg.get_value_names().unwrap_or_default().iter().any(|it| it.contains("FILE"));
    Some(Flag {
        id: arg.get_id().to_string(),
        name: name(arg),
        heading: arg.get_help_heading().unwrap_or_default().to_owned(),
        words: if shape == Shape::Switch { Vec::new() } else { words.collect() },
        shape,
        is_file,
        help: arg.get_help().map(ToString::to_string).unwrap_or_default(),
    })
}

/// A flag and what of a profile it leaves without effect, where typing both would make sense: a run
/// by count has no default time, stages have their own, whoever names a partitioner wants no rules,
/// and values come from one place.
const DISPLACED: [(&str, &str); 9] = [
    ("generator", "template"),
    ("generator", "payload-file"),
    ("template", "generator"),
    ("payload-file", "generator"),
    ("num-records", "duration"),
    ("num-records", "warmup"),
    ("stage", "duration"),
    ("rate-file", "duration"),
    ("partitioner", "key-rules"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_what_the_command_line_declares() {
        let flags = Flags::of_run();
        let rate = flags.get("rate").unwrap();
        assert_eq!((rate.id.as_str(), rate.shape), ("rate", Shape::One));
        assert!(rate.heading.starts_with("Load"));
        assert_eq!(flags.get("fresh-topic").unwrap().shape, Shape::Switch);
        assert_eq!(flags.get("topic-config").unwrap().shape, Shape::Many);
        assert!(flags.get("command-config").unwrap().is_file);
        assert_eq!(flags.get("output-format").unwrap().words, ["text", "json", "quiet"]);
        assert_eq!(flags.get("verbose"), None);
        assert!(flags.are_exclusive("rate", "throughput"));
        assert!(flags.are_exclusive("throughput", "rate"));
        assert!(flags.displaces("num-records", "duration"));
        assert!(!flags.displaces("duration", "num-records"));
        for (one, other) in DISPLACED {
            assert!(flags.get(one).is_some() && flags.get(other).is_some(), "{one}, {other}");
        }
    }
}
