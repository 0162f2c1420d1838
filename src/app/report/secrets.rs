//! Secrets taken out of what is written. Cost class: once a run.
//!
//! A secret is what the value of a password key is, and of any name that sounds like one (password,
//! secret, jaas, token, …): in the command line, among the labels, in the configuration. What is
//! taken out here is in none of the files, since all are made from the result.

use std::collections::BTreeMap;

use crate::kafka::config::masked;

/// The words of a command line, what is secret in them hidden: `-X ssl.key.password=[hidden]`.
#[must_use]
pub fn command(words: &[String]) -> Vec<String> {
    let mut hide_next = false;
    let mut clean = |word: &String| {
        let hidden = core::mem::take(&mut hide_next);
        let flag = word.strip_prefix("--").filter(|flag| !flag.contains('='));
        hide_next = flag.is_some_and(|flag| is_secret(&flag.replace('-', ".")));
        if hidden && !word.starts_with("--") { masked(SECRET, word).to_owned() } else { pair(word) }
    };
    words.iter().map(&mut clean).collect()
}

/// Values by name, the secret ones hidden.
pub(super) fn values(rows: &mut BTreeMap<String, String>) {
    for (name, value) in rows {
        if masked(name, value) != value {
            *value = masked(name, value).to_owned();
        }
    }
}

/// A word such as `key=value` or `--command-property=key=value`: from the first secret key on
/// nothing of it is shown, whatever else stands behind.
fn pair(word: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    for (at, _) in word.match_indices('=') {
        let before = &word[..at];
        let from = before
            .rfind(|c| !legal(c))
            .map_or(0, |last| last + before[last..].chars().next().map_or(1, char::len_utf8));
        let key = before[from..].trim_start_matches('-');
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
        ] {
            assert_eq!(shown(word), clean);
        }
        let words = ["--ssl-key-password", "abc", "--acks", "all"].map(str::to_owned);
        assert_eq!(command(&words).join(" "), "--ssl-key-password [hidden] --acks all");
    }

    #[test]
    fn everything_else_stays() {
        for word in ["--acks", "acks=all", "ssl.keystore.location=/a=b", "é=1", "a=b=c", "-X", "="]
        {
            assert_eq!(shown(word), word);
        }
        let rows = [("team-token", "abc"), ("linger.ms", "5")];
        let mut rows: BTreeMap<String, String> =
            rows.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        values(&mut rows);
        assert_eq!(rows["team-token"], "[hidden]");
        assert_eq!(rows["linger.ms"], "5");
    }
}
