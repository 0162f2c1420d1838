//! Values that are pieces of files: lines, records with their length in front, whole files.
//!
//! All workers share one copy, in which the pieces lie one behind another, and a table of where
//! each ends: a file costs its size once, and four bytes a piece. Files are read at once and cut in
//! place, so that there is no second copy while a run begins either. A window that slides through a
//! file would cost less memory, but a read in the middle of the load; and since record n must be
//! the same whenever it is made, alone and in any order, it couldn't draw at random.
//!
//! Cost class: cutting once a run, a piece per record.

use core::fmt;
use core::ops::Range;

/// Pieces of files.
#[derive(Clone, Eq, PartialEq)]
pub struct Corpus {
    bytes: Vec<u8>,
    /// Where pieces end, a 0 in front.
    bounds: Vec<u32>,
}

/// How files are cut.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PieceFormat {
    /// At this delimiter, which belongs to no piece; empty pieces at a file's end are left out.
    Delimited(Vec<u8>),
    /// Before each piece stands its length, four bytes, the highest first.
    Length32,
    /// Before each piece stands its length, seven bits a byte, the lowest first, the top bit set in
    /// all bytes but the last: what Protocol Buffers call delimited messages.
    Varint,
    /// A file is a piece.
    File,
}

/// Which piece record n is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PieceOrder {
    /// Any, each as likely, decided by seed and n.
    #[default]
    Random,
    /// n, from the first again after the last.
    Sequence,
}

/// Files that can't be cut.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CorpusError {
    /// More than the table can name.
    #[error(
        "it holds more than {max} bytes: expected that at most; take a part of it",
        max = Corpus::LARGEST
    )]
    TooLarge,
    /// A length that leads beyond the end of its file.
    #[error(
        "at byte {at} stands a length of {length}, but {left} bytes follow: expected {expected}"
    )]
    Length {
        /// Which file.
        file: usize,
        /// The byte of the file where the length stands.
        at: usize,
        /// What it says.
        length: u64,
        /// What is behind it.
        left: usize,
        /// What the format is.
        expected: &'static str,
    },
    /// A file that ends within a length.
    #[error("it ends within a length at byte {at}: expected {expected}")]
    Short {
        /// Which file.
        file: usize,
        /// The byte of the file where the length begins.
        at: usize,
        /// What the format is.
        expected: &'static str,
    },
}

impl CorpusError {
    /// Which of the files is meant; `None` for all of them.
    #[must_use]
    pub const fn file(&self) -> Option<usize> {
        match self {
            Self::TooLarge => None,
            Self::Length { file, .. } | Self::Short { file, .. } => Some(*file),
        }
    }
}

impl Corpus {
    /// The most bytes of all files together, 4 GiB less one.
    pub const LARGEST: u64 = u32::MAX as u64;

    /// Cuts files that stand one behind another in `bytes`, each up to its place in `ends`. Takes
    /// no memory beside that but the table.
    ///
    /// # Errors
    /// When they are too large, or a length in them leads beyond its file.
    ///
    /// # Panics
    /// When `ends` aren't places in `bytes`, in ascending order.
    pub fn cut(bytes: Vec<u8>, ends: &[usize], format: &PieceFormat) -> Result<Self, CorpusError> {
        if u32::try_from(bytes.len()).is_err() {
            return Err(CorpusError::TooLarge);
        }
        let mut cutter = Cutter { corpus: Self { bytes, bounds: vec![0] }, kept: 0 };
        let mut start = 0;
        for (file, &end) in ends.iter().enumerate() {
            assert!(start <= end && end <= cutter.corpus.bytes.len(), "a file ends at {end}");
            match format {
                PieceFormat::Delimited(delimiter) => cutter.delimited(start..end, delimiter),
                PieceFormat::Length32 => cutter.prefixed(file, start..end, LENGTH32, length32)?,
                PieceFormat::Varint => cutter.prefixed(file, start..end, VARINT, varint)?,
                PieceFormat::File => cutter.keep(start..end),
            }
            start = end;
        }
        let Cutter { mut corpus, kept } = cutter;
        corpus.bytes.truncate(kept);
        Ok(corpus)
    }

