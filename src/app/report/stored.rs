//! Results, read back from files. Cost class: once a file.
//!
//! A result of any minor version of our major one is read: fields that we don't know are passed
//! over, and those that came later have a default. Of anything else the error names file, field and
//! version. A file holds one run, a matrix or repeated runs, or an array of these; a folder holds
//! such files, its folders too.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::model::{ComparisonModel, ExitModel, MatrixModel, Report, SCHEMA_VERSION};
use crate::app::judge::expression::seen;

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The file, and the place in it if it holds an array: `r.json` or `r.json[2]`.
    pub place: String,
    /// What varied; `None` for a single run.
    pub matrix: Option<MatrixModel>,
    /// The runs; a single one has no cell.
    pub runs: Vec<StoredRun>,
    /// How all of its runs compare with a baseline; a single run has that itself.
    pub comparison: Option<ComparisonModel>,
    /// How the process ended.
    pub exit: ExitModel,
}

/// One run of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRun {
    /// The file and the place in it: `r.json` or `r.json: runs[3]`.
    pub place: String,
    /// The axes' values of its cell, by flag.
    pub cell: BTreeMap<String, String>,
    /// From 0.
    pub repetition: u32,
    /// What it found.
    pub report: Report,
}

/// What a JSON document is.
enum Kind {
    Run,
    Matrix,
    Array,
    /// Ours, but no result of runs: what it is.
    Other(&'static str),
    Foreign,
}

/// All results of a file or a folder, in the order of their paths. In a folder other files are
/// passed over, those that are no JSON among them, which [`passed_over`] names.
///
/// # Errors
/// What can't be read, isn't a result or is one that we don't understand, each in a sentence; a
/// folder without any result, with its files that are no JSON.
pub fn read(path: &Path) -> Result<Vec<Stored>, Vec<String>> {
    if !path.is_dir() {
        return read_file(path);
    }
    let mut files = Vec::new();
    collect(path, 0, &mut files).map_err(|error| vec![error])?;
    let (mut results, mut problems, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for file in &files {
        match document::<Value>(file).map(|found| (kind(&found), found)) {
            Ok((Kind::Foreign | Kind::Other(_), _)) => {}
            Ok((_, found)) => match results_of(found, &file.display().to_string()) {
                Ok(found) => results.extend(found),
                Err(error) => problems.push(error),
            },
            Err(Unread::NoJson(error)) => others.push(error),
            Err(Unread::Failed(error)) => problems.push(error),
        }
    }
    if results.is_empty() {
        problems.append(&mut others);
    }
    if results.is_empty() && problems.is_empty() {
        problems.push(format!("{}: expected results (--json FILE) in this folder", path.display()));
    }
    if problems.is_empty() { Ok(results) } else { Err(problems) }
}

/// What a source names: itself, or where no such file is there, what stands between its commas.
#[must_use]
pub fn parts(source: &str) -> Vec<&str> {
    if Path::new(source).exists() {
        return vec![source];
    }
    source.split(',').filter(|part| !part.is_empty()).collect()
}

/// The files of a folder that are called `.json` and are none, each in a sentence: somebody else's,
/// or a result that was cut off. Of a file that is named itself [`read`] tells.
#[must_use]
pub fn passed_over(path: &Path) -> Vec<String> {
    let mut files = Vec::new();
    if !path.is_dir() || collect(path, 0, &mut files).is_err() {
        return Vec::new();
    }
    let wrong = files.iter().filter_map(|file| match document::<IgnoredAny>(file) {
        Err(Unread::NoJson(error)) => Some(format!("passed over: {error}")),
        _ => None,
    });
    wrong.collect()
}

/// Why a file's document isn't there, in a sentence.
enum Unread {
    NoJson(String),
    Failed(String),
}

fn read_file(path: &Path) -> Result<Vec<Stored>, Vec<String>> {
    let found =
        document(path).map_err(|(Unread::NoJson(error) | Unread::Failed(error))| vec![error])?;
    results_of(found, &path.display().to_string()).map_err(|error| vec![error])
}

/// The `.json` files of a folder and its folders, by name.
fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let unreadable = |error| format!("{}: can't read it: {error}", folder.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        entries.push(entry.map_err(unreadable)?.path());
    }
    entries.sort();
    for entry in entries {
        if entry.is_dir() && depth < DEEPEST {
            collect(&entry, depth + 1, files)?;
        } else if entry.is_file() && entry.extension().is_some_and(|it| it == "json") {
            files.push(entry);
        }
    }
    Ok(())
}

/// The JSON of a file.
fn document<T: DeserializeOwned>(path: &Path) -> Result<T, Unread> {
    let wrong = |what: String| format!("{}: {what}", path.display());
    let unreadable =
        |error: std::io::Error| Unread::Failed(wrong(format!("can't read it: {error}")));
    let length = fs::metadata(path).map_err(unreadable)?.len();
    if length > LARGEST {
        let expected = format!("{length} bytes: expected a result of at most {LARGEST}");
        return Err(Unread::Failed(wrong(expected)));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Unread::NoJson(wrong(format!("expected a result as JSON (--json FILE): {error}")))
    })
}

