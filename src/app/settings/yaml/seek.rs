//! The place of a value, or of a name that stands twice, by reading the file again up to it. Cost
//! class: once for each place.

use core::fmt;
use std::collections::BTreeSet;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

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

/// Line and column of the first name that the same mapping has already; `None` where there is none,
/// or where something else is wrong before it.
pub(super) fn second(text: &str) -> Option<(usize, usize)> {
    let error = Once.deserialize(serde_yaml::Deserializer::from_str(text)).err()?;
    let at = error.location().filter(|_| error.to_string().contains(SECOND))?;
    Some((at.line(), at.column()))
}

/// A reader that gives up at a name that stands in its mapping for the second time.
#[derive(Clone, Copy)]
struct Once;

impl<'de> DeserializeSeed<'de> for Once {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_any(self)
    }
}

/// Nothing of these is looked at.
macro_rules! passed {
    ($($visit:ident($value:ty)),*) => {
        $(fn $visit<E: Error>(self, _: $value) -> Result<(), E> {
            Ok(())
        })*
    };
}

impl<'de> Visitor<'de> for Once {
    type Value = ();

    passed!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut known = BTreeSet::new();
        while fields.next_key_seed(NewName(&mut known))?.is_some() {
            fields.next_value_seed(self)?;
        }
        Ok(())
    }

    /// What has a tag of its own.
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<(), A::Error> {
        let (_, contents) = tagged.variant::<IgnoredAny>()?;
        contents.newtype_variant_seed(self)
    }
}

/// Adds the name of a field to those that are known, and gives up where it is known already. `5`
/// and `'5'` are two names.
struct NewName<'k>(&'k mut BTreeSet<String>);

impl<'de> DeserializeSeed<'de> for NewName<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_any(self)
    }
}

/// Names of each kind, told apart by it.
macro_rules! named {
    ($($visit:ident($value:ty)),*) => {
        $(fn $visit<E: Error>(self, name: $value) -> Result<(), E> {
            let is_new = self.0.insert(format!("{name:?}"));
            if is_new { Ok(()) } else { Err(E::custom(SECOND)) }
        })*
    };
}

impl Visitor<'_> for NewName<'_> {
    type Value = ();

    named!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }
}

/// What the reader says where it gives up.
const SECOND: &str = "it stands here again";
