//! Why an admin call failed, in one sentence that says what to do. Cost class: per run.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use crate::kafka::cluster::RequestError;
use crate::kafka::connection::{Problem, in_words};
use crate::kafka::wire::{ApiKey, ErrorCode};

/// A call that failed: what was wanted, and why it was not done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AdminError {
    /// What was wanted, such as `create topic "a"`.
    pub wanted: String,
    /// Why it failed.
    pub cause: AdminCause,
}

/// Why a call failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AdminCause {
    /// No broker can be reached.
    Unreachable {
        /// How long was tried.
        waited: Duration,
        /// The last failure of each address.
        problems: Vec<Arc<Problem>>,
        /// A bootstrap server answered; it is the addresses it gave for the brokers that fail.
        advertised: bool,
    },
    /// The time is up, although a broker could be reached.
    TimedOut {
        /// How long was tried.
        waited: Duration,
        /// What stood in the way last, in words.
        trouble: Option<String>,
    },
    /// A broker said no.
    Refused {
        /// `broker 1 at host:port`.
        broker: String,
        /// What was asked.
        api: ApiKey,
        /// Its answer.
        code: ErrorCode,
        /// Its answer in its own words.
        message: Option<String>,
        /// What to do about it, the end of a sentence.
        advice: String,
    },
    /// The broker doesn't speak what the call needs.
    Unsupported(RequestError),
    /// A broker's answer can't be read.
    Malformed {
        /// `broker 1 at host:port`.
        broker: String,
        /// What was asked.
        api: ApiKey,
        /// In which version.
        version: i16,
        /// What is wrong.
        why: String,
    },
    /// The client was closed before the call's turn.
    Closed,
}

impl fmt::Display for AdminError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: ", self.wanted)?;
        match &self.cause {
            AdminCause::Unreachable { waited, problems, advertised } => {
                f.write_str("no broker could be reached")?;
                if *advertised {
                    f.write_str(" at the addresses that the bootstrap server gives for them")?;
                }
                if *waited >= WORTH_SAYING {
                    write!(f, " within {}", Seconds(*waited))?;
                }
                if problems.is_empty() { Ok(()) } else { write!(f, "; {}", in_words(problems)) }
            }
            AdminCause::TimedOut { waited, trouble } => {
                write!(f, "not done within {}", Seconds(*waited))?;
                match trouble {
                    Some(trouble) => write!(f, "; the last obstacle was: {trouble}"),
                    None => f.write_str("; expected an answer; check the brokers' load"),
                }
            }
            AdminCause::Refused { broker, api, code, message, advice } => {
                write!(f, "{broker} answered {api:?} with {} ({})", code.name(), code.0)?;
                if let Some(message) = message {
                    write!(f, ", \"{}\"", message.trim_end_matches('.'))?;
                }
                write!(f, "; {advice}")
            }
            AdminCause::Unsupported(why) => write!(f, "{why}"),
            AdminCause::Malformed { broker, api, version, why } => write!(
                f,
                "the answer of {broker} to {api:?} version {version} cannot be read ({why}); \
                 expected Kafka's format; check what listens there"
            ),
            AdminCause::Closed => f.write_str("the client was closed before"),
        }
    }
}

impl core::error::Error for AdminError {}

/// A wait that is worth a word; what is plain at once isn't a matter of waiting.
const WORTH_SAYING: Duration = Duration::from_millis(500);

/// A span as people read it: `3 s`, `2.5 s`, `300 ms`.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.as_millis();
        match (ms / 1_000, ms % 1_000) {
            (0, ms) => write!(f, "{ms} ms"),
            (s, 0..100) => write!(f, "{s} s"),
            (s, rest) => write!(f, "{s}.{} s", rest / 100),
        }
    }
}

/// What to do about an error code.
pub(super) fn advice(code: ErrorCode, replication_factor: Option<i16>, brokers: usize) -> String {
    match (code, replication_factor) {
        (ErrorCode::INVALID_REPLICATION_FACTOR, Some(factor)) => {
            let (is, s) = if brokers == 1 { ("is", "") } else { ("are", "s") };
            format!(
                "replication factor {factor} was asked for and {brokers} broker{s} {is} \
                 registered: ask for {brokers} or fewer"
            )
        }
        (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, _) => {
            "there is no such topic: check its name, or have it created".to_owned()
        }
        (ErrorCode::TOPIC_ALREADY_EXISTS, _) => {
            "use the topic as it is, or another name".to_owned()
        }
        (ErrorCode::INVALID_TOPIC_EXCEPTION, _) => {
            "a topic's name has 1 to 249 letters, digits, dots, dashes and underscores".to_owned()
        }
        (ErrorCode::INVALID_PARTITIONS, _) => "ask for one partition or more".to_owned(),
        (ErrorCode::INVALID_CONFIG, _) => "check the topic's settings".to_owned(),
        (ErrorCode::POLICY_VIOLATION, _) => {
            "ask who runs the cluster what its policy is".to_owned()
        }
        (ErrorCode::TOPIC_AUTHORIZATION_FAILED | ErrorCode::CLUSTER_AUTHORIZATION_FAILED, _) => {
            "ask who runs the cluster for the right".to_owned()
        }
        (ErrorCode::TOPIC_DELETION_DISABLED, _) => {
            "the brokers run with delete.topic.enable=false".to_owned()
        }
        _ => code.meaning().trim_end_matches('.').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_broker_api_code_words_and_advice() {
        let code = ErrorCode::INVALID_REPLICATION_FACTOR;
        let error = AdminError {
            wanted: "create topic \"a\"".to_owned(),
            cause: AdminCause::Refused {
                broker: "broker 1 at localhost:9092".to_owned(),
                api: ApiKey::CreateTopics,
                code,
                message: Some("Unable to replicate the partition 5 time(s).".to_owned()),
                advice: advice(code, Some(5), 3),
            },
        };
        assert_eq!(
            error.to_string(),
            "cannot create topic \"a\": broker 1 at localhost:9092 answered CreateTopics with \
             INVALID_REPLICATION_FACTOR (38), \"Unable to replicate the partition 5 time(s)\"; \
             replication factor 5 was asked for and 3 brokers are registered: ask for 3 or fewer"
        );
    }

    #[test]
    fn spans_are_short() {
        let said = |ms| Seconds(Duration::from_millis(ms)).to_string();
        let words = [said(300), said(3_000), said(3_020), said(2_540)];
        assert_eq!(words, ["300 ms", "3 s", "3 s", "2.5 s"]);
    }
}
