//! The rules themselves: each looks at one file and says what is wrong and what to do.

use std::fmt;

use crate::allowed::{BANNED, LONG_FILES, LONG_FUNCTIONS, WIDE_FILES};
use crate::scan::{PathUse, Source};

/// What a rule found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) found: String,
    pub(crate) advice: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: `{}`: {}", self.file, self.line, self.found, self.advice)
    }
}

/// Rule: a storey uses those below it, never one above.
pub(crate) fn storeys(source: &Source) -> Vec<Violation> {
    let Some(own) = source.storey().and_then(|storey| height(&storey)) else {
        return Vec::new(); // lib.rs and main.rs stand on top of all
    };
    let mut found = Vec::new();
    for path in crate_paths(source) {
        let target = &path.segments[1];
        let advice = match height(target) {
            Some(other) if other <= own => continue,
            Some(_) => format!(
                "{} stands below {target}; pass it in as a value, or move the code up",
                STOREYS[own]
            ),
            // A name re-exported by lib.rs would hide which storey it comes from.
            None if path.segments.len() == 2 && is_macro(source, &path) => continue,
            None => "name the storey: crate::base, crate::kafka, crate::load, …".to_owned(),
        };
        found.push(violation(source, path.line, path.segments.join("::"), advice));
    }
    found
}

/// Rule: within a storey, rooms not joined by an arrow of the architecture don't know each other.
pub(crate) fn rooms(source: &Source) -> Vec<Violation> {
    let module = source.module();
    let (Some(storey), Some(room)) = (module.first(), module.get(1)) else { return Vec::new() };
    let mut found = Vec::new();
    for path in crate_paths(source) {
        let (target, inner) = (&path.segments[1], path.segments.get(2));
        let verdict = if target == storey {
            match inner {
                Some(other) if other != room && is_room(target, other) => {
                    may_know(storey, room, other)
                }
                _ => true,
            }
        } else {
            may_reach(storey, room, target, inner.map_or("", String::as_str))
        };
        if !verdict {
            let advice = format!(
                "{storey}/{room} may not know this room (architecture, section 4); pass a value \
                 in, or change the architecture and the table in tests/arch/rules.rs together"
            );
            found.push(violation(source, path.line, path.segments.join("::"), advice));
        }
    }
    found
}

/// Rule: `base`, `kafka` and `load` are pure; what they need of the world is passed in.
pub(crate) fn banned_paths(source: &Source) -> Vec<Violation> {
    if !is_pure(source) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for path in source.paths() {
        let full = path.segments.join("::");
        let Some((banned, advice)) = BANNED_PATHS
            .iter()
            .find(|(banned, _)| full == *banned || full.starts_with(&format!("{banned}::")))
        else {
            continue;
        };
        if !is_allowed(source, banned) {
            found.push(violation(source, path.line, full.clone(), (*advice).to_owned()));
        }
    }
    found
}

/// Rule: the same for words that need no path, for macros and for methods of floats.
pub(crate) fn banned_words(source: &Source) -> Vec<Violation> {
    if !is_pure(source) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (index, token) in source.tokens.iter().enumerate() {
        let word = token.text.as_str();
        let is_method = index > 0 && source.token(index - 1) == "." && {
            // `x.ln()` and `x.ln::<T>()`, but not a field named so.
            matches!(source.token(index + 1), "(" | "::")
        };
        let of_float = source.token(index.wrapping_sub(1)) == "::"
            && matches!(source.token(index.wrapping_sub(2)), "f64" | "f32");
        let advice = if source.token(index + 1) == "!" && PRINTING.contains(&word) {
            "no printing below host/; return a value and let the report print it"
        } else if FLOAT_METHODS.contains(&word) && (is_method || of_float) {
            "std's result differs between platforms; use crate libm"
        } else if let Some((_, advice)) = BANNED_WORDS.iter().find(|(banned, _)| *banned == word) {
            advice
        } else {
            continue;
        };
        if !is_allowed(source, word) {
            found.push(violation(source, token.line, word.to_owned(), advice.to_owned()));
        }
    }
    found
}

/// Rule: nothing unfinished is committed, and a broken invariant says which it was.
pub(crate) fn unfinished(source: &Source) -> Vec<Violation> {
    let mut found = Vec::new();
    for (index, token) in source.tokens.iter().enumerate() {
        let word = token.text.as_str();
        let advice = if source.token(index + 1) == "!" && matches!(word, "todo" | "unimplemented") {
            "write it, or don't offer it"
        } else if word == "unwrap" && index > 0 && source.token(index - 1) == "." {
            "use expect with the invariant that holds, or handle the case"
        } else {
            continue;
        };
        found.push(violation(source, token.line, word.to_owned(), advice.to_owned()));
    }
    for (number, line) in &source.lines {
        if let Some(mark) = MARKS.iter().find(|mark| contains_word(line, mark)) {
            let advice = "finish it, or say what the limit is and why it is right".to_owned();
            found.push(violation(source, *number, (*mark).to_owned(), advice));
        }
    }
    found
}

