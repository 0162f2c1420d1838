//! Reads Rust source as far as the rules need: comments, literals and test code blanked, tokens
//! with their lines, paths with `use` groups written out, and the extent of functions.
//!
//! A scanner, not a parser: it knows brackets and names, no types and no macros' expansions.

use std::ops::Range;

/// One token with its line, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// A path as written, e.g. `["crate", "kafka", "wire", "Reader"]`; `self` and `*` are kept as
/// leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathUse {
    pub(crate) line: usize,
    pub(crate) segments: Vec<String>,
}

/// A function with a body; `lines` counts from `fn` to the closing brace, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) line: usize,
    pub(crate) name: String,
    pub(crate) lines: usize,
}

/// A file of `src/`.
pub(crate) struct Source {
    /// Relative to the repository, e.g. `src/kafka/wire/frame.rs`.
    pub(crate) path: String,
    /// As it is on disk.
    pub(crate) raw: String,
    /// Without comments, literals and test code.
    pub(crate) tokens: Vec<Token>,
    /// Lines that aren't test code.
    pub(crate) code_lines: usize,
    /// Modules that only tests have (`#[cfg(test)] mod name;`), as [`Source::module`] names them.
    pub(crate) test_modules: Vec<Vec<String>>,
    /// `raw` by lines, test code dropped (comments kept), numbered from 1.
    pub(crate) lines: Vec<(usize, String)>,
}

impl Source {
    pub(crate) fn parse(path: &str, raw: &str) -> Self {
        let mut tokens = tokenize(&blank(raw));
        let declared = test_modules(&tokens);
        let tests = cut_tests(&mut tokens);
        let lines: Vec<_> = raw
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.to_owned()))
            .filter(|(number, _)| !tests.iter().any(|range| range.contains(number)))
            .collect();
        let mut source = Self {
            path: path.to_owned(),
            raw: raw.to_owned(),
            tokens,
            code_lines: lines.len(),
            test_modules: Vec::new(),
            lines,
        };
        let module = source.module();
        let below = |name: String| module.iter().cloned().chain([name]).collect();
        source.test_modules = declared.into_iter().map(below).collect();
        source
    }

    /// Drops the code of a file that another one declares as a module of tests only.
    pub(crate) fn mark_as_test(&mut self) {
        self.tokens.clear();
        self.lines.clear();
        self.code_lines = 0;
    }

    /// The module's path below the crate: `src/kafka/wire/mod.rs` is `["kafka", "wire"]`.
    pub(crate) fn module(&self) -> Vec<String> {
        let inner = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let mut parts: Vec<_> = inner.split('/').map(str::to_owned).collect();
        if parts.last().is_some_and(|last| last == "mod") {
            parts.pop();
        }
        parts
    }

    pub(crate) fn storey(&self) -> Option<String> {
        self.module().first().cloned()
    }

    pub(crate) fn token(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |token| token.text.as_str())
    }

    /// Every path of two segments or more, groups written out, `super` and `self` resolved.
    pub(crate) fn paths(&self) -> Vec<PathUse> {
        let mut found = Vec::new();
        let mut index = 0;
        while index < self.tokens.len() {
            let starts = is_name(self.token(index)) && self.token(index + 1) == "::";
            if starts {
                let start = found.len();
                index = self.tree(index, &[], &mut found);
                for path in &mut found[start..] {
                    path.segments = self.resolve(&path.segments);
                }
            } else {
                index += 1;
            }
        }
        found
    }

    /// Reads `a::b::{c, d::e}` from `index`; returns the index after it.
    fn tree(&self, mut index: usize, prefix: &[String], found: &mut Vec<PathUse>) -> usize {
        let mut segments = prefix.to_vec();
        let line = self.tokens.get(index).map_or(0, |token| token.line);
        loop {
            let here = self.token(index);
            if here == "{" && !segments.is_empty() {
                index += 1;
                while index < self.tokens.len() && self.token(index) != "}" {
                    let before = index;
                    index = self.tree(index, &segments, found);
                    // Past `as name` and the comma; never standing still.
                    while index < self.tokens.len() && !matches!(self.token(index), "," | "}") {
                        index += 1;
                    }
                    if self.token(index) == "," || index == before {
                        index += 1;
                    }
                }
                return index + 1;
            }
            if !is_name(here) && here != "*" {
                break;
            }
            segments.push(here.to_owned());
            index += 1;
            if self.token(index) != "::" {
                break;
            }
            index += 1;
        }
        found.push(PathUse { line, segments });
        index
    }

    fn resolve(&self, segments: &[String]) -> Vec<String> {
        let supers = segments.iter().take_while(|segment| *segment == "super").count();
        if supers == 0 {
            return segments.to_vec();
        }
        let mut module = self.module();
        // `super` inside an inline module stays nearer than this says; a path that climbs out of
        // the file is what matters, and that one is right.
        module.truncate(module.len().saturating_sub(supers));
        let mut full = vec!["crate".to_owned()];
        full.extend(module);
        full.extend_from_slice(&segments[supers..]);
        full
    }

    /// Every function that has a body.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let mut found = Vec::new();
        for index in 0..self.tokens.len() {
            if self.token(index) != "fn" || !is_name(self.token(index + 1)) {
                continue;
            }
            let first = self.tokens[index].line;
            let Some(open) = self.body_start(index) else { continue };
            let close = matching_brace(&self.tokens, open);
            let last = self.tokens[close].line;
            let name = self.token(index + 1).to_owned();
            found.push(Function { line: first, name, lines: last - first + 1 });
        }
        found
    }

    /// The index of the `{` that opens a function's body; `None` for a declaration.
    fn body_start(&self, from: usize) -> Option<usize> {
        let mut depth = 0_i32;
        for index in from..self.tokens.len() {
            match self.token(index) {
                "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                "{" if depth == 0 => return Some(index),
                ";" if depth == 0 => return None,
                _ => {}
            }
        }
        None
    }
}

