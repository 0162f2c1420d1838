//! What happened on the network, as counts and as lines. Cost class: per event.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::observer::LogLevel;
use super::result::{BrokerFault, LeaderMove};
use crate::base::{BrokerId, PartitionSlot};
use crate::load::engine::ProducerEvent;

/// What a phase remembers of events.
#[derive(Debug, Default)]
pub(super) struct Chronicle {
    /// Leader changes seen by each worker: all of a topic see the same, some miss one.
    leader_changes: Vec<Moves>,
    /// What happens again and again, by its words: how often, and the line for the last time.
    again: BTreeMap<String, (u64, String)>,
    /// What brokers got wrong, with the event that was first of its kind.
    faults: Vec<(ProducerEvent, BrokerFault)>,
}

/// What one worker saw of leaders.
#[derive(Clone, Debug, Default)]
pub(super) struct Moves {
    pub(super) count: u64,
    /// The first few thousand, by the slots of the worker's own topic.
    pub(super) first: Vec<LeaderMove>,
    /// Who led partitions that nobody leads, as far as this worker knows. One that lost all of its
    /// connections knows of no leader for a while: that moves none.
    lost: BTreeMap<PartitionSlot, BrokerId>,
}

impl Moves {
    /// Takes note of what the worker learnt of a partition.
    fn note(
        &mut self,
        slot: PartitionSlot,
        from: Option<BrokerId>,
        to: Option<BrokerId>,
        since: Duration,
    ) {
        let Some(to) = to else {
            self.lost.extend(from.map(|from| (slot, from)));
            return;
        };
        let from = self.lost.remove(&slot).or(from);
        if from == Some(to) {
            return;
        }
        self.count += 1;
        if self.first.len() < MOST_MOVES {
            self.first.push(LeaderMove { since, slot, from, to });
        }
    }
}

impl Chronicle {
    /// Takes note of an event at `since` the phase's start, and gives the line for it, if it is
    /// worth one. `topic` is the worker's, where there are several.
    pub(super) fn note(
        &mut self,
        worker: usize,
        topic: Option<&str>,
        event: &ProducerEvent,
        since: Duration,
    ) -> Option<(LogLevel, String)> {
        match event {
            ProducerEvent::LeaderChanged { slot, from, to } => {
                if self.leader_changes.len() <= worker {
                    self.leader_changes.resize_with(worker + 1, Moves::default);
                }
                self.leader_changes[worker].note(*slot, *from, *to, since);
            }
            ProducerEvent::EpochBumped { epoch, code } => {
                let why = code.map_or_else(String::new, |code| format!(" ({code})"));
                let words = format!("a batch was given up{why}");
                return Some(self.once(words, format!("the producer goes on with epoch {epoch}")));
            }
            ProducerEvent::Rebootstrapped => {
                let words = "no broker left".to_owned();
                let more = "starting again from the bootstrap servers".to_owned();
                return Some(self.once(words, more));
            }
            // A broker that restarts is news; one that answers nonsense is nobody's plan.
            ProducerEvent::NodeLost { node, problem } if problem.fault.is_final() => {
                let known = self.faults.iter_mut().find(|(first, _)| same_kind(first, event));
                let line = format!("connection lost: {problem}");
                if let Some((_, fault)) = known {
                    fault.count += 1;
                    fault.last = since;
                    return Some((LogLevel::Info, line));
                }
                if self.faults.len() >= MOST_FAULTS {
                    return Some((LogLevel::Info, line));
                }
                let fault = BrokerFault {
                    broker: (node.0 >= 0).then_some(node.0),
                    text: problem.to_string(),
                    count: 1,
                    first: since,
                    last: since,
                };
                let first = ProducerEvent::NodeLost { node: *node, problem: Arc::clone(problem) };
                self.faults.push((first, fault));
                return Some((LogLevel::Warn, line));
            }
            _ => {}
        }
        describe(event, topic)
    }

    /// The line for what may happen often: a warning the first time.
    fn once(&mut self, words: String, more: String) -> (LogLevel, String) {
        let line = format!("{words}; {more}");
        let room = self.again.len() < MOST_FAULTS;
        match self.again.get_mut(&words) {
            Some((count, last)) => {
                *count += 1;
                *last = more;
                (LogLevel::Info, line)
            }
            None => {
                if room {
                    self.again.insert(words, (1, more));
                }
                (LogLevel::Warn, line)
            }
        }
    }

    /// A line for each warning that happened again after it was told: how often in all.
    pub(super) fn repeated(&self) -> Vec<String> {
        let often = self.again.iter().filter(|(_, (count, _))| *count > 1);
        often.map(|(words, (count, last))| format!("{words}: {count} times; {last}")).collect()
    }

