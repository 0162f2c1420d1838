//! Records as text, lines and bytes. Cost class: per record.

use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::place::Place;
use crate::app::report::rfc3339;
use crate::base::{Header, RecordView};

/// A record with its place in the run.
#[derive(Debug)]
pub(super) struct Made<'a> {
    /// Its number within the run.
    pub record: u64,
    /// The producer that sends it.
    pub producer: u32,
    /// Its number within that producer.
    pub number: u64,
    /// How many producers there are.
    pub producers: u32,
    /// Where it goes.
    pub place: Place,
    /// `None`: it is stamped when it is sent.
    pub timestamp_ms: Option<i64>,
    /// What it holds.
    pub view: &'a RecordView<'a>,
}

/// How records are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// For people: a few lines each, long values cut.
    Text,
    /// A line each, of fields with tabs between, bytes as hexadecimal digits.
    Hex,
    /// A line of JSON each; what is no UTF-8 as hexadecimal digits.
    Jsonl,
    /// Values alone, a line end behind each.
    Lines,
    /// Values alone, four bytes of length before each, the most significant first.
    Length32,
    /// Values alone and nothing else.
    Raw,
}

impl Form {
    /// All of them.
    pub(super) const ALL: [Self; 6] =
        [Self::Text, Self::Hex, Self::Jsonl, Self::Lines, Self::Length32, Self::Raw];

    /// Its name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Hex => "hex",
            Self::Jsonl => "jsonl",
            Self::Lines => "lines",
            Self::Length32 => "length32",
            Self::Raw => "raw",
        }
    }

    /// What stands before all records.
    pub(super) const fn head(self) -> &'static str {
        match self {
            Self::Hex => "#record\tpartition\ttimestamp_ms\tkey\theaders\tvalue\n",
            _ => "",
        }
    }

    /// Writes a record. Of values alone a null is as an empty one.
    pub(super) fn write(self, made: &Made<'_>, out: &mut impl Write) -> io::Result<()> {
        let value = made.view.value.unwrap_or_default();
        match self {
            Self::Text => text(made, out),
            Self::Hex => hex_line(made, out),
            Self::Jsonl => {
                serde_json::to_writer(&mut *out, &Line::of(made))?;
                out.write_all(b"\n")
            }
            Self::Lines => {
                out.write_all(value)?;
                out.write_all(b"\n")
            }
            Self::Length32 => {
                let length = u32::try_from(value.len()).expect("a record is below 4 GiB");
                out.write_all(&length.to_be_bytes())?;
                out.write_all(value)
            }
            Self::Raw => out.write_all(value),
        }
    }
}

/// An instant as people write it.
pub(super) fn moment(unix_ms: i64) -> String {
    u64::try_from(unix_ms).map_or_else(|_| unix_ms.to_string(), rfc3339)
}

fn text(made: &Made<'_>, out: &mut impl Write) -> io::Result<()> {
    write!(out, "record {}", made.record)?;
    if made.producers > 1 {
        write!(out, "   producer {}, its record {}", made.producer, made.number)?;
    }
    match &made.place {
        Place::Partition(partition) => write!(out, "   partition {partition}")?,
        Place::Refused(why) => write!(out, "   refused: {why}")?,
        Place::Open => {}
    }
    if let Some(timestamp_ms) = made.timestamp_ms {
        write!(out, "   {}", moment(timestamp_ms))?;
    }
    writeln!(out)?;
    let RecordView { key, value, headers, .. } = *made.view;
    if key.is_some() {
        writeln!(out, "  key     {}", readable(key))?;
    }
    for Header { name, value } in headers {
        writeln!(out, "  header  {name} = {}", readable(*value))?;
    }
    writeln!(out, "  value   {}", readable(value))
}

/// Bytes for people: as text where they are one, else as hexadecimal digits; long ones cut.
fn readable(bytes: Option<&[u8]>) -> String {
    let Some(bytes) = bytes else { return "null".to_owned() };
    let is_plain = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\t' | '\r');
    match core::str::from_utf8(bytes) {
        Ok("") => "empty".to_owned(),
        Ok(text) if text.chars().all(is_plain) => {
            let shown: String = text.chars().take(MOST_SHOWN).collect();
            let rest = text.len() - shown.len();
            shown.replace('\n', "\n          ") + &left_out(rest)
        }
        _ => {
            let shown = &bytes[..bytes.len().min(MOST_SHOWN / 2)];
            format!("0x{}{}", hex(shown), left_out(bytes.len() - shown.len()))
        }
    }
}

fn left_out(bytes: usize) -> String {
    if bytes == 0 { String::new() } else { format!(" … and {bytes} bytes") }
}

fn hex_line(made: &Made<'_>, out: &mut impl Write) -> io::Result<()> {
    write!(out, "{}\t", made.record)?;
    match &made.place {
        Place::Partition(partition) => write!(out, "{partition}\t")?,
        Place::Refused(_) | Place::Open => out.write_all(b"-\t")?,
    }
    match made.timestamp_ms {
        Some(timestamp_ms) => write!(out, "{timestamp_ms}\t")?,
        None => out.write_all(b"-\t")?,
    }
    let digits = |bytes: Option<&[u8]>| bytes.map_or_else(|| "-".to_owned(), hex);
    let header = |it: &Header<'_>| format!("{}={}", hex(it.name.as_bytes()), digits(it.value));
    let headers: Vec<String> = made.view.headers.iter().map(header).collect();
    write!(out, "{}\t{}\t{}", digits(made.view.key), headers.join(","), digits(made.view.value))?;
    writeln!(out)
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |four: u8| char::from(DIGITS[usize::from(four)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// A line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    record: u64,
    producer: u32,
    number: u64,
    partition: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<&'a str>,
    timestamp_ms: Option<i64>,
    key: Bytes<'a>,
    headers: Vec<HeaderLine<'a>>,
    value: Bytes<'a>,
}

#[derive(Serialize)]
struct HeaderLine<'a> {
    name: &'a str,
    value: Bytes<'a>,
}

/// Null, a text, or `{"hex": "…"}`.
struct Bytes<'a>(Option<&'a [u8]>);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(bytes) = self.0 else { return serializer.serialize_none() };
        match core::str::from_utf8(bytes) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("hex", &hex(bytes))?;
                map.end()
            }
        }
    }
}

impl<'a> Line<'a> {
    fn of(made: &'a Made<'a>) -> Self {
        let (partition, refused) = match &made.place {
            Place::Partition(partition) => (Some(*partition), None),
            Place::Refused(why) => (None, Some(why.as_str())),
            Place::Open => (None, None),
        };
        let header = |it: &Header<'a>| HeaderLine { name: it.name, value: Bytes(it.value) };
        Self {
            record: made.record,
            producer: made.producer,
            number: made.number,
            partition,
            refused,
            timestamp_ms: made.timestamp_ms,
            key: Bytes(made.view.key),
            headers: made.view.headers.iter().map(header).collect(),
            value: Bytes(made.view.value),
        }
    }
}

/// Letters of a value that people are shown, and twice the bytes of one that is no text.
const MOST_SHOWN: usize = 1_000;
