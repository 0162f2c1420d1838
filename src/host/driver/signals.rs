//! Ctrl-C and SIGTERM, as values. Cost class: per run.

use super::error::RunError;
use super::result::Signal;

#[cfg(unix)]
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// Both signals; once this stands, they no longer end the process by themselves.
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: Stream,
    #[cfg(unix)]
    interrupt: Stream,
}

impl Signals {
    /// Begins to listen; in the context of a tokio runtime.
    #[cfg(unix)]
    pub(super) fn listen() -> Result<Self, RunError> {
        let watch = |kind| {
            signal(kind)
                .map_err(|error| RunError::Internal(format!("cannot watch signals: {error}")))
        };
        let terminate = watch(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: watch(SignalKind::interrupt())? })
    }

    /// Begins to listen; in the context of a tokio runtime.
    #[cfg(not(unix))]
    pub(super) fn listen() -> Result<Self, RunError> {
        Ok(Self {})
    }

    /// The next signal.
    #[cfg(unix)]
    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }

    /// The next signal.
    #[cfg(not(unix))]
    pub(super) async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            core::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}
