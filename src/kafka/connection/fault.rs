//! Why a connection ended or never stood, as data; the words are made when somebody asks.
//!
//! Cost class: per tick. A [`Problem`] is one sentence that names the address, what came, what was
//! expected and what to try.

use core::fmt;
use core::mem::discriminant;
use core::net::SocketAddr;
use core::time::Duration;

use crate::base::{BrokerId, CloseCause};
use crate::kafka::wire::{ApiKey, ErrorCode};

/// What ended a connection, or an attempt at one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The stream (or the look-up of its name) ended outside our doing.
    Closed(CloseCause),
    /// Looking up, connecting and TLS took longer than `socket.connection.setup.timeout.ms`, which
    /// grows with each failure; holds the span waited.
    SetupTimeout(Duration),
    /// An answer took longer than `request.timeout.ms` plus what the broker was allowed to
    /// throttle.
    RequestTimeout {
        /// What was asked.
        api: ApiKey,
        /// `request.timeout.ms`.
        after: Duration,
    },
    /// The first bytes of an answer belong to another protocol.
    Foreign(Foreign),
    /// An answer announced a length that none can have.
    FrameLength {
        /// The length it announced, in bytes.
        claimed: i32,
        /// The longest answer that is taken.
        limit: usize,
    },
    /// An answer carries another id than the oldest request in flight.
    Correlation {
        /// The id of the oldest request; `None` when nothing was asked.
        expected: Option<i32>,
        /// The id that came.
        found: i32,
    },
    /// An answer can't be read.
    Malformed {
        /// What was asked.
        api: ApiKey,
        /// In which version.
        version: i16,
        /// What is wrong with it.
        why: String,
    },
    /// The broker refused the ApiVersions request.
    HandshakeRefused(ErrorCode),
    /// Broker and client have no version of this API in common.
    NoCommonVersion {
        /// Which.
        api: ApiKey,
        /// The broker's lowest and highest; `None` when it doesn't know the API.
        broker: Option<(i16, i16)>,
    },
    /// Nothing happened for `connections.max.idle.ms`; not an error.
    Idle,
    /// The client itself closed it, for example at its end or to start from the bootstrap servers.
    ByUs,
}

impl Fault {
    /// Whether requests lost with the connection count as timed out
    /// (Errors.REQUEST_TIMED_OUT) and not as disconnected (Errors.NETWORK_EXCEPTION).
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::SetupTimeout(_) | Self::RequestTimeout { .. })
    }

    /// The API whose answer or whose versions it is about; `None` for everything else.
    #[must_use]
    const fn api(&self) -> Option<ApiKey> {
        match self {
            Self::RequestTimeout { api, .. }
            | Self::Malformed { api, .. }
            | Self::NoCommonVersion { api, .. } => Some(*api),
            _ => None,
        }
    }

    /// Whether what listens there showed that it is no broker for us: another attempt would show
    /// the same. A broker that is only just starting refuses, closes or keeps silent, but never
    /// does any of these.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Foreign(_)
                | Self::FrameLength { .. }
                | Self::Correlation { .. }
                | Self::Malformed { .. }
                | Self::NoCommonVersion { .. }
        )
    }
}

/// What was taken for a Kafka broker and isn't one, told by its first bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Foreign {
    /// A web server; holds what is there of its first line.
    Http(String),
    /// A TLS record: an alert, or a hello.
    Tls {
        /// An alert, which a TLS server answers to plain text.
        alert: bool,
    },
    /// Readable text, such as the greeting of SSH, SMTP or Redis; holds its beginning.
    Text(String),
}

impl Foreign {
    /// Tells by a stream's first bytes, at least four, which protocol it speaks.
    #[must_use]
    pub fn recognise(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"HTTP") {
            return Some(Self::Http(first_line(bytes)));
        }
        match bytes {
            [kind @ (0x15 | 0x16), 0x03, 0x00..=0x04, ..] => {
                Some(Self::Tls { alert: *kind == 0x15 })
            }
            _ => {
                let text = first_line(bytes);
                (text.len() >= 4).then_some(Self::Text(text))
            }
        }
    }
}

/// How far an attempt had come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// Looking the name up.
    Resolving,
    /// Opening the stream.
    Connecting,
    /// Agreeing on versions (ApiVersions).
    Handshaking,
    /// In use.
    Ready,
}

