//! An explanation as text. Cost class: once a process.

use core::fmt::Write as _;

use crate::app::settings::{Explained, ProfileRow};
use crate::kafka::config::keys::{self, Effect, Key, Kind, Unit};
use crate::kafka::config::{
    Effective, Judgement, NoteKind, Overridden, Problem, RefusedBy, Source,
};

/// The client whose verdict is given.
pub(super) const JAVA: &str = "4.3.1";

/// The page: a verdict and a table for every cell, or the keys that were asked for.
pub(super) fn page(cells: &[Explained], asked: &[&Key]) -> String {
    let mut page = String::new();
    for (number, cell) in cells.iter().enumerate() {
        if cells.len() > 1 {
            let values: String =
                cell.values.iter().map(|(flag, value)| format!(" {flag}={value}")).collect();
            line(&mut page, &format!("[{} of {}{values}]", number + 1, cells.len()));
        }
        verdict(&mut page, &cell.judgement);
        if asked.is_empty() {
            table(&mut page, &cell.judgement);
        } else {
            asked.iter().for_each(|key| in_full(&mut page, key, &cell.judgement));
        }
        if number + 1 < cells.len() {
            page.push('\n');
        }
    }
    page
}

/// What a profile says beside Kafka keys, and what stands above it.
pub(super) fn profile(name: &str, rows: &[ProfileRow]) -> String {
    let mut page = String::new();
    if rows.is_empty() {
        return page;
    }
    line(&mut page, &format!("\nBeside Kafka keys, profile {name} says:"));
    let widest = |text: fn(&ProfileRow) -> String| {
        rows.iter().map(|row| text(row).chars().count()).max().unwrap_or(0)
    };
    let flag = widest(flag_of);
    let value = widest(|row| row.value.clone()).min(WIDEST_VALUE);
    for row in rows {
        let above = match &row.overridden {
            Some((by, text)) => format!(", overridden by {by} {text}"),
            None => String::new(),
        };
        let ProfileRow { value: said, source, .. } = row;
        let name = flag_of(row);
        line(&mut page, &format!("  {name:flag$}  {:value$}  {source}{above}", shown(said)));
    }
    page
}

/// The flag, and whose, where a stream says it.
fn flag_of(row: &ProfileRow) -> String {
    match &row.stream {
        Some(stream) => format!("{} of {stream}", row.flag),
        None => row.flag.clone(),
    }
}

/// Java's verdict as a sentence without its full stop; the keys that speak against a start are
/// named, each problem in full is for whoever shows them.
pub(super) fn java_says(judgement: &Judgement) -> String {
    if judgement.java_accepts() {
        return format!("Java's producer {JAVA} would start with this configuration");
    }
    let mut keys: Vec<&str> = Vec::new();
    for problem in judgement.refused_by_java() {
        if !keys.contains(&problem.key.as_str()) {
            keys.push(&problem.key);
        }
    }
    let keys = keys.join(", ");
    format!("Java's producer {JAVA} would not start with this configuration, because of {keys}")
}

/// Who takes it, why idempotence is on or off, and what should be known.
fn verdict(page: &mut String, judgement: &Judgement) {
    line(page, &format!("{}.", java_says(judgement)));
    if judgement.java_accepts() {
        line(page, &format!("Idempotence is {}.", judgement.idempotence));
    } else if judgement.config.is_some() {
        line(page, "A run here would start.");
    }
    let by_run = |it: &&Problem| matches!(it.refused_by, RefusedBy::Run | RefusedBy::Hand);
    let refused: Vec<&Problem> = judgement.problems.iter().filter(by_run).collect();
    if !refused.is_empty() {
        line(page, "A run here refuses it:");
        refused.iter().for_each(|problem| line(page, &format!("  {problem}")));
    }
    if !judgement.notes.is_empty() {
        line(page, "Notes:");
        judgement.notes.iter().for_each(|note| line(page, &format!("  {note}")));
    }
}

/// Every key in a line: what was given, what a rule changed, what is default, what does nothing.
fn table(page: &mut String, judgement: &Judgement) {
    let idle = |row: &&Effective| !row.source.is_given() && without_effect(row, judgement);
    let rows = || judgement.effective.iter();
    let changed = |row: &&Effective| matches!(row.source, Source::Derived(_));
    group(page, "Given:", rows().filter(|row| row.source.is_given()).collect());
    overridden(page, judgement);
    group(page, "Changed by a rule:", rows().filter(changed).collect());
    let plain = rows().filter(|row| row.source == Source::Default && !idle(row));
    group(page, "Defaults:", plain.collect());
    group(page, "Defaults without effect here:", rows().filter(idle).collect());
}

/// What somebody gave and somebody else overrode, since one of them may not know.
fn overridden(page: &mut String, judgement: &Judgement) {
    if judgement.overridden.is_empty() {
        return;
    }
    page.push('\n');
    line(page, "Given and overridden:");
    for it in &judgement.overridden {
        let Overridden { key, value, source, by } = it;
        line(page, &format!("  {key}  {}  {source}, by {by}", shown(value)));
    }
}

