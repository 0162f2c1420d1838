//! Files that are written, held against each other and against those that are read. Cost class:
//! once a process.
//!
//! A result's place is cleared before anything is measured, so that what stands there would be lost
//! whatever it is: two results in one place, or a result in the place of what was read, are
//! mistakes that are told beforehand.

use std::fs;
use std::path::{Path, PathBuf};

use super::output::{JsonTarget, Output};
use super::problems::Problems;
use super::{Cell, Given, built_in};
use crate::app::cli::args::DataArgs;
use crate::app::report::stored;

/// The files of a command line.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Places {
    read: Vec<Read>,
    written: Vec<Written>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Read {
    by: Reader,
    path: PathBuf,
    /// In a folder, results are looked for in its folders, too; of other things only files count
    /// that lie in the folder itself.
    results: bool,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Reader {
    /// Without dashes.
    Flag(&'static str),
    /// A command, or a Kafka key.
    Named(String),
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Written {
    flag: &'static str,
    path: PathBuf,
    /// Something new is made in it, and what is there stays.
    is_folder: bool,
}

impl Places {
    /// What a run reads, with what it writes.
    pub(super) fn of_run(given: &Given, cells: &[Cell], output: &Output) -> Self {
        let mut places = Self::default();
        let args = &given.args;
        let producer = &args.producer;
        let profile = args.data.profile.as_ref().filter(|name| built_in(name).is_none());
        for (flag, path) in [
            ("profile", profile),
            ("command-config", producer.command_config.as_ref()),
            ("producer.config", producer.producer_config.as_ref()),
            ("rate-file", args.load.rate_file.as_ref()),
            ("calibration", args.judgement.calibration.as_ref()),
        ] {
            places.reads(flag, path);
        }
        places.reads_data(given);
        let is_file = |key: &str, value: &str| key.ends_with(".location") && !value.is_empty();
        for row in cells.iter().flat_map(|cell| &cell.effective) {
            if is_file(row.key, &row.value) {
                places.add(Reader::Named(row.key.to_owned()), &row.value, false);
            }
        }
        if let Some(source) = &args.judgement.baseline {
            places.add_results(&Reader::Flag("baseline"), source);
        }
        places.writes_forms(output);
        places
    }

    /// What the records of a run, or of one of its streams, are made from.
    pub(super) fn reads_data(&mut self, given: &Given) {
        let DataArgs { template, payload_file, key_rules, .. } = &given.args.data;
        for (flag, path) in
            [("template", template), ("payload-file", payload_file), ("key-rules", key_rules)]
        {
            let carried = path.as_ref().is_some_and(|path| given.carried(flag, path).is_some());
            self.reads(flag, path.as_ref().filter(|_| !carried));
        }
    }

    fn reads(&mut self, flag: &'static str, path: Option<&String>) {
        if let Some(path) = path {
            self.add(Reader::Flag(flag), path, false);
        }
    }

    /// Results that a command reads, `source` being a file, a folder, or several with commas.
    pub fn reads_results(&mut self, command: &str, source: &str) {
        self.add_results(&Reader::Named(command.to_owned()), source);
    }

    /// A file or a folder of results that a command reads.
    pub fn reads_file(&mut self, command: &str, path: &str) {
        self.add(Reader::Named(command.to_owned()), path, true);
    }

    fn add_results(&mut self, by: &Reader, source: &str) {
        for part in stored::parts(source) {
            self.add(by.clone(), part, true);
        }
    }

    fn add(&mut self, by: Reader, path: &str, results: bool) {
        self.read.push(Read { by, path: path.into(), results });
    }

    /// A file that a flag, without dashes, asks for; `-` is standard output.
    pub fn writes(&mut self, flag: &'static str, path: Option<&str>) {
        if let Some(path) = path.filter(|path| *path != "-") {
            self.written.push(Written { flag, path: path.into(), is_folder: false });
        }
    }

    /// The forms of a result.
    pub fn writes_forms(&mut self, output: &Output) {
        if let Some(JsonTarget::File(path)) = &output.json {
            self.written.push(Written { flag: "json", path: path.clone(), is_folder: false });
        }
        for (form, path) in &output.files {
            let (flag, path) = (form.flag(), path.clone());
            self.written.push(Written { flag, path, is_folder: false });
        }
        if let Some(path) = &output.out {
            self.written.push(Written { flag: "out", path: path.clone(), is_folder: true });
        }
    }

    /// Tells which files would be lost.
    pub fn check(&self, problems: &mut Problems) {
        for (at, one) in self.written.iter().enumerate() {
            let names = names(&one.path);
            let twin =
                self.written[..at].iter().find(|other| meet(&names, &self::names(&other.path)));
            let expected = match twin {
                Some(twin) => {
                    let twin = problems.named(twin.flag);
                    format!("{twin} is written there; give each a place of its own")
                }
                None => match self.read.iter().find(|read| one.ruins(&names, read)) {
                    Some(read) => {
                        let reader = match &read.by {
                            Reader::Flag(flag) => problems.named(flag),
                            Reader::Named(name) => name.clone(),
                        };
                        format!("{reader} reads it, and it would be lost; choose another file")
                    }
                    None => continue,
                },
            };
            problems.flag(one.flag, &one.path.display().to_string(), expected);
        }
    }
}

impl Written {
    /// Whether what is read would be lost; `names` are the file's.
    fn ruins(&self, names: &[PathBuf], read: &Read) -> bool {
        if self.is_folder {
            return false;
        }
        if !read.path.is_dir() {
            return meet(names, &self::names(&read.path));
        }
        let Ok(folder) = fs::canonicalize(&read.path) else { return false };
        let is_in = |name: &PathBuf| match read.results {
            true => name.starts_with(&folder),
            false => name.parent() == Some(&folder),
        };
        // A new file in the folder takes nothing away.
        let is_there = self.path.is_file() && names.iter().any(is_in);
        let is_json = || self.path.extension().is_some_and(|it| it == "json");
        is_there && (!read.results || (is_json() && stored::read(&self.path).is_ok()))
    }
}

/// What a file is called: its name in a folder whose own name is the true one, and the true name of
/// what is there.
fn names(path: &Path) -> Vec<PathBuf> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or_else(|| Path::new("."));
    let parent = fs::canonicalize(parent).or_else(|_| std::path::absolute(parent));
    let named = parent.ok().zip(path.file_name()).map(|(parent, name)| parent.join(name));
    named.into_iter().chain(fs::canonicalize(path)).collect()
}

fn meet(some: &[PathBuf], others: &[PathBuf]) -> bool {
    some.iter().any(|name| others.contains(name))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{problems, settings};
    use super::*;
    use crate::app::report::output::json;
    use crate::app::report::sample;

    fn found(places: &Places) -> Vec<String> {
        let mut problems = Problems::default();
        places.check(&mut problems);
        problems.lines().to_vec()
    }

    #[test]
    fn two_results_have_two_places() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (first, same) = (path("r"), path("./r"));
        let line = "--embedded --num-records 10";
        assert_eq!(
            problems(&format!("{line} --json {first} --html {same} --acks 7"))[1..],
            [format!("--html = \"{same}\": --json is written there; give each a place of its own")]
        );
        let out = problems(&format!("{line} --csv {first} --out {first}"));
        assert!(out[0].contains("--csv is written there"), "{out:?}");
        settings(&format!("{line} --json {first} --html {}", path("r.html")));
        settings(&format!("{line} --json - --html {first}"));
        // Names that only look alike, in folders that aren't there.
        settings(&format!("{line} --json {} --html {}", path("a/r"), path("b/r")));
        assert_eq!(problems(&format!("{line} --json x --csv ../{}/x", here())).len(), 1);
    }

    /// The name of the folder in which the tests run.
    fn here() -> String {
        let here = std::env::current_dir().unwrap();
        here.file_name().unwrap().to_string_lossy().into_owned()
    }

    /// Goal: nothing that a run reads is cleared for its results. Method: each flag that names a
    /// file with a result in the same place, the file named in two ways.
    #[test]
    fn what_a_run_reads_is_no_place_for_its_results() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        fs::write(path("rate.csv"), "0,1\n1,2\n").unwrap();
        fs::write(path("text"), "acks=1\n").unwrap();
        fs::write(path("p.yaml"), "version: 1\nname: p\nload: {stages: [{rate: 5, for: 3s}]}\n")
            .unwrap();
        fs::copy("profiles/pangyo.rules.yaml", path("rules.yaml")).unwrap();
        let line = "--embedded --num-records 10";
        for (flag, name) in [
            ("payload-file", "text"),
            ("template", "text"),
            ("command-config", "text"),
            ("producer.config", "text"),
            ("rate-file", "rate.csv"),
            ("profile", "p.yaml"),
            ("key-rules", "rules.yaml"),
        ] {
            let (given, there) = (path(name), path(&format!("./{name}")));
            let found = problems(&format!("{line} --{flag} {given} --html {there}"));
            let expected = format!(
                "--html = \"{there}\": --{flag} reads it, and it would be lost; choose another file"
            );
            assert_eq!(found, [expected]);
        }
        // What a folder gives away isn't to be overwritten either; a new file in it may be made.
        let pieces = folder.path().join("pieces");
        fs::create_dir(&pieces).unwrap();
        fs::write(pieces.join("1"), "a").unwrap();
        let line = format!("--embedded --payload-file {}", pieces.display());
        assert_eq!(problems(&format!("{line} --csv {}", pieces.join("1").display())).len(), 1);
        settings(&format!("{line} --csv {}", pieces.join("2").display()));
    }

    #[test]
    fn a_baseline_is_no_place_for_results() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        fs::create_dir(path("deeper")).unwrap();
        for name in ["a.json", "deeper/b.json"] {
            fs::write(path(name), json(&sample::report())).unwrap();
        }
        fs::write(path("other.json"), "{}").unwrap();
        let against = |source: &str, written: &str| {
            let mut places = Places::default();
            places.reads_results("compare", source);
            places.writes("json", Some(written));
            found(&places)
        };
        let all = folder.path().display().to_string();
        for (source, written, lost) in [
            (path("a.json"), path("a.json"), true),
            (path("a.json"), path("deeper/../a.json"), true),
            (path("a.json"), path("c.json"), false),
            (format!("{},{}", path("c"), path("a.json")), path("a.json"), true),
            (all.clone(), path("a.json"), true),
            (all.clone(), path("deeper/b.json"), true),
            (all.clone(), path("other.json"), false),
            (all.clone(), path("new.json"), false),
            (path("deeper"), path("a.json"), false),
        ] {
            let said = against(&source, &written);
            assert_eq!(!said.is_empty(), lost, "{source} {written} {said:?}");
            assert!(said.iter().all(|one| one.contains("compare reads it")), "{said:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_does_not_hide_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "1").unwrap();
        std::os::unix::fs::symlink(path("a"), path("link")).unwrap();
        let mut places = Places::default();
        places.reads_results("report", &path("link").display().to_string());
        places.writes("html", path("a").to_str());
        assert_eq!(found(&places).len(), 1);
    }
}
