//! Every rule with the text that a user reads, and the verdicts of Java itself.

use core::time::Duration;

use proptest::prelude::*;

use super::keys::{KEYS, Preset};
use super::*;

fn given(pairs: &[(&str, &str)]) -> Raw {
    let mut raw = Raw::new(1);
    for (key, value) in pairs {
        raw.set(key, value, Source::CommandProperty);
    }
    raw
}

fn accepted(pairs: &[(&str, &str)]) -> Resolved {
    resolve(&given(pairs)).unwrap_or_else(|problems| panic!("{pairs:?}: {problems:?}"))
}

fn texts(raw: &Raw) -> Vec<String> {
    resolve(raw).unwrap_err().iter().map(ToString::to_string).collect()
}

fn refused(pairs: &[(&str, &str)]) -> Vec<String> {
    texts(&given(pairs))
}

fn notes(pairs: &[(&str, &str)]) -> Vec<String> {
    accepted(pairs).notes.iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_given_is_javas_default() {
    let resolved = resolve(&Raw::new(1)).unwrap();
    assert_eq!(resolved.config, ProducerConfig::default());
    assert_eq!(resolved.notes, []);
    assert_eq!(resolved.idempotence, IdempotenceReason::Default);
    assert!(resolved.effective.iter().all(|row| row.source == Source::Default));
}

#[test]
fn every_key_has_one_effective_value_by_name() {
    let effective = resolve(&Raw::new(7)).unwrap().effective;
    assert_eq!(effective.len(), KEYS.len());
    assert!(effective.is_sorted_by_key(|row| row.key));
    for row in effective {
        match (row.key, keys::find(row.key).unwrap().default) {
            ("client.id", _) => assert_eq!(row.value, "producer-7"),
            (_, Preset::Text(text)) => assert_eq!(row.value, text, "{}", row.key),
            (_, Preset::Null) => assert_eq!(row.value, "null", "{}", row.key),
            ("bootstrap.servers", Preset::Required) => assert_eq!(row.value, ""),
            (_, Preset::Required) => assert!(row.value.ends_with(".ByteArraySerializer")),
        }
    }
}

#[test]
fn every_field_follows_its_key() {
    let config = accepted(&[
        ("bootstrap.servers", "a:1 , SSL://[::1]:2"),
        ("client.id", " loader "),
        ("acks", "-1"),
        ("retries", "7"),
        ("max.in.flight.requests.per.connection", "3"),
        ("batch.size", "0"),
        ("linger.ms", "+6"),
        ("buffer.memory", "5000000000"),
        ("max.block.ms", "8"),
        ("max.request.size", "9"),
        ("delivery.timeout.ms", "100"),
        ("request.timeout.ms", "11"),
        ("compression.type", "zstd"),
        ("compression.zstd.level", "-5"),
        ("retry.backoff.ms", "12"),
        ("retry.backoff.max.ms", "13"),
        ("reconnect.backoff.ms", "14"),
        ("reconnect.backoff.max.ms", "15"),
        ("socket.connection.setup.timeout.ms", "16"),
        ("socket.connection.setup.timeout.max.ms", "17"),
        ("metadata.max.age.ms", "18"),
        ("metadata.max.idle.ms", "5000"),
        ("connections.max.idle.ms", "-1"),
        ("send.buffer.bytes", "-1"),
        ("receive.buffer.bytes", "19"),
        ("partitioner.adaptive.partitioning.enable", "FALSE"),
        ("partitioner.ignore.keys", "True"),
        ("metadata.recovery.rebootstrap.trigger.ms", "20"),
        ("metadata.recovery.strategy", "ReBootstrap"),
    ])
    .config;
    let ms = Duration::from_millis;
    let expected = ProducerConfig {
        bootstrap_servers: vec!["a:1".parse().unwrap(), "[::1]:2".parse().unwrap()],
        client_id: "loader".to_owned(),
        acks: Acks::All,
        enable_idempotence: true,
        retries: 7,
        max_in_flight: 3,
        batch_size: 1,
        linger: ms(6),
        buffer_memory: 5_000_000_000,
        max_block: ms(8),
        max_request_size: 9,
        delivery_timeout: ms(100),
        request_timeout: ms(11),
        compression: Compression { codec: Codec::Zstd, level: -5 },
        retry_backoff: Backoff::from_millis(12, 13),
        reconnect_backoff: Backoff::from_millis(14, 15),
        setup_timeout: Backoff::from_millis(16, 17),
        metadata_max_age: ms(18),
        metadata_max_idle: ms(5_000),
        connections_max_idle: None,
        send_buffer: None,
        receive_buffer: Some(19),
        partitioner: PartitionerKind::BuiltIn,
        key_rules: None,
        adaptive_partitioning: false,
        availability_timeout: Duration::ZERO,
        ignore_keys: true,
        rebootstrap_trigger: Some(ms(20)),
        use_all_dns_ips: true,
    };
    assert_eq!(config, expected);
    let partitioner = "org.apache.kafka.clients.producer.RoundRobinPartitioner";
    assert_eq!(
        accepted(&[("partitioner.class", partitioner)]).config.partitioner,
        PartitionerKind::RoundRobin
    );
    let none = accepted(&[("metadata.recovery.strategy", "none")]).config;
    assert_eq!(none.rebootstrap_trigger, None);
}

#[test]
fn levels_are_java_s() {
    let compression = |codec, key, level| {
        accepted(&[("compression.type", codec), (key, level)]).config.compression
    };
    let of = |codec, level| Compression { codec, level };
    assert_eq!(compression("gzip", "compression.gzip.level", "-1"), of(Codec::Gzip, -1));
    assert_eq!(compression("lz4", "compression.lz4.level", "9"), of(Codec::Lz4, 9));
    assert_eq!(accepted(&[("compression.type", "zstd")]).config.compression, of(Codec::Zstd, 3));
}

#[test]
fn a_wrong_text_is_told_with_its_place_and_the_right_one() {
    let mut raw = Raw::new(1);
    let file = |line| Source::File { path: "client.properties".to_owned(), line };
    raw.set("linger.ms", "5s", file(3));
    raw.set("batch.size", "16KiB", file(4));
    raw.set("acks", "ALL", Source::Environment("ACKS".to_owned()));
    let profile = Source::Profile { file: "p.yaml".to_owned(), line: 9, column: 4 };
    raw.set("enable.idempotence", "yes", profile);
    raw.set("retries", "-1", Source::CommandProperty);
    raw.set("buffer.memory", "lots", Source::Flag("--buffer-memory".to_owned()));
    assert_eq!(
        texts(&raw),
        [
            "acks = \"ALL\" (environment ACKS): expected one of all, -1, 0, 1; write all",
            "batch.size = \"16KiB\" (client.properties:4): expected bytes, 0 or more; write 16384",
            "buffer.memory = \"lots\" (--buffer-memory): expected bytes, 0 or more, or a size such \
             as 16KiB or 1MB",
            "enable.idempotence = \"yes\" (p.yaml:9:4): expected true or false; write true",
            "linger.ms = \"5s\" (client.properties:3): expected milliseconds, 0 or more; write \
             5000",
            "retries = \"-1\" (-X): expected a whole number from 0 to 2147483647",
        ]
    );
}

#[test]
fn each_sort_of_wrong_text_has_its_expectation() {
    for (key, value, expected) in [
        ("linger.ms", "", "milliseconds, 0 or more"),
        ("linger.ms", "1.5", "milliseconds, 0 or more"),
        ("linger.ms", "5.0", "milliseconds, 0 or more; write 5"),
        ("linger.ms", "\u{3000}5", "milliseconds, 0 or more; write 5"),
        ("sasl.login.class", "a b", "the name of a Java class"),
        ("batch.size", "2147483648", "bytes, 0 to 2147483647"),
        ("send.buffer.bytes", "-2", "bytes, -1 or more"),
        ("connections.max.idle.ms", "9m", "milliseconds, a whole number; write 540000"),
        ("transaction.timeout.ms", "9999999999", "milliseconds, at most 2147483647"),
        ("metrics.num.samples", "0", "a whole number, 1 or more"),
        ("retries", "10k", "a whole number from 0 to 2147483647; write 10000"),
        ("compression.gzip.level", "0", "a whole number from 1 to 9, or -1"),
        ("compression.lz4.level", "18", "a whole number from 1 to 17"),
        ("compression.type", "ztsd", "one of none, gzip, snappy, lz4, zstd; write zstd"),
        ("compression.type", "brotli", "one of none, gzip, snappy, lz4, zstd"),
        ("metadata.recovery.strategy", "nope", "one of REBOOTSTRAP, NONE; write NONE"),
        ("ssl.enabled.protocols", "a,,b", "values between commas, none of them empty; write a,b"),
        ("sasl.login.refresh.window.factor", "0.4", "a number from 0.5 to 1"),
        ("sasl.kerberos.ticket.renew.jitter", "nan", "a number"),
        ("sasl.login.refresh.buffer.seconds", "1h", "seconds from 0 to 3600; write 3600"),
        ("transactional.id", " ", "at least one character"),
        ("partitioner.class", "", "the name of a Java class"),
    ] {
        let line = format!("{key} = {value:?} (-X): expected {expected}");
        assert_eq!(refused(&[(key, value)]), [line]);
    }
}

#[test]
fn a_flag_takes_units_and_nothing_else_does() {
    let mut raw = Raw::new(1);
    let flags = [
        ("linger.ms", "0.5s"),
        ("batch.size", "128KiB"),
        ("retries", "1M"),
        ("send.buffer.bytes", "-1"),
        ("max.block.ms", "30"),
    ];
    for (key, value) in flags {
        raw.set(key, value, Source::Flag(keys::find(key).unwrap().flag()));
    }
    let resolved = resolve(&raw).unwrap();
    assert_eq!(resolved.config.linger, Duration::from_millis(500));
    assert_eq!(resolved.config.batch_size, 131_072);
    assert_eq!(resolved.config.retries, 1_000_000);
    assert_eq!(resolved.config.send_buffer, None);
    assert_eq!(resolved.config.max_block, Duration::from_millis(30));
    let row = resolved.effective.iter().find(|row| row.key == "batch.size").unwrap();
    assert_eq!((row.value.as_str(), row.source.to_string().as_str()), ("131072", "--batch-size"));
    raw.set("linger.ms", "500us", Source::Flag("--linger-ms".to_owned()));
    assert_eq!(
        texts(&raw),
        ["linger.ms = \"500us\" (--linger-ms): expected milliseconds, 0 or more, or a time such \
          as 5ms or 2s"]
    );
}

#[test]
fn an_unknown_key_is_an_error_unless_a_file_for_other_clients_holds_it() {
    assert_eq!(
        refused(&[("liner.ms", "5"), ("group.id", "g")]),
        [
            "group.id = \"g\" (-X): expected the name of a Kafka producer setting; Kafka's \
             documentation lists them under Producer Configs",
            "liner.ms = \"5\" (-X): expected the name of a Kafka producer setting; the nearest is \
             linger.ms",
        ]
    );
    let mut raw = Raw::new(1);
    raw.set("liner.ms", "5", Source::File { path: "c.properties".to_owned(), line: 2 });
    raw.set("group.id", "g", Source::ProducerProps);
    let notes = resolve(&raw).unwrap().notes;
    assert!(notes.iter().all(|note| note.kind == NoteKind::UnknownKey));
    assert_eq!(
        notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "group.id (--producer-props) is no Kafka producer setting and is ignored",
            "liner.ms (c.properties:2) is no Kafka producer setting and is ignored; the nearest is \
             linger.ms",
        ]
    );
}