/// A connection that ended or never stood, with all that its sentence needs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// The broker; negative for an entry of `bootstrap.servers`.
    pub node: BrokerId,
    /// The host as configured or as the cluster names it.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The address that was tried; `None` before the name was looked up.
    pub addr: Option<SocketAddr>,
    /// How far it had come.
    pub phase: Phase,
    /// What ended it.
    pub fault: Fault,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Peer(self), Cause(self))
    }
}

/// The address of a problem, with the broker's id if it has one.
pub(super) struct Peer<'a>(pub(super) &'a Problem);

impl fmt::Display for Peer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.peer(f)
    }
}

/// What came, what was expected and what to try.
pub(super) struct Cause<'a>(pub(super) &'a Problem);

impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.cause(f)
    }
}

impl Problem {
    /// Whether both are the same deed of the same broker at the same address; numbers and words in
    /// it may differ from one time to the next.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.node == other.node
            && (&self.host, self.port, self.addr) == (&other.host, other.port, other.addr)
            && discriminant(&self.fault) == discriminant(&other.fault)
            && self.fault.api() == other.fault.api()
    }

    /// The sentence without the address.
    fn cause(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.fault, self.phase) {
            (Fault::Closed(cause), Phase::Resolving) => {
                write!(
                    f,
                    "the name cannot be resolved ({cause}); expected a host with an address"
                )?;
                self.check_name(f)
            }
            (Fault::Closed(cause), Phase::Connecting) => self.refused(f, cause),
            (Fault::Closed(cause), Phase::Handshaking) => write!(
                f,
                "{cause} before ApiVersions was answered; expected a Kafka broker that speaks \
                 plain text; check that the port is a PLAINTEXT listener (a TLS listener or \
                 another kind of server closes like this)"
            ),
            (Fault::Closed(cause), Phase::Ready) => write!(
                f,
                "{cause} while in use; expected an open connection; check the broker's log"
            ),
            (fault, _) => self.other(f, fault),
        }
    }

    /// `host:port (address)`, or without the address where it says nothing new.
    fn peer(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.node.0 >= 0 {
            write!(f, "broker {} at ", self.node)?;
        }
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)?;
        } else {
            write!(f, "{}:{}", self.host, self.port)?;
        }
        match self.addr {
            Some(addr) if addr.ip().to_string() != self.host => write!(f, " ({addr})"),
            _ => Ok(()),
        }
    }

    /// What to look at when the address itself is wrong.
    fn check_name(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.node.0 < 0 {
            f.write_str("; check the spelling in bootstrap.servers and the name service")
        } else {
            f.write_str(
                "; the cluster advertises this address: check advertised.listeners of the broker",
            )
        }
    }

    fn refused(&self, f: &mut fmt::Formatter<'_>, cause: &CloseCause) -> fmt::Result {
        write!(f, "{cause}; expected a Kafka broker that listens there")?;
        if self.node.0 < 0 {
            f.write_str("; check host and port, and that the broker runs")
        } else {
            f.write_str("; check that the broker runs, and its advertised.listeners")
        }
    }

    fn other(&self, f: &mut fmt::Formatter<'_>, fault: &Fault) -> fmt::Result {
        match fault {
            Fault::Closed(cause) => write!(f, "{cause}"),
            Fault::SetupTimeout(span) if self.phase == Phase::Handshaking => {
                silence(f, ApiKey::ApiVersions, *span, "socket.connection.setup.timeout.ms")
            }
            Fault::SetupTimeout(span) => {
                let doing = match self.phase {
                    Phase::Resolving => "no answer of the name service",
                    _ => "no connection",
                };
                write!(
                    f,
                    "{doing} within {} ms (socket.connection.setup.timeout.ms); expected a Kafka \
                     broker to accept; check host, port and what filters the traffic between",
                    span.as_millis()
                )
            }
            Fault::RequestTimeout { api, after } => self.timed_out(f, *api, *after),
            Fault::Foreign(foreign) => foreign_sentence(f, foreign),
            Fault::FrameLength { claimed, limit } => write!(
                f,
                "an answer of {claimed} bytes was announced; expected 4 to {limit}; check that \
                 the port belongs to a Kafka broker"
            ),
            Fault::Correlation { expected: Some(expected), found } => write!(
                f,
                "an answer with correlation id {found} came; expected {expected}, the oldest \
                 request's; check what stands between client and broker"
            ),
            Fault::Correlation { expected: None, found } => write!(
                f,
                "an answer with correlation id {found} came; expected none, since nothing was \
                 asked; check what stands between client and broker"
            ),
            Fault::Malformed { api, version, why } => write!(
                f,
                "an answer to {api:?} version {version} came that cannot be read ({why}); expected \
                 Kafka's format; check that the port belongs to a Kafka broker"
            ),
            Fault::HandshakeRefused(code) => write!(
                f,
                "ApiVersions was answered with {} ({}); expected its list of versions; check the \
                 broker's log and its listener's security settings",
                code.name(),
                code.0
            ),
            Fault::NoCommonVersion { api, broker } => no_common_version(f, *api, *broker),
            Fault::Idle => f.write_str("closed after connections.max.idle.ms without use"),
            Fault::ByUs => f.write_str("closed by this client"),
        }
    }

    fn timed_out(&self, f: &mut fmt::Formatter<'_>, api: ApiKey, after: Duration) -> fmt::Result {
        if self.phase == Phase::Handshaking {
            return silence(f, api, after, "request.timeout.ms");
        }
        write!(
            f,
            "{api:?} was not answered within {} ms (request.timeout.ms); expected an answer; check \
             the broker's load, or raise request.timeout.ms",
            after.as_millis()
        )
    }
}

