//! Which key a record has. Cost class: per record; nothing is allocated.

use std::sync::Arc;

use super::digits;
use super::plan::{KeyPlan, float};
use crate::base::Rng;

/// Makes the keys of a plan.
#[derive(Clone, Debug)]
pub(super) enum Key {
    None,
    Uniform(UniformKey),
    List(Arc<[Option<Vec<u8>>]>),
}

impl Key {
    pub(super) fn new(plan: &KeyPlan) -> Self {
        match plan {
            KeyPlan::None => Self::None,
            KeyPlan::Uniform { cardinality } => Self::Uniform(UniformKey::new(*cardinality)),
            KeyPlan::List(keys) => Self::List(Arc::clone(keys)),
        }
    }
}

/// One of many keys of one length.
#[derive(Clone, Debug)]
pub(super) struct UniformKey {
    cardinality: u64,
    /// `key-` and the digits.
    text: Vec<u8>,
}

impl UniformKey {
    fn new(cardinality: u64) -> Self {
        let digits = (cardinality - 1).to_string().len();
        let mut text = KEY_PREFIX.to_vec();
        text.resize(KEY_PREFIX.len() + digits, b'0');
        Self { cardinality, text }
    }

    #[inline(never)]
    pub(super) fn write(&mut self, seed: u64, n: u64) -> &[u8] {
        let number = Rng::nth(seed, n).below(self.cardinality);
        digits::write_padded(number, &mut self.text[KEY_PREFIX.len()..]);
        &self.text
    }
}

/// The key of record `n` among `keys`.
#[inline(never)]
pub(super) fn listed(keys: &[Option<Vec<u8>>], seed: u64, n: u64) -> Option<&[u8]> {
    let pick = Rng::nth(seed, n).below(keys.len() as u64);
    keys[usize::try_from(pick).expect("below the count of keys")].as_deref()
}

/// The mean length of a record's key, in bytes.
pub(super) fn mean_len(plan: &KeyPlan) -> f64 {
    match plan {
        KeyPlan::None => 0.0,
        KeyPlan::Uniform { cardinality } => {
            float(KEY_PREFIX.len() + cardinality.saturating_sub(1).to_string().len())
        }
        KeyPlan::List(keys) => {
            float(keys.iter().flatten().map(Vec::len).sum()) / float(keys.len().max(1))
        }
    }
}

const KEY_PREFIX: &[u8] = b"key-";
