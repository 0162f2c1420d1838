//! Running the Java programs.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// The jars of the Java client.
pub(crate) struct Java {
    jars: String,
}

/// The jars in the folder that `KPROD_TEST_JARS` names. Without it, says SKIP on stderr, past the
/// test harness's capture.
///
/// # Panics
/// When there are none and `KPROD_REQUIRE_CLUSTER=1`: there, a skipped test is a failure.
pub(crate) fn java() -> Option<Java> {
    let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
    if let Some(jars) = variable("KPROD_TEST_JARS") {
        return Some(Java { jars });
    }
    assert!(
        variable("KPROD_REQUIRE_CLUSTER").as_deref() != Some("1"),
        "KPROD_REQUIRE_CLUSTER=1, but KPROD_TEST_JARS names no folder"
    );
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    say(&format!("SKIP {test}: no jars of Kafka"));
    None
}

/// A line on stderr, past the test harness's capture: what was tried is part of a proof.
pub(crate) fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).expect("stderr is open");
}

impl Java {
    /// Runs a program of `tests/java/` with `input` as its stdin, and returns its stdout.
    ///
    /// # Panics
    /// When it fails; its stderr is in the message.
    pub(crate) fn run(&self, file: &str, args: &[&str], input: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/java").join(file);
        let mut child = Command::new("java")
            .args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xmx1g"])
            .args(["-Dfile.encoding=UTF-8", "-cp", &format!("{}/*", self.jars)])
            .arg(path)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("java can be started");
        let mut stdin = child.stdin.take().expect("stdin is piped");
        // A thread of its own: a program that answers line by line would otherwise fill its stdout
        // while we still write.
        let output = std::thread::scope(|scope| {
            scope.spawn(move || stdin.write_all(input.as_bytes()));
            child.wait_with_output().expect("java ends")
        });
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{file}: {}\n{errors}", output.status);
        String::from_utf8(output.stdout).expect("the programs print UTF-8")
    }
}

impl Java {
    /// Runs a class of the jars for what it writes into files.
    ///
    /// # Panics
    /// When it fails; its stderr is in the message.
    pub(crate) fn class(&self, class: &str, args: &[&str]) {
        let ended = Command::new("java")
            .args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"])
            .arg(format!("{}/*", self.jars))
            .arg(class)
            .args(args)
            .output()
            .expect("java can be started");
        let errors = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{class}: {}\n{errors}", ended.status);
    }
}

/// Bytes as the programs read and print them.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string takes everything");
    }
    text
}

/// The bytes behind a [`hex`] text.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hexadecimal digits"))
        .collect()
}