fn kind(document: &Value) -> Kind {
    let Value::Object(fields) = document else {
        let of_results = |all: &Vec<Value>| {
            !all.is_empty() && all.iter().all(|one| matches!(kind(one), Kind::Run | Kind::Matrix))
        };
        return match document.as_array() {
            Some(all) if of_results(all) => Kind::Array,
            _ => Kind::Foreign,
        };
    };
    let has = |name: &str| fields.contains_key(name);
    if !has("schema_version") {
        Kind::Foreign
    } else if has("calibrations") {
        Kind::Other("a calibration")
    } else if has("runs") {
        Kind::Matrix
    } else if has("run_id") {
        Kind::Run
    } else if has("comparison") {
        Kind::Other("a comparison")
    } else {
        Kind::Other("something else of kprod-bench")
    }
}

/// The results of a document; the error names the field.
fn results_of(document: Value, place: &str) -> Result<Vec<Stored>, String> {
    let expected = "expected what --json FILE writes for runs";
    match kind(&document) {
        Kind::Foreign => Err(format!("{place}: {expected}")),
        Kind::Other(what) => Err(format!("{place}: it is {what}; {expected}")),
        Kind::Run => single(document, place).map(|one| vec![one]),
        Kind::Matrix => matrix(document, place).map(|one| vec![one]),
        Kind::Array => {
            let Value::Array(all) = document else { return Err(format!("{place}: {expected}")) };
            let mut results = Vec::new();
            for (at, one) in all.into_iter().enumerate() {
                results.extend(results_of(one, &format!("{place}[{at}]"))?);
            }
            Ok(results)
        }
    }
}

/// A run's result; what its gates saw is put in words where the writer didn't.
fn run(part: Value, place: &str, name: &str, version: &str) -> Result<Report, String> {
    let mut report: Report = field(part, place, name, version)?;
    for gate in report.gates.iter_mut().filter(|gate| gate.text.is_empty()) {
        gate.text = seen(&gate.expr, gate.value);
    }
    Ok(report)
}

fn single(document: Value, place: &str) -> Result<Stored, String> {
    let version = version(&document, place)?;
    let report = run(document, place, "", &version)?;
    let exit = report.exit.clone();
    let run = StoredRun { place: place.to_owned(), cell: BTreeMap::new(), repetition: 0, report };
    Ok(Stored { place: place.to_owned(), matrix: None, runs: vec![run], comparison: None, exit })
}

fn matrix(mut document: Value, place: &str) -> Result<Stored, String> {
    let version = version(&document, place)?;
    let mut take = |name: &str| document.get_mut(name).map_or(Value::Null, Value::take);
    let matrix = field(take("matrix"), place, "matrix", &version)?;
    let comparison = field(take("comparison"), place, "comparison", &version)?;
    let exit = field(take("exit"), place, "exit", &version)?;
    let Value::Array(documents) = take("runs") else {
        return Err(format!("{place}: runs: expected an array ({version})"));
    };
    let mut runs = Vec::new();
    for (at, mut one) in documents.into_iter().enumerate() {
        let name = format!("runs[{at}]");
        let mut take = |name: &str| one.get_mut(name).map_or(Value::Null, Value::take);
        let cell = field(take("cell"), place, &format!("{name}.cell"), &version)?;
        let repetition = take("repetition");
        let repetition = field(repetition, place, &format!("{name}.repetition"), &version)?;
        let report = run(one, place, &name, &version)?;
        runs.push(StoredRun { place: format!("{place}: {name}"), cell, repetition, report });
    }
    Ok(Stored { place: place.to_owned(), matrix: Some(matrix), runs, comparison, exit })
}

