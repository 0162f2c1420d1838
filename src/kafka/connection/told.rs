//! Several problems in one readable sentence. Cost class: once per message.

use std::sync::Arc;

use super::fault::{Cause, Peer, Problem};

/// What went wrong where: addresses that failed alike are named together with their cause said
/// once, in the order of the first of them; of many addresses and causes only some are named.
#[must_use]
pub fn in_words(problems: &[Arc<Problem>]) -> String {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for problem in problems {
        let (cause, peer) = (Cause(problem).to_string(), Peer(problem).to_string());
        match groups.iter_mut().find(|group| group.0 == cause) {
            Some((_, peers)) => peers.push(peer),
            None => groups.push((cause, vec![peer])),
        }
    }
    let mut said: Vec<String> = groups
        .iter()
        .take(MOST_CAUSES)
        .map(|(cause, peers)| format!("{}: {cause}", listed(peers)))
        .collect();
    let rest: usize = groups.iter().skip(MOST_CAUSES).map(|(_, peers)| peers.len()).sum();
    if rest > 0 {
        said.push(format!("{rest} more failed in other ways"));
    }
    said.join("; ")
}

/// `a`, `a and b`, `a, b and c`, `a, b, c, d and 5 more`.
fn listed(peers: &[String]) -> String {
    match peers {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] if peers.len() <= MOST_PEERS => {
            format!("{} and {last}", first.join(", "))
        }
        _ => {
            let (named, rest) = peers.split_at(MOST_PEERS - 1);
            format!("{} and {} more", named.join(", "), rest.len())
        }
    }
}

/// Addresses named with one cause.
const MOST_PEERS: usize = 5;
/// Causes told.
const MOST_CAUSES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{BrokerId, CloseCause};
    use crate::kafka::connection::{Fault, Foreign, Phase};

    fn problem(port: u16, fault: Fault) -> Arc<Problem> {
        let (node, host) = (BrokerId(-1), "127.0.0.1".to_owned());
        let addr = Some(format!("127.0.0.1:{port}").parse().unwrap());
        Arc::new(Problem { node, host, port, addr, phase: Phase::Connecting, fault })
    }

    fn refused(port: u16) -> Arc<Problem> {
        problem(port, Fault::Closed(CloseCause::Refused))
    }

    fn greeted(port: u16) -> Arc<Problem> {
        problem(port, Fault::Foreign(Foreign::Text(format!("server {port}"))))
    }

    #[test]
    fn a_cause_is_said_once_with_all_its_addresses() {
        let http = problem(3, Fault::Foreign(Foreign::Http("HTTP/1.1 400".to_owned())));
        assert_eq!(
            in_words(&[refused(1), http, refused(2)]),
            "127.0.0.1:1 and 127.0.0.1:2: connection refused; expected a Kafka broker that listens \
             there; check host and port, and that the broker runs; 127.0.0.1:3: an HTTP server \
             answered (\"HTTP/1.1 400\"); expected a Kafka broker; check the port"
        );
        let one = refused(1);
        assert_eq!(in_words(core::slice::from_ref(&one)), one.to_string());
        assert_eq!(in_words(&[]), "");
    }

    #[test]
    fn many_addresses_and_causes_stay_readable() {
        let many: Vec<_> = (1..=100).map(refused).collect();
        let said = in_words(&many);
        let start =
            "127.0.0.1:1, 127.0.0.1:2, 127.0.0.1:3, 127.0.0.1:4 and 96 more: connection refused;";
        assert!(said.starts_with(start), "{said}");
        assert!(in_words(&many[..5]).contains("127.0.0.1:4 and 127.0.0.1:5: "));
        let causes: Vec<_> = (1..=9).map(greeted).collect();
        let said = in_words(&causes);
        assert!(said.contains("\"server 4\"") && !said.contains("\"server 5\""), "{said}");
        assert!(said.ends_with("; 5 more failed in other ways"), "{said}");
    }
}
