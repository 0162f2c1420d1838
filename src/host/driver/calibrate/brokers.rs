//! Embedded brokers in a process of their own, for as long as they are wanted. Cost class: once a
//! calibration.
//!
//! The process ends with us whatever becomes of us: it watches its standard input, whose other end
//! only we hold. It is in a process group of its own, so that a Ctrl-C meant for this process
//! doesn't take the brokers from under its drain.

use core::time::Duration;
use std::io::{BufRead as _, BufReader, Error, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

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
        Self::start_within(program, brokers, PATIENCE)
    }

    fn start_within(program: &Path, brokers: u16, patience: Duration) -> Result<Self, RunError> {
        let brokers = brokers.to_string();
        let mut command = Command::new(program);
        command
            .args(["broker", "--listen", "127.0.0.1:0", "--until-eof", "--brokers", &brokers])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Said when it doesn't listen. A broker says a line or two, which a pipe holds.
            .stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let failed = |error: Error| {
            let program = program.display();
            RunError::Internal(format!("can't start {program} broker for the calibration: {error}"))
        };
        let child = command.spawn().map_err(failed)?;
        let mut started = Self { child, bootstrap: Vec::new() };
        match started.listening(patience) {
            Ok(bootstrap) => started.bootstrap = bootstrap,
            Err(why) => return Err(started.complaint(&why)),
        }
        Ok(started)
    }

    /// Where the brokers listen.
    pub(super) fn bootstrap(&self) -> &[HostPort] {
        &self.bootstrap
    }

    /// What the one line says that it prints; what came instead otherwise.
    fn listening(&mut self, patience: Duration) -> Result<Vec<HostPort>, String> {
        let stdout = self.child.stdout.take().ok_or_else(|| "it has no output".to_owned())?;
        let line = first_line(stdout, patience)?;
        let servers = line.trim().split(',').map(str::parse);
        servers.collect::<Result<_, _>>().map_err(|_| format!("it said {line:?}"))
    }

    /// Ends the process, and gives what it has to say for itself.
    fn complaint(mut self, why: &str) -> RunError {
        self.end();
        let mut said = Vec::new();
        if let Some(stderr) = self.child.stderr.take() {
            // Nobody else writes there any more; an error leaves what was read.
            let _ = stderr.take(LONGEST_COMPLAINT).read_to_end(&mut said);
        }
        let said = String::from_utf8_lossy(&said);
        let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = if words.is_empty() { String::new() } else { format!(": {words}") };
        RunError::Internal(format!("the calibration's broker process did not listen, {why}{words}"))
    }

    fn end(&mut self) {
        // All that it holds is memory. An error means that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first line of an output, which must come within `patience`; otherwise what happened. A
/// thread reads it, since a read can't be given up; it ends with the process.
fn first_line(output: ChildStdout, patience: Duration) -> Result<String, String> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        // Nobody listens any more when it came too late.
        let _ = tell.send(read.map(|_| line));
    });
    match told.recv_timeout(patience) {
        Ok(Ok(line)) => Ok(line),
        Ok(Err(error)) => Err(error.to_string()),
        Err(RecvTimeoutError::Timeout) => Err(format!("nothing came for {patience:?}")),
        Err(RecvTimeoutError::Disconnected) => Err("its output could not be read".to_owned()),
    }
}

impl Drop for BrokerProcess {
    fn drop(&mut self) {
        self.end();
    }
}

/// Far longer than binding a few ports takes on a machine that swaps.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of what it said that are passed on.
const LONGEST_COMPLAINT: u64 = 2_000;

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

    /// Why a program that does `lines` is no broker.
    #[cfg(unix)]
    fn refusal(lines: &str, patience: Duration) -> String {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        std::fs::write(&program, format!("#!/bin/sh\n{lines}\n")).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o700)).unwrap();
        let error = BrokerProcess::start_within(&program, 1, patience).err().unwrap();
        error.to_string()
    }

    #[cfg(unix)]
    #[test]
    fn its_complaint_is_passed_on_and_it_is_not_waited_for_forever() {
        let said = refusal("echo no port is left >&2; exit 2", PATIENCE);
        assert!(said.ends_with("did not listen, it said \"\": no port is left"), "{said}");
        let said = refusal("exec sleep 600", Duration::from_millis(10));
        assert!(said.ends_with("did not listen, nothing came for 10ms"), "{said}");
    }
}
