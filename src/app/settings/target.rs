//! The topic flags into a [`TopicPlan`]. Cost class: once a process.

use super::problems::Problems;
use crate::app::cli::args::TargetArgs;
use crate::host::driver::plan::TopicPlan;

/// The topic that the flags ask for.
pub(super) fn topic(args: &TargetArgs, problems: &mut Problems) -> TopicPlan {
    let name = args.topic.clone().unwrap_or_else(|| DEFAULT_TOPIC.to_owned());
    if let Err(expected) = check_name(&name, args.fresh_topic) {
        problems.flag("topic", &name, expected);
    }
    let partitions = count("partitions", args.partitions.as_deref(), problems);
    let replicas = count("replication-factor", args.replication_factor.as_deref(), problems);
    let configs =
        args.topic_config.iter().filter_map(|pair| key_value("topic-config", pair, problems));
    TopicPlan {
        name,
        partitions: partitions.unwrap_or(-1),
        replication_factor: replicas.unwrap_or(-1),
        configs: configs.collect(),
        create: !args.no_create_topic,
        fresh: args.fresh_topic,
        keep: args.keep_topic,
    }
}

/// Splits `key=value`; the value may hold further equal signs.
pub(super) fn key_value(
    flag: &str,
    pair: &str,
    problems: &mut Problems,
) -> Option<(String, String)> {
    match pair.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Some((key.trim().to_owned(), value.trim().to_owned()))
        }
        _ => {
            problems.flag(flag, pair, "expected KEY=VALUE");
            None
        }
    }
}

/// Kafka's rule for topic names (`Topic.validate`), with room for what a fresh topic's name gets
/// appended.
pub(super) fn check_name(name: &str, fresh: bool) -> Result<(), String> {
    let most = if fresh { MAX_NAME - FRESH_SUFFIX } else { MAX_NAME };
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || name == "." || name == ".." || !name.chars().all(legal) {
        return Err("expected a topic name: ASCII letters, digits, '.', '_' and '-'".to_owned());
    }
    if name.len() > most {
        return Err(format!("expected a topic name of at most {most} characters"));
    }
    Ok(())
}

/// A positive number, or −1 for the broker's own.
fn count<N>(flag: &str, text: Option<&str>, problems: &mut Problems) -> Option<N>
where
    N: core::str::FromStr + PartialOrd + From<i8>,
{
    let text = text?;
    match text.parse::<N>() {
        Ok(n) if n >= N::from(1) || n == N::from(-1) => Some(n),
        _ => {
            problems.flag(flag, text, "expected a number, 1 or more, or -1 for the broker's own");
            None
        }
    }
}

const DEFAULT_TOPIC: &str = "kprod-bench";
/// `Topic.MAX_NAME_LENGTH`.
const MAX_NAME: usize = 249;
/// What the driver may append to a fresh topic's name.
const FRESH_SUFFIX: usize = 33;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_left_alone_takes_the_brokers_numbers() {
        let mut problems = Problems::default();
        let plan = topic(&TargetArgs::default(), &mut problems);
        assert!(problems.is_empty());
        assert_eq!(
            (plan.name.as_str(), plan.partitions, plan.replication_factor),
            ("kprod-bench", -1, -1)
        );
        assert!(plan.create && !plan.fresh && !plan.keep);
    }

    #[test]
    fn every_problem_of_a_topic_is_reported() {
        let mut problems = Problems::default();
        let args = TargetArgs {
            topic: Some("a/b".to_owned()),
            partitions: Some("0".to_owned()),
            replication_factor: Some("40000".to_owned()),
            topic_config: vec!["retention.ms".to_owned(), "x=a=b".to_owned()],
            ..TargetArgs::default()
        };
        let plan = topic(&args, &mut problems);
        assert_eq!(
            problems.lines(),
            [
                "--topic = \"a/b\": expected a topic name: ASCII letters, digits, '.', '_' and '-'",
                "--partitions = \"0\": expected a number, 1 or more, or -1 for the broker's own",
                "--replication-factor = \"40000\": \
                 expected a number, 1 or more, or -1 for the broker's own",
                "--topic-config = \"retention.ms\": expected KEY=VALUE",
            ]
        );
        assert_eq!(plan.configs, [("x".to_owned(), "a=b".to_owned())]);
    }
}