    /// How many pieces there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.bounds.len() - 1
    }

    /// Bytes of all pieces together: those of the files without delimiters and lengths.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Piece `index`.
    ///
    /// # Panics
    /// When there are fewer.
    #[must_use]
    #[inline]
    pub fn piece(&self, index: usize) -> &[u8] {
        &self.bytes[self.bounds[index] as usize..self.bounds[index + 1] as usize]
    }

    /// The mean length of a piece in bytes; 0 without any.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "at most 2^32")]
    pub fn mean_len(&self) -> f64 {
        self.bytes.len() as f64 / self.len().max(1) as f64
    }

    /// The length of the longest piece in bytes.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.bounds.windows(2).map(|ends| (ends[1] - ends[0]) as usize).max().unwrap_or(0)
    }
}

impl fmt::Debug for Corpus {
    /// Not what it holds, which may be gigabytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Corpus")
            .field("pieces", &self.len())
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// A corpus of which a part is cut: pieces lie up to `kept`, what is to be cut behind.
struct Cutter {
    corpus: Corpus,
    kept: usize,
}

impl Cutter {
    /// Moves bytes, which lie at `kept` or behind it, to the pieces.
    fn keep(&mut self, piece: Range<usize>) {
        let len = piece.len();
        self.corpus.bytes.copy_within(piece, self.kept);
        self.kept += len;
        let end = u32::try_from(self.kept).expect("no more than all files together");
        self.corpus.bounds.push(end);
    }

    fn delimited(&mut self, file: Range<usize>, delimiter: &[u8]) {
        let mut at = file.start;
        let mut last_full = self.corpus.bounds.len();
        while let Some(found) = find(&self.corpus.bytes[at..file.end], delimiter) {
            self.keep(at..at + found);
            if found > 0 {
                last_full = self.corpus.bounds.len();
            }
            at += found + delimiter.len();
        }
        if at < file.end {
            self.keep(at..file.end);
        } else {
            self.corpus.bounds.truncate(last_full);
        }
    }

    fn prefixed(
        &mut self,
        file: usize,
        Range { start, end }: Range<usize>,
        expected: &'static str,
        read: fn(&[u8]) -> Option<(u64, usize)>,
    ) -> Result<(), CorpusError> {
        let mut place = start;
        while place < end {
            let at = place - start;
            let (length, width) = read(&self.corpus.bytes[place..end])
                .ok_or(CorpusError::Short { file, at, expected })?;
            let left = end - place - width;
            let Some(len) = usize::try_from(length).ok().filter(|len| *len <= left) else {
                return Err(CorpusError::Length { file, at, length, left, expected });
            };
            self.keep(place + width..place + width + len);
            place += width + len;
        }
        Ok(())
    }
}

fn length32(bytes: &[u8]) -> Option<(u64, usize)> {
    let (length, _) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*length).into(), 4))
}

/// At most ten bytes of seven bits; what doesn't fit 64 bits is as large as can be.
fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let width = 1 + bytes.iter().take(10).position(|byte| byte & 0x80 == 0)?;
    let read = bytes[..width]
        .iter()
        .rev()
        .fold(0u128, |number, byte| number << 7 | u128::from(byte & 0x7f));
    Some((u64::try_from(read).unwrap_or(u64::MAX), width))
}

/// Where a delimiter of one byte or more begins.
fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let (first, rest) = wanted.split_first()?;
    let mut from = 0;
    loop {
        let at = from + text[from..].iter().position(|byte| byte == first)?;
        if text[at + 1..].starts_with(rest) {
            return Some(at);
        }
        from = at + 1;
    }
}

