//! Broken profiles and what a user reads about each.
//!
//! `tests/data/profile-errors/` holds them, `tests/data/profile-errors.txt` the page of messages;
//! after a change of a text on purpose, `KPROD_WRITE_SNAPSHOTS=1 cargo test --test profile_errors`
//! writes it anew.

use std::fs;
use std::path::Path;

use clap::Parser as _;
use kprod_bench::app::cli::args::Cli;
use kprod_bench::app::settings;

const FOLDER: &str = "tests/data/profile-errors";

/// Goal: every message names its place, what stands there, and what to write, and texts are looked
/// at when they change. Method: each profile is read as a run would, against the committed page.
#[test]
fn every_broken_profile_is_told_as_the_page_has_it() {
    let mut files: Vec<_> = fs::read_dir(FOLDER).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10);
    let page: String = files.iter().map(|path| said(path)).collect();
    let kept = Path::new("tests/data/profile-errors.txt");
    if std::env::var_os("KPROD_WRITE_SNAPSHOTS").is_some() {
        fs::write(kept, &page).unwrap();
    }
    let kept = fs::read_to_string(kept).unwrap();
    for (now, kept) in page.lines().zip(kept.lines()) {
        assert_eq!(now, kept);
    }
    assert_eq!(page.lines().count(), kept.lines().count());
}

fn said(path: &Path) -> String {
    let path = path.to_str().expect("a name in UTF-8");
    let words = ["kprod-bench", "--profile", path];
    let cli = Cli::try_parse_from(words).expect("flags that exist");
    let Err(problems) = settings::build(&cli.run, &|_| None) else {
        panic!("nothing is found wrong with {path}");
    };
    let name = path.rsplit('/').next().unwrap_or_default();
    // The folder says nothing.
    let lines = problems.lines().iter().map(|line| line.replace(&format!("{FOLDER}/"), ""));
    let lines: String = lines.map(|line| format!("  error: {line}\n")).collect();
    format!("{name}\n{lines}\n")
}
