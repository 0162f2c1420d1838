//! What happened on the network, as counts and as lines. Cost class: per event.

use super::observer::LogLevel;
use crate::load::engine::ProducerEvent;

/// What a phase remembers of events.
#[derive(Debug, Default)]
pub(super) struct Chronicle {
    /// Leader changes seen by each worker: all see the same, some miss one.
    leader_changes: Vec<u64>,
}

impl Chronicle {
    pub(super) fn note(&mut self, worker: usize, event: &ProducerEvent) {
        if let ProducerEvent::LeaderChanged { to: Some(_), .. } = event {
            if self.leader_changes.len() <= worker {
                self.leader_changes.resize(worker + 1, 0);
            }
            self.leader_changes[worker] += 1;
        }
    }

    /// Changes to another leader, as the worker that saw most of them saw it.
    pub(super) fn leader_changes(&self) -> u64 {
        self.leader_changes.iter().copied().max().unwrap_or(0)
    }
}

/// The event as a line, if it is worth one.
pub(super) fn describe(event: &ProducerEvent) -> Option<(LogLevel, String)> {
    let told = match event {
        ProducerEvent::RequestSent { .. } => return None,
        ProducerEvent::NodeReady(node) => (LogLevel::Debug, format!("connected to broker {node}")),
        ProducerEvent::NodeLost { node, problem } => {
            (LogLevel::Info, format!("lost broker {node}: {problem}"))
        }
        ProducerEvent::LeaderChanged { slot, from, to } => {
            let name = |broker: &Option<_>| match broker {
                Some(broker) => format!("broker {broker}"),
                None => "no leader".to_owned(),
            };
            (LogLevel::Info, format!("partition {slot}: {} → {}", name(from), name(to)))
        }
        ProducerEvent::Retried { slot, node, code, records, .. } => {
            let name = code.name();
            (
                LogLevel::Debug,
                format!("partition {slot}: {records} records again: {name} from broker {node}"),
            )
        }
        ProducerEvent::Split { slot, pieces } => (
            LogLevel::Info,
            format!("partition {slot}: a batch too large goes on in {pieces} pieces"),
        ),
        ProducerEvent::Throttled { node, span } => {
            (LogLevel::Info, format!("broker {node} asks for a pause of {} ms", span.as_millis()))
        }
        ProducerEvent::Rebootstrapped => {
            (LogLevel::Warn, "no broker left; starting again from the bootstrap servers".to_owned())
        }
        ProducerEvent::EpochBumped { epoch } => (
            LogLevel::Warn,
            format!("a batch was given up; the producer goes on with epoch {epoch}"),
        ),
        ProducerEvent::Fatal(failure) => (LogLevel::Error, failure.to_string()),
    };
    Some(told)
}