/// A peer that accepts and says nothing; `key` is the setting that bounds the wait.
fn silence(
    f: &mut fmt::Formatter<'_>,
    api: ApiKey,
    after: Duration,
    key: &'static str,
) -> fmt::Result {
    write!(
        f,
        "the connection was accepted and {api:?} not answered within {} ms ({key}); expected a \
         Kafka broker's answer; check that the port is a PLAINTEXT listener of a Kafka broker and \
         that the broker is not stopped",
        after.as_millis()
    )
}

fn foreign_sentence(f: &mut fmt::Formatter<'_>, foreign: &Foreign) -> fmt::Result {
    match foreign {
        Foreign::Http(line) => write!(
            f,
            "an HTTP server answered (\"{line}\"); expected a Kafka broker; check the port"
        ),
        Foreign::Tls { alert: true } => f.write_str(
            "a TLS alert came; expected Kafka in plain text; this port speaks TLS: use the \
             broker's PLAINTEXT listener",
        ),
        Foreign::Tls { alert: false } => f.write_str(
            "a TLS record came; expected Kafka in plain text; this port speaks TLS: use the \
             broker's PLAINTEXT listener",
        ),
        Foreign::Text(line) => write!(
            f,
            "a server that isn't Kafka answered (\"{line}\"); expected a Kafka broker; check the \
             port"
        ),
    }
}

fn no_common_version(
    f: &mut fmt::Formatter<'_>,
    api: ApiKey,
    broker: Option<(i16, i16)>,
) -> fmt::Result {
    let ours = api.client_versions();
    match broker {
        Some((min, max)) => write!(
            f,
            "the broker offers {api:?} in versions {min} to {max}; expected one of {} to {}",
            ours.start(),
            ours.end()
        )?,
        None => write!(
            f,
            "the broker does not offer {api:?}; expected a version of {} to {}",
            ours.start(),
            ours.end()
        )?,
    }
    f.write_str("; use a broker of Kafka 2.1 or newer")
}

/// Printable beginning of a line of ASCII text, at most [`LONGEST_QUOTE`] characters; empty when
/// the first four bytes are no text.
fn first_line(bytes: &[u8]) -> String {
    bytes
        .iter()
        .take(LONGEST_QUOTE)
        .take_while(|byte| byte.is_ascii_graphic() || **byte == b' ')
        .map(|byte| char::from(*byte))
        .collect()
}

