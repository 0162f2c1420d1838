//! What people write: properties files, addresses, quantities, and whole producer settings.

use core::time::Duration;

use kprod_bench::base::Rng;
use kprod_bench::base::units::{parse_bytes, parse_count, parse_duration};
use kprod_bench::kafka::config::{HostPort, properties};

use super::{below, noise};

/// One text, read as everything.
pub(crate) fn run(input: &[u8]) {
    match properties::parse(input) {
        Ok(found) => assert!(found.len() <= input.len()),
        Err(errors) => {
            assert!(!errors.is_empty());
            assert!(errors.iter().all(|error| !error.to_string().is_empty()));
        }
    }
    let text = String::from_utf8_lossy(input);
    for line in text.lines() {
        if let Ok(address) = line.parse::<HostPort>() {
            assert!(!address.host.is_empty() && address.port > 0);
            let again = address.to_string().parse::<HostPort>();
            assert_eq!(again.as_ref(), Ok(&address), "{line:?}");
        }
        if let Ok(count) = parse_count(line) {
            assert!(count.is_finite() && count >= 0.0, "{line:?}");
        }
        let _ = (parse_bytes(line), parse_duration(line, Duration::from_millis(1)));
    }
}

/// Lines that people write.
pub(crate) fn seed(rng: &mut Rng) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..1 + rng.below(5) {
        text.extend_from_slice(LINES[below(rng, LINES.len())].as_bytes());
        if rng.below(8) == 0 {
            let len = below(rng, 9);
            text.extend(noise(rng, len));
        }
        text.push(b'\n');
    }
    text
}

const LINES: &[&str] = &[
    "bootstrap.servers=broker1:9092,[::1]:9092",
    "acks = all",
    "client.id: caf\\u00e9\\t\\",
    "  linger.ms 5",
    "# a comment\\",
    "! another\r",
    "key\\ with\\ spaces\\=and\\:signs=v\\\\",
    "PLAINTEXT://host.example-1:9092",
    "[2001:db8::1%eth0]:65535",
    "2001:db8::1:9092",
    "1.5M",
    "64KiB",
    "250us",
    "1e400",
    "\\uD83D\\uDE00=\\uDEAD",
];
