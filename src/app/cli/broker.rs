//! `kprod-bench broker`: the embedded cluster as a process of its own. Cost class: once a process.

use std::io::Write as _;

use super::say::{complain, refuse, warn};
use super::tool_args::BrokerArgs;
use crate::app::report::exit::Exit;
use crate::app::settings::Problems;
use crate::host::driver::{RunError, serve};
use crate::kafka::broker::{BrokerPlan, Counters};
use crate::kafka::config::{HostPort, HostPortError};

/// What is wrong with these flags.
#[must_use]
pub(super) fn problems(args: &BrokerArgs) -> Vec<String> {
    plan(args).map_or_else(|found| found.lines().to_vec(), |_| Vec::new())
}

/// Serves until a signal comes.
#[must_use]
pub(super) fn run(args: &BrokerArgs) -> Exit {
    let plan = match plan(args) {
        Ok(plan) => plan,
        Err(problems) => return refuse(&problems),
    };
    match serve(plan, args.until_eof, announce) {
        Ok((signal, counters)) => {
            warn(&farewell(&counters));
            signal.map_or(Exit::Passed, Exit::from)
        }
        Err(error @ RunError::Unusable(_)) => {
            complain(&format!("--listen = \"{}\": {error}", args.listen));
            Exit::BadInput
        }
        Err(error) => {
            complain(&error.to_string());
            Exit::from(&error)
        }
    }
}

/// What the flags ask for; all that is wrong with them otherwise.
fn plan(args: &BrokerArgs) -> Result<BrokerPlan, Problems> {
    let mut problems = Problems::default();
    let listen =
        listen(&args.listen).map_err(|error| problems.flag("listen", &args.listen, error)).ok();
    let brokers = number(&args.brokers, MAX_BROKERS).unwrap_or_else(|| {
        problems.flag("brokers", &args.brokers, format_args!("expected 1 to {MAX_BROKERS}"));
        1
    });
    let partitions = number(&args.partitions, MAX_PARTITIONS).unwrap_or_else(|| {
        let expected = format!("expected 1 to {MAX_PARTITIONS}");
        problems.flag("partitions", &args.partitions, expected);
        1
    });
    let listen = listen.filter(|listen| {
        let fits = listen.port.checked_add(brokers - 1).is_some();
        if !fits {
            problems.flag("listen", &args.listen, "the ports of the other brokers pass 65535");
        }
        fits
    });
    match listen {
        Some(listen) if problems.is_empty() => Ok(BrokerPlan {
            partitions: partitions.into(),
            ..BrokerPlan::of(brokers, &listen.host, listen.port)
        }),
        _ => Err(problems),
    }
}

/// Where the first broker is to listen. Port 0, with which nobody can connect, leaves the ports to
/// the system.
fn listen(text: &str) -> Result<HostPort, HostPortError> {
    match (text.parse(), text.strip_suffix('0')) {
        (Err(HostPortError::PortZero), Some(rest)) => {
            Ok(HostPort { port: 0, ..format!("{rest}1").parse()? })
        }
        (read, _) => read,
    }
}

fn number(text: &str, most: u16) -> Option<u16> {
    text.parse().ok().filter(|number| (1..=most).contains(number))
}

/// The last line of standard output is what `--bootstrap-server` takes.
fn announce(bootstrap: &[HostPort]) {
    warn("an embedded cluster in memory: not a real Kafka, and nothing is kept; Ctrl-C ends it");
    let servers: Vec<String> = bootstrap.iter().map(ToString::to_string).collect();
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{}", servers.join(",")).and_then(|()| out.flush()));
}

fn farewell(counters: &Counters) -> String {
    format!(
        "{} connections, {} requests, {} batches with {} records taken",
        counters.connections, counters.requests, counters.batches, counters.records
    )
}

/// As many listeners, and a connection of every client to each: the process raises its limit of
/// open files as far as it may, and says which port found none left.
const MAX_BROKERS: u16 = 1_000;
const MAX_PARTITIONS: u16 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn args(listen: &str, brokers: &str, partitions: &str) -> BrokerArgs {
        BrokerArgs {
            listen: listen.to_owned(),
            brokers: brokers.to_owned(),
            partitions: partitions.to_owned(),
            until_eof: false,
        }
    }

    #[test]
    fn brokers_take_the_ports_after_the_first() {
        let plan = plan(&args("127.0.0.1:9092", "3", "5")).unwrap();
        let ports: Vec<_> = plan.nodes.iter().map(|node| node.port).collect();
        assert_eq!((ports, plan.partitions), (vec![9_092, 9_093, 9_094], 5));
    }

    #[test]
    fn port_0_leaves_all_ports_to_the_system() {
        let plan = plan(&args("[::1]:0", "2", "5")).unwrap();
        let nodes: Vec<_> = plan.nodes.iter().map(|node| (&*node.host, node.port)).collect();
        assert_eq!(nodes, [("::1", 0), ("::1", 0)]);
    }

    #[test]
    fn everything_wrong_with_a_broker_is_said_at_once() {
        let problems = plan(&args("nowhere", "0", "many")).unwrap_err();
        assert_eq!(problems.lines().len(), 3, "{problems}");
        let problems = plan(&args("127.0.0.1:65534", "3", "1")).unwrap_err();
        assert!(problems.lines()[0].contains("pass 65535"));
    }
}
