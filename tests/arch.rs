//! The architecture's rules, checked over the text of `src/`: who may use whom, what the pure storeys
//! must not touch, how long files and functions get.
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
