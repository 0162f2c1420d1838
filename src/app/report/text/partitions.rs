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
    let of_all = usize::try_from(report.cluster.topic.partitions).unwrap_or(usize::MAX);
    let used = report.partitions.iter().filter(|partition| partition.count > 0).count();
    if taken == 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "shares for people")]
    let share = |partition: &PartitionModel| percent(partition.count as f64 / taken as f64);
    let mut text = format!(
        "{} of {} took records; the most {} (partition {})",
        used,
        plural(of_all as u64, "partition"),
        share(most),
        most.partition
    );
    let others = report.partitions.iter().filter(|it| it.count > 0);
    if let Some(least) = others.min_by_key(|it| it.count).filter(|least| least.count < most.count) {
        text.push_str(&format!(", the least {} ({})", share(least), least.partition));
    }
    Some(field("partitions", &text))
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    fn with_counts(counts: &[u64]) -> Report {
        let mut report = sample::report();
        report.config.partitioner = "key-rules:r.yaml".to_owned();
        let rows = (0..).zip(counts).map(|(partition, &count)| PartitionModel {
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
