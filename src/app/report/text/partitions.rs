//! How evenly records were spread, where somebody chose that. Cost class: once a run.

use crate::app::report::figures::{percent, plural};
use crate::app::report::model::{PartitionModel, Report};
use crate::app::report::page::field;

/// The shares of the fullest and the emptiest partition; `None` where neither keys nor another
/// partitioner than the default decided them, and where nothing was delivered.
pub(super) fn partitions(report: &Report) -> Option<String> {
    let by_default = matches!(report.config.partitioner.as_str(), "" | "default");
    if by_default && report.generator.key == "none" {
        return None;
    }
    let taken: u64 = report.partitions.iter().map(|partition| partition.count).sum();
    let most = report.partitions.iter().max_by_key(|partition| partition.count)?;
    let topics = report.cluster.topics().iter();
    let all: u64 = topics.map(|topic| u64::from(topic.partitions)).sum();
    let used = report.partitions.iter().filter(|partition| partition.count > 0).count();
    if taken == 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "shares for people")]
    let share = |partition: &PartitionModel| percent(partition.count as f64 / taken as f64);
    let mut text = format!(
        "{} of {} took records; the most {} (partition {}{})",
        used,
        plural(all, "partition"),
        share(most),
        most.partition,
        of_topic(most),
    );
    let others = report.partitions.iter().filter(|it| it.count > 0);
    if let Some(least) = others.min_by_key(|it| it.count).filter(|least| least.count < most.count) {
        let (share, place) = (share(least), least.partition);
        text.push_str(&format!(", the least {share} ({place}{})", of_topic(least)));
    }
    Some(field("partitions", &text))
}

/// The topic in words, where there are several.
fn of_topic(partition: &PartitionModel) -> String {
    partition.topic.as_ref().map_or_else(String::new, |topic| format!(" of {topic}"))
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    fn with_counts(counts: &[u64]) -> Report {
        let mut report = sample::report();
        report.config.partitioner = "key-rules:r.yaml".to_owned();
        let rows = (0..).zip(counts).map(|(partition, &count)| PartitionModel {
            topic: None,
            partition,
            count,
            bytes: count,
            mean: 0.0,
            max: 0,
        });
        report.partitions = rows.collect();
        report
    }

    #[test]
    fn the_fullest_and_the_emptiest_are_named() {
        assert_eq!(
            partitions(&with_counts(&[70, 0, 20, 10])).as_deref(),
            Some(
                "partitions       3 of 12 partitions took records; the most 70.0 % (partition 0), \
                 the least 10.0 % (3)"
            )
        );
        assert_eq!(
            partitions(&with_counts(&[5])).as_deref(),
            Some(
                "partitions       1 of 12 partitions took records; the most 100.0 % (partition 0)"
            )
        );
        assert_eq!(partitions(&with_counts(&[0, 0])), None);
    }

    #[test]
    fn nothing_is_said_where_nobody_chose() {
        let mut report = with_counts(&[1, 2]);
        report.config.partitioner = "default".to_owned();
        report.generator.key = "none".to_owned();
        assert_eq!(partitions(&report), None);
        report.generator.key = "uniform:5".to_owned();
        assert!(partitions(&report).is_some());
    }
}