/// Rule: a file opens with what it is.
pub(crate) fn opening(source: &Source) -> Vec<Violation> {
    let first = source.raw.lines().next().unwrap_or("");
    if first.starts_with("//! ") {
        return Vec::new();
    }
    let advice = "open with `//!`: what this room does, its cost class, what it does not do";
    vec![violation(source, 1, first.to_owned(), advice.to_owned())]
}

/// Rule: files and functions are short enough to be read in one go.
pub(crate) fn lengths(source: &Source) -> Vec<Violation> {
    let mut found = Vec::new();
    if source.code_lines > FILE_LIMIT && !LONG_FILES.iter().any(|(file, _)| *file == source.path) {
        let text = format!("{} lines without tests", source.code_lines);
        let advice = format!("{FILE_LIMIT} is the limit; split the room into files");
        found.push(violation(source, 1, text, advice));
    }
    for function in source.functions() {
        let exempt = LONG_FUNCTIONS
            .iter()
            .any(|(file, name, _)| *file == source.path && *name == function.name);
        if function.lines > FUNCTION_LIMIT && !exempt {
            let text = format!("fn {}: {} lines", function.name, function.lines);
            let advice = format!(
                "{FUNCTION_LIMIT} is the limit; split it, or list it with a reason in \
                 tests/arch/allowed.rs"
            );
            found.push(violation(source, function.line, text, advice));
        }
    }
    found
}

/// Rule: lines fit the page, counted in characters. A word that nobody can break, such as an
/// address or a test's name, may stand out.
pub(crate) fn widths(path: &str, text: &str) -> Vec<Violation> {
    if WIDE_FILES.iter().any(|(file, _)| *file == path) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let width = text.chars().count();
        let unbreakable = text.split_whitespace().any(|word| word.chars().count() > LONG_WORD);
        if width > WIDTH && !unbreakable {
            let (file, found_text) = (path.to_owned(), format!("{width} columns"));
            let advice = format!("{WIDTH} is the limit; wrap it");
            found.push(Violation { file, line, found: found_text, advice });
        }
    }
    found
}

/// Exceptions that nothing needs any more.
pub(crate) fn stale_exceptions(sources: &[Source]) -> Vec<String> {
    let in_file = |file: &str| sources.iter().find(|source| source.path == file);
    let mut stale = Vec::new();
    for (file, name, _) in LONG_FUNCTIONS {
        let functions = in_file(file).map(Source::functions).unwrap_or_default();
        if !functions.iter().any(|it| it.name == *name && it.lines > FUNCTION_LIMIT) {
            stale.push(format!("{file}: fn {name}"));
        }
    }
    for (file, _) in LONG_FILES {
        if in_file(file).is_none_or(|source| source.code_lines <= FILE_LIMIT) {
            stale.push((*file).to_owned());
        }
    }
    for (file, what, _) in BANNED {
        let word = what.rsplit("::").next().expect("rsplit gives one piece at least");
        if !in_file(file).is_some_and(|it| it.tokens.iter().any(|token| token.text == word)) {
            stale.push(format!("{file}: {what}"));
        }
    }
    stale
}

/// May this room use another room of its own storey?
fn may_know(storey: &str, room: &str, other: &str) -> bool {
    if let Some((.., others)) = KNOWS.iter().find(|(s, r, _)| (*s, *r) == (storey, room)) {
        return others.contains(&other);
    }
    true
}

/// May this room use a room of a storey below? Most may; some know only what they are named for.
fn may_reach(storey: &str, room: &str, target: &str, inner: &str) -> bool {
    match (storey, room, target) {
        (_, _, "base") => true,
        ("host", "shell", _) => false,
        ("host", "client", "load") => false,
        ("host", "client", "kafka") => matches!(inner, "config" | "producer" | "compression"),
        // The engine hides the producer's parts from a run.
        ("host", "driver", "kafka") => {
            !matches!(inner, "producer" | "accumulator" | "partitioner" | "connection" | "cluster")
        }
        _ => true,
    }
}

fn is_room(storey: &str, name: &str) -> bool {
    KNOWS.iter().any(|(s, room, _)| *s == storey && *room == name)
}

