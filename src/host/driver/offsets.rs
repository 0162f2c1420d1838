//! End offsets of all topics, and where the partitions of each stand among those of the run.
//!
//! Cost class: once a phase. A worker counts by the partitions of its own topic; a run's figures
//! count through all topics: the partitions of the first, then those of the second, and so on.

use super::desk::Desk;
use super::error::RunError;
use super::plan::Verify;

/// End offsets by topic, and of each by partition.
pub(super) type Offsets = Vec<Vec<i64>>;

/// How many partitions each topic has; one topic's follow those of the topic before it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Layout(pub(super) Vec<usize>);

impl Layout {
    /// Where a topic's first partition stands.
    pub(super) fn first(&self, topic: usize) -> usize {
        self.0[..topic].iter().sum()
    }

    /// One topic's values after another's, each by partition; where some are missing, `T`'s default
    /// stands.
    pub(super) fn flat<T: Clone + Default>(
        &self,
        by_topic: impl IntoIterator<Item = Vec<T>>,
    ) -> Vec<T> {
        let padded = self.0.iter().zip(by_topic).flat_map(|(count, mut values)| {
            values.resize(*count, T::default());
            values
        });
        padded.collect()
    }
}

/// The topics' end offsets, if they are wanted.
pub(super) async fn offsets(
    verify: Verify,
    desk: &mut Desk,
    topics: &[String],
) -> Result<Option<Offsets>, RunError> {
    match verify {
        Verify::None => Ok(None),
        Verify::Offsets | Verify::Sequence => desk.settled_offsets(topics).await.map(Some),
    }
}

/// The same before anything was sent. Nothing of this run can be under way, so that two readings
/// which agree need no pause between them; `reached` is the first, which also showed that every
/// leader answers.
pub(super) async fn first_offsets(
    verify: Verify,
    desk: &mut Desk,
    topics: &[String],
    reached: &[Vec<i64>],
) -> Result<Option<Offsets>, RunError> {
    if verify == Verify::None {
        return Ok(None);
    }
    let again = desk.all_offsets(topics).await?;
    if again == reached { Ok(Some(again)) } else { offsets(verify, desk, topics).await }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_topics_partitions_follow_those_of_the_topic_before() {
        let layout = Layout(vec![2, 3, 1]);
        assert_eq!([0, 1, 2].map(|topic| layout.first(topic)), [0, 2, 5]);
        // A partition that came later has no value yet.
        let flat = layout.flat([vec![5, 6], vec![7], vec![8]]);
        assert_eq!(flat, [5, 6, 7, 0, 0, 8]);
    }
}