/// The names in `#[cfg(test)] mod name;`.
fn test_modules(tokens: &[Token]) -> Vec<String> {
    let declares = |at: usize| {
        let rest = &tokens[at + TEST_ONLY.len()..];
        let semicolon = rest.get(2).is_some_and(|token| token.text == ";");
        (starts_with(rest, &["mod"]) && semicolon).then(|| rest[1].text.clone())
    };
    (0..tokens.len())
        .filter(|at| starts_with(&tokens[*at..], &TEST_ONLY))
        .filter_map(declares)
        .collect()
}

const TEST_ONLY: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];

/// Removes the items under `#[cfg(test)]` and `#[test]`; returns their lines.
fn cut_tests(tokens: &mut Vec<Token>) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut kept = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        if !(starts_with(&tokens[index..], &TEST_ONLY)
            || starts_with(&tokens[index..], &["#", "[", "test", "]"]))
        {
            kept.push(tokens[index].clone());
            index += 1;
            continue;
        }
        let first = tokens[index].line;
        let last = item_end(tokens, index);
        ranges.push(first..tokens[last].line + 1);
        index = last + 1;
    }
    *tokens = kept;
    ranges
}

/// The last token of the item whose attributes begin at `from`.
fn item_end(tokens: &[Token], from: usize) -> usize {
    let mut depth = 0_i32;
    for index in from..tokens.len() {
        match tokens[index].text.as_str() {
            "(" | "[" => depth += 1,
            ")" | "]" => depth -= 1,
            "{" if depth == 0 && !inside_use(&tokens[from..index]) => {
                return matching_brace(tokens, index);
            }
            // A field or a match arm under the attribute ends with a comma.
            ";" | "," if depth == 0 && !inside_use(&tokens[from..index]) => return index,
            ";" if depth == 0 => return index,
            _ => {}
        }
    }
    tokens.len() - 1
}

fn inside_use(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| token.text == "use")
}

fn starts_with(tokens: &[Token], texts: &[&str]) -> bool {
    tokens.len() >= texts.len() && tokens.iter().zip(texts).all(|(token, text)| token.text == *text)
}

fn matching_brace(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                if depth == 0 {
                    return index;
                }
            }
            _ => {}
        }
    }
    tokens.len() - 1
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