const LONGEST_QUOTE: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(node: i32, phase: Phase, fault: Fault) -> String {
        let addr = (phase != Phase::Resolving).then(|| "127.0.0.1:9092".parse().unwrap());
        let host = "kafka.test".to_owned();
        Problem { node: BrokerId(node), host, port: 9_092, addr, phase, fault }.to_string()
    }

    #[test]
    fn other_protocols_are_recognised() {
        let http = Foreign::recognise(b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n");
        assert_eq!(http, Some(Foreign::Http("HTTP/1.1 400 Bad Request".to_owned())));
        assert_eq!(Foreign::recognise(b"HTTP"), Some(Foreign::Http("HTTP".to_owned())));
        let alert = [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46];
        assert_eq!(Foreign::recognise(&alert), Some(Foreign::Tls { alert: true }));
        assert_eq!(Foreign::recognise(&alert[..4]), Some(Foreign::Tls { alert: true }));
        let hello = [0x16, 0x03, 0x01, 0x02, 0x00];
        assert_eq!(Foreign::recognise(&hello), Some(Foreign::Tls { alert: false }));
        let ssh = Foreign::recognise(b"SSH-2.0-OpenSSH_9\r\n");
        assert_eq!(ssh, Some(Foreign::Text("SSH-2.0-OpenSSH_9".to_owned())));
        assert_eq!(Foreign::recognise(&[0xff, 0, 1, 2, 3]), None);
        assert_eq!(Foreign::recognise(&[0x15, 0x09, 0x00, 0x01]), None);
    }

    #[test]
    fn each_sentence_names_address_what_came_what_was_expected_and_what_to_try() {
        let http = Fault::Foreign(Foreign::Http("HTTP/1.1 400 Bad Request".to_owned()));
        assert_eq!(
            problem(-1, Phase::Handshaking, http),
            "kafka.test:9092 (127.0.0.1:9092): an HTTP server answered (\"HTTP/1.1 400 Bad \
             Request\"); expected a Kafka broker; check the port"
        );
        assert_eq!(
            problem(-1, Phase::Connecting, Fault::Closed(CloseCause::Refused)),
            "kafka.test:9092 (127.0.0.1:9092): connection refused; expected a Kafka broker that \
             listens there; check host and port, and that the broker runs"
        );
        let not_found = CloseCause::NotFound("Name or service not known".to_owned());
        assert_eq!(
            problem(3, Phase::Resolving, Fault::Closed(not_found)),
            "broker 3 at kafka.test:9092: the name cannot be resolved (name not found: Name or \
             service not known); expected a host with an address; the cluster advertises this \
             address: check advertised.listeners of the broker"
        );
        let silent =
            Fault::RequestTimeout { api: ApiKey::ApiVersions, after: Duration::from_secs(30) };
        assert_eq!(
            problem(-1, Phase::Handshaking, silent),
            "kafka.test:9092 (127.0.0.1:9092): the connection was accepted and ApiVersions not \
             answered within 30000 ms (request.timeout.ms); expected a Kafka broker's answer; \
             check that the port is a PLAINTEXT listener of a Kafka broker and that the broker is \
             not stopped"
        );
    }

    #[test]
    fn every_fault_in_every_phase_is_one_line_that_says_what_was_expected() {
        let faults = [
            Fault::Closed(CloseCause::PeerClosed),
            Fault::SetupTimeout(Duration::from_secs(10)),
            Fault::RequestTimeout { api: ApiKey::Metadata, after: Duration::from_secs(30) },
            Fault::Foreign(Foreign::Tls { alert: true }),
            Fault::Foreign(Foreign::Tls { alert: false }),
            Fault::Foreign(Foreign::Text("-ERR".to_owned())),
            Fault::FrameLength { claimed: 2_000_000_000, limit: 104_857_600 },
            Fault::Correlation { expected: Some(4), found: 5 },
            Fault::Correlation { expected: None, found: 5 },
            Fault::Malformed { api: ApiKey::Metadata, version: 12, why: "cut off".to_owned() },
            Fault::HandshakeRefused(ErrorCode(58)),
            Fault::NoCommonVersion { api: ApiKey::Metadata, broker: Some((0, 0)) },
            Fault::NoCommonVersion { api: ApiKey::Metadata, broker: None },
        ];
        let phases = [Phase::Resolving, Phase::Connecting, Phase::Handshaking, Phase::Ready];
        for fault in &faults {
            for phase in phases {
                let said = problem(-1, phase, fault.clone());
                assert!(said.starts_with("kafka.test:9092"), "{said}");
                assert!(said.contains("; expected "), "{said}");
                assert!(!said.contains('\n'), "{said}");
            }
        }
    }
}