#[test]
fn idempotence_asked_for_refuses_what_speaks_against_it() {
    assert_eq!(
        refused(&[
            ("enable.idempotence", "true"),
            ("acks", "1"),
            ("retries", "0"),
            ("max.in.flight.requests.per.connection", "6"),
        ]),
        [
            "retries = \"0\" (-X): expected 1 or more with enable.idempotence = \"true\" (-X); \
             write retries=2147483647 or enable.idempotence=false",
            "acks = \"1\" (-X): expected all with enable.idempotence = \"true\" (-X); write \
             acks=all or enable.idempotence=false",
            "max.in.flight.requests.per.connection = \"6\" (-X): expected at most 5 with \
             enable.idempotence = \"true\" (-X); write 5, or enable.idempotence=false",
        ]
    );
}

#[test]
fn idempotence_not_asked_for_gives_way_except_to_more_in_flight() {
    let resolved = accepted(&[("acks", "1")]);
    assert_eq!(resolved.idempotence, IdempotenceReason::Acks(Acks::Leader));
    assert!(!resolved.config.enable_idempotence);
    assert_eq!(
        resolved.notes[0].to_string(),
        "idempotence is off because of acks = \"1\" (-X); a retry may store records twice or out \
         of order"
    );
    let row = resolved.effective.iter().find(|row| row.key == "enable.idempotence").unwrap();
    assert_eq!((row.value.as_str(), &row.source), ("false", &Source::Derived("acks")));
    let resolved = accepted(&[("retries", "0"), ("acks", "0")]);
    assert_eq!(resolved.idempotence, IdempotenceReason::NoRetries);
    assert_eq!(resolved.notes.len(), 2);
    assert_eq!(
        refused(&[("acks", "1"), ("max.in.flight.requests.per.connection", "6")]),
        ["max.in.flight.requests.per.connection = \"6\" (-X): expected at most 5 with \
          enable.idempotence = \"true\" (default); write 5, or enable.idempotence=false"]
    );
}

