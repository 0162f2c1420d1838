//! The field table that the cold messages are written as, and how each kind of field is encoded.
//!
//! Cost class: per request. [`message!`](self) turns a list of fields, each with the versions that
//! have it, into a struct, its default and both directions of its encoding. A field that a version
//! lacks is not written, and keeps its default when read. Not for the produce request or for
//! record batches: those are hot and written by hand.

use bytes::Bytes;

use super::{ApiKey, ErrorCode, Reader, Uuid, WireError, Writer};
use crate::base::BrokerId;
#[cfg(test)]
use crate::base::Rng;

/// The version a message is encoded in, and whether that one is flexible.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Version {
    /// The API's version.
    pub number: i16,
    /// Whether lengths are compact and structures end in tags.
    pub flexible: bool,
}

/// A value that knows its bytes in every version.
pub trait Field: Sized {
    /// Appends the value.
    fn put(&self, w: &mut Writer<'_>, v: Version);

    /// Reads a value.
    ///
    /// # Errors
    /// When the bytes make no sense.
    fn get(r: &mut Reader<'_>, v: Version) -> Result<Self, WireError>;

    /// Reads a value over this one, whose memory it uses again where it can.
    ///
    /// # Errors
    /// When the bytes make no sense; what is then left here means nothing.
    fn get_over(&mut self, r: &mut Reader<'_>, v: Version) -> Result<(), WireError> {
        *self = Self::get(r, v)?;
        Ok(())
    }

    /// A value that is neither null nor empty nor, if it can be helped, one seen before.
    #[cfg(test)]
    fn sample(rng: &mut Rng) -> Self;
}

/// The body of a request or response.
pub trait Message: Field {
    /// The API it belongs to.
    const API: ApiKey;

    /// Appends the body. Fields that `version` lacks are left out.
    ///
    /// # Panics
    /// When the version is outside [`ApiKey::client_versions`].
    fn encode(&self, w: &mut Writer<'_>, version: i16) {
        let version = known_version(Self::API, version);
        self.put(w, version.expect("the version was negotiated"));
    }

    /// Reads a body; bytes after it are left in the reader.
    ///
    /// # Errors
    /// [`WireError::Version`] for a version not spoken here, others when the bytes make no sense.
    fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        Self::get(r, known_version(Self::API, version)?)
    }

    /// Reads a body over an old one, for answers that come often: lists and texts keep their
    /// memory.
    ///
    /// # Errors
    /// As [`Message::decode`]; what is then left here means nothing.
    fn decode_over(&mut self, r: &mut Reader<'_>, version: i16) -> Result<(), WireError> {
        self.get_over(r, known_version(Self::API, version)?)
    }
}

/// `version` of `api`, if it is spoken here.
pub(super) fn known_version(api: ApiKey, version: i16) -> Result<Version, WireError> {
    match api.client_versions().contains(&version) {
        true => Ok(Version { number: version, flexible: api.is_flexible(version) }),
        false => Err(WireError::Version { api, version }),
    }
}

/// Tagged fields on their way out, in ascending order of their tags.
#[derive(Default)]
pub(super) struct Tags {
    count: u64,
    bytes: Vec<u8>,
}

impl Tags {
    /// Adds one; tags come in ascending order.
    pub(super) fn add(&mut self, tag: u32, value: &impl Field, v: Version) {
        let mut data = Vec::new();
        value.put(&mut Writer(&mut data), v);
        let mut w = Writer(&mut self.bytes);
        w.uvarint(u64::from(tag));
        w.uvarint(data.len() as u64);
        w.raw(&data);
        self.count += 1;
    }

    /// Appends them all.
    pub(super) fn put(&self, w: &mut Writer<'_>) {
        w.uvarint(self.count);
        w.raw(&self.bytes);
    }
}

macro_rules! fixed {
    ($($type:ident $method:ident,)*) => {$(
        impl Field for $type {
            fn put(&self, w: &mut Writer<'_>, _: Version) {
                w.$method(*self);
            }

            fn get(r: &mut Reader<'_>, _: Version) -> Result<Self, WireError> {
                r.$method()
            }

            #[cfg(test)]
            fn sample(rng: &mut Rng) -> Self {
                let mut bytes = [0; 16];
                rng.fill(&mut bytes);
                Reader::new(&bytes).$method().expect("sixteen bytes suffice")
            }
        }
    )*};
}

fixed! { bool bool, i8 i8, i16 i16, u16 u16, i32 i32, i64 i64, Uuid uuid, }

impl Field for ErrorCode {
    fn put(&self, w: &mut Writer<'_>, _: Version) {
        w.i16(self.0);
    }

