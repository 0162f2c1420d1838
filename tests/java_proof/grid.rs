//! Thousands of configurations: every key with every sort of value, every rule between keys, and
//! mixtures. The same ones each time.

use std::collections::{BTreeMap, BTreeSet};

use kprod_bench::base::Rng;
use kprod_bench::kafka::config::keys::{KEYS, Key, Kind, Preset, Unit, Valid};

/// Keys and values of one configuration.
pub(crate) type Given = BTreeMap<String, String>;

/// All of them, each once.
pub(crate) fn configurations() -> Vec<Given> {
    let mut all = vec![Given::new()];
    all.extend(singles());
    all.extend(products());
    all.extend(covering_pairs(&mut Rng::new(1)));
    all.extend(mixtures(&mut Rng::new(2), 900));
    let mut seen = BTreeSet::new();
    all.retain(|given| seen.insert(given.clone()));
    all
}

fn given(pairs: &[(&str, &str)]) -> Given {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Every key alone with each of its values.
fn singles() -> Vec<Given> {
    let alone = |key: &'static Key| {
        values(key).into_iter().map(|value| Given::from([(key.name.to_owned(), value)]))
    };
    KEYS.iter().flat_map(alone).collect()
}

/// What a key is tried with: valid, at the border, past it, malformed.
fn values(key: &Key) -> Vec<String> {
    let mut values: Vec<String> = match (key.name, key.kind, key.valid) {
        ("bootstrap.servers", ..) => of(&SERVERS),
        ("key.serializer" | "value.serializer", ..) => of(&SERIALIZERS),
        ("partitioner.class", ..) => of(&PARTITIONERS),
        ("interceptor.classes", ..) => of(&["", "java.lang.String", MINE, "a,,b"]),
        ("metric.reporters", ..) => {
            of(&["", JMX, MINE, "java.lang.String", "org.apache.kafka.common.metrics.Gone", "a,"])
        }
        ("config.providers", ..) => of(&["", "file", "file,env", "file,,env"]),
        (_, Kind::Boolean, _) => of(&[
            "true",
            "false",
            "TRUE",
            " False ",
            "fal\u{17f}e",
            "yes",
            "1",
            "",
            "tru e",
            "truе",
        ]),
        (_, Kind::Short | Kind::Int | Kind::Long, valid) => numbers(key, valid),
        (_, Kind::Double, valid) => doubles(valid),
        (_, Kind::String, Valid::OneOf(words) | Valid::OneOfAnyCase(words)) => {
            cases(words).chain(of(&["", "nonsense", "ALL,", "\u{17f}\u{17f}l"])).collect()
        }
        (_, Kind::String | Kind::Password, _) => {
            of(&["", " ", "x", " x y ", "\u{e9}\u{3000}", "a,b=c:d#e!f", "\t\u{1}"])
        }
        (_, Kind::List, _) => of(&[
            "",
            " ",
            "a",
            "a,b",
            "a,,b",
            "a,",
            ",a",
            " a ,\tb ",
            "a,a",
            "a\u{1},b",
            "a,\u{1}",
            "a \u{a0},b",
            ",",
        ]),
        (_, Kind::Class, _) => of(&[
            "java.lang.String",
            " java.lang.String ",
            MINE,
            "",
            "a b",
            "java/lang/String",
            "java..lang",
            "1.2",
            "java.lang.String,",
        ]),
    };
    if let Preset::Text(default) = key.default {
        values.push(default.to_owned());
    }
    values
}

fn of(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Each word as it is, in lower case, in upper case, and with white space around.
fn cases<'a>(words: &'a [&str]) -> impl Iterator<Item = String> + 'a {
    words.iter().flat_map(|word| {
        [(*word).to_owned(), word.to_lowercase(), word.to_uppercase(), format!("\t{word} ")]
    })
}

