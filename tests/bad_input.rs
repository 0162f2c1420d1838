//! What a person can get wrong: each ends in one line that says where, what came, what was expected
//! and what to try, and in the right exit code. The other side is a server of a few lines in this
//! process; a test waits as long as the command does.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use assert_cmd::Command;
use kprod_bench::host::driver::Embedded;
use kprod_bench::kafka::broker::BrokerPlan;

/// What our command said on standard error, having ended with `code` and nothing on standard
/// output.
fn complaints(line: &str, code: i32) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kprod-bench"));
    command.env_remove("KPROD_BOOTSTRAP_SERVER").args(line.split_whitespace());
    let run = command.assert().code(code).stdout("");
    String::from_utf8(run.get_output().stderr.clone()).expect("messages are text")
}

/// The same where it must be one line, which begins with `error: ` and holds every part.
fn complaint(line: &str, code: i32, parts: &[&str]) -> String {
    let said = complaints(line, code);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("error: "), "{said}");
    for part in parts {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    said
}

/// A run against servers where no broker answers: code 3, and the sentence names each of them.
fn unusable(servers: &[SocketAddr], parts: &[&str]) -> String {
    let list: Vec<String> = servers.iter().map(ToString::to_string).collect();
    let line = format!(
        "--bootstrap-server {} --duration 1s --max-block-ms 2000 --request-timeout-ms 1000 \
         -X delivery.timeout.ms=2000",
        list.join(",")
    );
    let said = complaint(&line, 3, parts);
    for server in list {
        assert!(said.contains(&server), "no {server} in {said}");
    }
    said
}

/// A server on loopback that does `serve` with each connection, on threads that end with the test
/// process.
fn server(serve: impl Fn(TcpStream) + Send + Sync + Copy + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let addr = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    addr
}

/// A cluster of one broker, which ends with the value.
fn embedded() -> Embedded {
    Embedded::start(BrokerPlan::of(1, "127.0.0.1", 0), 1).expect("loopback has a free port")
}

/// An address of loopback where nobody listens: its port was free a moment ago.
fn deserted() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("it is bound")
}

/// One request: its API, its version and its correlation id. `None` at the end of the stream.
fn request(stream: &mut TcpStream) -> Option<(i16, i16, [u8; 4])> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut frame = vec![0; usize::try_from(u32::from_be_bytes(length)).ok()?];
    stream.read_exact(&mut frame).ok()?;
    let number = |at: usize| i16::from_be_bytes([frame[at], frame[at + 1]]);
    Some((number(0), number(2), [frame[4], frame[5], frame[6], frame[7]]))
}

/// Sends a frame of these parts.
fn answer(stream: &mut TcpStream, parts: &[&[u8]]) {
    let frame = parts.concat();
    let length = u32::try_from(frame.len()).expect("a small frame").to_be_bytes();
    // The other side may be gone already.
    drop(stream.write_all(&[&length[..], &frame].concat()));
}

/// Holds the stream until the other side closes it.
fn hold(mut stream: TcpStream) {
    while stream.read(&mut [0; 1024]).is_ok_and(|len| len > 0) {}
}

/// Answers ApiVersions (version 3 and above) as a broker that offers what a run needs.
fn offer_versions(stream: &mut TcpStream, correlation: [u8; 4]) {
    let offers: [(i16, i16, i16); 7] =
        [(0, 0, 11), (2, 1, 9), (3, 0, 12), (18, 0, 4), (19, 2, 7), (22, 0, 5), (32, 1, 4)];
    let rows: Vec<u8> = offers
        .iter()
        .flat_map(|(api, min, max)| {
            [api.to_be_bytes(), min.to_be_bytes(), max.to_be_bytes(), [0, 0]].concat()[..7].to_vec()
        })
        .collect();
    answer(stream, &[&correlation, &[0, 0, 8], &rows, &[0, 0, 0, 0, 0]]);
}