    /// What brokers got wrong, in the order in which each showed first.
    pub(super) fn faults(&self) -> Vec<BrokerFault> {
        self.faults.iter().map(|(_, fault)| fault.clone()).collect()
    }

    /// Changes to another leader as each worker saw them; those at the end that saw none may be
    /// missing.
    pub(super) fn leader_changes(&self) -> &[Moves] {
        &self.leader_changes
    }
}

/// Whether both events are the same deed of the same broker.
fn same_kind(one: &ProducerEvent, other: &ProducerEvent) -> bool {
    use ProducerEvent::NodeLost;
    match (one, other) {
        (NodeLost { problem: one, .. }, NodeLost { problem: other, .. }) => one.is_like(other),
        _ => false,
    }
}

/// The event as a line, if it is worth one.
fn describe(event: &ProducerEvent, topic: Option<&str>) -> Option<(LogLevel, String)> {
    let partition = |slot: &PartitionSlot| match topic {
        Some(topic) => format!("topic {topic}, partition {slot}"),
        None => format!("partition {slot}"),
    };
    let told = match event {
        ProducerEvent::RequestSent { .. } => return None,
        ProducerEvent::NodeReady(node) => (LogLevel::Debug, format!("connected to broker {node}")),
        ProducerEvent::NodeLost { problem, .. } => {
            (LogLevel::Info, format!("connection lost: {problem}"))
        }
        ProducerEvent::LeaderChanged { slot, from, to } => {
            let name = |broker: &Option<_>| match broker {
                Some(broker) => format!("broker {broker}"),
                None => "no leader".to_owned(),
            };
            (LogLevel::Info, format!("{}: {} → {}", partition(slot), name(from), name(to)))
        }
        ProducerEvent::Retried { slot, node, code, records, .. } => {
            let (place, name) = (partition(slot), code.name());
            let line = format!("{place}: {records} records again: {name} from broker {node}");
            (LogLevel::Debug, line)
        }
        ProducerEvent::Split { slot, pieces } => (
            LogLevel::Info,
            format!("{}: a batch too large goes on in {pieces} pieces", partition(slot)),
        ),
        ProducerEvent::Throttled { node, span } => {
            (LogLevel::Info, format!("broker {node} asks for a pause of {} ms", span.as_millis()))
        }
        // These have their line already.
        ProducerEvent::Rebootstrapped | ProducerEvent::EpochBumped { .. } => return None,
        ProducerEvent::Fatal(failure) => (LogLevel::Error, failure.to_string()),
    };
    Some(told)
}

