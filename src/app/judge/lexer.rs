//! The words of an expression. Cost class: once a process.

use super::expression::{Op, Wrong};

/// A word and where it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Word<'a> {
    /// In characters, from 1.
    pub(super) column: usize,
    pub(super) token: Token<'a>,
}

impl<'a> Word<'a> {
    /// What is written there, of a name or number.
    pub(super) const fn text(&self) -> &'a str {
        match self.token {
            Token::Name(text) | Token::Number(text) => text,
            _ => "",
        }
    }
}

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Open,
    Close,
    And,
    Or,
    Op(Op),
    /// Begins with a letter.
    Name(&'a str),
    /// Begins with a digit; its unit belongs to it.
    Number(&'a str),
}

/// Cuts an expression into words.
pub(super) fn words(text: &str) -> Result<Vec<Word<'_>>, Wrong> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return Ok(words) };
        let column = text[..text.len() - rest.len()].chars().count() + 1;
        let (token, length) = match sign(rest) {
            Some(Err(instead)) => return Err(Wrong::at(text, column, instead)),
            Some(Ok(found)) => found,
            None if first.is_ascii_digit() => {
                let length = length(rest, |c| c.is_ascii_alphanumeric() || "._%µ".contains(c));
                (Token::Number(&rest[..length]), length)
            }
            None if first.is_ascii_alphabetic() => {
                let length = length(rest, |c| c.is_ascii_alphanumeric() || "._".contains(c));
                (named(&rest[..length]), length)
            }
            None => return Err(Wrong::at(text, column, format!("unexpected {first}"))),
        };
        words.push(Word { column, token });
        rest = &rest[length..];
    }
}

/// A sign at the start of the text and its bytes; what to write instead of a wrong one.
fn sign(text: &str) -> Option<Result<(Token<'static>, usize), &'static str>> {
    let signs = [
        ("<=", Token::Op(Op::AtMost)),
        ("≤", Token::Op(Op::AtMost)),
        (">=", Token::Op(Op::AtLeast)),
        ("≥", Token::Op(Op::AtLeast)),
        ("==", Token::Op(Op::Equal)),
        ("!=", Token::Op(Op::Unequal)),
        ("<", Token::Op(Op::Less)),
        (">", Token::Op(Op::More)),
        ("&&", Token::And),
        ("||", Token::Or),
        ("(", Token::Open),
        (")", Token::Close),
    ];
    if let Some((sign, token)) = signs.into_iter().find(|(sign, _)| text.starts_with(sign)) {
        return Some(Ok((token, sign.len())));
    }
    text.starts_with('=').then_some(Err("write == to ask whether two are equal"))
}

fn named(text: &str) -> Token<'_> {
    match text {
        _ if text.eq_ignore_ascii_case("and") => Token::And,
        _ if text.eq_ignore_ascii_case("or") => Token::Or,
        _ => Token::Name(text),
    }
}

/// Bytes of the characters at the start that belong together.
fn length(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}
