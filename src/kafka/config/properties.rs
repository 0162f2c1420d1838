//! Java's `.properties` syntax, as `java.util.Properties.load(InputStream)` of Java 17 reads it.
//!
//! Cost class: once per run. Bytes are ISO-8859-1, as they are for Kafka's own tools, so a value
//! outside ASCII is written `\uXXXX`. Entries keep their order and their line, for messages;
//! which of two entries with one key wins is the caller's matter (in Java the later one). One
//! deviation: half of a surrogate pair alone, which Rust's text can't hold, becomes U+FFFD.

/// One entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Property {
    /// Unescaped; may be empty.
    pub key: String,
    /// Unescaped; trailing white space is kept, as in Java.
    pub value: String,
    /// Where the entry begins, counted from 1.
    pub line: u32,
}

/// A `\u` without four hexadecimal digits behind it: the one thing that isn't valid syntax.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "line {line}: expected four hexadecimal digits after \\u; write a backslash itself as \\\\"
)]
pub struct PropertiesError {
    /// Where the entry begins, counted from 1.
    pub line: u32,
}

/// Reads every entry of a file.
///
/// # Errors
/// One for each entry with a malformed `\u` (Java stops at the first).
pub fn parse(bytes: &[u8]) -> Result<Vec<Property>, Vec<PropertiesError>> {
    let mut lines = LogicalLines { bytes, at: 0, line: 1 };
    let (mut entries, mut errors) = (Vec::new(), Vec::new());
    while let Some((text, line)) = lines.next_line() {
        let (key, value) = split(&text);
        match (unescape(key), unescape(value)) {
            (Some(key), Some(value)) => entries.push(Property { key, value, line }),
            _ => errors.push(PropertiesError { line }),
        }
    }
    if errors.is_empty() { Ok(entries) } else { Err(errors) }
}

/// Joins natural lines that end in an odd number of backslashes; drops blank lines and comments.
struct LogicalLines<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The natural line that `at` is in.
    line: u32,
}

impl LogicalLines<'_> {
    /// The next logical line, still escaped, never empty, and the line on which it begins.
    fn next_line(&mut self) -> Option<(Vec<u8>, u32)> {
        let mut text = Vec::new();
        let mut begins = self.line;
        // Leading white space goes; after a continuation a line end doesn't count as such.
        let mut skip_space = true;
        let mut continued = false;
        let mut escaped = false;
        while let Some(byte) = self.take() {
            if skip_space {
                if is_space(byte) || (!continued && is_line_end(byte)) {
                    continue;
                }
                skip_space = false;
                continued = false;
            }
            if text.is_empty() {
                if matches!(byte, b'#' | b'!') {
                    self.skip_comment();
                    skip_space = true;
                    continue;
                }
                begins = self.line;
            }
            if !is_line_end(byte) {
                text.push(byte);
                escaped = byte == b'\\' && !escaped;
            } else if text.is_empty() {
                skip_space = true;
            } else if escaped {
                text.pop();
                if self.at == self.bytes.len() && !self.bytes.ends_with(b"\r\n") {
                    // Java's reader looks for more before it joins, and gives what it has, even
                    // if that is nothing: an entry with an empty key. After \r\n it doesn't.
                    return Some((text, begins));
                }
                (skip_space, continued, escaped) = (true, true, false);
            } else {
                return Some((text, begins));
            }
        }
        if escaped {
            text.pop();
            return Some((text, begins));
        }
        (!text.is_empty()).then_some((text, begins))
    }

    /// The next byte; `\r\n` comes as one `\n`.
    fn take(&mut self) -> Option<u8> {
        let mut byte = *self.bytes.get(self.at)?;
        self.at += 1;
        if byte == b'\r' && self.bytes.get(self.at) == Some(&b'\n') {
            self.at += 1;
            byte = b'\n';
        }
        if is_line_end(byte) {
            self.line = self.line.saturating_add(1);
        }
        Some(byte)
    }

    fn skip_comment(&mut self) {
        while let Some(byte) = self.take() {
            if is_line_end(byte) {
                return;
            }
        }
    }
}

/// Key and value: parted by the first unescaped `=`, `:` or white space, with white space around.
fn split(text: &[u8]) -> (&[u8], &[u8]) {
    let mut escaped = false;
    let key_end = text
        .iter()
        .position(|&byte| {
            let parts = !escaped && (is_space(byte) || is_separator(byte));
            escaped = byte == b'\\' && !escaped;
            parts
        })
        .unwrap_or(text.len());
    let (key, mut value) = text.split_at(key_end);
    let mut separated = false;
    while let [first, rest @ ..] = value {
        if !is_space(*first) {
            if separated || !is_separator(*first) {
                break;
            }
            separated = true;
        }
        value = rest;
    }
    (key, value)
}

/// Resolves escapes; `None` for a malformed `\u`. A backslash before any other character vanishes.
fn unescape(text: &[u8]) -> Option<String> {
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(&byte) = rest.next() {
        if byte != b'\\' {
            units.push(u16::from(byte));
            continue;
        }
        units.push(match rest.next() {
            Some(b'u') => unicode(&mut rest)?,
            Some(b't') => 0x09,
            Some(b'n') => 0x0a,
            Some(b'f') => 0x0c,
            Some(b'r') => 0x0d,
            Some(&other) => u16::from(other),
            None => u16::from(b'\\'),
        });
    }
    Some(String::from_utf16_lossy(&units))
}