#[test]
fn idempotence_refused_allows_everything() {
    let resolved = accepted(&[
        ("enable.idempotence", "false"),
        ("acks", "0"),
        ("retries", "0"),
        ("max.in.flight.requests.per.connection", "50"),
    ]);
    assert_eq!(resolved.idempotence, IdempotenceReason::Refused);
    assert_eq!(resolved.notes, []);
    let reasons = [
        IdempotenceReason::Default,
        IdempotenceReason::Asked,
        IdempotenceReason::Refused,
        IdempotenceReason::NoRetries,
        IdempotenceReason::Acks(Acks::None),
    ];
    assert_eq!(
        reasons.map(|reason| reason.to_string()),
        [
            "on by default",
            "on because enable.idempotence=true",
            "off because enable.idempotence=false",
            "off because retries=0",
            "off because acks=0",
        ]
    );
    assert_eq!(accepted(&[("enable.idempotence", "true")]).idempotence, IdempotenceReason::Asked);
}

#[test]
fn transactions_are_refused_and_so_is_what_they_could_not_have() {
    let not_built = "transactional.id = \"t\" (-X): expected no value, since sending in \
                     transactions isn't built yet; leave it out";
    assert_eq!(refused(&[("transactional.id", "t")]), [not_built]);
    for (against, cited, advice) in [
        (
            ("enable.idempotence", "false"),
            "enable.idempotence = \"false\"",
            "enable.idempotence=true",
        ),
        (("acks", "1"), "acks = \"1\"", "acks=all"),
        (("retries", "0"), "retries = \"0\"", "retries=2147483647"),
    ] {
        assert_eq!(
            refused(&[("transactional.id", "t"), against]),
            [
                not_built.to_owned(),
                format!(
                    "transactional.id = \"t\" (-X): expected idempotence to be on, but {cited} \
                     (-X); write {advice}"
                ),
            ]
        );
    }
    assert_eq!(
        refused(&[
            ("transaction.two.phase.commit.enable", "true"),
            ("transaction.timeout.ms", "60000"),
        ]),
        [
            "transaction.two.phase.commit.enable = \"true\" (-X): expected false, since two-phase \
             commit isn't built yet; leave it at its default",
            "transaction.timeout.ms = \"60000\" (-X): expected no value with \
             transaction.two.phase.commit.enable = \"true\" (-X): such transactions never expire; \
             leave it out",
        ]
    );
}

