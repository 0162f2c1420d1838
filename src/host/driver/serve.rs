//! The embedded cluster for other processes. Cost class: once a process.

use std::io::{self, Read as _};
use std::thread;

use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::embedded::Embedded;
use super::environment::raise_open_files;
use super::error::RunError;
use super::result::Signal;
use super::signals::Signals;
use crate::host::shell::clock;
use crate::kafka::broker::{BrokerPlan, Counters};
use crate::kafka::config::HostPort;

/// Serves `plan` until a signal comes, or, with `until_eof`, standard input ends; `ready` hears
/// where, once connections are taken. Gives the signal, if one ended it, and what was done.
///
/// # Errors
/// [`RunError::Unusable`] when an address can't be listened on, [`RunError::Internal`] when the
/// system or the broker's thread fails.
pub fn serve(
    plan: BrokerPlan,
    until_eof: bool,
    ready: impl FnOnce(&[HostPort]),
) -> Result<(Option<Signal>, Counters), RunError> {
    raise_open_files();
    let internal = |error: &dyn core::fmt::Display| RunError::Internal(error.to_string());
    let runtime =
        Builder::new_current_thread().enable_all().build().map_err(|error| internal(&error))?;
    // Listened to before anybody is told, or an early signal would end the process unheard.
    let mut signals = runtime.block_on(async { Signals::listen() })?;
    let cluster = Embedded::start(plan, clock::unix_ms())
        .map_err(|error| RunError::Unusable(error.to_string()))?;
    ready(cluster.bootstrap());
    let signal = runtime.block_on(async {
        if !until_eof {
            return Some(signals.next().await);
        }
        tokio::select! {
            signal = signals.next() => Some(signal),
            _ = end_of_input() => None,
        }
    });
    let counters = cluster.stop().map_err(|error| internal(&error))?;
    Ok((signal, counters))
}

/// Comes when standard input ends or can't be read. A thread waits for it, and is left behind where
/// a signal comes first: nothing else ends a read.
fn end_of_input() -> oneshot::Receiver<()> {
    let (tell, ended) = oneshot::channel();
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        let mut ignored = [0; 1_024];
        while input.read(&mut ignored).is_ok_and(|read| read > 0) {}
        // Nobody listens any more when a signal came first.
        let _ = tell.send(());
    });
    ended
}
