//! An explanation as JSON. Cost class: once a process.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::app::settings::{Explained, Explanation, ProfileRow};
use crate::kafka::config::keys::{self, Effect, Key};
use crate::kafka::config::{Effective, Judgement, Note, NoteKind, Problem, RefusedBy};

/// The document.
#[derive(Serialize)]
struct Document<'a> {
    kprod_bench: &'static str,
    java_client: &'static str,
    /// Problems of flags that aren't Kafka keys.
    problems: &'a [&'a str],
    /// The profile that holds under the flags.
    profile: Option<ProfileModel<'a>>,
    cells: Vec<Cell>,
}

/// What a profile says in the place of flags; its Kafka keys are among those of the cells.
#[derive(Serialize)]
struct ProfileModel<'a> {
    name: &'a str,
    flags: Vec<FlagRow<'a>>,
}

#[derive(Serialize)]
struct FlagRow<'a> {
    /// The stream that says it; null for the whole run.
    stream: Option<&'a str>,
    flag: &'a str,
    value: &'a str,
    source: &'a str,
    /// What stands above it, and what that says.
    overridden_by: Option<&'a str>,
    overriding_value: Option<&'a str>,
}

/// One cell; a line without lists has one.
#[derive(Serialize)]
struct Cell {
    cell: BTreeMap<&'static str, String>,
    java_accepts: bool,
    /// The same in words.
    java_verdict: String,
    run_accepts: bool,
    /// The file of the key rules that choose partitions in a run here.
    key_rules: Option<String>,
    idempotence: Idempotence,
    problems: Vec<ProblemRow>,
    notes: Vec<NoteRow>,
    keys: Vec<KeyRow>,
}

#[derive(Serialize)]
struct Idempotence {
    enabled: bool,
    why: String,
}

#[derive(Serialize)]
struct ProblemRow {
    refused_by: &'static str,
    key: String,
    value: String,
    source: String,
    expected: String,
    advice: Option<String>,
    message: String,
}

#[derive(Serialize)]
struct NoteRow {
    kind: &'static str,
    key: String,
    text: String,
}

#[derive(Serialize)]
struct KeyRow {
    key: &'static str,
    value: String,
    source: String,
    given: bool,
    /// Values that were given as well and don't hold.
    overridden: Vec<OverriddenRow>,
    #[serde(rename = "type")]
    kind: &'static str,
    default: String,
    valid_values: String,
    importance: &'static str,
    effect: &'static str,
    effect_note: Option<&'static str>,
    doc: &'static str,
}

#[derive(Serialize)]
struct OverriddenRow {
    value: String,
    source: String,
    by: String,
}

/// The document as text, with a line end. `asked` limits the keys, unless it is empty.
pub(super) fn json(explanation: &Explanation, asked: &[&Key]) -> String {
    let Explanation { cells, profile, problems, refused } = explanation;
    let cells = cells.iter().map(|cell| self::cell(cell, asked)).collect();
    let problems: Vec<&str> = problems.lines().iter().chain(refused).map(|it| &**it).collect();
    let problems = &problems[..];
    let profile = profile
        .as_ref()
        .map(|(name, rows)| ProfileModel { name, flags: rows.iter().map(flag_row).collect() });
    let document = Document {
        kprod_bench: env!("CARGO_PKG_VERSION"),
        java_client: super::text::JAVA,
        problems,
        profile,
        cells,
    };
    let mut text = serde_json::to_string_pretty(&document)
        .expect("a document of texts and booleans can be written");
    text.push('\n');
    text
}

fn flag_row(row: &ProfileRow) -> FlagRow<'_> {
    let ProfileRow { stream, flag, value, source, overridden } = row;
    let by = overridden.as_ref();
    FlagRow {
        stream: stream.as_deref(),
        flag,
        value,
        source,
        overridden_by: by.map(|(by, _)| by.as_str()),
        overriding_value: by.map(|(_, value)| value.as_str()),
    }
}

fn cell(explained: &Explained, asked: &[&Key]) -> Cell {
    let judgement = &explained.judgement;
    let Judgement { config, problems, effective, notes, idempotence, .. } = judgement;
    let wanted = |row: &&Effective| asked.is_empty() || asked.iter().any(|key| key.name == row.key);
    Cell {
        cell: explained.values.iter().cloned().collect(),
        java_accepts: judgement.java_accepts(),
        java_verdict: super::text::java_says(judgement),
        run_accepts: config.is_some(),
        key_rules: explained.key_rules.clone(),
        idempotence: Idempotence { enabled: idempotence.is_on(), why: idempotence.to_string() },
        problems: problems.iter().map(problem).collect(),
        notes: notes.iter().map(note).collect(),
        keys: effective.iter().filter(wanted).filter_map(|row| key(row, judgement)).collect(),
    }
}

fn problem(problem: &Problem) -> ProblemRow {
    ProblemRow {
        refused_by: match problem.refused_by {
            RefusedBy::Java => "java",
            RefusedBy::JavaAlone => "java-alone",
            RefusedBy::Hand => "unknown-name",
            RefusedBy::Run => "run",
        },
        key: problem.key.clone(),
        value: problem.value.clone(),
        source: problem.source.to_string(),
        expected: problem.expected.clone(),
        advice: problem.advice.clone(),
        message: problem.to_string(),
    }
}

fn note(note: &Note) -> NoteRow {
    NoteRow {
        kind: match note.kind {
            NoteKind::UnknownKey => "unknown-key",
            NoteKind::NoEffect => "no-effect",
            NoteKind::Changed => "changed",
            NoteKind::Limited => "limited",
            NoteKind::Overridden => "overridden",
        },
        key: note.key.clone(),
        text: note.text.clone(),
    }
}

fn key(row: &Effective, judgement: &Judgement) -> Option<KeyRow> {
    let key = keys::find(row.key)?;
    let overridden = judgement.overridden.iter().filter(|it| it.key == row.key);
    let overridden = overridden.map(|it| OverriddenRow {
        value: it.value.clone(),
        source: it.source.to_string(),
        by: it.by.to_string(),
    });
    let (effect, effect_note) = match key.effect {
        Effect::Works => ("works", None),
        Effect::None(why) => ("none", Some(why)),
        Effect::Security => ("security", None),
        Effect::NotBuilt(what) => ("not-built", Some(what)),
    };
    Some(KeyRow {
        key: key.name,
        value: row.value.clone(),
        source: row.source.to_string(),
        given: row.source.is_given(),
        overridden: overridden.collect(),
        kind: key.kind.name(),
        default: key.default.to_string(),
        valid_values: key.valid.to_string(),
        importance: key.importance.name(),
        effect,
        effect_note,
        doc: key.doc,
    })
}
