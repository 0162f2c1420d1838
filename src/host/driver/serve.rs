//! The embedded cluster for other processes. Cost class: once a process.

use tokio::runtime::Builder;

use super::embedded::Embedded;
use super::error::RunError;
use super::result::Signal;
use super::signals::Signals;
use crate::host::shell::clock;
use crate::kafka::broker::{BrokerPlan, Counters};
use crate::kafka::config::HostPort;

/// Serves `plan` until a signal comes; `ready` hears where, once connections are taken.
///
/// # Errors
/// [`RunError::Unusable`] when an address can't be listened on, [`RunError::Internal`] when the
/// system or the broker's thread fails.
pub fn serve(
    plan: BrokerPlan,
    ready: impl FnOnce(&[HostPort]),
) -> Result<(Signal, Counters), RunError> {
    let internal = |error: &dyn core::fmt::Display| RunError::Internal(error.to_string());
    let runtime =
        Builder::new_current_thread().enable_all().build().map_err(|error| internal(&error))?;
    // Listened to before anybody is told, or an early signal would end the process unheard.
    let mut signals = runtime.block_on(async { Signals::listen() })?;
    let cluster = Embedded::start(plan, clock::unix_ms())
        .map_err(|error| RunError::Unusable(error.to_string()))?;
    ready(cluster.bootstrap());
    let signal = runtime.block_on(signals.next());
    let counters = cluster.stop().map_err(|error| internal(&error))?;
    Ok((signal, counters))
}