fn numbers(key: &Key, valid: Valid) -> Vec<String> {
    let (least, most) = (key.kind.min().unwrap_or(0), key.kind.max().unwrap_or(0));
    let (low, high) = match valid {
        Valid::AtLeast(low) => (low, most),
        Valid::Between(low, high) => (low, high),
        Valid::GzipLevel => (-1, 9),
        _ => (least, most),
    };
    let mut values: Vec<String> = [low, low.saturating_add(1), high, high - 1, 0, 1, -1, 2]
        .iter()
        .chain(&[low.saturating_sub(1), high.saturating_add(1), least, most])
        .map(i64::to_string)
        .collect();
    values.push((i128::from(most) + 1).to_string());
    values.push((i128::from(least) - 1).to_string());
    let whole = low.max(1);
    let forms = [
        format!("+{whole}"),
        format!(" {whole}\t"),
        format!("00{whole}"),
        format!("{whole}.0"),
        format!("{whole}L"),
        format!("--{whole}"),
        format!("{whole} 0"),
        format!("\u{a0}{whole}"),
    ];
    values.extend(forms);
    values.extend(of(&["", "+", "-", "5s", "1e3", "0x10", "1_0", "\u{665}\u{665}\u{665}\u{665}"]));
    if key.unit() == Unit::Bytes {
        values.extend(of(&["16KiB", "\u{ff11}\u{966}", "\u{1d7d8}"]));
    }
    values
}

fn doubles(valid: Valid) -> Vec<String> {
    let mut values = of(&[
        "0.8",
        ".5",
        "5.",
        "1",
        "-0",
        "0.8f",
        "0.8D",
        "8e-1",
        "8E-1d",
        "NaN",
        "+NaN",
        "nan",
        "Infinity",
        "-Infinity",
        "inf",
        "0x1p-1",
        "0X.8P1f",
        "0x1",
        "0x.p1",
        "1e",
        "",
        ".",
        "f",
        "0,8",
        "\u{665}.5",
        "1_0",
        " 0.8 ",
        "0.8ff",
        "1e400",
        "1e-400",
        "--1",
        "0x1p99999999999",
    ]);
    if let Valid::Within(low, high) = valid {
        let at = [low, high, low - 0.001, high + 0.001].map(|number| number.to_string());
        values.extend(at);
    }
    values
}

/// Whole products over the keys that rules join: given and not given, on both sides.
fn products() -> Vec<Given> {
    let mut all = product(&[
        ("enable.idempotence", &[NONE, "true", "false"]),
        ("acks", &[NONE, "all", "-1", "1", "0"]),
        ("retries", &[NONE, "0", "1", "2147483647"]),
        ("max.in.flight.requests.per.connection", &[NONE, "5", "6"]),
        ("transactional.id", &[NONE, "t"]),
    ]);
    all.extend(product(&[
        ("linger.ms", &[NONE, "0", "5", "2147483647", "9223372036854775807"]),
        ("request.timeout.ms", &[NONE, "0", "30000", "200000", "2147483647"]),
        ("delivery.timeout.ms", &[NONE, "0", "30004", "30005", "120000", "2147483647"]),
    ]));
    all.extend(product(&[
        ("transaction.two.phase.commit.enable", &[NONE, "true", "false"]),
        ("transaction.timeout.ms", &[NONE, "60000", "1", "-1"]),
        ("transactional.id", &[NONE, "t"]),
        ("enable.idempotence", &[NONE, "true", "false"]),
    ]));
    all.extend(product(&[
        ("security.protocol", &[NONE, "PLAINTEXT", "ssl", "SASL_PLAINTEXT", "sasl_ssl"]),
        ("sasl.mechanism", &[NONE, "", "PLAIN", " "]),
        ("ssl.truststore.type", &[NONE, "", "nonsense"]),
    ]));
    for pair in ["reconnect.backoff", "retry.backoff", "socket.connection.setup.timeout"] {
        let (first, longest) = (format!("{pair}.ms"), format!("{pair}.max.ms"));
        all.extend(product(&[
            (&first, &[NONE, "0", "50", "2000", "9223372036854775807"]),
            (&longest, &[NONE, "0", "1000", "60", "9223372036854775807"]),
        ]));
    }
    all.extend(product(&[
        ("batch.size", &[NONE, "0", "1", "65536", "2147483647"]),
        ("buffer.memory", &[NONE, "0", "16383", "16384", "9223372036854775807"]),
    ]));
    all.extend(product(&[
        ("partitioner.class", &[NONE, ROUND_ROBIN]),
        ("partitioner.adaptive.partitioning.enable", &[NONE, "false"]),
        ("partitioner.availability.timeout.ms", &[NONE, "1"]),
        ("partitioner.ignore.keys", &[NONE, "true"]),
    ]));
    all
}

