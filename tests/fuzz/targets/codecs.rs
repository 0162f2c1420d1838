//! The decompressors: bounded output whatever the input claims; and there and back.

use kprod_bench::base::Rng;
use kprod_bench::kafka::compression::{Codec, Compression, compress, decompress};

use super::{Script, below, noise};

/// What an unpacked batch may take here.
const LIMIT: usize = 64 * 1024;

/// Codec, then bytes that are read as its frame, and packed and unpacked again as a body.
pub(crate) fn run(input: &[u8]) {
    let mut script = Script::new(input);
    let choice = usize::from(script.u8());
    let codec = Codec::ALL[choice % Codec::ALL.len()];
    let bytes = script.rest();
    let mut out = b"before".to_vec();
    let unpacked = decompress(codec, bytes, &mut out, LIMIT);
    assert!(out.starts_with(b"before"));
    assert!(out.len() - 6 <= LIMIT, "{} bytes came out", out.len() - 6);
    assert!(out.capacity() <= 4 * LIMIT, "{} bytes were taken", out.capacity());
    assert!(unpacked.is_ok() || out.len() == 6, "a failure leaves nothing behind");
    if let Err(error) = unpacked {
        assert!(!error.to_string().is_empty());
    }
    // One in eight: packing costs far more than refusing does.
    if (choice / Codec::ALL.len()).is_multiple_of(8) && bytes.len() <= LIMIT {
        let (mut packed, mut back) = (Vec::new(), Vec::new());
        compress(Compression::of(codec), bytes, &mut packed).expect("any bytes can be packed");
        decompress(codec, &packed, &mut back, bytes.len()).expect("they were packed just now");
        assert_eq!(back, bytes);
        if !bytes.is_empty() {
            let refused = decompress(codec, &packed, &mut Vec::new(), bytes.len() - 1);
            assert!(refused.is_err(), "one byte too many");
        }
    }
}

/// A packed body: noise, zeros (which pack a thousandfold) or both.
pub(crate) fn seed(rng: &mut Rng) -> Vec<u8> {
    let choice = below(rng, Codec::ALL.len());
    let noisy = below(rng, 300);
    let mut body = noise(rng, noisy);
    body.resize(body.len() + below(rng, 3) * 50_000, 7);
    let mut out = vec![u8::try_from(choice).expect("a few codecs")];
    compress(Compression::of(Codec::ALL[choice]), &body, &mut out).expect("it can be packed");
    out
}