fn shown(value: &str) -> &str {
    if value.is_empty() { "\"\"" } else { value }
}

fn group(page: &mut String, title: &str, rows: Vec<&Effective>) {
    if rows.is_empty() {
        return;
    }
    page.push('\n');
    line(page, title);
    let widest = |text: fn(&Effective) -> &str| {
        rows.iter().map(|row| text(row).chars().count()).max().unwrap_or(0)
    };
    let (name, value) = (widest(|row| row.key), widest(|row| &row.value).min(WIDEST_VALUE));
    for row in rows {
        let source = match &row.source {
            Source::Default => String::new(),
            source => format!("  {source}"),
        };
        let text = format!("  {:name$}  {:value$}{source}", row.key, shown(&row.value));
        line(page, text.trim_end());
    }
}

/// Whether the key does nothing, whatever its value or under the protocol that holds.
fn without_effect(row: &Effective, judgement: &Judgement) -> bool {
    let Some(key) = keys::find(row.key) else { return false };
    match key.effect {
        Effect::None(_) => true,
        Effect::Security => !protocol_reads(row.key, judgement),
        Effect::Works | Effect::NotBuilt(_) => false,
    }
}

/// Whether `security.protocol` makes Java read this key of TLS or SASL.
fn protocol_reads(name: &str, judgement: &Judgement) -> bool {
    let protocol = judgement.effective.iter().find(|row| row.key == "security.protocol");
    let protocol = protocol.map(|row| row.value.to_uppercase()).unwrap_or_default();
    if name.starts_with("sasl.") {
        protocol.starts_with("SASL_")
    } else {
        protocol.ends_with("SSL")
    }
}

/// One key with all that the table knows.
fn in_full(page: &mut String, key: &Key, judgement: &Judgement) {
    let row = judgement.effective.iter().find(|row| row.key == key.name);
    let row = row.expect("every key of the table has an effective value");
    page.push('\n');
    line(page, key.name);
    wrap(page, key.doc);
    let unit = match key.unit() {
        Unit::Plain => "",
        Unit::Milliseconds => ", milliseconds",
        Unit::Seconds => ", seconds",
        Unit::Bytes => ", bytes",
    };
    let valid = match (key.kind, key.valid.to_string()) {
        (Kind::Boolean, _) => "true or false".to_owned(),
        (_, valid) if valid.is_empty() => "any of its type".to_owned(),
        (_, valid) => valid,
    };
    entry(page, "value", &format!("{} ({})", shown(&row.value), row.source));
    for it in judgement.overridden.iter().filter(|it| it.key == key.name) {
        entry(page, "overridden", &format!("{} ({}), by {}", shown(&it.value), it.source, it.by));
    }
    entry(page, "default", &key.default.to_string());
    entry(page, "type", &format!("{}{unit}", key.kind.name()));
    entry(page, "valid", &valid);
    entry(page, "importance", key.importance.name());
    entry(page, "here", &here(key, judgement));
    for note in judgement.notes.iter().filter(|note| note.key == key.name) {
        if note.kind != NoteKind::NoEffect {
            entry(page, "note", &note.text);
        }
    }
}

/// What giving the key does here.
fn here(key: &Key, judgement: &Judgement) -> String {
    let said =
        judgement.notes.iter().find(|note| note.key == key.name && note.kind == NoteKind::NoEffect);
    match (key.effect, said) {
        (_, Some(note)) => note.text.clone(),
        (Effect::Works, None) => "works as in Java".to_owned(),
        (Effect::None(why), None) => format!("no effect: {why}"),
        (Effect::Security, None) => {
            "no effect: TLS and SASL aren't built yet, and PLAINTEXT reads no such key".to_owned()
        }
        (Effect::NotBuilt(what), None) => {
            format!("{what} isn't built yet: a run takes the default alone")
        }
    }
}

fn entry(page: &mut String, name: &str, text: &str) {
    line(page, &format!("  {name:<12}{text}"));
}

/// The text in lines of at most 96 characters, indented.
fn wrap(page: &mut String, text: &str) {
    let mut width = WIDTH;
    for word in text.split(' ') {
        if width + 1 + word.len() > WIDTH {
            if width < WIDTH {
                page.push('\n');
            }
            page.push_str("  ");
            width = 2;
        } else {
            page.push(' ');
            width += 1;
        }
        page.push_str(word);
        width += word.len();
    }
    page.push('\n');
}

fn line(page: &mut String, text: &str) {
    writeln!(page, "{text}").expect("a string takes everything");
}

