//! Writing results. Cost class: once a run.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

/// The JSON of a result, indented, with a line end.
///
/// # Panics
/// Never: every field of a result has a form in JSON.
#[must_use]
pub fn json<T: Serialize>(result: &T) -> String {
    let mut text = serde_json::to_string_pretty(result).expect("results hold plain figures");
    text.push('\n');
    text
}

/// Writes a file whole or not at all: whoever watches it never reads half a result.
///
/// # Errors
/// When the folder can't be written to; the file is then as it was before.
pub fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let beside = beside(path);
    let written = fs::File::create(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let moved = written.and_then(|()| fs::rename(&beside, path));
    if moved.is_err() {
        // What is left over would only be in the way; the first error is the one to report.
        let _ = fs::remove_file(&beside);
    }
    moved
}

/// Makes sure that a file can be written there, before a run and not after it, and takes an earlier
/// result away: one that stayed would pass for this run's, should this one come to none.
///
/// # Errors
/// What stands in the way.
pub fn make_way(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    let beside = beside(path);
    fs::File::create(&beside)?;
    fs::remove_file(&beside)?;
    if path.is_file() { fs::remove_file(path) } else { Ok(()) }
}

/// The name under which a file is written until it is whole: in the same folder, since a rename
/// can't leave a file system.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_result_makes_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        write_whole(&path, "an earlier run's").unwrap();
        make_way(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        make_way(&path).unwrap();
        write_whole(&path, "{1}").unwrap();
        write_whole(&path, "{2}").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{2}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_place_that_cannot_be_written_to_is_found_out_before() {
        let folder = tempfile::tempdir().unwrap();
        assert!(make_way(folder.path()).is_err());
        assert!(make_way(&folder.path().join("none/r.json")).is_err());
        assert!(write_whole(&folder.path().join("none/r.json"), "").is_err());
    }
}