#[test]
fn what_is_not_built_is_refused_unless_it_is_the_default() {
    for (key, value, expected) in [
        (
            "security.protocol",
            "SSL",
            "PLAINTEXT, since support of TLS and SASL isn't built yet; leave it at its default",
        ),
        (
            "client.dns.lookup",
            "resolve_canonical_bootstrap_servers_only",
            "use_all_dns_ips, since replacing bootstrap addresses by their canonical names isn't \
             built yet; leave it at its default",
        ),
        (
            "interceptor.classes",
            "a.B",
            "no value, since calling Java interceptors isn't built yet; leave it out",
        ),
        (
            "config.providers",
            "file",
            "no value, since reading values through Java's config providers isn't built yet; leave \
             it out",
        ),
        (
            "partitioner.class",
            "a.B",
            "no value, or one of Kafka's classes: \
             org.apache.kafka.clients.producer.RoundRobinPartitioner, \
             org.apache.kafka.clients.producer.UniformStickyPartitioner, \
             org.apache.kafka.clients.producer.internals.DefaultPartitioner; leave it out for the \
             default",
        ),
        (
            "partitioner.class",
            "rdkafka-fnv1a",
            "no value, or one of Kafka's classes: \
             org.apache.kafka.clients.producer.RoundRobinPartitioner, \
             org.apache.kafka.clients.producer.UniformStickyPartitioner, \
             org.apache.kafka.clients.producer.internals.DefaultPartitioner; write --partitioner \
             rdkafka-fnv1a",
        ),
        (
            "partitioner.class",
            "java.lang.String",
            "no value, or one of Kafka's classes: \
             org.apache.kafka.clients.producer.RoundRobinPartitioner, \
             org.apache.kafka.clients.producer.UniformStickyPartitioner, \
             org.apache.kafka.clients.producer.internals.DefaultPartitioner; leave it out for the \
             default",
        ),
    ] {
        let line = format!("{key} = {value:?} (-X): expected {expected}");
        assert_eq!(refused(&[(key, value)]), [line]);
    }
    assert_eq!(
        notes(&[
            ("security.protocol", "plaintext"),
            ("interceptor.classes", ""),
            ("client.dns.lookup", "use_all_dns_ips"),
            ("transaction.two.phase.commit.enable", "false"),
        ]),
        Vec::<String>::new()
    );
}

