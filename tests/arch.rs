//! The architecture's rules, checked over the text of `src/`: who may use whom, what the pure
//! storeys must not touch, how long files and functions get.
//!
//! A room that isn't written yet breaks nothing. The rules are in `arch/rules.rs`, exceptions with
//! their reasons in `arch/allowed.rs`.

#[path = "arch/allowed.rs"]
mod allowed;
#[path = "arch/rules.rs"]
mod rules;
#[path = "arch/scan.rs"]
mod scan;

use std::fs;
use std::path::Path;

use rules::Violation;
use scan::Source;

#[test]
fn a_storey_uses_only_those_below() {
    check(rules::storeys);
}

#[test]
fn a_room_uses_only_the_rooms_it_may_know() {
    check(rules::rooms);
}

#[test]
fn the_pure_storeys_use_no_banned_module() {
    check(rules::banned_paths);
}

#[test]
fn the_pure_storeys_use_no_banned_word() {
    check(rules::banned_words);
}

#[test]
fn nothing_is_left_unfinished_or_unwrapped() {
    check(rules::unfinished);
}

#[test]
fn every_file_says_what_it_is() {
    check(rules::opening);
}

#[test]
fn files_and_functions_stay_short() {
    check(rules::lengths);
}

/// Sources, tests and scripts; what is read as data, and snapshots of output, are as wide as that
/// is.
#[test]
fn no_line_is_wider_than_a_hundred_columns() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "tests", "scripts"] {
        every_file(&root.join(folder), &mut files);
    }
    files.sort();
    let mut found = Vec::new();
    for file in &files {
        let name = file.strip_prefix(root).expect("collected below the root");
        let name = name.to_str().expect("file names are plain").replace('\\', "/");
        let text = fs::read_to_string(file).expect("sources are UTF-8");
        found.extend(rules::widths(&name, &text).iter().map(ToString::to_string));
    }
    assert!(files.len() > 300, "{} files", files.len());
    assert!(found.is_empty(), "{} lines:\n  {}", found.len(), found.join("\n  "));
}

#[test]
fn every_exception_is_still_needed() {
    let sources = sources();
    let stale = rules::stale_exceptions(&sources);
    assert!(stale.is_empty(), "remove from tests/arch/allowed.rs:\n  {}", stale.join("\n  "));
}

/// The page that says where Java's tests have theirs here names none that is gone.
#[test]
fn every_test_that_the_page_of_java_s_scenarios_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/java-scenarios.md")).expect("the page is there");
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    collect(&root.join("tests"), &mut files);
    let text: String =
        files.iter().map(|file| fs::read_to_string(file).expect("sources are UTF-8")).collect();
    let plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let named = page.split('`').skip(1).step_by(2).filter(|name| name.contains('_') && plain(name));
    let (there, gone): (Vec<&str>, Vec<&str>) =
        named.partition(|name| text.contains(&format!("fn {name}(")));
    assert!(gone.is_empty(), "docs/java-scenarios.md names tests that are gone: {gone:?}");
    assert!(there.len() > 100, "only {} names were found", there.len());
}

fn check(rule: fn(&Source) -> Vec<Violation>) {
    let found: Vec<_> = sources().iter().flat_map(rule).map(|found| found.to_string()).collect();
    assert!(found.is_empty(), "{} violations:\n  {}", found.len(), found.join("\n  "));
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    files.sort();
    assert!(files.len() > 5, "src/ was not found");
    let mut sources: Vec<_> = files
        .iter()
        .map(|file| {
            let name = file.strip_prefix(root).expect("collected below the root");
            let name = name.to_str().expect("file names are plain").replace('\\', "/");
            Source::parse(&name, &fs::read_to_string(file).expect("sources are UTF-8"))
        })
        .collect();
    let tests: Vec<_> = sources.iter().flat_map(|source| source.test_modules.clone()).collect();
    for source in &mut sources {
        if tests.iter().any(|module| source.module().starts_with(module)) {
            source.mark_as_test();
        }
    }
    sources
}

/// All files but data, fuzzed inputs and snapshots.
fn every_file(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the project can be read") {
        let path = entry.expect("an entry of a folder can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        match path.is_dir() {
            true if !["data", "inputs"].contains(&name) => every_file(&path, files),
            false if !name.ends_with(".txt") => files.push(path),
            _ => {}
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of src/ can be read") {
        let path = entry.expect("an entry of src/ can be read").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
