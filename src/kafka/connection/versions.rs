//! Which version of each API to speak with one broker. Cost class: per request.

use crate::kafka::wire::ApiKey;

/// What a broker's ApiVersions answer offers.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Versions {
    /// Key, lowest, highest; sorted by key.
    ranges: Vec<(i16, i16, i16)>,
}

impl Versions {
    /// From the triples of an answer, in any order; for a key named twice the first counts.
    #[must_use]
    pub fn new(mut ranges: Vec<(i16, i16, i16)>) -> Self {
        ranges.sort_by_key(|range| range.0);
        ranges.dedup_by_key(|range| range.0);
        Self { ranges }
    }

    /// The lowest and highest version that the broker offers; `None` when it doesn't know the API.
    #[must_use]
    pub fn offered(&self, api: ApiKey) -> Option<(i16, i16)> {
        let at = self.ranges.binary_search_by_key(&api.code(), |range| range.0).ok()?;
        Some((self.ranges[at].1, self.ranges[at].2))
    }

    /// Key, lowest and highest version of everything that the broker offers, by key.
    #[must_use]
    pub fn ranges(&self) -> &[(i16, i16, i16)] {
        &self.ranges
    }

    /// The highest version that both sides speak; `None` when there is none.
    #[must_use]
    pub fn choose(&self, api: ApiKey) -> Option<i16> {
        let (min, max) = self.offered(api)?;
        let ours = api.client_versions();
        let chosen = max.min(*ours.end());
        (chosen >= min && chosen >= *ours.start()).then_some(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_common_version_is_chosen() {
        let ours = ApiKey::Metadata.client_versions();
        let (low, high) = (*ours.start(), *ours.end());
        let code = ApiKey::Metadata.code();
        let choose = |min, max| Versions::new(vec![(code, min, max)]).choose(ApiKey::Metadata);
        assert_eq!(choose(0, high + 5), Some(high));
        assert_eq!(choose(0, high - 1), Some(high - 1));
        assert_eq!(choose(0, low), Some(low));
        assert_eq!(choose(0, low - 1), None);
        assert_eq!(choose(high + 1, high + 5), None);
        assert_eq!(choose(high, high - 1), None);
        assert_eq!(Versions::default().choose(ApiKey::Metadata), None);
    }
}
