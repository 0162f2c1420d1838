//! The place of a value, by reading the file again up to it. Cost class: once for each place.

use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Step;

/// A reader that gives up at the end of its path, so that the parser names the place.
pub(super) struct Seek<'p>(pub &'p [Step]);

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_any(self)
    }
}

/// Each kind of value ends the search when the path ends there.
macro_rules! found {
    ($($visit:ident($value:ty)),*) => {
        $(fn $visit<E: Error>(self, _: $value) -> Result<(), E> {
            Err(E::custom("here"))
        })*
    };
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    found!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("here")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((Step::Item(wanted), rest)) = self.0.split_first() else {
            return Err(A::Error::custom("here"));
        };
        for _ in 0..*wanted {
            items.next_element::<IgnoredAny>()?;
        }
        items.next_element_seed(Seek(rest))?;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let Some((step, rest)) = self.0.split_first() else {
            return Err(A::Error::custom("here"));
        };
        while let Some(is_it) = fields.next_key_seed(SeekName(step))? {
            if is_it {
                return fields.next_value_seed(Seek(rest));
            }
            fields.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Compares a field's name with the one that is looked for, and gives up at it when the name itself
/// is wanted.
struct SeekName<'p>(&'p Step);

impl<'de> DeserializeSeed<'de> for SeekName<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<bool, D::Error> {
        source.deserialize_any(self)
    }
}

impl SeekName<'_> {
    fn compare<E: Error>(&self, found: &str) -> Result<bool, E> {
        match self.0 {
            Step::Name(name) if name == found => Err(E::custom("here")),
            Step::Field(name) => Ok(name == found),
            Step::Name(_) | Step::Item(_) => Ok(false),
        }
    }
}

impl Visitor<'_> for SeekName<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<bool, E> {
        self.compare(name)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<bool, E> {
        self.compare(&number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<bool, E> {
        self.compare(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<bool, E> {
        self.compare(&number.to_string())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<bool, E> {
        self.compare(&value.to_string())
    }
}
