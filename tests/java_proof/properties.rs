//! Is a `.properties` file read as Java reads it?

use kprod_bench::base::Rng;
use kprod_bench::kafka::config::properties::{Property, parse};

use super::java::{hex, java, say};

/// Goal: the same entries, in the same order, from any bytes. Method: thousands of files put
/// together from pieces that mean something in the syntax, through `java.util.Properties`.
#[test]
#[ignore = "needs the jars of Kafka: scripts/test"]
fn any_file_has_the_entries_that_java_reads() {
    let Some(java) = java() else { return };
    let mut rng = Rng::new(5);
    let files: Vec<Vec<u8>> = (0..FILES).map(|_| file(&mut rng)).collect();
    let input: String = files.iter().map(|file| hex(file) + "\n").collect();
    let answer = java.run("PropertiesFiles.java", &[], &input);
    assert_eq!(answer.lines().count(), FILES);
    let mut counts = [0_usize; 3];
    for (file, javas) in files.iter().zip(answer.lines()) {
        let ours = match parse(file) {
            Err(_) => "malformed".to_owned(),
            Ok(entries) => entries.iter().map(entry).collect::<Vec<_>>().join(" "),
        };
        assert_eq!(ours, whole_pairs(javas), "{}", file.escape_ascii());
        counts[0] += usize::from(ours == "malformed");
        counts[1] += usize::from(!ours.is_empty());
        counts[2] += ours.matches('=').count();
    }
    let [malformed, filled, entries] = counts;
    say(&format!(
        "java: {FILES} .properties files, {filled} with {entries} entries or malformed \
         ({malformed}); 0 disagreements"
    ));
    assert!(malformed > FILES / 100 && entries > FILES / 2, "{counts:?}");
}

const FILES: usize = 6_000;

/// Pieces one after another; most of them common, so that entries come about.
fn file(rng: &mut Rng) -> Vec<u8> {
    const PIECES: [&[u8]; 44] = [
        b"a",
        b"key",
        b"linger.ms",
        b"=",
        b"=",
        b":",
        b" ",
        b" ",
        b"\t",
        b"\x0c",
        b"\n",
        b"\n",
        b"\r\n",
        b"\r",
        b"\\",
        b"\\\n",
        b"\\\n  ",
        b"\\\r\n",
        b"\\\r",
        b"\\\\",
        b"\\ ",
        b"\\=",
        b"\\:",
        b"\\#",
        b"\\t",
        b"\\n",
        b"\\r",
        b"\\f",
        b"\\u0041",
        b"\\u00e9",
        b"\\uD83D\\uDE00",
        b"\\uD83D",
        b"\\u00",
        b"\\uXYZW",
        b"#",
        b"!",
        b"# note = 1\n",
        b"! note\\\n",
        b"\xe9",
        b"\x00",
        b"\x0b",
        b"value",
        b"5",
        b"\xc2\xa0",
    ];
    let mut bytes = Vec::new();
    for _ in 0..rng.below(24) {
        let piece = usize::try_from(rng.below(PIECES.len() as u64)).expect("a small number");
        bytes.extend_from_slice(PIECES[piece]);
    }
    bytes
}

fn entry(Property { key, value, .. }: &Property) -> String {
    format!("{}={}", units(key), units(value))
}

/// A text as the Java program prints it.
fn units(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("{unit:04x}")).collect()
}

/// Java's answer, with half of a surrogate pair alone replaced: Rust's text can't hold it.
fn whole_pairs(answer: &str) -> String {
    if answer == "malformed" {
        return answer.to_owned();
    }
    let whole = |text: &str| {
        let units: Vec<u16> = (0..text.len() / 4)
            .map(|at| u16::from_str_radix(&text[4 * at..4 * at + 4], 16).expect("four digits"))
            .collect();
        self::units(&String::from_utf16_lossy(&units))
    };
    let entry = |entry: &str| {
        let (key, value) = entry.split_once('=').expect("KEY=VALUE");
        format!("{}={}", whole(key), whole(value))
    };
    answer.split_whitespace().map(entry).collect::<Vec<_>>().join(" ")
}
