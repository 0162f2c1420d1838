//! The profiles that this program carries. Cost class: once a process.

/// A profile and what it is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BuiltIn {
    /// What `--profile` takes.
    pub name: &'static str,
    /// Where it stands in the project, for messages.
    pub file: &'static str,
    /// All of it.
    pub text: &'static str,
}

impl BuiltIn {
    /// The question that it answers: the first sentence of its header, on one line.
    #[must_use]
    pub fn question(&self) -> String {
        let header = self.text.lines().map_while(|line| line.strip_prefix('#'));
        let words: Vec<&str> = header
            .filter(|line| !line.contains("yaml-language-server"))
            .flat_map(str::split_whitespace)
            .collect();
        let text = words.join(" ");
        text.split_inclusive('?').next().unwrap_or_default().to_owned()
    }
}

/// The built-in profile of that name.
#[must_use]
pub fn built_in(name: &str) -> Option<&'static BuiltIn> {
    BUILT_IN.iter().find(|known| known.name == name)
}

/// The text of a built-in profile by its name, or of a file beside them by its file's name.
#[must_use]
pub fn built_in_file(name: &str) -> Option<&'static str> {
    built_in(name).map(|known| known.text).or_else(|| beside(name))
}

/// The text of a file beside the built-in profiles, by its name there.
pub(super) fn beside(name: &str) -> Option<&'static str> {
    BESIDE.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The profile of a run without any flag.
pub(super) const FIRST: &str = "first-look";

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        /// All of them, in the order in which they are worth a look.
        pub const BUILT_IN: &[BuiltIn] = &[$(BuiltIn {
            name: $name,
            file: concat!("profiles/", $name, ".yaml"),
            text: include_str!(concat!("../../../../profiles/", $name, ".yaml")),
        }),*];
    };
}

built_in![
    "first-look",
    "low-latency",
    "durable",
    "throughput",
    "many-small",
    "few-large",
    "keyed-skew",
    "compressible-events",
    "at-most-once",
    "mixed-topics",
    "key-rules",
    "bursty",
    "capacity",
    "ci",
];

/// The files that they name.
const BESIDE: [(&str, &str); 3] = [
    ("pangyo.rules.yaml", include_str!("../../../../profiles/pangyo.rules.yaml")),
    ("order.json.tmpl", include_str!("../../../../profiles/order.json.tmpl")),
    ("gps.tmpl", include_str!("../../../../profiles/gps.tmpl")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_says_its_question_and_how_to_read_the_answer() {
        for known in BUILT_IN {
            let question = known.question();
            assert!(question.ends_with('?'), "{}: {question}", known.name);
            assert!(question.len() < 200, "{}: {question}", known.name);
            let header = known.text.lines().take_while(|line| line.starts_with('#'));
            let header: String = header.map(|line| format!("{line}\n")).collect();
            assert!(header.contains("# How to read the answer: "), "{}:\n{header}", known.name);
            assert!(known.text.lines().all(|line| line.chars().count() <= 100), "{}", known.name);
        }
        assert!(built_in(FIRST).is_some());
    }
}