#[test]
fn sasl_wants_a_mechanism() {
    assert_eq!(
        refused(&[("security.protocol", "sasl_ssl"), ("sasl.mechanism", " ")])[1],
        "sasl.mechanism = \"\" (-X): expected the name of a mechanism with security.protocol = \
         \"sasl_ssl\" (-X); write PLAIN or SCRAM-SHA-512"
    );
    assert_eq!(
        refused(&[("security.protocol", "SASL_PLAINTEXT")])[1],
        "security.protocol = \"SASL_PLAINTEXT\" (-X): expected sasl.jaas.config beside it; give \
         it, even where the JVM has a file of its own for that"
    );
}

#[test]
fn the_delivery_time_out_holds_linger_and_request() {
    assert_eq!(
        refused(&[("delivery.timeout.ms", "30004")]),
        ["delivery.timeout.ms = \"30004\" (-X): expected at least linger.ms (5) + \
          request.timeout.ms (30000); write 30005 or more"]
    );
    accepted(&[("delivery.timeout.ms", "30005")]);
    let resolved = accepted(&[("request.timeout.ms", "200000")]);
    assert_eq!(resolved.config.delivery_timeout, Duration::from_millis(200_005));
    assert_eq!(
        resolved.notes[0].to_string(),
        "delivery.timeout.ms is raised to 200005: linger.ms (5) + request.timeout.ms (200000)"
    );
    let resolved = accepted(&[("linger.ms", "9223372036854775807")]);
    assert_eq!(resolved.config.linger, Duration::from_millis(2_147_483_647));
    assert_eq!(resolved.config.delivery_timeout, Duration::from_millis(2_147_483_647));
    assert_eq!(
        resolved.notes[0].to_string(),
        "linger.ms is cut to 2147483647, the most that Java waits"
    );
}

#[test]
fn waits_that_cannot_grow_are_told() {
    let pairs = [("reconnect.backoff.ms", "500")];
    assert_eq!(accepted(&pairs).config.reconnect_backoff, Backoff::from_millis(500, 500));
    assert_eq!(
        notes(&pairs),
        ["reconnect.backoff.max.ms is 500 like reconnect.backoff.ms (-X), so the wait doesn't \
          grow; set both to let it"]
    );
    for (first, longest) in [
        ("retry.backoff.ms", "retry.backoff.max.ms"),
        ("reconnect.backoff.ms", "reconnect.backoff.max.ms"),
        ("socket.connection.setup.timeout.ms", "socket.connection.setup.timeout.max.ms"),
    ] {
        assert_eq!(
            notes(&[(first, "70"), (longest, "60")]),
            [format!("{first} (70) is above {longest} (60), so it is always 60 ms")]
        );
    }
}

