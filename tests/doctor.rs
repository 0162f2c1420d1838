//! `kprod-bench doctor`: what it says, and how it ends.

use assert_cmd::Command;
use serde_json::Value;

fn doctor(line: &str, code: i32) -> (String, String) {
    let ended = Command::new(env!("CARGO_BIN_EXE_kprod-bench"))
        .env_remove("KPROD_BOOTSTRAP_SERVER")
        .arg("doctor")
        .args(line.split_whitespace())
        .assert()
        .code(code);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    (text(&ended.get_output().stdout), text(&ended.get_output().stderr))
}

/// Goal: brokers that can be used are said to be. Method: the embedded ones, as text and as JSON.
#[test]
fn a_cluster_that_can_be_used_passes() {
    let (page, _) = doctor("--embedded --topic a", 0);
    for said in ["ok    connection", "doubt brokers", "note  topic", "ok    versions", "Produce "] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(page.ends_with("a run can begin, with 1 doubtful\n"), "{page}");
    let (machine, _) = doctor("--embedded --output-format json", 0);
    let value: Value = serde_json::from_str(&machine).expect("JSON");
    assert_eq!(value["exit"]["code"], 0);
    assert_eq!(value["checks"][0]["name"], "connection");
}

/// Goal: what would stand in a run's way is named, and the exit says so. Method: a topic that must
/// not be made, more replicas than brokers, nothing that listens.
#[test]
fn what_would_stop_a_run_is_a_fault() {
    let (page, _) = doctor("--embedded --no-create-topic --topic none", 3);
    assert!(page.contains("FAULT topic"), "{page}");
    assert!(page.contains("leave that flag out"), "{page}");
    let (page, _) = doctor("--embedded --replication-factor 9", 3);
    assert!(page.contains("the cluster has 3 brokers"), "{page}");
    let (page, _) = doctor("--bootstrap-server 127.0.0.1:1", 3);
    assert!(page.contains("FAULT connection"), "{page}");
    assert!(page.ends_with("a run would fail: 1 to mend first\n"), "{page}");
}

/// Goal: brokers of our own aren't looked at by mistake, and wrong flags are said as ever.
#[test]
fn a_cluster_must_be_named_and_flags_be_right() {
    let (_, errors) = doctor("", 2);
    assert!(errors.contains("doctor needs a cluster: give --bootstrap-server"), "{errors}");
    let (_, errors) = doctor("--embedded --acks 7", 2);
    assert!(errors.contains("acks"), "{errors}");
}
