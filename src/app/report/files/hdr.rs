//! Histograms in and out of a result: base64 of HdrHistogram's compressed V2 form. Cost class: once
//! a run.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};

/// A histogram as results hold it.
///
/// # Panics
/// Never: a histogram of three digits is written to memory.
#[must_use]
pub fn encode(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    let written = V2DeflateSerializer::new().serialize(histogram, &mut bytes);
    written.expect("a histogram of 3 digits is written to memory");
    STANDARD.encode(bytes)
}

/// The histogram behind a text; `None` where it is none, as in results that were made by hand.
#[must_use]
pub fn decode(text: &str) -> Option<Histogram<u64>> {
    let bytes = STANDARD.decode(text).ok()?;
    Deserializer::new().deserialize(&mut &bytes[..]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_comes_back_and_what_is_none_does_not() {
        let mut histogram = Histogram::new_with_bounds(1, 1_000_000, 3).unwrap();
        histogram.record_n(4_711, 3).unwrap();
        assert_eq!(decode(&encode(&histogram)), Some(histogram));
        for wrong in ["", "AAAA", "not base64", "HISTFAAAAB542pNp"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
