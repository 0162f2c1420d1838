//! Embedded brokers in a process of their own, for as long as they are wanted. Cost class: once a
//! calibration.
//!
//! The process ends with us whatever becomes of us: it watches its standard input, whose other end
//! only we hold. It is in a process group of its own, so that a Ctrl-C meant for this process
//! doesn't take the brokers from under its drain.

use std::io::{BufRead as _, BufReader, Error};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::host::driver::error::RunError;
use crate::kafka::config::HostPort;

/// The running process; dropping it ends it.
pub(super) struct BrokerProcess {
    child: Child,
    bootstrap: Vec<HostPort>,
}

impl BrokerProcess {
    /// Starts `program broker` with so many brokers on loopback, on ports that the system chooses,
    /// and waits until they listen.
    pub(super) fn start(program: &Path, brokers: u16) -> Result<Self, RunError> {
        let brokers = brokers.to_string();
        let mut command = Command::new(program);
        command
            .args(["broker", "--listen", "127.0.0.1:0", "--until-eof", "--brokers", &brokers])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let failed = |error: Error| {
            let program = program.display();
            RunError::Internal(format!("can't start {program} broker for the calibration: {error}"))
        };
        let child = command.spawn().map_err(failed)?;
        let mut started = Self { child, bootstrap: Vec::new() };
        started.bootstrap = started.listening()?;
        Ok(started)
    }

    /// Where the brokers listen.
    pub(super) fn bootstrap(&self) -> &[HostPort] {
        &self.bootstrap
    }

    /// The one line that it prints.
    fn listening(&mut self) -> Result<Vec<HostPort>, RunError> {
        let internal = |why: String| {
            RunError::Internal(format!("the calibration's broker process did not listen: {why}"))
        };
        let stdout = self.child.stdout.take().ok_or_else(|| internal("no output".to_owned()))?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).map_err(|error| internal(error.to_string()))?;
        let servers = line.trim().split(',').map(str::parse);
        servers.collect::<Result<_, _>>().map_err(|_| internal(format!("it said {line:?}")))
    }
}

impl Drop for BrokerProcess {
    fn drop(&mut self) {
        // All that it holds is memory. An error means that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_no_broker_is_named() {
        let missing = Path::new("/nowhere/at/all");
        let error = BrokerProcess::start(missing, 1).err().map(|error| error.to_string());
        assert!(error.is_some_and(|text| text.contains("/nowhere/at/all broker")));
        let mute = BrokerProcess::start(Path::new("true"), 1).err();
        assert!(mute.is_some_and(|error| error.to_string().contains("it said \"\"")));
    }
}