const LENGTH32: &str = "the length of what follows in four bytes, the highest first";
const VARINT: &str = "the length of what follows in seven bits a byte, the lowest first";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces(files: &[&[u8]], format: &PieceFormat) -> Result<Vec<Vec<u8>>, CorpusError> {
        let mut ends = Vec::new();
        let mut bytes = Vec::new();
        for file in files {
            bytes.extend_from_slice(file);
            ends.push(bytes.len());
        }
        let corpus = Corpus::cut(bytes, &ends, format)?;
        let pieces: Vec<_> = (0..corpus.len()).map(|at| corpus.piece(at).to_vec()).collect();
        assert_eq!(corpus.longest(), pieces.iter().map(Vec::len).max().unwrap_or(0));
        let bytes = pieces.iter().map(Vec::len).sum::<usize>();
        assert_eq!(corpus.bytes.len(), bytes);
        assert_eq!(corpus.mean_len(), bytes as f64 / pieces.len().max(1) as f64);
        Ok(pieces)
    }

    fn delimited(text: &str, delimiter: &str) -> Vec<String> {
        let format = PieceFormat::Delimited(delimiter.as_bytes().to_vec());
        let pieces = pieces(&[text.as_bytes()], &format).unwrap();
        pieces.into_iter().map(|piece| String::from_utf8(piece).unwrap()).collect()
    }

    #[test]
    fn files_are_cut_at_a_delimiter() {
        assert_eq!(delimited("a\nbb\n", "\n"), ["a", "bb"]);
        assert_eq!(delimited("a\r\n\nb", "\n"), ["a\r", "", "b"]);
        assert_eq!(delimited("a--b-c--", "--"), ["a", "b-c"]);
        assert_eq!(delimited("a---b", "--"), ["a", "-b"]);
        assert_eq!(delimited("\n\na\n\n\n", "\n"), ["", "", "a"]);
        assert_eq!(delimited("\n\n", "\n"), [""; 0]);
        assert_eq!(delimited("", "\n"), [""; 0]);
        let lines = PieceFormat::Delimited(b"\n".to_vec());
        assert_eq!(
            pieces(&[b"a\nb", b"", b"c\n\n", b"\xff\0"], &lines).unwrap(),
            [&b"a"[..], b"b", b"c", b"\xff\0"]
        );
    }

    #[test]
    fn lengths_lead_from_piece_to_piece() {
        let file = b"\0\0\0\x02ab\0\0\0\0\0\0\0\x01\n";
        assert_eq!(pieces(&[file], &PieceFormat::Length32).unwrap(), [&b"ab"[..], b"", b"\n"]);
        let file = [&[2][..], b"ab", &[0, 0x80, 0x01], &[7; 128]].concat();
        let cut = pieces(&[&file, &file], &PieceFormat::Varint).unwrap();
        assert_eq!(cut.len(), 6);
        assert_eq!(cut[..2], [b"ab".to_vec(), Vec::new()]);
        assert_eq!(cut[5], [7; 128]);
    }

    #[test]
    fn a_length_that_cannot_be_is_named() {
        let error = |file: &[u8], format| pieces(&[b"", file], &format).unwrap_err();
        let long = error(b"\0\0\0\x01a\0\0\x01\0ab", PieceFormat::Length32);
        assert_eq!(long.file(), Some(1));
        assert_eq!(
            long.to_string(),
            "at byte 5 stands a length of 256, but 2 bytes follow: expected the length of what \
             follows in four bytes, the highest first"
        );
        assert_eq!(
            error(b"\0\0", PieceFormat::Length32).to_string(),
            "it ends within a length at byte 0: expected the length of what follows in four \
             bytes, the highest first"
        );
        for bad in [&[0xff][..], &[0xff; 30], &[5, 1], &[0xff, 0xff, 0xff, 0xff, 0x7f]] {
            let error = error(bad, PieceFormat::Varint).to_string();
            assert!(error.contains("expected the length of what follows in seven bits"), "{error}");
        }
    }

    #[test]
    fn whole_files_are_pieces() {
        let cut = pieces(&[b"a\nb", b"", b"c"], &PieceFormat::File).unwrap();
        assert_eq!(cut, [&b"a\nb"[..], b"", b"c"]);
    }

    proptest! {
        #[test]
        fn what_was_put_together_comes_apart(
            pieces_in in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20),
        ) {
            let mut length32 = Vec::new();
            let mut varint = Vec::new();
            for piece in &pieces_in {
                length32.extend(u32::try_from(piece.len()).unwrap().to_be_bytes());
                length32.extend(piece);
                let [low, high, ..] = (piece.len() as u64).to_le_bytes();
                if piece.len() < 128 {
                    varint.push(low);
                } else {
                    varint.extend([low | 0x80, high << 1 | low >> 7]);
                }
                varint.extend(piece);
            }
            prop_assert_eq!(&pieces(&[&length32], &PieceFormat::Length32).unwrap(), &pieces_in);
            prop_assert_eq!(&pieces(&[&varint], &PieceFormat::Varint).unwrap(), &pieces_in);
        }

        #[test]
        fn any_bytes_never_panic(file: Vec<u8>, other: Vec<u8>) {
            let line = PieceFormat::Delimited(vec![b'\n', 0]);
            for format in [line, PieceFormat::Length32, PieceFormat::Varint, PieceFormat::File] {
                let _ = pieces(&[&file, &other], &format);
            }
        }
    }
}
