//! Frames byte by byte where they are fixed, other implementations where there are some, bombs,
//! broken input, and levels that must make a difference.

use std::io::{Read, Write};

use proptest::prelude::*;

use super::*;

const PACKING: [Codec; 4] = [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd];

/// Text-like bytes that every codec can shorten, with matches near and far.
fn prose(length: usize) -> Vec<u8> {
    const WORDS: [&str; 8] =
        ["broker ", "topic ", "partition ", "leader ", "offset ", "epoch ", "record ", "batch "];
    let mut state = 1u32;
    let mut out = Vec::new();
    while out.len() < length {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        out.extend_from_slice(WORDS[(state >> 29) as usize].as_bytes());
        out.extend_from_slice(((state >> 20) % 977).to_string().as_bytes());
    }
    out.truncate(length);
    out
}

fn noise(length: usize) -> Vec<u8> {
    let mut state = 7u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

fn packed(codec: Codec, level: i32, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    compress(Compression { codec, level }, body, &mut out).unwrap();
    out
}

fn unpacked(codec: Codec, bytes: &[u8]) -> Result<Vec<u8>, CompressionError> {
    let mut out = Vec::new();
    decompress(codec, bytes, &mut out, 10_000_000).map(|()| out)
}

#[test]
fn one_compressor_serves_batch_after_batch() {
    let bodies = [prose(200_000), Vec::new(), noise(100_000), prose(1), prose(65_536)];
    for &codec in Codec::ALL {
        let mut compressor = Compressor::new(Compression::of(codec)).unwrap();
        for body in &bodies {
            let mut out = b"kept".to_vec();
            compressor.compress(body, &mut out).unwrap();
            let mut back = b"kept".to_vec();
            decompress(codec, &out[4..], &mut back, body.len()).unwrap();
            assert_eq!((&out[..4], &back[..4]), (&b"kept"[..], &b"kept"[..]));
            assert!(back[4..] == body[..], "{codec:?} {}", body.len());
        }
    }
}

/// Goal: an output is as good as new, whatever stood in it.
#[test]
fn what_an_output_held_before_is_gone() {
    let bodies = [prose(200_000), Vec::new(), noise(100_000), prose(1), prose(65_536), noise(7)];
    for &codec in Codec::ALL {
        let mut compressor = Compressor::new(Compression::of(codec)).unwrap();
        for before in [0, 1, 6, 1_000, 65_600, 300_000] {
            for body in &bodies {
                let mut fresh = Vec::new();
                compressor.compress(body, &mut fresh).unwrap();
                let mut used = vec![0xa5; before];
                compressor.replace(body, &mut used).unwrap();
                assert!(used == fresh, "{codec:?} {} over {before}", body.len());
            }
        }
    }
}

#[test]
fn a_reused_output_takes_no_more_memory() {
    let body = prose(131_072);
    for codec in PACKING {
        let mut compressor = Compressor::new(Compression::of(codec)).unwrap();
        let mut out = Vec::new();
        compressor.compress(&body, &mut out).unwrap();
        let room = out.capacity();
        let first = std::mem::take(&mut out);
        out = first.clone();
        out.reserve_exact(room - out.len());
        let room = out.capacity();
        out.clear();
        compressor.compress(&body, &mut out).unwrap();
        assert_eq!(out.capacity(), room, "{codec:?}");
        assert!(out == first, "{codec:?} packs the same input to the same bytes");
    }
}

#[test]
fn higher_levels_are_not_larger_and_the_highest_is_smaller() {
    let body = prose(262_144);
    for (codec, levels) in [
        (Codec::Gzip, &[1, 6, 9][..]),
        (Codec::Lz4, &[9, 1, 4, 12][..]),
        (Codec::Zstd, &[-131_072, -50, -1, 1, 3, 12, 22][..]),
    ] {
        let sizes: Vec<_> = levels.iter().map(|&level| packed(codec, level, &body).len()).collect();
        assert!(sizes.is_sorted_by(|a, b| a >= b), "{codec:?} {sizes:?}");
        assert!(sizes.last() < sizes.first(), "{codec:?} {sizes:?}");
    }
    assert_eq!(packed(Codec::Gzip, -1, &body), packed(Codec::Gzip, 6, &body));
    // The high compressor ends at 12; Java lets one ask for 17.
    assert_eq!(packed(Codec::Lz4, 12, &body), packed(Codec::Lz4, 17, &body));
}

#[test]
fn levels_out_of_range_are_refused() {
    for (codec, level) in [
        (Codec::None, 1),
        (Codec::Gzip, 0),
        (Codec::Gzip, 10),
        (Codec::Gzip, -2),
        (Codec::Snappy, 1),
        (Codec::Lz4, 0),
        (Codec::Lz4, 18),
        (Codec::Zstd, 23),
        (Codec::Zstd, -131_073),
    ] {
        let error = Compressor::new(Compression { codec, level }).err();
        assert_eq!(error, Some(CompressionError::Level { codec, level }));
    }
    let message = CompressionError::Level { codec: Codec::Zstd, level: 23 }.to_string();
    assert_eq!(message, "zstd has no level 23");
}

#[test]
fn lz4_frames_have_javas_bytes() {
    for level in 1..=17 {
        let out = packed(Codec::Lz4, level, &prose(1_000));
        assert_eq!(out[..7], [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82], "{level}");
        assert_eq!(out[out.len() - 4..], [0; 4], "{level}");
    }
    // What can't be shortened is stored: its length with the high bit, then the bytes themselves.
    let noise = noise(70_000);
    let out = packed(Codec::Lz4, 9, &noise);
    assert_eq!(out.len(), 7 + 4 + 65_536 + 4 + (70_000 - 65_536) + 4);
    assert_eq!(out[7..11], (65_536u32 | 1 << 31).to_le_bytes());
    assert!(out[11..11 + 65_536] == noise[..65_536]);
}

#[test]
fn lz4_frames_of_another_writer_are_read() {
    let body = prose(300_000);
    let write = |mode, sum| {
        let mut encoder = ::lz4::EncoderBuilder::new()
            .block_mode(mode)
            .checksum(sum)
            .content_size(body.len() as u64)
            .build(Vec::new())
            .unwrap();
        encoder.write_all(&body).unwrap();
        encoder.finish().0
    };
    let sum = ::lz4::ContentChecksum::ChecksumEnabled;
    let mut frame = write(::lz4::BlockMode::Independent, sum);
    assert!(unpacked(Codec::Lz4, &frame).unwrap() == body);
    *frame.last_mut().unwrap() ^= 1;
    assert!(unpacked(Codec::Lz4, &frame).is_err(), "a wrong content checksum");
    let linked = write(::lz4::BlockMode::Linked, ::lz4::ContentChecksum::NoChecksum);
    let error = unpacked(Codec::Lz4, &linked).unwrap_err().to_string();
    assert_eq!(error, "not valid lz4: blocks depend on each other");
    // And the crate's own reader takes ours.
    let mut back = Vec::new();
    let ours = packed(Codec::Lz4, 9, &body);
    ::lz4::Decoder::new(&ours[..]).unwrap().read_to_end(&mut back).unwrap();
    assert!(back == body);
}

#[test]
fn snappy_is_framed_in_blocks_of_32_kib() {
    let body = prose(70_000);
    let out = packed(Codec::Snappy, 0, &body);
    assert_eq!(out[..16], [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
    let mut at = 16;
    let mut sizes = Vec::new();
    while at < out.len() {
        let length = u32::from_be_bytes(out[at..at + 4].try_into().unwrap()) as usize;
        let block = snap::raw::Decoder::new().decompress_vec(&out[at + 4..at + 4 + length]);
        sizes.push(block.unwrap().len());
        at += 4 + length;
    }
    assert_eq!(sizes, [32_768, 32_768, 70_000 - 65_536]);
}

#[test]
fn raw_snappy_is_read_as_well() {
    let body = prose(70_000);
    let raw = snap::raw::Encoder::new().compress_vec(&body).unwrap();
    assert!(unpacked(Codec::Snappy, &raw).unwrap() == body);
}

#[test]
fn several_gzip_members_are_one_stream() {
    let two = [packed(Codec::Gzip, 1, b"one "), packed(Codec::Gzip, 9, b"two")].concat();
    assert_eq!(unpacked(Codec::Gzip, &two).unwrap(), b"one two");
}

#[test]
fn zstd_frames_without_a_content_size_are_read() {
    let body = prose(300_000);
    let mut encoder = ::zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    encoder.write_all(&body).unwrap();
    let stream = encoder.finish().unwrap();
    assert!(unpacked(Codec::Zstd, &stream).unwrap() == body);
    assert!(::zstd::bulk::decompress(&packed(Codec::Zstd, 3, &body), 300_000).unwrap() == body);
}

#[test]
fn bombs_stop_at_the_limit() {
    let body = vec![0; 5_000_000];
    for &codec in Codec::ALL {
        let bomb = packed(codec, codec.default_level(), &body);
        let mut out = Vec::new();
        let error = decompress(codec, &bomb, &mut out, 4_999_999);
        assert_eq!(error, Err(CompressionError::TooLarge { limit: 4_999_999 }), "{codec:?}");
        assert!(out.is_empty());
        assert_eq!(decompress(codec, &bomb, &mut out, 5_000_000), Ok(()), "{codec:?}");
    }
    // A raw Snappy block that claims four gibibytes.
    let claim = [0xff, 0xff, 0xff, 0xff, 0x0f, 0];
    let mut out = Vec::new();
    assert!(decompress(Codec::Snappy, &claim, &mut out, usize::MAX).is_err());
    assert_eq!(out.capacity(), 0);
}

#[test]
fn input_that_is_cut_short_is_an_error() {
    let body = prose(100_000);
    for codec in PACKING {
        let whole = packed(codec, codec.default_level(), &body);
        for cut in [0, 1, 5, 6, 7, 11, 20, whole.len() / 2, whole.len() - 1] {
            // A frame of snappy blocks that ends between two of them looks whole.
            if !(codec == Codec::Snappy && cut == 16) {
                assert!(unpacked(codec, &whole[..cut]).is_err(), "{codec:?} cut at {cut}");
            }
        }
    }
}

proptest! {
    #[test]
    fn bodies_come_back(
        body in proptest::collection::vec(0u8..4, 0..5_000),
        codec in 0i16..5,
        level in -10..=22,
    ) {
        let codec = Codec::from_id(codec).unwrap();
        let level = if codec.accepts_level(level) { level } else { codec.default_level() };
        prop_assert_eq!(unpacked(codec, &packed(codec, level, &body)).unwrap(), body);
    }

    #[test]
    fn broken_input_never_panics_nor_outgrows_the_limit(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        at: u16,
        with: u8,
        codec in 0i16..5,
    ) {
        let codec = Codec::from_id(codec).unwrap();
        let mut broken = packed(codec, codec.default_level(), &prose(3_000));
        let at = usize::from(at) % broken.len();
        broken[at] = with;
        for input in [&bytes, &broken] {
            let mut out = Vec::new();
            let _ = decompress(codec, input, &mut out, 10_000);
            prop_assert!(out.len() <= 10_000);
        }
    }
}