const WIDTH: usize = 96;
/// A longer value pushes its source to the right rather than everybody's.
const WIDEST_VALUE: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::config::{Raw, judge};

    fn cell(pairs: &[(&str, &str)]) -> Explained {
        let mut raw = Raw::new(1);
        for (key, value) in pairs {
            raw.set(key, value, Source::File { path: "c.properties".to_owned(), line: 3 });
        }
        Explained { values: Vec::new(), judgement: judge(&raw), key_rules: None }
    }

    #[test]
    fn every_key_has_one_line_and_says_who_set_it() {
        let page = page(&[cell(&[("acks", "1"), ("linger.ms", "20")])], &[]);
        let lines: Vec<&str> = page.lines().collect();
        assert_eq!(
            lines[..12],
            [
                "Java's producer 4.3.1 would start with this configuration.",
                "Idempotence is off because acks=1.",
                "Notes:",
                "  idempotence is off because of acks = \"1\" (c.properties:3); a retry may store \
                 records twice or out of order",
                "",
                "Given:",
                "  acks       1   c.properties:3",
                "  linger.ms  20  c.properties:3",
                "",
                "Changed by a rule:",
                "  enable.idempotence  false  because of acks",
                "",
            ]
        );
        for key in keys::KEYS {
            let start = format!("  {} ", key.name);
            assert_eq!(lines.iter().filter(|line| line.starts_with(&start)).count(), 1, "{start}");
        }
        let idle = lines.iter().position(|line| line.contains("without effect")).unwrap();
        assert!(lines[idle..].iter().any(|line| line.starts_with("  ssl.protocol ")));
        assert!(!lines[idle..].iter().any(|line| line.starts_with("  batch.size ")));
    }

    #[test]
    fn what_a_run_refuses_besides_is_told() {
        let page = page(&[cell(&[("security.protocol", "SSL"), ("sasl.mechanism", "PLAIN")])], &[]);
        assert!(page.contains("A run here refuses it:\n  security.protocol = \"SSL\""), "{page}");
        assert!(page.contains("sasl.mechanism (c.properties:3) has no effect with"), "{page}");
        let idle = page.split("without effect here:").nth(1).unwrap();
        assert!(!idle.contains("  ssl.protocol "), "{idle}");
    }

    #[test]
    fn a_key_in_full_has_everything_the_table_knows() {
        let asked = [keys::find("linger.ms").unwrap(), keys::find("key.serializer").unwrap()];
        let page = page(&[cell(&[("linger.ms", "20")])], &asked);
        for part in [
            "\nlinger.ms\n  How long a batch",
            "  value       20 (c.properties:3)\n  default     5\n",
            "  type        long, milliseconds\n",
            "  valid       [0,...]\n  importance  medium\n  here        works as in Java\n",
            "  here        no effect: keys are bytes here",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        assert!(page.lines().all(|line| line.chars().count() <= 120));
    }

    #[test]
    fn a_refusal_is_said_in_words_and_names_each_key_once() {
        let said = page(&[cell(&[("acks", "2"), ("bootstrap.servers", "a,b")])], &[]);
        assert!(
            said.starts_with(
                "Java's producer 4.3.1 would not start with this configuration, because of acks, \
                 bootstrap.servers.\n\nGiven:\n"
            ),
            "{said}"
        );
        let sarama = [("partitioner.class", "sarama-hash")];
        let mut raw = Raw::new(1);
        raw.set(sarama[0].0, sarama[0].1, Source::Flag("--partitioner".to_owned()));
        let explained = Explained { judgement: judge(&raw), ..cell(&[]) };
        let page = page(&[explained], &[]);
        assert!(
            page.starts_with(
                "Java's producer 4.3.1 would not start with this configuration, because of \
                 partitioner.class.\nA run here would start.\n"
            ),
            "{page}"
        );
    }

    #[test]
    fn what_was_overridden_is_shown_beside_what_holds() {
        let mut raw = Raw::new(1);
        raw.set("acks", "1", Source::CommandProperty);
        raw.set("acks", "all", Source::Flag("--acks".to_owned()));
        let explained = Explained { judgement: judge(&raw), ..cell(&[]) };
        let table = page(core::slice::from_ref(&explained), &[]);
        assert!(table.contains("\nNotes:\n  -X acks=1 is overridden by --acks\n"), "{table}");
        assert!(table.contains("\nGiven and overridden:\n  acks  1  -X, by --acks\n"), "{table}");
        let full = page(&[explained], &[keys::find("acks").unwrap()]);
        let part = "  value       all (--acks)\n  overridden  1 (-X), by --acks\n";
        assert!(full.contains(part), "{full}");
    }

    #[test]
    fn cells_are_told_apart() {
        let one = Explained { values: vec![("acks", "0".to_owned())], ..cell(&[("acks", "0")]) };
        let two = Explained { values: vec![("acks", "all".to_owned())], ..cell(&[]) };
        let page = page(&[one, two], &[]);
        assert!(page.starts_with("[1 of 2 acks=0]\nJava's producer"));
        assert!(page.contains("\n\n[2 of 2 acks=all]\nJava's producer"));
    }
}