fn is_pure(source: &Source) -> bool {
    source.storey().is_some_and(|storey| PURE.contains(&storey.as_str()))
}

fn is_allowed(source: &Source, what: &str) -> bool {
    BANNED.iter().any(|(file, allowed, _)| *file == source.path && *allowed == what)
}

fn height(storey: &str) -> Option<usize> {
    STOREYS.iter().position(|name| *name == storey)
}

fn crate_paths(source: &Source) -> Vec<PathUse> {
    let mut paths = source.paths();
    paths.retain(|path| path.segments[0] == "crate" && path.segments.len() > 1);
    paths
}

/// A macro of this crate, which Rust exports at the root whatever its storey.
fn is_macro(source: &Source, path: &PathUse) -> bool {
    let name = path.segments.last().expect("a path has a last segment");
    (0..source.tokens.len()).any(|index| {
        source.tokens[index].line == path.line
            && source.token(index) == name
            && source.token(index + 1) == "!"
    })
}

fn contains_word(line: &str, word: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
    line.match_indices(word).any(|(at, _)| {
        edge(line[..at].chars().next_back()) && edge(line[at + word.len()..].chars().next())
    })
}

fn violation(source: &Source, line: usize, found: String, advice: String) -> Violation {
    Violation { file: source.path.clone(), line, found, advice }
}

const FILE_LIMIT: usize = 500;
const WIDTH: usize = 100;
/// Hardly fits beside its indent and marker.
const LONG_WORD: usize = 85;
const FUNCTION_LIMIT: usize = 70;

const STOREYS: [&str; 5] = ["base", "kafka", "load", "host", "app"];
const PURE: [&str; 3] = ["base", "kafka", "load"];

/// Per storey and room, the rooms of the same storey it may use.
const KNOWS: &[(&str, &str, &[&str])] = &[
    // The types of compression.type's and partitioner.class's values belong to those rooms.
    ("kafka", "config", &["compression", "partitioner"]),
    ("kafka", "wire", &[]),
    // Snappy's framing has lengths from the peer, which wire's checked reader reads.
    ("kafka", "compression", &["wire"]),
    ("kafka", "partitioner", &[]),
    ("kafka", "accumulator", &["config", "wire", "compression", "partitioner"]),
    ("kafka", "connection", &["config", "wire", "compression", "partitioner"]),
    (
        "kafka",
        "cluster",
        &["config", "wire", "compression", "partitioner", "accumulator", "connection"],
    ),
    (
        "kafka",
        "producer",
        &["config", "wire", "compression", "partitioner", "accumulator", "connection", "cluster"],
    ),
    ("kafka", "admin", &["config", "wire", "compression", "connection", "cluster"]),
    ("kafka", "broker", &["wire", "compression"]),
    ("load", "draw", &[]),
    ("load", "schedule", &["draw"]),
    ("load", "source", &["draw", "schedule"]),
    ("load", "recorder", &[]),
    // Fetched batches are held against the source.
    ("load", "verify", &["source"]),
    ("load", "engine", &["schedule", "source", "recorder", "verify"]),
    ("host", "shell", &[]),
    ("host", "sim", &[]),
    ("host", "driver", &["shell"]),
    ("host", "client", &["shell"]),
    // Figures in, verdicts out: what they are called is the business of others.
    ("app", "stats", &[]),
];

/// Modules and crates banned from the pure storeys, with what to do instead.
const BANNED_PATHS: &[(&str, &str)] = &[
    ("std::net", "sockets belong to host/shell; addresses are in core::net"),
    ("std::thread", "one worker is one thread, made by host/driver"),
    ("std::fs", "files are read in app/ or host/ and passed in"),
    ("std::env", "the environment is read in app/settings and passed in"),
    ("std::process", "processes belong to app/"),
    ("std::os", "the operating system belongs to host/"),
    ("std::io::stdin", "input is passed in"),
    ("std::io::stdout", "no printing below host/"),
    ("std::io::stderr", "no printing below host/"),
    ("std::time::Instant", "time comes in as base::Instant"),
    ("std::time::SystemTime", "unix time at the start comes in as a number"),
    ("std::collections::HashMap", "its order is random per process; use BTreeMap or dense slots"),
    ("std::collections::HashSet", "its order is random per process; use BTreeSet or dense slots"),
    ("std::collections::hash_map", "its order is random per process; use BTreeMap or dense slots"),
    ("std::collections::hash_set", "its order is random per process; use BTreeSet or dense slots"),
    ("std::hash::RandomState", "its seed is random per process"),
    ("std::hash::DefaultHasher", "its result may change with the compiler; use a named hash"),
    ("std::sync::Mutex", "a machine has one owner; nothing is shared"),
    ("std::sync::RwLock", "a machine has one owner; nothing is shared"),
    ("std::sync::Condvar", "a machine has one owner; nothing is shared"),
    ("std::sync::mpsc", "a machine has one owner; nothing is shared"),
    ("std::sync::atomic", "a machine has one owner; nothing is shared"),
    ("std::sync::OnceLock", "no state outside the machine; pass it in"),
    ("std::sync::LazyLock", "no state outside the machine; pass it in"),
    ("tokio", "the runtime belongs to host/"),
    ("rand", "use base::Rng, a pinned generator with a seed passed in"),
    ("getrandom", "randomness is seeded from outside"),
    ("fastrand", "use base::Rng, a pinned generator with a seed passed in"),
    ("clap", "flags belong to app/"),
    ("serde", "serialised forms belong to app/"),
    ("serde_json", "serialised forms belong to app/"),
    ("serde_yaml", "serialised forms belong to app/"),
    ("socket2", "sockets belong to host/shell"),
    ("rustix", "the operating system belongs to host/"),
    ("indicatif", "the screen belongs to app/"),
    ("crossterm", "the screen belongs to app/"),
];

