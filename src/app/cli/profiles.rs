//! `kprod-bench profiles`: what this program carries, to run or to copy. Cost class: once a
//! process.

use super::args::{ProfilesArgs, ProfilesCommand};
use super::say::{complain, print};
use crate::app::report::exit::Exit;
use crate::app::settings::{BUILT_IN, built_in_file, profile_schema};
use crate::kafka::config::nearest_of;

/// Lists the profiles, or prints what was asked for.
#[must_use]
pub(super) fn run(args: &ProfilesArgs) -> Exit {
    match &args.command {
        None => print(&list()),
        Some(ProfilesCommand::Schema) => print(&profile_schema()),
        Some(ProfilesCommand::Show { name }) => match built_in_file(name) {
            Some(text) => print(text),
            None => {
                complain(&unknown(name));
                return Exit::BadInput;
            }
        },
    }
    Exit::Passed
}

/// What is wrong with these words.
#[must_use]
pub(super) fn problems(args: &ProfilesArgs) -> Vec<String> {
    match &args.command {
        Some(ProfilesCommand::Show { name }) if built_in_file(name).is_none() => {
            vec![unknown(name)]
        }
        _ => Vec::new(),
    }
}

/// A line for each profile: its name and its question.
fn list() -> String {
    let widest = BUILT_IN.iter().map(|known| known.name.len()).max().unwrap_or(0);
    let lines = BUILT_IN.iter();
    let lines = lines.map(|known| format!("{:widest$}  {}\n", known.name, known.question()));
    let lines: String = lines.collect();
    format!(
        "{lines}\nTo run one: kprod-bench --profile NAME; every flag stands above it. To change \
         one: kprod-bench\nprofiles show NAME > my.yaml, then kprod-bench --profile my.yaml.\n"
    )
}

fn unknown(name: &str) -> String {
    let names: Vec<&str> = BUILT_IN.iter().map(|known| known.name).collect();
    let hint = nearest_of(name, names.iter().copied());
    let hint = hint.map(|hint| format!("; the nearest is {hint}")).unwrap_or_default();
    format!("{name}: expected one of {}{hint}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_profile_has_a_line_with_its_question() {
        let list = list();
        for known in BUILT_IN {
            let line = list.lines().find(|line| line.starts_with(known.name));
            let line = line.unwrap_or_else(|| panic!("{} isn't listed", known.name));
            assert!(line.ends_with('?') && line.chars().count() <= 120, "{line}");
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_those_that_are_known() {
        let said = unknown("key-rule");
        assert!(said.starts_with("key-rule: expected one of first-look, "), "{said}");
        assert!(said.ends_with("; the nearest is key-rules"), "{said}");
    }
}