/// Every combination; [`NONE`] leaves the key out.
fn product(axes: &[(&str, &[&str])]) -> Vec<Given> {
    axes.iter().fold(vec![Given::new()], |all, (key, values)| {
        all.iter()
            .flat_map(|one| {
                values.iter().map(|value| {
                    let mut one = one.clone();
                    if *value != NONE {
                        one.insert((*key).to_owned(), (*value).to_owned());
                    }
                    one
                })
            })
            .collect()
    })
}

/// Valid values of the keys that do something, until every pair of values stood together once.
fn covering_pairs(rng: &mut Rng) -> Vec<Given> {
    type Choice = (usize, usize);
    let axes = PAIRWISE;
    let mut open: BTreeSet<(Choice, Choice)> = BTreeSet::new();
    for (i, (_, one)) in axes.iter().enumerate() {
        for (j, (_, other)) in axes.iter().enumerate().skip(i + 1) {
            let pairs = (0..one.len()).flat_map(|a| (0..other.len()).map(move |b| (a, b)));
            open.extend(pairs.map(|(a, b)| ((i, a), (j, b))));
        }
    }
    let pairs_of = |choice: &[usize]| -> Vec<(Choice, Choice)> {
        let at = |i: usize| (i, choice[i]);
        (0..choice.len())
            .flat_map(|i| (i + 1..choice.len()).map(move |j| (i, j)))
            .map(|(i, j)| (at(i), at(j)))
            .collect()
    };
    let mut all = Vec::new();
    while let Some(&((i, a), (j, b))) = open.first() {
        // The best of a few that hold the first pair that is still open.
        let candidates = (0..12).map(|_| {
            let mut choice: Vec<usize> =
                axes.iter().map(|(_, values)| below(rng, values.len())).collect();
            (choice[i], choice[j]) = (a, b);
            choice
        });
        let news = |choice: &Vec<usize>| {
            pairs_of(choice).iter().filter(|pair| open.contains(*pair)).count()
        };
        let best = candidates.max_by_key(news).expect("there are twelve");
        pairs_of(&best).iter().for_each(|pair| {
            open.remove(pair);
        });
        let chosen = axes.iter().zip(&best).map(|((key, values), at)| (*key, values[*at]));
        let chosen: Vec<_> = chosen.filter(|(_, value)| *value != NONE).collect();
        all.push(given(&chosen));
    }
    all
}

/// Some keys of the whole table, mostly with good values: nobody's file is all wrong.
fn mixtures(rng: &mut Rng, count: usize) -> Vec<Given> {
    (0..count)
        .map(|_| {
            let keys = 2 + below(rng, 9);
            let one = |_| {
                let key = &KEYS[below(rng, KEYS.len())];
                let values = values(key);
                let good = match key.default {
                    Preset::Text(_) => values.last(),
                    Preset::Required => values.first(),
                    Preset::Null => values.get(2),
                };
                let value = match rng.below(5) {
                    0 => &values[below(rng, values.len())],
                    _ => good.expect("every key has values"),
                };
                (key.name.to_owned(), value.clone())
            };
            (0..keys).map(one).collect()
        })
        .collect()
}

fn below(rng: &mut Rng, bound: usize) -> usize {
    usize::try_from(rng.below(bound as u64)).expect("below a usize")
}

/// In a list of values: the key isn't given.
const NONE: &str = "\u{0}";
/// A class outside of Kafka's packages that exists, in the Java program.
const MINE: &str = "ConfigVerdicts$Mine";
const JMX: &str = "org.apache.kafka.common.metrics.JmxReporter";
const ROUND_ROBIN: &str = "org.apache.kafka.clients.producer.RoundRobinPartitioner";

const SERVERS: [&str; 30] = [
    "127.0.0.1:1",
    "127.0.0.1:1,127.0.0.1:2",
    "127.0.0.1:1 ,\t127.0.0.1:2",
    "127.0.0.1:1,127.0.0.1:1",
    "[::1]:9092",
    "::1:9092",
    "x://127.0.0.1:1",
    "PLAINTEXT://[::1]:1",
    "localhost:9092",
    "",
    " ",
    ",",
    "127.0.0.1:1,",
    "127.0.0.1",
    "127.0.0.1:",
    ":9092",
    "127.0.0.1:0",
    "127.0.0.1:65535",
    "127.0.0.1:65536",
    "127.0.0.1:99999999999",
    "127.0.0.1:-1",
    "127.0.0.1:+1",
    "127.0.0.1:1:",
    "]127.0.0.1]:1",
    "[127.0.0.1:1",
    "127.0.0.1]:1",
    "http://127.0.0.1:1/",
    "x y:1",
    "[]:1",
    "127.0.0.1:0001",
];