/// Words banned however they got into scope.
const BANNED_WORDS: &[(&str, &str)] = &[
    ("HashMap", "its order is random per process; use BTreeMap or dense slots"),
    ("HashSet", "its order is random per process; use BTreeSet or dense slots"),
    ("RandomState", "its seed is random per process"),
    ("SystemTime", "unix time at the start comes in as a number"),
    ("static", "no state outside the machine; a constant is `const`, state is a field"),
    ("thread_local", "no state outside the machine; make it a field"),
    ("StdRng", "its algorithm may change; use base::Rng"),
    ("SmallRng", "its algorithm differs between platforms; use base::Rng"),
    ("ThreadRng", "randomness is seeded from outside"),
    ("OsRng", "randomness is seeded from outside"),
];

const PRINTING: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];

/// Methods of f32 and f64 that std leaves to the platform. `sqrt` is exact everywhere.
const FLOAT_METHODS: [&str; 27] = [
    "ln", "log", "log2", "log10", "ln_1p", "exp", "exp2", "exp_m1", "powf", "powi", "sin", "cos",
    "tan", "asin", "acos", "atan", "atan2", "sin_cos", "sinh", "cosh", "tanh", "asinh", "acosh",
    "atanh", "cbrt", "hypot", "gamma",
];

const MARKS: [&str; 4] = ["TODO", "FIXME", "XXX", "HACK"];

#[cfg(test)]
mod tests {
    use super::*;

    /// What a rule says of one snippet, as `line found`.
    fn found(rule: fn(&Source) -> Vec<Violation>, path: &str, raw: &str) -> Vec<String> {
        let violations = rule(&Source::parse(path, raw));
        violations.into_iter().map(|it| format!("{} {}", it.line, it.found)).collect()
    }

    #[test]
    fn a_use_of_a_storey_above_is_found() {
        let raw = "use crate::base::Rng;\nuse crate::{kafka::wire, load::engine::Engine};\n\
                   fn f() { super::super::app::run(); }";
        assert_eq!(
            found(storeys, "src/kafka/wire/frame.rs", raw),
            ["2 crate::load::engine::Engine"]
        );
        assert_eq!(
            found(storeys, "src/base/ids.rs", raw),
            ["2 crate::kafka::wire", "2 crate::load::engine::Engine", "3 crate::app::run"]
        );
        assert_eq!(found(storeys, "src/app/cli/run.rs", raw), [""; 0]);
        assert_eq!(found(storeys, "src/main.rs", raw), [""; 0]);
    }

    #[test]
    fn a_name_from_the_crate_root_is_found() {
        assert_eq!(found(storeys, "src/load/x.rs", "use crate::Engine;"), ["1 crate::Engine"]);
        assert_eq!(found(storeys, "src/load/x.rs", "crate::fields!(a);"), [""; 0]);
    }

    #[test]
    fn rooms_without_an_arrow_are_found() {
        let raw = "use crate::kafka::producer::Sender;\nuse crate::kafka::wire::Reader;";
        assert_eq!(
            found(rooms, "src/kafka/partitioner/mod.rs", raw),
            ["1 crate::kafka::producer::Sender", "2 crate::kafka::wire::Reader"]
        );
        assert_eq!(
            found(rooms, "src/kafka/broker/mod.rs", raw),
            ["1 crate::kafka::producer::Sender"]
        );
        assert_eq!(found(rooms, "src/kafka/producer/mod.rs", raw), [""; 0]);
        assert_eq!(
            found(rooms, "src/load/recorder/a.rs", "use super::super::source::Source;"),
            ["1 crate::load::source::Source"]
        );
    }

