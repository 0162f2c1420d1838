//! A topic's id (KIP-516). Cost class: per request.

use core::fmt;

/// Sixteen bytes that name a topic for as long as it exists, in wire order.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Uuid(pub [u8; 16]);

impl Uuid {
    /// The id that names no topic (Kafka's `Uuid.ZERO_UUID`).
    pub const ZERO: Self = Self([0; 16]);

    /// Whether this names no topic.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

impl fmt::Display for Uuid {
    /// URL-safe base 64 without padding, 22 letters, as Kafka's own tools print it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for chunk in self.0.chunks(3) {
            let mut group = [0; 4];
            group[1..=chunk.len()].copy_from_slice(chunk);
            let bits = u32::from_be_bytes(group);
            for position in 0..=chunk.len() {
                let letter = (bits >> (18 - 6 * position)) & 63;
                write!(f, "{}", char::from(LETTERS[letter as usize]))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_url_safe_base_64() {
        assert_eq!(Uuid::ZERO.to_string(), "AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(Uuid([0xff; 16]).to_string(), "_____________________w");
        let counting = core::array::from_fn(|i| u8::try_from(i).unwrap());
        assert_eq!(Uuid(counting).to_string(), "AAECAwQFBgcICQoLDA0ODw");
    }
}