    fn get(r: &mut Reader<'_>, _: Version) -> Result<Self, WireError> {
        r.i16().map(Self)
    }

    #[cfg(test)]
    fn sample(rng: &mut Rng) -> Self {
        Self(i16::sample(rng))
    }
}

impl Field for BrokerId {
    fn put(&self, w: &mut Writer<'_>, _: Version) {
        w.i32(self.0);
    }

    fn get(r: &mut Reader<'_>, _: Version) -> Result<Self, WireError> {
        r.i32().map(Self)
    }

    #[cfg(test)]
    fn sample(rng: &mut Rng) -> Self {
        Self(i32::sample(rng))
    }
}

impl Field for String {
    fn put(&self, w: &mut Writer<'_>, v: Version) {
        w.string(Some(self), v.flexible);
    }

    fn get(r: &mut Reader<'_>, v: Version) -> Result<Self, WireError> {
        r.string(v.flexible)?.map(str::to_owned).ok_or(WireError::Null)
    }

    fn get_over(&mut self, r: &mut Reader<'_>, v: Version) -> Result<(), WireError> {
        self.clear();
        self.push_str(r.string(v.flexible)?.ok_or(WireError::Null)?);
        Ok(())
    }

    #[cfg(test)]
    fn sample(rng: &mut Rng) -> Self {
        format!("s{}", u16::sample(rng))
    }
}

impl Field for Option<String> {
    fn put(&self, w: &mut Writer<'_>, v: Version) {
        w.string(self.as_deref(), v.flexible);
    }

    fn get(r: &mut Reader<'_>, v: Version) -> Result<Self, WireError> {
        Ok(r.string(v.flexible)?.map(str::to_owned))
    }

    #[cfg(test)]
    fn sample(rng: &mut Rng) -> Self {
        Some(String::sample(rng))
    }
}

impl Field for Option<Bytes> {
    fn put(&self, w: &mut Writer<'_>, v: Version) {
        w.bytes(self.as_deref(), v.flexible);
    }

    fn get(r: &mut Reader<'_>, v: Version) -> Result<Self, WireError> {
        Ok(r.bytes(v.flexible)?.map(Bytes::copy_from_slice))
    }

    #[cfg(test)]
    fn sample(rng: &mut Rng) -> Self {
        Some(Bytes::from(String::sample(rng)))
    }
}

impl<T: Field> Field for Vec<T> {
    fn put(&self, w: &mut Writer<'_>, v: Version) {
        w.array_len(Some(self.len()), v.flexible);
        self.iter().for_each(|element| element.put(w, v));
    }

    fn get(r: &mut Reader<'_>, v: Version) -> Result<Self, WireError> {
        let mut elements = Self::new();
        elements.get_over(r, v)?;
        Ok(elements)
    }

    fn get_over(&mut self, r: &mut Reader<'_>, v: Version) -> Result<(), WireError> {
        let count = r.array_len(v.flexible)?.ok_or(WireError::Null)?;
        self.truncate(count);
        self.iter_mut().try_for_each(|element| element.get_over(r, v))?;
        // The count is at most the bytes left, but an element in memory may be a hundred times a
        // byte: take room for a few, and let the rest come as they are really there.
        self.reserve_exact((count - self.len()).min(FIRST_ROOM));
        for _ in self.len()..count {
            self.push(T::get(r, v)?);
        }
        Ok(())
    }

    #[cfg(test)]
    fn sample(rng: &mut Rng) -> Self {
        vec![T::sample(rng), T::sample(rng)]
    }
}

impl<T: Field> Field for Option<Vec<T>> {
    fn put(&self, w: &mut Writer<'_>, v: Version) {
        match self {
            Some(elements) => elements.put(w, v),
            None => w.array_len(None, v.flexible),
        }
    }

    fn get(r: &mut Reader<'_>, v: Version) -> Result<Self, WireError> {
        let Some(count) = r.array_len(v.flexible)? else { return Ok(None) };
        let mut elements = Vec::with_capacity(count.min(FIRST_ROOM));
        for _ in 0..count {
            elements.push(T::get(r, v)?);
        }
        Ok(Some(elements))
    }