const SERIALIZERS: [&str; 12] = [
    "org.apache.kafka.common.serialization.ByteArraySerializer",
    "org.apache.kafka.common.serialization.StringSerializer",
    "org.apache.kafka.common.serialization.VoidSerializer",
    "org.apache.kafka.common.serialization.UUIDSerializer",
    "org.apache.kafka.common.serialization.ListSerializer",
    "org.apache.kafka.common.serialization.StringDeserializer",
    "org.apache.kafka.common.serialization.Gone",
    MINE,
    "java.lang.String",
    "",
    " ",
    "a b",
];

const PARTITIONERS: [&str; 10] = [
    ROUND_ROBIN,
    " org.apache.kafka.clients.producer.RoundRobinPartitioner ",
    "org.apache.kafka.clients.producer.UniformStickyPartitioner",
    "org.apache.kafka.clients.producer.internals.DefaultPartitioner",
    "org.apache.kafka.clients.producer.internals.BuiltInPartitioner",
    "java.lang.String",
    "",
    "a b",
    "null",
    MINE,
];

/// Keys with an effect and values that are valid alone.
const PAIRWISE: &[(&str, &[&str])] = &[
    ("acks", &[NONE, "all", "-1", "1", "0"]),
    ("enable.idempotence", &[NONE, "true", "false"]),
    ("retries", &[NONE, "0", "3", "2147483647"]),
    ("max.in.flight.requests.per.connection", &[NONE, "1", "5", "6"]),
    ("transactional.id", &[NONE, "t"]),
    ("transaction.timeout.ms", &[NONE, "60000"]),
    ("transaction.two.phase.commit.enable", &[NONE, "true", "false"]),
    ("batch.size", &[NONE, "0", "16384", "2147483647"]),
    ("buffer.memory", &[NONE, "0", "16384", "5000000000"]),
    ("linger.ms", &[NONE, "0", "5", "100000", "9223372036854775807"]),
    ("request.timeout.ms", &[NONE, "0", "1000", "2147483647"]),
    ("delivery.timeout.ms", &[NONE, "0", "30005", "120000", "2147483647"]),
    ("max.block.ms", &[NONE, "0", "9223372036854775807"]),
    ("max.request.size", &[NONE, "0", "1048576"]),
    ("compression.type", &[NONE, "none", "gzip", "snappy", "lz4", "zstd"]),
    ("compression.gzip.level", &[NONE, "-1", "9"]),
    ("compression.lz4.level", &[NONE, "1", "17"]),
    ("compression.zstd.level", &[NONE, "-131072", "22"]),
    ("partitioner.class", &[NONE, ROUND_ROBIN]),
    ("partitioner.adaptive.partitioning.enable", &[NONE, "true", "false"]),
    ("partitioner.availability.timeout.ms", &[NONE, "0", "100"]),
    ("partitioner.ignore.keys", &[NONE, "true"]),
    ("metadata.max.age.ms", &[NONE, "0", "300000"]),
    ("metadata.max.idle.ms", &[NONE, "5000"]),
    ("metadata.recovery.strategy", &[NONE, "none", "REBOOTSTRAP"]),
    ("metadata.recovery.rebootstrap.trigger.ms", &[NONE, "0"]),
    ("reconnect.backoff.ms", &[NONE, "0", "50", "5000"]),
    ("reconnect.backoff.max.ms", &[NONE, "0", "1000"]),
    ("retry.backoff.ms", &[NONE, "0", "5000"]),
    ("retry.backoff.max.ms", &[NONE, "0", "1000"]),
    ("connections.max.idle.ms", &[NONE, "-1", "0"]),
    ("send.buffer.bytes", &[NONE, "-1", "0"]),
    ("receive.buffer.bytes", &[NONE, "-1", "0"]),
    ("client.id", &[NONE, "", "x"]),
    ("socket.connection.setup.timeout.ms", &[NONE, "-5", "0", "60000"]),
    ("security.protocol", &[NONE, "PLAINTEXT", "plaintext"]),
    ("sasl.mechanism", &[NONE, "", "PLAIN"]),
    ("client.dns.lookup", &[NONE, "resolve_canonical_bootstrap_servers_only"]),
];