#[test]
fn bootstrap_servers_are_addresses() {
    assert_eq!(
        refused(&[("bootstrap.servers", "a,b:x,c:0")]),
        [
            "bootstrap.servers = \"a,b:x,c:0\" (-X): expected host:port, such as broker1:9092 or \
             [::1]:9092, but there is \"a\"; write a:9092 if that is its port",
            "bootstrap.servers = \"a,b:x,c:0\" (-X): expected host:port, such as broker1:9092 or \
             [::1]:9092, but there is \"b:x\"",
            "bootstrap.servers = \"a,b:x,c:0\" (-X): expected a port from 1 to 65535, but there is \
             \"c:0\"",
        ]
    );
    assert_eq!(
        refused(&[("bootstrap.servers", " ")]),
        ["bootstrap.servers = \"\" (-X): expected at least one host:port"]
    );
    assert_eq!(
        refused(&[("bootstrap.servers", "a:1,")]),
        ["bootstrap.servers = \"a:1,\" (-X): expected values between commas, none of them empty; \
          write a:1"]
    );
    assert_eq!(
        notes(&[("bootstrap.servers", "a:1,b:1,a:1")]),
        ["bootstrap.servers names a:1 more than once; it counts once"]
    );
}

#[test]
fn classes_that_kafka_does_not_have_are_refused() {
    let bytes = "org.apache.kafka.common.serialization.ByteArraySerializer";
    for (pairs, text) in [
        (
            [("key.serializer", "org.apache.kafka.common.serialization.ListSerializer")],
            format!(
                "key.serializer = \"org.apache.kafka.common.serialization.ListSerializer\" (-X): \
                 expected a serializer that Kafka 4.3.1 has and that needs no settings; leave it \
                 out, or write {bytes}"
            ),
        ),
        (
            [("metric.reporters", "a.B,java.lang.String")],
            "metric.reporters = \"a.B,java.lang.String\" (-X): expected classes for this purpose, \
             which java.lang.String isn't; leave it out"
                .to_owned(),
        ),
    ] {
        assert_eq!(refused(&pairs), [text]);
    }
    accepted(&[("value.serializer", "com.example.Mine"), ("metric.reporters", "com.example.B")]);
}

/// Goal: nobody is told that Java refuses what only we do. Method: one of each of our own.
#[test]
fn what_only_a_run_refuses_is_marked() {
    for pairs in [
        vec![("batch.size", "65536"), ("buffer.memory", "65535")],
        vec![("transactional.id", "t")],
        vec![("transaction.two.phase.commit.enable", "true")],
        vec![("security.protocol", "SASL_SSL"), ("sasl.jaas.config", "x")],
        vec![("interceptor.classes", "com.example.Mine")],
        vec![("config.providers", "file")],
        vec![("client.dns.lookup", "resolve_canonical_bootstrap_servers_only")],
        vec![("partitioner.class", "com.example.Mine")],
        vec![("bootstrap.servers", "a:0,:1")],
        vec![("socket.connection.setup.timeout.ms", "0")],
    ] {
        let judged = judge(&given(&pairs));
        assert!(judged.java_accepts() && judged.config.is_none(), "{pairs:?}");
        assert!(judged.refused_by(RefusedBy::Run).count() > 0, "{pairs:?}");
    }
    let older = "org.apache.kafka.clients.producer.UniformStickyPartitioner";
    let judged = judge(&given(&[("partitioner.class", older)]));
    assert!(!judged.java_accepts() && judged.config.is_some());
    assert_eq!(
        judged.refused_by(RefusedBy::JavaAlone).map(ToString::to_string).collect::<Vec<_>>(),
        [format!(
            "partitioner.class = \"{older}\" (-X): expected a class that Kafka 4.3.1 has: 4.0 \
             removed this one; leave it out: the default does its work"
        )]
    );
    let judged = judge(&given(&[("acks", "2"), ("transactional.id", "t"), ("acsk", "1")]));
    assert!(!judged.java_accepts());
    let count = |by| judged.refused_by(by).count();
    let by = [RefusedBy::Java, RefusedBy::Run, RefusedBy::Hand].map(count);
    assert_eq!(by, [1, 1, 1]);
    let acks = judged.effective.iter().find(|row| row.key == "acks").unwrap();
    assert_eq!(acks.value, "2");
    let idle = judge(&given(&[("client.id", ""), ("transactional.id", "t")]));
    let id = |judged: &Judgement| {
        judged.effective.iter().find(|row| row.key == "client.id").unwrap().value.clone()
    };
    assert_eq!(id(&idle), "");
    assert_eq!(id(&judge(&given(&[("transactional.id", "t")]))), "producer-t");
}