/// A handshake as it should be, then what `reply` gives for each API, after the correlation id;
/// closes where that is nothing.
fn broker_with(mut stream: TcpStream, reply: impl Fn(i16) -> Option<Vec<u8>>) {
    while let Some((api, _, correlation)) = request(&mut stream) {
        match (api, reply(api)) {
            (18, _) => offer_versions(&mut stream, correlation),
            (_, Some(body)) => answer(&mut stream, &[&correlation, &body]),
            (_, None) => return,
        }
    }
}

/// What a cluster says whose only broker, 1, advertises inside.invalid:9092 and leads the only
/// partition of the default topic.
fn inside(api: i16) -> Option<Vec<u8>> {
    // Answers begin with the tags of their header and a throttle time.
    let mut body = vec![0; 5];
    match api {
        3 => {
            // One broker: id 1, host, port 9092, no rack, no tags.
            body.extend([2, 0, 0, 0, 1, 15]);
            body.extend(b"inside.invalid");
            body.extend([0, 0, 0x23, 0x84, 0, 0]);
            // No cluster id, controller 1.
            body.extend([0, 0, 0, 0, 1]);
            // One topic: no error, its name, an id, not internal.
            body.extend([2, 0, 0, 12]);
            body.extend(b"kprod-bench");
            body.extend([0; 17]);
            // One partition: no error, index 0, leader 1, epoch 0, replica 1, in sync, none
            // offline.
            body.extend([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
            body.extend([2, 0, 0, 0, 1, 2, 0, 0, 0, 1, 1, 0]);
            // Operations unknown, tags of the topic and of the answer.
            body.extend([0x80, 0, 0, 0, 0, 0]);
        }
        // No error, producer id 7, epoch 0, no tags.
        22 => body.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0]),
        32 => {
            // One topic: no error, no message, its kind and name, no settings, no tags.
            body.extend([2, 0, 0, 0, 2, 12]);
            body.extend(b"kprod-bench");
            body.extend([1, 0, 0]);
        }
        _ => return None,
    }
    Some(body)
}

/// A broker on loopback that does all as it should, but answers Produce with `deed`, which gets the
/// stream and the correlation id.
fn leader(deed: impl Fn(&mut TcpStream, [u8; 4]) + Send + Sync + Copy + 'static) -> SocketAddr {
    server(move |mut stream| {
        let port = stream.local_addr().expect("it is connected").port();
        while let Some((api, _, correlation)) = request(&mut stream) {
            match (api, leading(api, port)) {
                (0, _) => deed(&mut stream, correlation),
                (18, _) => offer_versions(&mut stream, correlation),
                (_, Some(body)) => answer(&mut stream, &[&correlation, &body]),
                (_, None) => return,
            }
        }
    })
}

/// As `inside`, but broker 1 is where `port` is, and its partition is empty.
fn leading(api: i16, port: u16) -> Option<Vec<u8>> {
    if api == 2 {
        // One topic of one partition: index 0, no error, no time, offset 0, epoch 0; tags.
        let mut body = vec![0, 0, 0, 0, 0, 2, 12];
        body.extend(b"kprod-bench");
        body.extend([2, 0, 0, 0, 0, 0, 0]);
        body.extend([&[0xff; 8][..], &[0; 8], &[0; 4], &[0, 0, 0]].concat());
        return Some(body);
    }
    let body = inside(api)?;
    if api != 3 {
        return Some(body);
    }
    let name = body.windows(15).position(|part| part == b"\x0finside.invalid").expect("a name");
    let port = u32::from(port).to_be_bytes();
    Some([&body[..name], b"\x0a127.0.0.1", &port, &body[name + 19..]].concat())
}

/// A run whose Produce requests are answered by `deed`, which breaks the protocol: it ends by
/// itself in code 4. A warning on standard error, which comes but once, and the result's faults
/// hold every part and the server's address.
fn mid_run(deed: impl Fn(&mut TcpStream, [u8; 4]) + Send + Sync + Copy + 'static, parts: &[&str]) {
    let addr = leader(deed).to_string();
    let (said, result) = broken_run(&addr, "");
    let warnings: Vec<_> = said.lines().filter(|line| line.contains(parts[0])).collect();
    let [warning] = &warnings[..] else { panic!("expected one warning: {said}") };
    assert!(warning.starts_with("warning: "), "{said}");
    let faults = result["faults"].as_array().expect("a list");
    let [fault] = &faults[..] else { panic!("expected one fault: {faults:?}") };
    assert_eq!(fault["broker"], 1);
    assert!(fault["count"].as_u64() >= Some(2), "each new connection breaks: {fault}");
    for part in parts.iter().copied().chain([addr.as_str()]) {
        assert!(warning.contains(part), "no {part:?} in {warning}");
        let text = fault["text"].as_str().expect("a text");
        assert!(text.contains(part), "no {part:?} in {text}");
    }
}