    #[test]
    fn the_shell_knows_base_only() {
        let raw = "use crate::base::Machine;\nuse crate::kafka::config::Acks;";
        assert_eq!(found(rooms, "src/host/shell/run.rs", raw), ["2 crate::kafka::config::Acks"]);
        assert_eq!(found(rooms, "src/host/driver/run.rs", raw), [""; 0]);
        let raw = "use crate::kafka::cluster::Cluster;\nuse crate::load::engine::Engine;";
        assert_eq!(
            found(rooms, "src/host/driver/run.rs", raw),
            ["1 crate::kafka::cluster::Cluster"]
        );
        assert_eq!(
            found(rooms, "src/host/client/mod.rs", raw),
            ["1 crate::kafka::cluster::Cluster", "2 crate::load::engine::Engine"]
        );
    }

    #[test]
    fn wide_lines_are_found_by_characters_and_not_bytes() {
        let of = |text: &str| widths("src/x.rs", text).len();
        assert_eq!(of(&"ab ".repeat(33)), 0);
        assert_eq!(of(&format!("// {}", "é ".repeat(48))), 0);
        assert_eq!(of(&format!("short\n// {}", "ab ".repeat(33))), 1);
        assert_eq!(of(&format!("// {}", "x".repeat(98))), 0);
        let (file, _) = WIDE_FILES[0];
        assert_eq!(widths(file, &"ab ".repeat(40)), []);
    }

    #[test]
    fn banned_modules_are_found_in_pure_storeys_only() {
        let raw = "use std::{fmt, thread, collections::{BTreeMap, HashMap}};\n\
                   use core::net::SocketAddr;\n\
                   fn f() { std::time::Instant::now(); tokio::spawn(x); }\n\
                   #[cfg(test)]\nmod tests { use std::fs; }";
        assert_eq!(
            found(banned_paths, "src/load/x.rs", raw),
            [
                "1 std::thread",
                "1 std::collections::HashMap",
                "3 std::time::Instant::now",
                "3 tokio::spawn"
            ]
        );
        assert_eq!(found(banned_paths, "src/host/shell/x.rs", raw), [""; 0]);
    }

    #[test]
    fn banned_words_are_found() {
        let raw = "static A: u8 = 1;\nfn f(x: f64, s: &'static str) { println!(\"static\"); }\n\
                   fn g(x: f64) -> f64 { x.ln() + f64::exp(x) + libm::log(x) + x.sqrt() }\n\
                   // a HashMap would be wrong\nlet log = a.exp;";
        assert_eq!(
            found(banned_words, "src/base/x.rs", raw),
            ["1 static", "2 println", "3 ln", "3 exp"]
        );
        assert_eq!(found(banned_words, "src/app/x.rs", raw), [""; 0]);
    }

    #[test]
    fn unfinished_code_is_found() {
        let mark = ["TO", "DO"].concat();
        let raw = format!("// {mark}: more\nfn f() {{ todo!(); x.unwrap(); x.unwrap_or(1); }}");
        assert_eq!(
            found(unfinished, "src/app/x.rs", &raw),
            ["2 todo".to_owned(), "2 unwrap".to_owned(), format!("1 {mark}")]
        );
        let tests = "#[cfg(test)]\nmod tests { fn f() { x.unwrap(); } }";
        assert_eq!(found(unfinished, "src/app/x.rs", tests), [""; 0]);
    }

    #[test]
    fn a_file_without_an_opening_is_found() {
        assert_eq!(found(opening, "src/app/x.rs", "use a;\n//! Late."), ["1 use a;"]);
        assert_eq!(found(opening, "src/app/x.rs", "//! What it is."), [""; 0]);
    }

    #[test]
    fn long_functions_and_files_are_found() {
        let body = "x();\n".repeat(FUNCTION_LIMIT - 1);
        let raw = format!("fn short() {{\n}}\nfn long() {{\n{body}}}\n");
        assert_eq!(found(lengths, "src/app/x.rs", &raw), ["3 fn long: 71 lines"]);
        let raw = "// a\n".repeat(FILE_LIMIT + 1);
        assert_eq!(found(lengths, "src/app/x.rs", &raw), ["1 501 lines without tests"]);
        let tested = format!("#[cfg(test)]\nmod tests {{\n{raw}}}\n");
        assert_eq!(found(lengths, "src/app/x.rs", &tested), [""; 0]);
    }
}
