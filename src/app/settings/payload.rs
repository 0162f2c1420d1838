//! Values that come out of files, the same in every cell: a template, or pieces of a corpus. Cost
//! class: once a process; a corpus is read at once, without a second copy.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::problems::Problems;
use super::profile::Given;
use crate::app::cli::args::DataArgs;
use crate::load::source::template::Template;
use crate::load::source::{Corpus, CorpusError, PieceFormat, PieceOrder};

/// Where values come from that no generator makes by itself.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) enum Payload {
    /// Nowhere: the generator makes them.
    #[default]
    Generated,
    /// A template.
    Template(Arc<Template>),
    /// The pieces of a file, or of those of a folder.
    Corpus(Arc<Corpus>, PieceOrder),
    /// 0, 1, 2, …
    Monotonic,
}

impl Payload {
    /// What the flags name; with problems, whatever it may be.
    pub(super) fn read(given: &Given, problems: &mut Problems) -> Self {
        let args = &given.args.data;
        if args.payload_monotonic {
            return Self::Monotonic;
        }
        let (flag, path, generator) = match (&args.template, &args.payload_file) {
            (Some(path), _) => ("template", path, "template"),
            (None, Some(path)) => ("payload-file", path, "corpus"),
            (None, None) => return Self::Generated,
        };
        let asked = args.generator.as_deref().unwrap_or(generator);
        if asked.split(',').all(|word| word.trim() != generator) {
            let expected = format!(
                "nothing reads it with --generator {asked}; write --generator {generator}, or \
                 leave one of the two out"
            );
            problems.flag(flag, path, expected);
            return Self::Generated;
        }
        let found = if flag == "template" {
            let text = template_text(given, path, problems);
            let made = text.and_then(|text| template(path, &text, problems));
            made.map(|it| Self::Template(Arc::new(it)))
        } else {
            let order = order(args, problems);
            corpus(args, path, problems).map(|it| Self::Corpus(Arc::new(it), order))
        };
        found.unwrap_or_default()
    }
}

/// The text of a template's file.
fn template_text(given: &Given, path: &str, problems: &mut Problems) -> Option<String> {
    if let Some(text) = given.carried("template", path) {
        return Some(text.to_owned());
    }
    let mut text = String::new();
    let read = File::open(path).and_then(|file| {
        file.take(LARGEST_TEMPLATE + 1).read_to_string(&mut text).map(|_| text.len() as u64)
    });
    match read {
        Err(error) => problems.flag("template", path, format_args!("can't read it: {error}")),
        Ok(LARGEST_TEMPLATE..) => {
            let expected = "expected a template below 16 MiB; ready values are for --payload-file";
            problems.flag("template", path, expected);
        }
        Ok(_) => return Some(text),
    }
    None
}

/// The template of a text. All that is wrong with it is a problem of its own, with its place. One
/// that is called JSON must make some.
fn template(path: &str, text: &str, problems: &mut Problems) -> Option<Template> {
    match Template::parse(text) {
        Err(errors) => {
            for error in errors {
                let (line, column) = (error.line, error.column);
                let place = format!("{path}:{line}:{column}");
                problems.add(format!("{} ({place}): {}", error.what, error.expected));
            }
            None
        }
        Ok(template) => match is_called_json(path).then(|| makes_json(&template)) {
            Some(Err(why)) => {
                problems.flag("template", path, why);
                None
            }
            _ => Some(template),
        },
    }
}

fn is_called_json(path: &str) -> bool {
    let name = Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or("");
    name.ends_with(".json") || name.contains(".json.")
}

/// Some records as JSON; the first that is none is shown where it stops being any.
fn makes_json(template: &Template) -> Result<(), String> {
    if template.largest() > LARGEST_JSON || template.most_steps() > LARGEST_JSON.into() {
        return Ok(());
    }
    let mut rendering = template.rendering();
    for number in 0..100 {
        template.render(1, number, 0, &mut rendering);
        let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(rendering.bytes()) else {
            continue;
        };
        let line = rendering.bytes().split(|byte| *byte == b'\n').nth(error.line().max(1) - 1);
        let line = String::from_utf8_lossy(line.unwrap_or_default()).into_owned();
        let letters: Vec<char> = line.chars().collect();
        let from = error.column().saturating_sub(30).min(letters.len());
        let around: String = letters[from..].iter().take(40).collect();
        return Err(format!(
            "a file called .json makes JSON, but record {number} is none: {error}, near \
             {around:?}; texts need quotes around their braces, numbers none"
        ));
    }
    Ok(())
}

