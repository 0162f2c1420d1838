//! The words of a command line to flags. Cost class: once a process.
//!
//! clap stops at the first word that it can't place. Here that word is set aside with its value and
//! the rest is read again, so that whatever else is wrong, in names and in values, is said as well.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory as _, FromArgMatches as _};

use super::args::Cli;

/// What a command line is.
#[derive(Debug)]
pub(super) enum Words {
    /// Flags, each of which exists.
    Flags(Box<Cli>),
    /// A question: help or the version, ready to be printed.
    Question(clap::Error),
    /// Wrong.
    Wrong {
        /// Why, a line for each reason, in the order of the words.
        complaints: Vec<String>,
        /// What is left without the wrong words, if that makes sense.
        rest: Option<Box<Cli>>,
    },
}

/// Reads the words, the program's name first.
pub(super) fn read(mut words: Vec<OsString>) -> Words {
    let command = command();
    join_values(&mut words, &command);
    let mut complaints = Vec::new();
    // Every round takes a word out.
    for _ in 0..=words.len() {
        let error = match parsed(command.clone(), &words) {
            Ok(cli) if complaints.is_empty() => return Words::Flags(cli),
            Ok(cli) => return Words::Wrong { complaints, rest: Some(cli) },
            Err(error) => error,
        };
        if !error.use_stderr() {
            // Help is for who asks for it; beside a misspelt word that may be what is needed.
            return Words::Question(error);
        }
        complaints.push(one_line(&error));
        if !set_aside(&error, &mut words, &command) {
            let unchecked = command.ignore_errors(true);
            let usable = error.kind() == ErrorKind::MissingRequiredArgument;
            let rest = usable.then(|| parsed(unchecked, &words).ok()).flatten();
            return Words::Wrong { complaints, rest };
        }
    }
    Words::Wrong { complaints, rest: None }
}

fn parsed(command: Command, words: &[OsString]) -> Result<Box<Cli>, clap::Error> {
    Ok(Box::new(Cli::from_arg_matches(&command.try_get_matches_from(words)?)?))
}

/// Every flag takes a negative number for its value: `settings` says what is wrong with it, where
/// clap would take it for a flag.
fn command() -> Command {
    let taking = |arg: Arg| {
        if arg.get_action().takes_values() { arg.allow_negative_numbers(true) } else { arg }
    };
    Cli::command().mut_args(taking).mut_subcommands(|command| command.mut_args(taking))
}

/// Writes `--linger-ms -1ms` as `--linger-ms=-1ms`: a value that begins like a negative number is
/// its flag's, where clap would look for a flag named `-1`.
fn join_values(words: &mut Vec<OsString>, command: &Command) {
    let mut at = 1;
    while at + 1 < words.len() {
        let value = words[at + 1]
            .to_str()
            .filter(|word| word.strip_prefix('-').is_some_and(begins_with_digit));
        let joined = match (words[at].to_str(), value) {
            (Some(flag), Some(value)) if takes_one_value(flag, command) => {
                Some(format!("{flag}={value}"))
            }
            _ => None,
        };
        if let Some(joined) = joined {
            words[at] = joined.into();
            words.remove(at + 1);
        }
        at += 1;
    }
}

/// Whether a word is a flag of some command that is followed by exactly one value.
fn takes_one_value(word: &str, command: &Command) -> bool {
    let Some(name) = word.strip_prefix("--") else { return false };
    let mut commands = core::iter::once(command).chain(command.get_subcommands());
    commands.any(|command| {
        command.get_arguments().any(|arg| {
            let aliases = arg.get_all_aliases().unwrap_or_default();
            let is_it = arg.get_long() == Some(name) || aliases.contains(&name);
            let values = arg.get_num_args().map_or(1, |range| range.max_values());
            is_it && arg.get_action().takes_values() && values == 1
        })
    })
}

/// Takes the word that the error is about out of the words, with its value; false when there is no
/// such word.
fn set_aside(error: &clap::Error, words: &mut Vec<OsString>, command: &Command) -> bool {
    let about = [ErrorKind::UnknownArgument, ErrorKind::InvalidValue, ErrorKind::ArgumentConflict];
    let Some(ContextValue::String(named)) = error.get(ContextKind::InvalidArg) else {
        return false;
    };
    // A known flag is named with its value's name: `--output-format <FORMAT>`.
    let flag = named.split([' ', '=']).next().unwrap_or(named);
    let is_it = |word: &OsString| {
        let word = word.to_string_lossy();
        let cluster = flag.len() == 2 && word.starts_with('-') && !word.starts_with("--");
        word == flag
            || word.strip_prefix(flag).is_some_and(|rest| rest.starts_with('='))
            || (cluster && word.contains(&flag[1..]))
    };
    // Of a flag given twice the second is the one too many.
    let found = match error.kind() {
        ErrorKind::ArgumentConflict => words.iter().skip(1).rposition(is_it),
        _ => words.iter().skip(1).position(is_it),
    };
    let found = found.map(|at| at + 1);
    let (true, Some(at)) = (about.contains(&error.kind()), found) else { return false };
    let word = words.remove(at);
    let word = word.to_string_lossy();
    // A value such as -3s was taken for flags: without it, its flag would be wrong as well.
    if word.strip_prefix('-').is_some_and(begins_with_digit) {
        let is_flag = |word: &str| word.starts_with('-') && !word.contains('=');
        if is_flag(&words[at - 1].to_string_lossy()) {
            words.remove(at - 1);
        }
        return true;
    }
    let has_value = word.starts_with('-') && !word.contains('=');
    if has_value && words.get(at).is_some_and(|next| is_value(next, command)) {
        words.remove(at);
    }
    true
}

