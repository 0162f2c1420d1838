//! Which field of a profile stands in the place of which flag. Cost class: once a process.

use super::flags::{Flag, Flags};

/// A part of a profile whose fields stand for flags.
pub(super) struct Section {
    /// Its name.
    pub name: &'static str,
    /// What it is about, for editors.
    pub about: &'static str,
    /// The group of flags that are its fields under their own names, if it has one.
    heading: Option<&'static str>,
    /// Of that group, those that stand elsewhere in a profile, are perf-test's words for another,
    /// or speak to the one who types.
    without: &'static [&'static str],
    /// Fields with a name of their own, each with its flag.
    named: &'static [(&'static str, &'static str)],
    /// Fields with a form of their own.
    pub forms: &'static [&'static str],
}

impl Section {
    /// Its fields that are flags, each with its flag.
    pub(super) fn fields<'a>(&self, flags: &'a Flags) -> Vec<(&'a str, &'a Flag)> {
        let named = self.named.iter().filter_map(|(field, name)| Some((*field, flags.get(name)?)));
        let elsewhere = |flag: &&Flag| !self.without.contains(&flag.name.as_str());
        let group = self.heading.into_iter().flat_map(|heading| flags.under(heading));
        let group = group.filter(elsewhere).map(|flag| (flag.name.as_str(), flag));
        named.chain(group).collect()
    }
}

/// The flag that a field of some section stands for.
pub(super) fn flag_of<'a>(field: &str, flags: &'a Flags) -> Option<&'a Flag> {
    let form = FORMS.iter().find(|(name, _)| *name == field);
    let field = form.map_or(field, |(_, flag)| *flag);
    let of = |section: &Section| section.fields(flags).into_iter().find(|(name, _)| *name == field);
    SECTIONS.iter().find_map(of).map(|(_, flag)| flag).or_else(|| flags.get(field))
}

/// Fields with a form of their own that stand for one flag.
const FORMS: [(&str, &str); 2] = [("size", "record-size"), ("value", "generator")];

/// All of them. What isn't here: Kafka keys (`producer`), `matrix`, `repeat`, `cooldown`, `labels`.
pub(super) const SECTIONS: [Section; 7] = [
    Section {
        name: "target",
        about: "The cluster.",
        heading: None,
        without: &[],
        named: &[
            ("command-config", "command-config"),
            ("wait-balanced-leaders", "wait-balanced-leaders"),
        ],
        forms: &["bootstrap-server"],
    },
    Section {
        name: "topic",
        about: "The topic; made when it is missing.",
        heading: None,
        without: &[],
        named: &[
            ("name", "topic"),
            ("fresh", "fresh-topic"),
            ("keep", "keep-topic"),
            ("partitions", "partitions"),
            ("replication-factor", "replication-factor"),
        ],
        forms: &["config", "create"],
    },
    Section {
        name: "clients",
        about: "Who sends.",
        heading: None,
        without: &[],
        named: &[("producers", "producers")],
        forms: &[],
    },
    Section {
        name: "generator",
        about: "What the records hold.",
        heading: Some("Data"),
        without: &["profile", "key", "generator", "record-size", "payload-monotonic", "header"],
        named: &[("seed", "seed")],
        forms: &["key", "value", "size", "headers"],
    },
    Section {
        name: "load",
        about: "How much, how long.",
        heading: Some("Load"),
        without: &[
            "throughput",
            "warmup-records",
            "stage",
            "producers",
            "repeat",
            "cooldown",
            "seed",
        ],
        named: &[],
        forms: &["stages"],
    },
    Section {
        name: "gates",
        about: "What makes the run a failure.",
        heading: Some("Judgement"),
        without: &["label", "assert"],
        named: &[("asserts", "assert")],
        forms: &[],
    },
    Section {
        name: "output",
        about: "What is written where.",
        heading: Some("Output"),
        without: &["out"],
        named: &[("dir", "out")],
        forms: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: whoever adds a flag sees that a profile can say it, and no field is left behind when a
    /// flag goes.
    #[test]
    fn every_flag_is_a_field_or_known_to_be_none() {
        let flags = Flags::of_run();
        for section in &SECTIONS {
            for (field, flag) in section.named {
                assert!(flags.get(flag).is_some(), "{field} stands for {flag}, which isn't there");
            }
            for flag in section.without {
                assert!(flags.get(flag).is_some(), "{flag} isn't there");
            }
            let fields = section.fields(&flags);
            for (at, (field, _)) in fields.iter().enumerate() {
                let earlier = fields[..at].iter().map(|(name, _)| *name);
                let mut others = earlier.chain(section.forms.iter().copied());
                assert!(others.all(|other| other != *field), "{field} is there twice");
            }
        }
        assert_eq!(flag_of("name", &flags).unwrap().name, "topic");
        assert_eq!(flag_of("rate", &flags).unwrap().name, "rate");
        assert_eq!(flag_of("rats", &flags), None);
    }
}