fn tokenize(code: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if first.is_alphanumeric() || first == '_' || first == '\'' {
                // A quote that blanking has left begins a lifetime: one token, never a name.
                let tail = &rest[first.len_utf8()..];
                let end = tail.find(|c: char| !c.is_alphanumeric() && c != '_');
                first.len_utf8() + end.unwrap_or(tail.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            tokens.push(Token { line: index + 1, text: rest[..length].to_owned() });
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

/// Replaces comments and the insides of string and character literals by spaces; lines stay.
fn blank(raw: &str) -> String {
    let chars: Vec<char> = raw.chars().collect();
    let mut out = String::with_capacity(raw.len());
    let mut index = 0;
    while index < chars.len() {
        let end = literal_end(&chars, index);
        if end == index {
            out.push(chars[index]);
            index += 1;
            continue;
        }
        out.extend(chars[index..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        index = end;
    }
    out
}

/// The index after the comment or literal that begins at `at`; `at` itself where none does.
fn literal_end(chars: &[char], at: usize) -> usize {
    let next = |offset: usize| chars.get(at + offset).copied().unwrap_or('\0');
    let in_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match chars[at] {
        '/' if next(1) == '/' => until(chars, at, |index| chars[index] == '\n'),
        '/' if next(1) == '*' => block_comment_end(chars, at),
        '"' => string_end(chars, at + 1),
        'r' | 'b' | 'c' if !in_word => {
            let prefix = usize::from(chars[at] != 'r' && next(1) == 'r') + 1;
            let raw = chars[at] == 'r' || prefix == 2;
            let hashes = (prefix..).take_while(|offset| next(*offset) == '#').count();
            if raw && next(prefix + hashes) == '"' {
                raw_string_end(chars, at + prefix + hashes + 1, hashes)
            } else if !raw && next(1) == '"' {
                string_end(chars, at + 2)
            } else {
                at
            }
        }
        '\'' if next(1) == '\\' => until(chars, at + 3, |index| chars[index] == '\'') + 1,
        '\'' if next(2) == '\'' => at + 3,
        _ => at,
    }
    .min(chars.len())
}

fn until(chars: &[char], from: usize, stop: impl Fn(usize) -> bool) -> usize {
    (from..chars.len()).find(|index| stop(*index)).unwrap_or(chars.len())
}

fn block_comment_end(chars: &[char], at: usize) -> usize {
    let mut depth = 0_usize;
    let mut index = at;
    while index + 1 < chars.len() {
        match (chars[index], chars[index + 1]) {
            ('/', '*') => {
                depth += 1;
                index += 2;
            }
            ('*', '/') => {
                depth -= 1;
                index += 2;
                if depth == 0 {
                    return index;
                }
            }
            _ => index += 1,
        }
    }
    chars.len()
}

fn string_end(chars: &[char], mut index: usize) -> usize {
    while index < chars.len() {
        match chars[index] {
            '\\' => index += 2,
            '"' => return index + 1,
            _ => index += 1,
        }
    }
    chars.len()
}

fn raw_string_end(chars: &[char], from: usize, hashes: usize) -> usize {
    let closes = |index: usize| {
        chars[index] == '"'
            && chars[index + 1..].iter().take_while(|c| **c == '#').count() >= hashes
    };
    until(chars, from, closes) + 1 + hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &Source) -> Vec<&str> {
        source.tokens.iter().map(|token| token.text.as_str()).collect()
    }

    fn paths(path: &str, raw: &str) -> Vec<String> {
        Source::parse(path, raw).paths().iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn comments_and_literals_are_blanked_and_lines_kept() {
        let raw =
            "a // b\n/* c /* d */ e\n */ f \"g \\\" h\n\" r#\"i \" j\"# br\"k\" 'l' '\\'' b'm' n";
        let source = Source::parse("src/base/x.rs", raw);
        assert_eq!(texts(&source), ["a", "f", "b", "n"]);
        assert_eq!(source.tokens.last().unwrap().line, 4);
    }

    #[test]
    fn lifetimes_are_no_names() {
        let source = Source::parse("src/base/x.rs", "fn a<'a>(b: &'static str, c: &'a u8) {}");
        assert!(texts(&source).contains(&"'static") && !texts(&source).contains(&"static"));
    }

    #[test]
    fn test_code_is_cut_and_the_rest_kept() {
        let raw = "use a::b;\n#[cfg(test)]\nuse c::{d, e};\nfn f() {}\n#[cfg(test)]\nmod tests {\n\
                   fn g() { { } }\n}\nfn h() {}\n#[cfg(test)]\nmod more;\nfn i() {}";
        let source = Source::parse("src/base/x.rs", raw);
        let names: Vec<_> = source.functions().into_iter().map(|function| function.name).collect();
        assert_eq!(names, ["f", "h", "i"]);
        assert_eq!(source.paths().len(), 1);
        assert_eq!(source.code_lines, 4);
        assert_eq!(source.test_modules, [["base", "x", "more"]]);
    }

    #[test]
    fn groups_are_written_out() {
        let raw = "use crate::kafka::{self, wire::{Reader, frame as f}, config::*};\nuse std::fmt;";
        assert_eq!(
            paths("src/load/x.rs", raw),
            [
                "crate::kafka::self",
                "crate::kafka::wire::Reader",
                "crate::kafka::wire::frame",
                "crate::kafka::config::*",
                "std::fmt",
            ]
        );
    }

    #[test]
    fn a_path_in_an_expression_ends_where_it_ends() {
        let raw = "let a = crate::base::A { b: c::d::<e::F>(), ..Default::default() };";
        assert_eq!(
            paths("src/load/x.rs", raw),
            ["crate::base::A", "c::d", "e::F", "Default::default"]
        );
    }

    #[test]
    fn super_is_resolved() {
        assert_eq!(
            paths("src/kafka/wire/produce.rs", "use super::super::producer::Sender;"),
            ["crate::kafka::producer::Sender"]
        );
        assert_eq!(paths("src/kafka/wire/mod.rs", "super::config::X"), ["crate::kafka::config::X"]);
    }

    #[test]
    fn functions_are_measured() {
        let raw = "trait T { fn a(&self, b: [u8; 2]); }\nfn c() where X: Y {\n  if d { e }\n}\n\
                   type F = fn(u8) -> u8;";
        let functions = Source::parse("src/base/x.rs", raw).functions();
        assert_eq!(functions, [Function { line: 2, name: "c".to_owned(), lines: 3 }]);
    }
}