/// What a run said that fails (code 4) against the leader at `addr`, and its result.
fn broken_run(addr: &str, flags: &str) -> (String, serde_json::Value) {
    let line = format!(
        "--bootstrap-server {addr} --max-block-ms 2000 --request-timeout-ms 1000 \
         -X delivery.timeout.ms=2000 --duration 1s --warmup 0s --rate 100 \
         --output-format json {flags}"
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_kprod-bench"));
    command.env_remove("KPROD_BOOTSTRAP_SERVER").args(line.split_whitespace());
    let run = command.assert().code(4);
    let output = run.get_output();
    let said = String::from_utf8(output.stderr.clone()).expect("messages are text");
    (said, serde_json::from_slice(&output.stdout).expect("a result"))
}

/// 2,000,000,000 entries, as the length of a compact array: one more, in seven bits a byte.
const TWO_BILLION: [u8; 5] = [0x81, 0xa8, 0xd6, 0xb9, 0x07];

#[test]
fn nothing_listens() {
    let addr = deserted();
    unusable(
        &[addr],
        &[
            "connection refused",
            "expected a Kafka broker that listens there",
            "check host and port",
        ],
    );
}

#[test]
fn a_host_that_does_not_resolve() {
    // RFC 6761 keeps .invalid free of addresses.
    let line = "--bootstrap-server no-such-host.invalid:9092 --max-block-ms 2000 --duration 1s";
    complaint(
        line,
        3,
        &[
            "no-such-host.invalid:9092: the name cannot be resolved",
            "expected a host with an address",
            "check the spelling in bootstrap.servers",
        ],
    );
}

#[test]
fn an_http_server() {
    let addr = server(|mut stream| {
        let _ = request(&mut stream);
        drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"));
    });
    let said = unusable(
        &[addr],
        &[
            "an HTTP server answered (\"HTTP/1.1 400 Bad Request\")",
            "expected a Kafka broker",
            "check the port",
        ],
    );
    assert!(!said.contains("within"), "what is plain at once needs no waiting: {said}");
}

#[test]
fn a_server_that_greets() {
    let addr = server(|mut stream| {
        drop(stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n"));
        hold(stream);
    });
    unusable(&[addr], &["a server that isn't Kafka answered (\"SSH-2.0-OpenSSH_9.6\")", "check"]);
}

#[test]
fn a_port_that_closes_at_once() {
    let addr = server(drop);
    unusable(
        &[addr],
        &[
            "before ApiVersions was answered",
            "expected a Kafka broker that speaks plain text",
            "check that the port is a PLAINTEXT listener",
        ],
    );
}

#[test]
fn a_port_that_accepts_and_never_answers() {
    let addr = server(hold);
    unusable(
        &[addr],
        &[
            "the connection was accepted and ApiVersions not answered within 1000 ms",
            "expected a Kafka broker's answer",
            "check that the port is a PLAINTEXT listener",
        ],
    );
}

#[test]
fn a_tls_listener_spoken_to_in_plain_text() {
    let addr = server(|mut stream| {
        let _ = request(&mut stream);
        // The alert "protocol version", as TLS servers answer what is no hello.
        drop(stream.write_all(&[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46]));
    });
    unusable(
        &[addr],
        &[
            "a TLS alert came",
            "expected Kafka in plain text",
            "use the broker's PLAINTEXT listener",
        ],
    );
}

#[test]
fn an_offer_of_two_billion_apis() {
    let addr = server(|mut stream| {
        if let Some((_, _, correlation)) = request(&mut stream) {
            answer(&mut stream, &[&correlation, &[0, 0], &TWO_BILLION, &[0; 40]]);
        }
        hold(stream);
    });
    unusable(
        &[addr],
        &[
            "ApiVersions",
            "a length of 2000000000",
            "expected Kafka's format",
            "check that the port",
        ],
    );
}

#[test]
fn metadata_of_two_billion_brokers() {
    let addr = server(|stream| {
        // Version 12 begins with the tags of its header and a throttle time.
        broker_with(stream, |_| Some([&[0; 5][..], &TWO_BILLION, &[0; 40]].concat()));
    });
    unusable(&[addr], &["Metadata", "a length of 2000000000", "expected Kafka's format", "check"]);
}

#[test]
fn a_frame_of_two_billion_bytes() {
    let addr = server(|mut stream| {
        let _ = request(&mut stream);
        drop(stream.write_all(&[&[0x7f, 0xff, 0xff, 0xff][..], &[0; 64]].concat()));
        hold(stream);
    });
    unusable(
        &[addr],
        &["an answer of 2147483647 bytes was announced", "expected 4 to", "check that the port"],
    );
}

#[test]
fn an_answer_to_a_question_nobody_asked() {
    let addr = server(|mut stream| {
        let _ = request(&mut stream);
        answer(&mut stream, &[&[0, 0, 0, 77], &[0; 20]]);
        hold(stream);
    });
    unusable(&[addr], &["correlation id 77 came; expected 0", "check what stands between"]);
}

#[test]
fn garbage_for_an_ack() {
    let deed =
        |stream: &mut TcpStream, id: [u8; 4]| answer(stream, &[&id, &[0], &TWO_BILLION, &[7; 40]]);
    mid_run(deed, &["Produce", "a length of 2000000000", "expected Kafka's format"]);
}

#[test]
fn two_billion_bytes_announced_for_an_ack() {
    let deed = |stream: &mut TcpStream, _: [u8; 4]| {
        drop(stream.write_all(&[&[0x7f, 0xff, 0xff, 0xff][..], &[0; 64]].concat()));
    };
    mid_run(deed, &["an answer of 2147483647 bytes was announced", "expected 4 to"]);
}

#[test]
fn an_ack_that_is_cut_short() {
    let addr = leader(|stream, id| {
        drop(stream.write_all(&[&[0, 0, 0, 60][..], &id, &[0; 10]].concat()));
        drop(stream.shutdown(Shutdown::Both));
    });
    // A broker that goes down does the same: news for those who ask, and no fault.
    let (said, result) = broken_run(&addr.to_string(), "-v");
    let parts = ["info: ", "closed by the other side while in use", "check the broker's log"];
    assert!(said.lines().any(|line| parts.iter().all(|part| line.contains(part))), "{said}");
    assert_eq!(result["faults"], serde_json::json!([]));
}

#[test]
fn an_ack_for_another_request() {
    let deed = |stream: &mut TcpStream, _: [u8; 4]| answer(stream, &[&[0, 1, 0, 0], &[0; 20]]);
    mid_run(deed, &["correlation id 65536 came; expected", "the oldest request's"]);
}

#[test]
fn an_answer_that_comes_byte_by_byte() {
    let addr = server(|mut stream| {
        drop(stream.set_nodelay(true));
        if let Some((_, _, correlation)) = request(&mut stream) {
            let garbage = [&[0, 0, 0, 40][..], &correlation, &[0, 0], &TWO_BILLION, &[7; 29]];
            for byte in garbage.concat() {
                drop(stream.write_all(&[byte]));
            }
        }
        hold(stream);
    });
    unusable(&[addr], &["ApiVersions", "a length of 2000000000", "expected Kafka's format"]);
}

#[test]
fn brokers_that_advertise_an_address_nobody_has() {
    let addr = server(|stream| broker_with(stream, inside));
    let line = format!(
        "--bootstrap-server {addr} --max-block-ms 2000 --request-timeout-ms 1000 \
         -X delivery.timeout.ms=2000 --duration 1s"
    );
    // The bootstrap server itself answers well, so that the run gets as far as its first offsets.
    let said = complaints(&line, 3);
    let problem = said.lines().last().expect("there is an error");
    assert!(!said.contains("connected"), "no leader was ever reached: {said}");
    for part in [
        "the last obstacle was",
        "broker 1 at inside.invalid:9092: the name cannot be resolved",
        "expected a host with an address",
        "the cluster advertises this address: check advertised.listeners of the broker",
    ] {
        assert!(problem.contains(part), "no {part:?} in {said}");
    }
}

#[test]
fn a_cluster_that_knows_no_broker_is_waited_for_aloud() {
    let addr = server(|stream| {
        // No brokers, no cluster id, no controller, no topics.
        broker_with(stream, |_| Some([&[0; 5][..], &[1, 0], &[0xff; 4], &[1, 0]].concat()));
    });
    let said = complaints(&format!("--bootstrap-server {addr} --max-block-ms 4000"), 3);
    assert!(said.contains("warning: still waiting after 3 s: "), "{said}");
    assert!(said.contains("knows no broker yet"), "{said}");
}

#[test]
fn a_cause_is_said_once_for_several_servers() {
    let (one, other) = (deserted(), deserted());
    let http = server(|mut stream| drop(stream.write_all(b"HTTP/1.0 404 Not Found\r\n\r\n")));
    let said = unusable(&[one, other, http], &["an HTTP server answered"]);
    assert_eq!(said.matches("connection refused").count(), 1, "{said}");
}

#[test]
fn one_dead_server_among_several_is_no_error() {
    let broker = embedded();
    let dead = deserted();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kprod-bench"));
    let servers = format!("{dead},{},{dead}", broker.bootstrap()[0]);
    command.args(["--bootstrap-server", &servers, "--num-records", "100"]);
    command.args(["--output-format", "quiet"]).assert().code(0);
}

#[test]
fn a_missing_topic_that_must_not_be_made() {
    let broker = embedded();
    let line =
        format!("--bootstrap-server {} --topic absent --no-create-topic", broker.bootstrap()[0]);
    complaint(
        &line,
        3,
        &["topic \"absent\" does not exist", "--no-create-topic", "create it first"],
    );
}

#[test]
fn a_replication_factor_above_the_brokers() {
    let broker = embedded();
    let line =
        format!("--bootstrap-server {} --topic t --replication-factor 5", broker.bootstrap()[0]);
    complaint(
        &line,
        3,
        &[
            &broker.bootstrap()[0].to_string(),
            "INVALID_REPLICATION_FACTOR",
            "5 was asked for",
            "ask for 1 or fewer",
        ],
    );
}

#[test]
fn flags_and_values() {
    complaint("--linger-sm 5", 2, &["'--linger-sm'", "'--linger-ms'", "see --help"]);
    complaint("brokr", 2, &["'brokr'", "'broker'"]);
    complaint("--embedded --bootstrap-server a:1", 2, &["--embedded", "cannot be used with"]);
    complaint("-X foo=1", 2, &["foo = \"1\" (-X): expected the name of", "Producer Configs"]);
    complaint("--batch-size 4GiB", 2, &["batch.size = \"4GiB\"", "2147483647"]);
    complaint("--linger-ms -1", 2, &["linger.ms = \"-1\" (--linger-ms): expected", "0 or more"]);
    complaint("run --duration -3s", 2, &["--duration = \"-3s\": expected"]);
    complaint("--duration=-3s", 2, &["--duration = \"-3s\": expected"]);
    let bare = "bootstrap.servers = \"127.0.0.1\" (--bootstrap-server): expected host:port";
    complaint("--bootstrap-server 127.0.0.1", 2, &[bare, "write 127.0.0.1:9092"]);
    complaint("--command-config /", 2, &["--command-config = \"/\": can't read it"]);
}

#[test]
fn three_wrong_values_are_three_lines() {
    let said = complaints("--acks 7 --record-size none --rate fast", 2);
    assert_eq!(said.lines().count(), 3, "{said}");
    assert!(said.lines().all(|line| line.starts_with("error: ")), "{said}");
    for flag in ["--acks", "--record-size", "--rate"] {
        assert_eq!(said.matches(flag).count(), 1, "{said}");
    }
}
