//! Secrets taken out of what is written. Cost class: once a run.
//!
//! A secret is what the value of a password key is, and of any name that sounds like one (password,
//! secret, jaas, token, authorization, …): in the command line with its headers and labels, among
//! the labels of a result, in the configuration. What is taken out here is in none of the files,
//! since all are made from the result.

use std::collections::BTreeMap;

use crate::kafka::config::masked;

/// The words of a command line, what is secret in them hidden: `-X ssl.key.password=[hidden]`.
#[must_use]
pub fn command(words: &[String]) -> Vec<String> {
    let before = core::iter::once("").chain(words.iter().map(String::as_str));
    before.zip(words).map(|(before, word)| clean(before, word)).collect()
}

/// A word, and the one before it.
fn clean(before: &str, word: &str) -> String {
    let flag = before.strip_prefix("--").filter(|flag| !flag.contains('='));
    let glued = || word.strip_prefix("--").and_then(|word| word.split_once('='));
    match flag {
        Some(flag) if NAMING.contains(&flag) => named(word),
        Some(flag) if is_secret(&flag.replace('-', ".")) && !word.starts_with("--") => {
            masked(SECRET, word).to_owned()
        }
        _ => match glued() {
            Some((flag, rest)) if NAMING.contains(&flag) => format!("--{flag}={}", named(rest)),
            _ => pair(word),
        },
    }
}

/// A header or a label: all before the first `=` is its name, whatever it consists of.
fn named(word: &str) -> String {
    match word.split_once('=') {
        Some((name, value)) if is_secret(name.trim()) => {
            format!("{name}={}", masked(SECRET, value))
        }
        _ => pair(word),
    }
}

/// Values by name, the secret ones hidden.
pub(super) fn values(rows: &mut BTreeMap<String, String>) {
    for (name, value) in rows {
        if masked(name, value) != value {
            *value = masked(name, value).to_owned();
        }
    }
}

/// What a flag, without dashes, was given, several values with commas between: of headers and
/// labels nothing is shown from the first secret on.
#[must_use]
pub fn given(flag: &str, text: &str) -> String {
    if !NAMING.contains(&flag) {
        return text.to_owned();
    }
    let mut shown: Vec<String> = Vec::new();
    for value in text.split(',') {
        shown.push(named(value));
        if shown.last().is_some_and(|clean| clean != value) {
            break;
        }
    }
    shown.join(",")
}

/// A word such as `key=value`, `key = value` or `--command-property=key=value`: from the first
/// secret key on nothing of it is shown, whatever else stands behind.
fn pair(word: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    for (at, _) in word.match_indices('=') {
        let before = &word[..at];
        // Settings trim a key, so what stands before the = is a key with spaces, too.
        let before_spaces = before.trim_end();
        let from = before_spaces
            .rfind(|c| !legal(c))
            .map_or(0, |last| last + before[last..].chars().next().map_or(1, char::len_utf8));
        let key = before_spaces[from..].trim_start_matches('-');
        // -Xkey=value is -X key=value; a flag is a key with dashes.
        let glued = word.starts_with("-X").then(|| key.trim_start_matches('X'));
        let dotted = key.replace('-', ".");
        if [Some(key), Some(&dotted), glued].into_iter().flatten().any(is_secret) {
            return format!("{}={}", before, masked(SECRET, &word[at + 1..]));
        }
    }
    word.to_owned()
}

fn is_secret(key: &str) -> bool {
    const PROBE: &str = "probe";
    masked(key, PROBE) != PROBE
}

/// Flags whose values have names of the user's own.
const NAMING: [&str; 2] = ["header", "label"];
/// A name that is one for certain.
const SECRET: &str = "password";

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(word: &str) -> String {
        command(&[word.to_owned()]).remove(0)
    }

    #[test]
    fn secrets_are_hidden_however_they_are_given() {
        for (word, clean) in [
            ("ssl.key.password=abc", "ssl.key.password=[hidden]"),
            ("-Xssl.key.password=abc", "-Xssl.key.password=[hidden]"),
            ("-Xssl.keystore.key=abc", "-Xssl.keystore.key=[hidden]"),
            (
                "--command-property=sasl.jaas.config=x y=\"z\";",
                "--command-property=sasl.jaas.config=[hidden]",
            ),
            ("sasl.jaas.config=x required password=\"z\";", "sasl.jaas.config=[hidden]"),
            ("my-token=abc=def", "my-token=[hidden]"),
            ("client.secret=", "client.secret=[hidden]"),
            ("ssl.key.password = abc", "ssl.key.password =[hidden]"),
            ("-X ssl.key.password\t=abc", "-X ssl.key.password\t=[hidden]"),
            ("  sasl.jaas.config = x y=\"z\";", "  sasl.jaas.config =[hidden]"),
            (
                "--command-property=sasl.jaas.config = x required password=\"z\";",
                "--command-property=sasl.jaas.config =[hidden]",
            ),
        ] {
            assert_eq!(shown(word), clean);
        }
        let words = ["--ssl-key-password", "abc", "--acks", "all"].map(str::to_owned);
        assert_eq!(command(&words).join(" "), "--ssl-key-password [hidden] --acks all");
    }

    #[test]
    fn headers_and_labels_are_hidden_by_their_names() {
        for flag in ["--header", "--label"] {
            for name in [
                "authorization",
                "Authorization",
                "x-api-key",
                "APIKEY",
                "api key",
                "bearer",
                "private-note",
                "user token",
                "client_secret",
                "password",
            ] {
                let words = [flag.to_owned(), format!("{name}=Bearer abc=def")];
                assert_eq!(command(&words), [flag, &format!("{name}=[hidden]")]);
                let word = format!("{flag}={name} = abc");
                assert_eq!(shown(&word), format!("{flag}={name} =[hidden]"));
            }
            for pair in ["source=test", "team=a b=c", "trace-id=uuid()", "author=me", "keys=10"] {
                assert_eq!(command(&[flag.to_owned(), pair.to_owned()])[1], pair);
            }
        }
    }

    #[test]
    fn what_a_profile_gives_is_hidden_from_its_first_secret_on() {
        assert_eq!(given("header", "a=1,api-key=x, y,b=2"), "a=1,api-key=[hidden]");
        assert_eq!(given("label", "a=1, b=2"), "a=1, b=2");
        assert_eq!(given("topic", "token=1"), "token=1");
    }

    #[test]
    fn everything_else_stays() {
        for word in [
            "--acks",
            "acks=all",
            "ssl.keystore.location=/a=b",
            "é=1",
            "é = 1",
            "a=b=c",
            "linger.ms = 5",
            "-X",
            "=",
            " =",
        ] {
            assert_eq!(shown(word), word);
        }
        let rows = [("team-token", "abc"), ("linger.ms", "5"), ("api-key", "abc")];
        let mut rows: BTreeMap<String, String> =
            rows.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        values(&mut rows);
        assert_eq!([&*rows["team-token"], &*rows["api-key"]], ["[hidden]"; 2]);
        assert_eq!(rows["linger.ms"], "5");
    }
}