/// The UTF-16 unit of four hexadecimal digits.
fn unicode(rest: &mut core::slice::Iter<'_, u8>) -> Option<u16> {
    let mut unit = 0u32;
    for _ in 0..4 {
        unit = unit * 16 + char::from(*rest.next()?).to_digit(16)?;
    }
    u16::try_from(unit).ok()
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0c)
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'=' | b':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What Java 17's `Properties.load(InputStream)` printed for each text.
    #[test]
    fn reads_what_java_reads() {
        type Row = (&'static [u8], &'static [(&'static str, &'static str)]);
        let table: &[Row] = &[
            (b"", &[]),
            (b"a=b", &[("a", "b")]),
            (b"a:b", &[("a", "b")]),
            (b"a b", &[("a", "b")]),
            (b" \t\x0ca\t=\t b ", &[("a", "b ")]),
            (b"a = = b", &[("a", "= b")]),
            (b"a : = b", &[("a", "= b")]),
            (b"a  b=c", &[("a", "b=c")]),
            (b"a", &[("a", "")]),
            (b"a=", &[("a", "")]),
            (b"=b", &[("", "b")]),
            (b":", &[("", "")]),
            (b"#c\n!d\n a=b#c", &[("a", "b#c")]),
            (b"# x\\\na=b", &[("a", "b")]),
            (b"a=b\\\n   c\\\r\n\td", &[("a", "bcd")]),
            (b"a=b\\\n\nc=d", &[("a", "b"), ("c", "d")]),
            (b"a=b\\\n#c", &[("a", "b#c")]),
            (b"\\\n#c\na=b", &[("a", "b")]),
            (b"a=b\\", &[("a", "b")]),
            (b"\\", &[("", "")]),
            (b"\\\n", &[("", "")]),
            (b"\\\r\n", &[]),
            (b"a=b\\\\\nc", &[("a", "b\\"), ("c", "")]),
            (b"a\\\n   b=c", &[("ab", "c")]),
            (b"a\\ b\\=c\\:d=e", &[("a b=c:d", "e")]),
            (b"a=\\t\\n\\r\\f\\q\\\"\\\\", &[("a", "\t\n\r\u{c}q\"\\")]),
            (b"a=C:\\temp\\x", &[("a", "C:\tempx")]),
            (b"\\u0041\\u00e9=\\uD83D\\uDE00", &[("A\u{e9}", "\u{1f600}")]),
            (b"a=caf\xe9", &[("a", "caf\u{e9}")]),
            (b"a=1\ra=2\r\na=3\n\n\na=4", &[("a", "1"), ("a", "2"), ("a", "3"), ("a", "4")]),
            (b"a=b\x0b", &[("a", "b\u{b}")]),
            (b"a=  \\  b", &[("a", "  b")]),
            (b"a=b\x00c", &[("a", "b\u{0}c")]),
            (b"\xa0a=b", &[("\u{a0}a", "b")]),
        ];
        for (text, expected) in table {
            let entries = parse(text).unwrap();
            let pairs: Vec<(&str, &str)> =
                entries.iter().map(|e| (e.key.as_str(), e.value.as_str())).collect();
            assert_eq!(pairs, *expected, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn every_malformed_escape_is_named_with_its_line() {
        let errors = parse(b"a=1\nb=\\u12\nc=2\n\nd\\u00g0=\\\n  x").unwrap_err();
        assert_eq!(errors, [PropertiesError { line: 2 }, PropertiesError { line: 5 }]);
        assert_eq!(
            errors[0].to_string(),
            "line 2: expected four hexadecimal digits after \\u; write a backslash itself as \\\\"
        );
    }

    #[test]
    fn an_entry_carries_the_line_on_which_it_begins() {
        let text = b"# one\r\n\r\na=1\r\n  b=2\\\n  3\n!four\rc=5";
        let lines: Vec<u32> = parse(text).unwrap().iter().map(|entry| entry.line).collect();
        assert_eq!(lines, [3, 4, 7]);
    }

    #[test]
    fn half_a_surrogate_pair_becomes_the_replacement_character() {
        assert_eq!(parse(b"a=\\uD83Dx").unwrap()[0].value, "\u{fffd}x");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(
            prop_oneof![Just(b'\\'), Just(b'u'), Just(b'\n'), Just(b'\r'), Just(b'='), any::<u8>()],
            0..64,
        )) {
            if let Ok(entries) = parse(&bytes) {
                prop_assert!(entries.len() <= bytes.len());
                prop_assert!(entries.iter().all(|entry| entry.line >= 1));
            }
        }

        #[test]
        fn what_is_escaped_reads_back(key in "[a-z.]{1,12}", value in "\\PC{0,12}") {
            let escaped: String =
                value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let entries = parse(format!("{key}={escaped}").as_bytes()).unwrap();
            prop_assert_eq!(entries, [Property { key, value, line: 1 }]);
        }
    }
}