#[test]
fn a_batch_fits_into_the_memory() {
    assert_eq!(
        refused(&[("batch.size", "65536"), ("buffer.memory", "65535")]),
        ["batch.size = \"65536\" (-X): expected at most the memory for all batches, \
             buffer.memory = \"65535\" (-X); write 65535 or less"]
    );
    assert_eq!(
        refused(&[("buffer.memory", "1000")]),
        ["buffer.memory = \"1000\" (-X): expected room for at least one batch, batch.size = \
          \"16384\" (default); write 16384 or more"]
    );
    assert_eq!(
        refused(&[("batch.size", "0"), ("buffer.memory", "0")]),
        ["buffer.memory = \"0\" (-X): expected room for at least one batch, batch.size = \"0\" \
          (-X); write 1 or more"]
    );
    accepted(&[("buffer.memory", "16384")]);
}

#[test]
fn a_connection_needs_time() {
    for key in ["socket.connection.setup.timeout.ms", "socket.connection.setup.timeout.max.ms"] {
        for value in ["0", "-5"] {
            let line = format!(
                "{key} = {value:?} (-X): expected milliseconds, 1 or more: no connection would \
                 ever stand"
            );
            assert!(refused(&[(key, value)]).contains(&line));
        }
    }
}

#[test]
fn what_changes_nothing_is_told() {
    let round_robin = "org.apache.kafka.clients.producer.RoundRobinPartitioner";
    for (pairs, text) in [
        (
            vec![("metric.reporters", "a.B")],
            "metric.reporters (-X) has no effect here: it sets up the Java client's own metrics",
        ),
        (
            vec![("key.serializer", "org.apache.kafka.common.serialization.StringSerializer")],
            "key.serializer (-X) has no effect here: keys are bytes here, as with Java's \
             ByteArraySerializer",
        ),
        (
            vec![("ssl.truststore.location", "t.jks")],
            "ssl.truststore.location (-X) has no effect with security.protocol = \"PLAINTEXT\" \
             (default): it needs SSL or SASL_SSL, which isn't built yet",
        ),
        (
            vec![("security.protocol", "plaintext"), ("sasl.mechanism", "PLAIN")],
            "sasl.mechanism (-X) has no effect with security.protocol = \"plaintext\" (-X): it \
             needs SASL_PLAINTEXT or SASL_SSL, which isn't built yet",
        ),
        (
            vec![("partitioner.class", round_robin), ("partitioner.ignore.keys", "true")],
            "partitioner.ignore.keys (-X) has no effect beside partitioner.class",
        ),
        (
            vec![(
                "partitioner.class",
                "org.apache.kafka.clients.producer.UniformStickyPartitioner",
            )],
            "partitioner.class (-X): Kafka 4.0 removed this class; what it did up to 3.9 is done \
             here",
        ),
        (
            vec![
                ("partitioner.adaptive.partitioning.enable", "false"),
                ("partitioner.availability.timeout.ms", "5"),
            ],
            "partitioner.availability.timeout.ms (-X) has no effect without adaptive partitioning",
        ),
        (
            vec![("compression.type", "lz4"), ("compression.zstd.level", "5")],
            "compression.zstd.level (-X) has no effect with compression.type=lz4",
        ),
        (
            vec![
                ("metadata.recovery.strategy", "none"),
                ("metadata.recovery.rebootstrap.trigger.ms", "5"),
            ],
            "metadata.recovery.rebootstrap.trigger.ms (-X) has no effect with \
             metadata.recovery.strategy=none",
        ),
    ] {
        assert_eq!(notes(&pairs), [text]);
    }
}