/// The schema's version and who wrote it, for messages; an error when its major one isn't ours.
fn version(document: &Value, place: &str) -> Result<String, String> {
    let found = document["schema_version"].as_str().unwrap_or_default();
    let major = |version: &str| version.split('.').next().and_then(|it| it.parse::<u32>().ok());
    let ours = major(SCHEMA_VERSION);
    let tool = [&document["tool"], &document["runs"][0]["tool"]];
    let tool = tool.iter().find_map(|tool| tool["version"].as_str());
    let writer = tool.map_or_else(String::new, |tool| format!(", written by kprod-bench {tool}"));
    if major(found).is_some() && major(found) == ours {
        return Ok(format!("schema {found}{writer}"));
    }
    let ours = ours.unwrap_or_default();
    let version = &document["schema_version"];
    Err(format!(
        "{place}: schema_version = {version}{writer}: expected {ours}.x; use a kprod-bench that \
         reads that version, or run it anew"
    ))
}

/// A part of a result; the error says which field is wrong and how.
fn field<T: DeserializeOwned>(
    part: Value,
    place: &str,
    name: &str,
    version: &str,
) -> Result<T, String> {
    serde_path_to_error::deserialize(part).map_err(|error| {
        let inner = error.path().to_string();
        let dot = if name.is_empty() || inner == "." { "" } else { "." };
        let inner = if inner == "." { "" } else { &inner };
        let at = format!("{name}{dot}{inner}");
        let at = if at.is_empty() { "the result" } else { &at };
        format!("{place}: {at}: {} ({version})", error.inner())
    })
}

/// Folders within folders: `--out` makes one a run.
const DEEPEST: usize = 8;
/// A thousand runs are some 100 MB; more was no result.
const LARGEST: u64 = 1 << 30;

#[cfg(test)]
mod tests {
    use super::super::output::json;
    use super::super::sample;
    use super::*;

    fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        fs::write(&path, text).unwrap();
        (folder, path)
    }

    /// What is wrong with a result after `change`.
    fn broken(change: impl FnOnce(&mut Value)) -> String {
        let mut value = serde_json::to_value(sample::report()).unwrap();
        change(&mut value);
        let (_folder, path) = written(&value.to_string());
        let mut problems = read(&path).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems.remove(0)
    }

    #[test]
    fn what_was_written_is_read_back() {
        let report = sample::report();
        let (folder, path) = written(&json(&report));
        let stored = read(&path).unwrap();
        assert_eq!((stored.len(), stored[0].runs[0].report.clone()), (1, report.clone()));
        let both = format!("[{},{}]", json(&report), json(&report));
        fs::write(folder.path().join("both.json"), both).unwrap();
        fs::write(folder.path().join("package.json"), "{\"name\": \"not ours\"}").unwrap();
        fs::write(folder.path().join("c.json"), "{\"schema_version\":\"1.0\",\"calibrations\":[]}")
            .unwrap();
        fs::create_dir(folder.path().join("deeper")).unwrap();
        fs::write(folder.path().join("deeper/result.json"), json(&report)).unwrap();
        let places: Vec<String> = read(folder.path())
            .unwrap()
            .iter()
            .map(|one| one.place.replace(&folder.path().display().to_string(), ""))
            .collect();
        assert_eq!(places, ["/both.json[0]", "/both.json[1]", "/deeper/result.json", "/r.json"]);
    }

    #[test]
    fn a_file_that_is_no_json_does_not_close_its_folder() {
        let (folder, path) = written(&json(&sample::report()));
        let other = folder.path().join("notes.json");
        fs::write(&other, "// not JSON").unwrap();
        assert_eq!(read(folder.path()).unwrap().len(), 1);
        let warnings = passed_over(folder.path());
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].starts_with("passed over: "), "{warnings:?}");
        assert!(warnings[0].contains("notes.json: expected a result as JSON"), "{warnings:?}");
        // Named itself it is an error, and so it is where there is nothing else.
        assert!(read(&other).unwrap_err()[0].contains("expected a result as JSON"));
        assert_eq!(passed_over(&other), [""; 0]);
        fs::remove_file(path).unwrap();
        let problems = read(folder.path()).unwrap_err();
        assert!(problems.len() == 1 && problems[0].contains("notes.json"), "{problems:?}");
    }

    #[test]
    fn what_newer_versions_add_is_passed_over() {
        let mut value = serde_json::to_value(sample::report()).unwrap();
        value["schema_version"] = "1.999".into();
        value["news"] = 1.into();
        value["latency"]["response"]["p42"] = 1.into();
        let (_folder, path) = written(&value.to_string());
        assert_eq!(read(&path).unwrap()[0].runs[0].report.schema_version, "1.999");
    }

    /// The published shape of a gate is expression, value and pass; the rest came with our build.
    #[test]
    fn gates_load_without_words() {
        let mut value = serde_json::to_value(sample::report()).unwrap();
        value["gates"] = serde_json::json!([
            {"expr": "response.p99 < 20ms", "value": 12_300_000.0, "pass": true},
            {"expr": "news.p42 < 5", "value": 7.0, "pass": false},
            {"expr": "headroom > 2", "value": null, "pass": false},
        ]);
        let (_folder, path) = written(&value.to_string());
        let gates = &read(&path).unwrap()[0].runs[0].report.gates;
        let texts: Vec<&str> = gates.iter().map(|gate| &*gate.text).collect();
        assert_eq!(texts, ["response.p99 12.3 ms", "7", "unknown"]);
        assert!(gates.iter().all(|gate| gate.values.is_empty()));
    }

    #[test]
    fn an_error_names_file_field_and_version() {
        let p99 = broken(|value| value["latency"]["response"]["p99"] = "fast".into());
        assert!(p99.contains("r.json: latency.response.p99: invalid type"), "{p99}");
        assert!(p99.ends_with("(schema 1.2, written by kprod-bench 0.1.0)"), "{p99}");
        let missing = broken(|value| {
            value["records"].as_object_mut().unwrap().remove("acked");
        });
        assert!(missing.contains("r.json: records: missing field `acked`"), "{missing}");
        let newer = broken(|value| value["schema_version"] = "2.0".into());
        assert!(newer.contains("schema_version = \"2.0\""), "{newer}");
        assert!(newer.contains("expected 1.x"), "{newer}");
    }

    #[test]
    fn what_is_no_result_says_so() {
        for (text, said) in [
            ("{", "expected a result as JSON"),
            ("[]", "expected what --json FILE writes"),
            ("{\"a\": 1}", "expected what --json FILE writes"),
            ("{\"schema_version\":\"1.0\",\"calibrations\":[]}", "it is a calibration"),
            ("{\"schema_version\":\"1.0\",\"runs\":{}}", "matrix: "),
        ] {
            let (_folder, path) = written(text);
            let problems = read(&path).unwrap_err();
            assert!(problems[0].contains(said), "{problems:?}");
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap_err()[0].contains("expected results"));
        assert!(read(&folder.path().join("none.json")).unwrap_err()[0].contains("can't read it"));
    }

    #[test]
    fn a_result_in_the_middle_of_a_matrix_is_named() {
        let mut run = serde_json::to_value(sample::report()).unwrap();
        run["cell"] = serde_json::json!({"acks": "1"});
        run["repetition"] = 0.into();
        let mut bad = run.clone();
        bad["retries"] = (-1).into();
        let matrix = serde_json::json!({
            "schema_version": "1.0",
            "matrix": {"axes": [], "repeat": 2, "summary": []},
            "runs": [run, bad],
            "exit": {"code": 0, "name": "passed"},
        });
        let (_folder, path) = written(&matrix.to_string());
        let problems = read(&path).unwrap_err();
        assert!(problems[0].contains("r.json: runs[1].retries: invalid value"), "{problems:?}");
        let mut good = matrix;
        good["runs"][1]["retries"] = 7.into();
        let (_folder, path) = written(&good.to_string());
        let stored = read(&path).unwrap();
        assert_eq!(stored[0].runs[1].report.retries, 7);
        assert_eq!(stored[0].runs[1].cell["acks"], "1");
        assert!(stored[0].runs[1].place.ends_with("r.json: runs[1]"));
    }
}
