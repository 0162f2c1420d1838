//! A template's text into what is written as it stands and what is to be made, and the latter into
//! words. Cost class: once a template.

use super::error::{Wrong, quoted};

/// A part of a template.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// Written as it stands.
    Text(&'a str),
    /// What stands between the braces.
    Tag(Tag<'a>),
}

/// What stands between `{{` and `}}`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag<'a> {
    pub(super) inside: &'a str,
    /// The byte of the text where the braces begin, and where `inside` does.
    pub(super) at: usize,
    pub(super) inside_at: usize,
}

/// A word of a tag.
#[derive(Debug)]
pub(super) struct Word {
    /// Without quotes and escapes.
    pub(super) text: String,
    /// The byte of the template's text where it begins.
    pub(super) at: usize,
    /// It begins with a quote.
    pub(super) quoted: bool,
    /// The last colon that isn't within quotes, as a byte of `text`.
    pub(super) colon: Option<usize>,
}

/// Cuts a text; what can't be cut is left out and added to `wrong`.
pub(super) fn pieces<'a>(text: &'a str, wrong: &mut Vec<Wrong>) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(OPEN) {
        let open = at + found;
        if found > 0 {
            pieces.push(Piece::Text(&text[at..open]));
        }
        let inside_at = open + OPEN.len();
        let is_comment = text[inside_at..].starts_with('#');
        let Some(len) = tag_len(&text[inside_at..], !is_comment) else {
            let expected = "expected }} after it; braces that are to be written stand in quotes: \
                            {{\"{{\"}}";
            wrong.push(Wrong::new(open, "{{ without }}", expected));
            return pieces;
        };
        let inside = &text[inside_at..inside_at + len];
        at = inside_at + len + CLOSE.len();
        if is_comment {
            // A comment on a line of its own leaves no empty line behind.
            let rest = &text[at..];
            at += if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
        } else {
            pieces.push(Piece::Tag(Tag { inside, at: open, inside_at }));
        }
    }
    if at < text.len() {
        pieces.push(Piece::Text(&text[at..]));
    }
    pieces
}

/// How far it is to the closing braces. Those within quotes don't close, unless the quote never
/// ends on its line.
fn tag_len(rest: &str, mind_quotes: bool) -> Option<usize> {
    let first = rest.find(CLOSE)?;
    if !mind_quotes {
        return Some(first);
    }
    let bytes = rest.as_bytes();
    let (mut at, mut in_quotes) = (0, false);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if in_quotes => at += 1,
            b'"' => in_quotes = !in_quotes,
            b'\n' if in_quotes => return Some(first),
            b'}' if !in_quotes && bytes[at..].starts_with(CLOSE.as_bytes()) => return Some(at),
            _ => {}
        }
        at += 1;
    }
    Some(first)
}

/// The words of a tag: parted by blanks, which quotes keep together.
pub(super) fn words(tag: Tag<'_>) -> Result<Vec<Word>, Wrong> {
    let mut words = Vec::new();
    let mut letters = tag.inside.char_indices().peekable();
    while let Some(&(start, letter)) = letters.peek() {
        if letter.is_whitespace() {
            letters.next();
            continue;
        }
        let at = tag.inside_at + start;
        let mut word = Word { text: String::new(), at, quoted: letter == '"', colon: None };
        while let Some((place, letter)) = letters.next_if(|(_, letter)| !letter.is_whitespace()) {
            match letter {
                '"' => quote(&mut letters, tag.inside_at + place, &mut word.text)?,
                _ => {
                    if letter == ':' {
                        word.colon = Some(word.text.len());
                    }
                    word.text.push(letter);
                }
            }
        }
        words.push(word);
    }
    Ok(words)
}

/// Reads on to the end of a quote that began at byte `open`.
fn quote(
    letters: &mut impl Iterator<Item = (usize, char)>,
    open: usize,
    text: &mut String,
) -> Result<(), Wrong> {
    while let Some((_, letter)) = letters.next() {
        let escaped = match letter {
            '"' => return Ok(()),
            '\\' => letters.next().map(|(_, letter)| letter),
            _ => {
                text.push(letter);
                continue;
            }
        };
        text.push(match escaped {
            Some('n') => '\n',
            Some('t') => '\t',
            Some(letter @ ('"' | '\\')) => letter,
            Some(other) => {
                let what = quoted(&format!("\\{other}"));
                return Err(Wrong::new(open, what, "expected \\\" \\\\ \\n or \\t in quotes"));
            }
            None => break,
        });
    }
    Err(Wrong::new(open, "a quote that doesn't end", "expected another \" before the line ends"))
}

const OPEN: &str = "{{";
const CLOSE: &str = "}}";