/// Whether a word looks like the value of a flag before it: no flag, and no command's name.
fn is_value(word: &OsString, command: &Command) -> bool {
    let word = word.to_string_lossy();
    let negative = word.strip_prefix('-').is_some_and(begins_with_digit);
    (negative || !word.starts_with('-')) && command.find_subcommand(word.as_ref()).is_none()
}

fn begins_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// clap's message without its usage page: what is wrong, what to try.
fn one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let mut parts: Vec<String> = text
        .split("\n\n")
        .flat_map(|paragraph| paragraph.split("\n  tip: "))
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .map(|part| part.strip_prefix("tip: ").unwrap_or(&part).to_owned())
        .filter(|part| !part.is_empty() && !DROPPED.iter().any(|start| part.starts_with(start)))
        .collect();
    let is_negative = |word: &str| word.strip_prefix('-').is_some_and(begins_with_digit);
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(word)) if is_negative(word) => {
            parts.push("a value that begins with '-' is written as --flag=VALUE".to_owned());
        }
        _ => parts.push("see --help".to_owned()),
    }
    let text = parts.join("; ");
    text.strip_prefix("error: ").map_or_else(|| text.clone(), str::to_owned)
}

/// How the parts of clap's message begin that don't help here: there are no free words to write
/// after `--`.
const DROPPED: [&str; 3] = ["Usage:", "For more information", "to pass '"];

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(line: &str) -> (Vec<String>, Option<Box<Cli>>) {
        let words = core::iter::once("kprod-bench").chain(line.split_whitespace());
        match read(words.map(OsString::from).collect()) {
            Words::Wrong { complaints, rest } => (complaints, rest),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn every_unknown_flag_is_named_and_the_rest_is_read() {
        let (complaints, rest) = wrong("--linger-sm 5 --acks 7 --record-siz=3 -Z --rate fast");
        for (complaint, parts) in complaints.iter().zip([
            ["'--linger-sm'", "--linger-ms"],
            ["'--record-siz'", "--record-size"],
            ["'-Z'", ""],
        ]) {
            assert!(parts.iter().all(|part| complaint.contains(part)), "{complaint}");
            assert!(!complaint.contains('\n') && !complaint.contains("Usage"), "{complaint}");
        }
        assert_eq!(complaints.len(), 3, "{complaints:?}");
        let run = rest.unwrap().run;
        assert_eq!(run.producer.acks.as_deref(), Some("7"));
        assert_eq!(run.load.rate.as_deref(), Some("fast"));
    }

    #[test]
    fn conflicts_and_wrong_words_do_not_hide_each_other() {
        let (complaints, rest) =
            wrong("run --embedded --bootstrap-server a:1 --output-format yaml --acks --topc t");
        assert_eq!(complaints.len(), 4, "{complaints:?}");
        assert!(rest.is_some());
        let (complaints, rest) = wrong("--keep-topic --acks 7");
        assert_eq!(complaints.len(), 1);
        assert_eq!(rest.unwrap().run.producer.acks.as_deref(), Some("7"));
        let (complaints, rest) = wrong("brokr --acks 7");
        assert_eq!((complaints.len(), rest.is_some()), (1, false));
    }

    #[test]
    fn a_value_that_looks_like_flags_is_told_once() {
        let (complaints, rest) = wrong("--strict -3s --acks 7 --linger-sm -3x");
        assert_eq!(complaints.len(), 2, "{complaints:?}");
        assert!(complaints[0].contains("--flag=VALUE"), "{complaints:?}");
        assert!(complaints[1].contains("--linger-sm"), "{complaints:?}");
        assert_eq!(rest.unwrap().run.producer.acks.as_deref(), Some("7"));
    }

    #[test]
    fn a_value_below_zero_is_its_flag_s() {
        let line = "kprod-bench --linger-ms -1ms --max-in-flight -1x --rate -5 -X a=b --seed -2";
        let Words::Flags(cli) = read(line.split(' ').map(OsString::from).collect()) else {
            panic!("every flag exists")
        };
        let producer = &cli.run.producer;
        assert_eq!(producer.linger_ms.as_deref(), Some("-1ms"));
        assert_eq!(producer.max_in_flight_requests_per_connection.as_deref(), Some("-1x"));
        assert_eq!(cli.run.load.rate.as_deref(), Some("-5"));
        assert_eq!(cli.run.load.seed.as_deref(), Some("-2"));
    }

    #[test]
    fn a_repeated_flag_is_told_once() {
        let (complaints, rest) = wrong("--acks 1 --acks 0 --num-record 5");
        assert_eq!(complaints.len(), 2, "{complaints:?}");
        assert_eq!(rest.unwrap().run.producer.acks.as_deref(), Some("1"));
    }

    #[test]
    fn a_command_is_no_value_of_a_misspelt_flag() {
        let (complaints, rest) = wrong("--verbos broker --partition 3");
        assert!(complaints[0].contains("--verbos"), "{complaints:?}");
        assert!(rest.is_none_or(|cli| cli.command.is_some()));
    }
}
