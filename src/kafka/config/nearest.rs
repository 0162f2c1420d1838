//! The key that a misspelt one probably means. Cost class: once per message.

use super::keys::KEYS;

/// The producer key nearest to `name`, if one is near enough to be worth a hint.
///
/// Compares without case and with `-` and `_` as `.`, by edit distance (insert, delete, replace,
/// swap neighbours: 1 each) of at most a third of the name; a whole leading or trailing part of a
/// key is near as well.
#[must_use]
pub fn nearest(name: &str) -> Option<&'static str> {
    let name: String = name
        .chars()
        .take(LONGEST)
        .map(|c| if matches!(c, '-' | '_') { '.' } else { c.to_ascii_lowercase() })
        .collect();
    let letters: Vec<char> = name.chars().collect();
    let limit = (letters.len() / 3).max(2);
    KEYS.iter()
        .map(|key| {
            let edits = distance(&letters, &key.name.chars().collect::<Vec<_>>());
            let part =
                letters.len() >= 4 && (key.name.starts_with(&name) || key.name.ends_with(&name));
            (if part { edits.min(2) } else { edits }, edits, key.name)
        })
        .filter(|&(near, ..)| near <= limit)
        .min()
        .map(|(.., name)| name)
}

/// The candidate nearest to `text`, if one is near enough to be worth a hint: within a third of it,
/// or two letters (insert, delete, replace, swap neighbours: 1 each).
#[must_use]
pub fn nearest_of<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let letters: Vec<char> = text.chars().take(LONGEST).collect();
    let limit = (letters.len() / 3).max(2);
    let rated = candidates.map(|it| (distance(&letters, &it.chars().collect::<Vec<_>>()), it));
    rated.filter(|(edits, _)| *edits <= limit).min().map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance.
pub(super) fn distance(from: &[char], to: &[char]) -> usize {
    let mut before: Vec<usize> = vec![0; to.len() + 1];
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut best = (above[j] + usize::from(a != b)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = core::mem::replace(&mut above, row);
    }
    above[to.len()]
}

/// No key is longer; bounds the work for a name from a file.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_keys_find_theirs() {
        for (given, meant) in [
            ("liner.ms", "linger.ms"),
            ("linger-ms", "linger.ms"),
            ("LINGER_MS", "linger.ms"),
            ("linger", "linger.ms"),
            ("idempotence", "enable.idempotence"),
            ("bacth.size", "batch.size"),
            ("compression", "compression.type"),
            ("bootstrap.server", "bootstrap.servers"),
            ("max.in.flight", "max.in.flight.requests.per.connection"),
            ("ack", "acks"),
        ] {
            assert_eq!(nearest(given), Some(meant), "{given}");
        }
        for given in ["", "x", "group.id", "queue.buffering.max.messages", "zzzzzzzzzzzz"] {
            assert_eq!(nearest(given), None, "{given}");
        }
    }

    #[test]
    fn distances_are_those_of_the_textbook() {
        let of = |a: &str, b: &str| {
            distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>())
        };
        assert_eq!(of("kitten", "sitting"), 3);
        assert_eq!(of("", "abc"), 3);
        assert_eq!(of("abc", ""), 3);
        assert_eq!(of("ab", "ba"), 1);
        assert_eq!(of("same", "same"), 0);
    }
}