/// Kinds of faults kept: a hostile cluster may name itself anew with every answer.
const MOST_FAULTS: usize = 100;
/// Leader changes kept of each worker.
const MOST_MOVES: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::CloseCause;
    use crate::kafka::connection::{Fault, Phase, Problem};
    use crate::kafka::wire::ApiKey;

    fn lost(node: i32, fault: Fault) -> ProducerEvent {
        let problem = Problem {
            node: BrokerId(node),
            host: "127.0.0.1".to_owned(),
            port: 9_092,
            addr: Some("127.0.0.1:9092".parse().unwrap()),
            phase: Phase::Ready,
            fault,
        };
        ProducerEvent::NodeLost { node: BrokerId(node), problem: Arc::new(problem) }
    }

    fn unreadable(api: ApiKey, why: &str) -> Fault {
        Fault::Malformed { api, version: 9, why: why.to_owned() }
    }

    /// The level of the line for each event, one a second, and what is remembered.
    fn told(events: &[ProducerEvent]) -> (Vec<LogLevel>, Vec<BrokerFault>) {
        let mut chronicle = Chronicle::default();
        let levels = (0..).zip(events).map(|(second, event)| {
            let since = Duration::from_secs(second);
            chronicle.note(0, None, event, since).expect("a loss has a line").0
        });
        (levels.collect(), chronicle.faults())
    }

    #[test]
    fn a_fault_is_a_warning_the_first_time_and_counted_each_time() {
        let first = unreadable(ApiKey::Produce, "a length of 7");
        let again = unreadable(ApiKey::Produce, "a length of 8");
        let (levels, faults) = told(&[lost(1, first), lost(1, again.clone()), lost(1, again)]);
        assert_eq!(levels, [LogLevel::Warn, LogLevel::Info, LogLevel::Info]);
        let [fault] = &faults[..] else { panic!("{faults:?}") };
        assert_eq!((fault.broker, fault.count), (Some(1), 3));
        assert_eq!((fault.first, fault.last), (Duration::ZERO, Duration::from_secs(2)));
        assert!(fault.text.starts_with("broker 1 at 127.0.0.1:9092: an answer to Produce"));
        assert!(fault.text.contains("a length of 7"), "{}", fault.text);
    }

    #[test]
    fn brokers_apis_and_causes_are_told_apart() {
        let claimed = Fault::FrameLength { claimed: i32::MAX, limit: 1 };
        let kinds = [
            lost(1, unreadable(ApiKey::Produce, "")),
            lost(2, unreadable(ApiKey::Produce, "")),
            lost(1, unreadable(ApiKey::Metadata, "")),
            lost(1, claimed),
            lost(-1, Fault::Correlation { expected: Some(1), found: 2 }),
        ];
        let (levels, faults) = told(&kinds);
        assert_eq!(levels, [LogLevel::Warn; 5]);
        let brokers: Vec<_> = faults.iter().map(|fault| fault.broker).collect();
        assert_eq!(brokers, [Some(1), Some(2), Some(1), Some(1), None]);
    }

    #[test]
    fn of_several_topics_a_partitions_line_names_its_own() {
        let split = ProducerEvent::Split { slot: PartitionSlot(3), pieces: 2 };
        let words = "partition 3: a batch too large goes on in 2 pieces";
        assert_eq!(describe(&split, None).unwrap().1, words);
        assert_eq!(describe(&split, Some("orders")).unwrap().1, format!("topic orders, {words}"));
    }

    #[test]
    fn what_happens_often_is_a_warning_once_a_reason_and_counted_at_the_end() {
        use crate::kafka::wire::ErrorCode;
        let mut chronicle = Chronicle::default();
        let (late, other) = (Some(ErrorCode::REQUEST_TIMED_OUT), Some(ErrorCode(20)));
        let mut note = |epoch, code| {
            let event = ProducerEvent::EpochBumped { epoch, code };
            chronicle.note(0, None, &event, Duration::ZERO).expect("a line")
        };
        let (level, line) = note(1, late);
        assert_eq!(level, LogLevel::Warn);
        assert_eq!(
            line,
            "a batch was given up (REQUEST_TIMED_OUT (7)); the producer goes on with epoch 1"
        );
        assert_eq!(
            [note(2, late).0, note(3, other).0, note(4, late).0],
            [LogLevel::Info, LogLevel::Warn, LogLevel::Info]
        );
        assert_eq!(
            chronicle.repeated(),
            ["a batch was given up (REQUEST_TIMED_OUT (7)): 3 times; the producer goes on with \
              epoch 4"]
        );
    }

    #[test]
    fn a_leader_that_is_found_again_has_not_moved() {
        let mut chronicle = Chronicle::default();
        let mut moved = |worker, second, from: Option<i32>, to: Option<i32>| {
            let (from, to) = (from.map(BrokerId), to.map(BrokerId));
            let event = ProducerEvent::LeaderChanged { slot: PartitionSlot(3), from, to };
            chronicle.note(worker, None, &event, Duration::from_secs(second));
        };
        moved(0, 1, Some(1), Some(2));
        moved(1, 2, Some(1), Some(2));
        moved(1, 3, Some(2), None);
        moved(1, 4, None, Some(3));
        // Who loses sight of a leader and finds it again has seen no change.
        moved(1, 5, Some(3), None);
        moved(1, 6, None, Some(3));
        let of = chronicle.leader_changes();
        assert_eq!([of[0].count, of[1].count], [1, 2]);
        let moves =
            of[1].first.iter().map(|it| (it.since.as_secs(), it.from.map(|id| id.0), it.to.0));
        assert_eq!(moves.collect::<Vec<_>>(), [(2, Some(1), 2), (4, Some(2), 3)]);
    }

    #[test]
    fn a_broker_that_restarts_is_no_fault() {
        let (levels, faults) = told(&[lost(1, Fault::Closed(CloseCause::PeerClosed))]);
        assert_eq!(levels, [LogLevel::Info]);
        assert_eq!(faults, []);
    }

    #[test]
    fn endless_new_brokers_are_not_all_kept() {
        let kind = |node| lost(node, Fault::FrameLength { claimed: -1, limit: 1 });
        let (levels, faults) = told(&(0..1_000).map(kind).collect::<Vec<_>>());
        assert_eq!(faults.len(), MOST_FAULTS);
        assert_eq!(levels.iter().filter(|level| **level == LogLevel::Warn).count(), MOST_FAULTS);
    }
}