fn corpus(args: &DataArgs, path: &str, problems: &mut Problems) -> Option<Corpus> {
    let files = match files(Path::new(path)) {
        Ok(files) if files.is_empty() => {
            problems.flag("payload-file", path, "the folder holds no files: expected one at least");
            return None;
        }
        Ok(files) => files,
        Err(error) => {
            problems.flag("payload-file", path, format_args!("can't read it: {error}"));
            return None;
        }
    };
    let format = format(args, Path::new(path).is_dir(), problems)?;
    if bytes_of(&files) > Corpus::LARGEST {
        problems.flag("payload-file", path, CorpusError::TooLarge);
        return None;
    }
    let (bytes, ends) = match read_all(&files) {
        Ok(read) => read,
        Err((file, error)) => {
            let file = file.display().to_string();
            problems.flag("payload-file", &file, format_args!("can't read it: {error}"));
            return None;
        }
    };
    let length = bytes.len();
    let cut = Corpus::cut(bytes, &ends, &format);
    // What is found is left out of the pieces.
    if let (Some(delimiter), Ok(corpus)) = (&args.payload_delimiter, &cut)
        && corpus.size() == length
    {
        let flag = problems.named("payload-delimiter");
        problems.note(format!(
            "{flag}: {delimiter:?} isn't found in {path}, so that a whole file is one piece"
        ));
    }
    cut.map_err(|error: CorpusError| {
        let file = error.file().map(|at| files[at].display().to_string());
        let file = file.unwrap_or_else(|| path.to_owned());
        problems.flag("payload-file", &file, error);
    })
    .ok()
}

/// The file, or those of the folder in the order of their names. What is hidden and what isn't a
/// file is left out.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !is_hidden && entry.path().is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// How long files are, as far as they say so before they are read.
fn bytes_of(files: &[PathBuf]) -> u64 {
    files.iter().map(|file| fs::metadata(file).map_or(0, |it| it.len())).sum()
}

/// All bytes, and where each file ends.
type Joined = (Vec<u8>, Vec<usize>);

/// All files one behind another. Room for them is taken once; what is longer
/// than a corpus may be, such as a pipe, is read no further than to know that.
fn read_all(files: &[PathBuf]) -> Result<Joined, (&PathBuf, io::Error)> {
    let mut bytes = Vec::with_capacity(usize::try_from(bytes_of(files)).unwrap_or(0));
    let mut ends = Vec::with_capacity(files.len());
    for path in files {
        let left = (Corpus::LARGEST + 1).saturating_sub(bytes.len() as u64);
        File::open(path)
            .and_then(|file| file.take(left).read_to_end(&mut bytes))
            .map_err(|error| (path, error))?;
        ends.push(bytes.len());
    }
    Ok((bytes, ends))
}

/// How files are cut: by lines, or a folder's as wholes, unless it is said otherwise.
fn format(args: &DataArgs, is_folder: bool, problems: &mut Problems) -> Option<PieceFormat> {
    let delimiter = args.payload_delimiter.as_deref();
    let default = if is_folder && delimiter.is_none() { "file" } else { "lines" };
    let word = args.payload_format.as_deref().unwrap_or(default);
    let format = match word {
        "lines" => match unescaped(delimiter.unwrap_or("\n")) {
            Ok(bytes) => PieceFormat::Delimited(bytes),
            Err(expected) => {
                problems.flag("payload-delimiter", delimiter.unwrap_or_default(), expected);
                return None;
            }
        },
        "length32" => PieceFormat::Length32,
        "varint" => PieceFormat::Varint,
        "file" => PieceFormat::File,
        other => {
            problems.flag("payload-format", other, "expected lines, length32, varint or file");
            return None;
        }
    };
    match (delimiter, &format) {
        (Some(""), _) => {
            problems.flag("payload-delimiter", "", "expected at least one character");
            None
        }
        (Some(_), PieceFormat::Delimited(_)) | (None, _) => Some(format),
        (Some(text), _) => {
            let expected = format!("--payload-format {word} has no delimiter; leave it out");
            problems.flag("payload-delimiter", text, expected);
            None
        }
    }
}

/// A delimiter is taken literally, except for what a backslash begins: `\n`, `\r`, `\t`, `\0`, `\\`
/// and `\xNN` stand for one byte each.
fn unescaped(delimiter: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(delimiter.len());
    let mut rest = delimiter;
    while let Some((literal, escape)) = rest.split_once('\\') {
        bytes.extend_from_slice(literal.as_bytes());
        let hex = escape.strip_prefix('x').and_then(|digits| digits.get(..2));
        let hex = hex.filter(|digits| digits.bytes().all(|it| it.is_ascii_hexdigit()));
        let (byte, length) = match (escape.as_bytes().first(), hex) {
            (Some(b'n'), _) => (b'\n', 1),
            (Some(b'r'), _) => (b'\r', 1),
            (Some(b't'), _) => (b'\t', 1),
            (Some(b'0'), _) => (0, 1),
            (Some(b'\\'), _) => (b'\\', 1),
            (Some(b'x'), Some(digits)) => {
                (u8::from_str_radix(digits, 16).expect("two hexadecimal digits are a byte"), 3)
            }
            _ => {
                let letter: String = escape.chars().take(1).collect();
                return Err(format!(
                    "expected \\n, \\r, \\t, \\0, \\\\ or \\xNN, not \\{letter}; a backslash \
                     itself is written \\\\"
                ));
            }
        };
        bytes.push(byte);
        rest = &escape[length..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

fn order(args: &DataArgs, problems: &mut Problems) -> PieceOrder {
    match args.payload_order.as_deref() {
        None | Some("random") => PieceOrder::Random,
        Some("sequence") => PieceOrder::Sequence,
        Some(other) => {
            problems.flag("payload-order", other, "expected random or sequence");
            PieceOrder::Random
        }
    }
}

const LARGEST_TEMPLATE: u64 = 16 << 20;
/// Larger records aren't parsed beforehand.
const LARGEST_JSON: u32 = 1 << 20;