#[test]
fn no_output_shows_a_secret() {
    const SECRET: &str = "hunter2";
    let mut raw = given(&[
        ("ssl.keystore.password", SECRET),
        ("sasl.jaas.config", SECRET),
        ("sasl.oauthbearer.client.credentials.client.secret", SECRET),
    ]);
    let resolved = resolve(&raw).unwrap();
    assert!(!format!("{resolved:?}").contains(SECRET));
    let row = resolved.effective.iter().find(|row| row.key == "sasl.jaas.config").unwrap();
    assert_eq!(row.value, "[hidden]");
    raw.set("ssl.keystore.pasword", SECRET, Source::CommandProperty);
    let problems = resolve(&raw).unwrap_err();
    assert!(!format!("{problems:?}").contains(SECRET));
    assert_eq!(
        problems[0].to_string(),
        "ssl.keystore.pasword = \"[hidden]\" (-X): expected the name of a Kafka producer setting; \
         the nearest is ssl.keystore.password"
    );
}

#[test]
fn values_of_the_tool_itself_do_not_count_as_given() {
    let mut raw = Raw::new(1);
    raw.set("enable.idempotence", "true", Source::Default);
    raw.set("acks", "1", Source::CommandProperty);
    assert!(!resolve(&raw).unwrap().config.enable_idempotence);
}

/// Goal: the same verdict as Java on values and rules. Method: for each line of settings, what
/// `new ProducerConfig` and `new KafkaProducer` of the 4.3.1 jar did was written down; where we
/// differ on purpose, the line says so.
#[test]
fn verdicts_are_those_of_the_java_client() {
    const VERDICTS: &str = include_str!("../../../tests/data/producer-config-verdicts-4.3.1.tsv");
    let mut seen = 0;
    for line in VERDICTS.lines().filter(|line| !line.starts_with('#')) {
        let [settings, verdict, ours] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("three columns: {line}")
        };
        let mut raw = given(&[("bootstrap.servers", "127.0.0.1:1")]);
        for pair in settings.split(';').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap();
            raw.set(key, value, Source::ProducerProps);
        }
        let judged = judge(&raw);
        let value = |key| &judged.effective.iter().find(|row| row.key == key).unwrap().value;
        let acks = if value("acks") == "all" { "-1" } else { value("acks") };
        let got = format!(
            "idem={} acks={acks} rmax={} delivery={} batch={}",
            judged.idempotence.is_on(),
            value("reconnect.backoff.max.ms"),
            value("delivery.timeout.ms"),
            value("batch.size").parse::<u32>().map_or(0, |bytes| bytes.max(1)),
        );
        let got = if judged.java_accepts() { got } else { "refused".to_owned() };
        assert_eq!(got, verdict, "{settings}");
        let runs = match ours {
            "" => verdict != "refused",
            ours => ours == "taken",
        };
        assert_eq!(judged.config.is_some(), runs, "{settings}");
        seen += 1;
    }
    assert!(seen > 60, "{seen}");
}

fn any_key() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => (0..KEYS.len()).prop_map(|index| KEYS[index].name.to_owned()),
        1 => "\\PC{0,40}",
    ]
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,30}",
        "-?[0-9]{0,22}(ms|s|KiB|k|M)?",
        "[a-z0-9:,.\\[\\]]{0,20}",
        Just("true".to_owned()),
        Just("0".to_owned()),
        Just("-1".to_owned()),
    ]
}

proptest! {
    #[test]
    fn anything_given_is_accepted_or_refused_without_panic(
        pairs in proptest::collection::vec((any_key(), any_value(), any::<bool>()), 0..8),
    ) {
        let mut raw = Raw::new(1);
        for (key, value, flag) in &pairs {
            let source = if *flag { Source::Flag("--f".to_owned()) } else { Source::ProducerProps };
            raw.set(key, value, source);
        }
        match resolve(&raw) {
            Ok(resolved) => {
                prop_assert_eq!(resolved.effective.len(), KEYS.len());
                let config = resolved.config;
                prop_assert!(u64::from(config.batch_size) <= config.buffer_memory);
                let could = config.acks == Acks::All && config.retries > 0;
                let may = could && config.max_in_flight <= 5;
                prop_assert!(!config.enable_idempotence || may);
            }
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
    }
}