    #[cfg(test)]
    fn sample(rng: &mut Rng) -> Self {
        Some(Vec::sample(rng))
    }
}

/// Elements of an array for which room is taken at once.
const FIRST_ROOM: usize = 64;

/// Declares a message or a part of one as a table: `[versions] field: Type = default,` in wire
/// order, then `tags { number [versions] field: Type, }`, which become `Option<Type>`. With
/// `for Api` it is a whole body.
macro_rules! message {
    (@default) => { Default::default() };
    (@default $value:expr) => { $value };
    (
        $(#[$doc:meta])*
        pub struct $name:ident $(for $api:ident)? {
            $($(#[$field_doc:meta])*
            [$versions:expr] $field:ident: $type:ty $(= $default:expr)?,)*
            $(tags {
                $($(#[$tag_doc:meta])*
                $tag:literal [$tag_versions:expr] $tag_field:ident: $tag_type:ty,)*
            })?
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
            $($($(#[$tag_doc])* pub $tag_field: Option<$tag_type>,)*)?
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $($field: $crate::kafka::wire::field::message!(@default $($default)?),)*
                    $($($tag_field: None,)*)?
                }
            }
        }

        impl $crate::kafka::wire::Field for $name {
            fn put(
                &self,
                w: &mut $crate::kafka::wire::Writer<'_>,
                v: $crate::kafka::wire::Version,
            ) {
                $(if ($versions).contains(&v.number) {
                    self.$field.put(w, v);
                })*
                if v.flexible {
                    #[allow(unused_mut, reason = "only some structures have tags")]
                    let mut tags = $crate::kafka::wire::field::Tags::default();
                    $($(if let Some(value) = &self.$tag_field
                        && ($tag_versions).contains(&v.number)
                    {
                        tags.add($tag, value, v);
                    })*)?
                    tags.put(w);
                }
            }

            fn get(
                r: &mut $crate::kafka::wire::Reader<'_>,
                v: $crate::kafka::wire::Version,
            ) -> Result<Self, $crate::kafka::wire::WireError> {
                let mut message = Self::default();
                $crate::kafka::wire::Field::get_over(&mut message, r, v)?;
                Ok(message)
            }

            fn get_over(
                &mut self,
                r: &mut $crate::kafka::wire::Reader<'_>,
                v: $crate::kafka::wire::Version,
            ) -> Result<(), $crate::kafka::wire::WireError> {
                $(if ($versions).contains(&v.number) {
                    $crate::kafka::wire::Field::get_over(&mut self.$field, r, v)?;
                } else {
                    self.$field = $crate::kafka::wire::field::message!(@default $($default)?);
                })*
                $($(self.$tag_field = None;)*)?
                if v.flexible {
                    #[allow(unused_variables, reason = "only some structures have tags")]
                    r.tags(|tag, value| {
                        $($(if tag == $tag && ($tag_versions).contains(&v.number) {
                            self.$tag_field =
                                Some($crate::kafka::wire::Field::get(value, v)?);
                        })*)?
                        Ok(())
                    })?;
                }
                Ok(())
            }

            #[cfg(test)]
            fn sample(rng: &mut $crate::base::Rng) -> Self {
                Self {
                    $($field: $crate::kafka::wire::Field::sample(rng),)*
                    $($($tag_field: Some($crate::kafka::wire::Field::sample(rng)),)*)?
                }
            }
        }

        $(impl $crate::kafka::wire::Message for $name {
            const API: $crate::kafka::wire::ApiKey = $crate::kafka::wire::ApiKey::$api;
        })?
    };
}
pub(crate) use message;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_buys_no_memory_before_its_elements_are_there() {
        let v = Version { number: 0, flexible: false };
        let bytes = [&1_000_000i32.to_be_bytes()[..], &vec![0; 1_000_000]].concat();
        // A million bytes hold 62,500 ids; the count claims a million.
        assert!(Vec::<Uuid>::get(&mut Reader::new(&bytes), v).is_err());
        let two = [0, 0, 0, 2, 0, 7, 0, 8];
        assert_eq!(Vec::get(&mut Reader::new(&two), v), Ok(vec![7i16, 8]));
        let claim = [0x77, 0x35, 0x94, 0, 0, 7];
        assert_eq!(
            Vec::<i16>::get(&mut Reader::new(&claim), v),
            Err(WireError::Length { claimed: 2_000_000_000, left: 2 })
        );
    }
}
