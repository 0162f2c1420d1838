"""What scripts/costs runs: sections of cases, the figures of a run, and each section's columns."""
import json

import build

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
PARTITIONS = [1, 12, 1_000, 10_000]
# As a real cluster's brokers keep files for each.
MOST_ON_A_CLUSTER = 1_000
MIB = 2**20
# What a producer may hold beside its buffer.memory.
BESIDE = 64
# Eight fields in about 200 bytes.
EVENT = """\
{"id":"{{uuid}}","ts":{{timestamp_ms}},"user":"user-{{user:zipf 1000000 0.99}}",\
"kind":"{{pick created:70 paid:25 refunded:5}}","price":{{float 1..500 2}},"n":{{int 1..100}},\
"city":"{{city}}","trace":"{{hex 16}}"}
"""


def plain(name, *flags, **more):
    """A case: its name in the table, flags of its own, and what differs from the usual."""
    return {"name": name, "flags": list(flags), "partitions": 12, "brokers": 1, "producers": 1,
            "program": "kprod-bench", **more}


def codecs(options):
    """Incompressible and compressible values, of the same mean length."""
    size = str(round(options.corpus_mean))
    kinds = [("random", ["--generator", "random", "--record-size", size]),
             ("JSON lines", ["--payload-file", str(options.corpus)])]
    return [plain(f"{codec}, {kind}", "--compression-type", codec, *flags)
            for kind, flags in kinds for codec in CODECS]


def partitions(options):
    counts = [n for n in PARTITIONS if not options.bootstrap_server or n <= MOST_ON_A_CLUSTER]
    return [plain(f"{count:,}", *sized(options), partitions=count) for count in counts]


def producers(options):
    return [plain(f"{count} × {codec}", "--producers", str(count), "--compression-type", codec,
                  *sized(options), producers=count)
            for codec in ["none", "zstd"] for count in [1, 2]]


def idempotence(options):
    return [plain(word, *sized(options), acks="all", idempotence=truth)
            for word, truth in [("off", "false"), ("on", "true")]]


def latency(options):
    pace = ["--rate", str(options.latency_rate)]
    return [plain(f"{word}, {kind}", *sized(options), *flags, program=program)
            for kind, flags in [("no rate", []), (f"{options.latency_rate:,}/s", pace)]
            for word, program in [("off", "bare"), ("on", "kprod-bench")]]


def memory(options):
    usual = sized(options)
    one = [plain("plain", *usual),
           plain("1,000 partitions", *usual, partitions=1_000),
           plain("gzip", *usual, "--compression-type", "gzip"),
           plain("zstd", *usual, "--compression-type", "zstd"),
           *(plain(f"{codec}, JSON lines", "--compression-type", codec, "--payload-file",
                   str(options.corpus)) for codec in ["gzip", "lz4", "zstd"]),
           plain("two producers", *usual, "--producers", "2", producers=2)]
    # Brokers of a real cluster are those that it has.
    many = [plain("100 brokers", *usual, partitions=1_000, brokers=100),
            plain("1,000 brokers", *usual, partitions=1_000, brokers=1_000)]
    return one if options.bootstrap_server else one + many


def generators(options):
    """Every way to make a record, one thing at a time; else values are random, without a key."""
    def one(name, *flags):
        return plain(name, *sized(options), *flags)

    sizes = ["uniform:50..150", "100:70+1024:25+10240:5", "normal:100:20", "lognormal:80:0.7",
             "zipf:1000:1"]
    keys = ["sequence", "uniform:1000000", "zipf:1000000:0.99", "roundrobin:12",
            "hot:80%:10/100000", "list:Pangyo|Seoul"]
    folder = build.ROOT / "profiles"
    templates = {"event": options.event, "order": folder / "order.json.tmpl",
                 "gps": folder / "gps.tmpl"}
    return [
        one("random"), one("fixed", "--generator", "fixed"),
        one("sequence", "--generator", "sequence"),
        plain("increasing", "--generator", "increasing"),
        plain("null", "--generator", "null"), one("compress ratio 0.5", "--compress-ratio", "0.5"),
        one("pool of 10 MB", "--pool-mb", "10"), one("tombstones 5 %", "--tombstones", "5%"),
        one("schema id", "--schema-id", "1"),
        *(plain(f"size {size}", "--record-size", size) for size in sizes),
        *(one(f"key {key}", "--key", key) for key in keys),
        *(one(f"key uniform:1000000, {kind}", "--key", "uniform:1000000", "--key-type", kind)
          for kind in ["bytes", "int64", "json"]),
        one("header fixed", "--header", "h=v"), one("header uuid()", "--header", "h=uuid()"),
        one("timestamps step", "--timestamps", "step:2026-01-01T00:00:00Z:1ms"),
        one("timestamps event, late", "--timestamps", "event:10%:exponential:30s"),
        plain("corpus, lines", "--payload-file", str(options.corpus)),
        *(plain(f"template {name}", "--template", str(file)) for name, file in templates.items()),
    ]


def sized(options):
    return ["--record-size", str(options.record_size)]


def command(case, section, program, options, servers, topic):
    """The command line of one run."""
    if section == "generators":
        return [program, "calibrate", *case["flags"], *producer(options),
                "--enable-idempotence", "false", "--acks", "1", "--partitions", "12",
                *options.extra, "--output-format", "json"]
    length = ["--num-records", str(options.records)] if options.records else [
        "--duration", f"{options.seconds}s"]
    # Under memory the first record is waited for, and a warm-up would come before it.
    warmup = "0" if options.records or section == "memory" else "1s"
    return [program, "run", "--bootstrap-server", servers, "--topic", topic, "--no-create-topic",
            *length, "--warmup", warmup, "--acks", case.get("acks", "1"),
            "--enable-idempotence", case.get("idempotence", "false"), *producer(options),
            "--verify", "none", *case["flags"], *options.extra, "--output-format", "json"]


def producer(options):
    return ["--batch-size", str(options.batch_size), "--linger-ms", str(options.linger_ms),
            "--buffer-memory", str(options.buffer_memory)]


def read(output, usage_cpu, peak_mib):
    """The figures of a run, and whether all was delivered."""
    told = json.loads(output)
    if "calibrations" in told:
        return ceilings(*told["calibrations"]), True
    cost, rates, records = told["client"], told["throughput"], told["records"]
    delivered = sum(one["acked"] + one["written"] for one in told["phases"])
    first = cost["first_record_seconds"]
    figures = {
        "records_per_s": rates["acked_rps"] or None, "mb_in": rates["mb_s_uncompressed"] or None,
        "mb_out": rates["mb_s_wire"] or None, "cpu_ns": cost["cpu_ns_per_record"],
        "whole_cpu_ns": usage_cpu * 1e9 / max(delivered, 1),
        "ratio": told["batches"]["compress_ratio"],
        "seal_mean_us": told["seal"]["mean"] / 1e3 if told["seal"] else None,
        "seal_p99_us": told["seal"]["p99"] / 1e3 if told["seal"] else None,
        "seal_wait_us": told["seal_wait"]["mean"] / 1e3 if told["seal_wait"] else None,
        "rss_peak_mib": peak_mib,
        "first_record_ms": first * 1e3 if first is not None else None,
        "busy": cost["busy_max"],
    }
    return figures, records["acked"] + records["duplicate"] == records["due"]


def ceilings(told):
    """The figures of a calibration: the generator's own, and those of the whole client."""
    alone, whole = told["generator"], told["engine"]
    return {"records_per_s": whole["records_per_second"], "mb_in": whole["mb_s"],
            "cpu_ns": whole["cpu_ns_per_record"], "alone_ns": alone["cpu_ns_per_record"],
            "alone_per_s": alone["records_per_second"],
            "value_bytes": alone["mb_s"] * 1e6 / max(alone["records_per_second"], 1)}


# Title, figure, digits.
RECORDS, CPU = ("records/s", "records_per_s", 0), ("CPU ns/record", "cpu_ns", 0)
MB, PEAK = ("MB/s", "mb_in", 1), ("peak MiB", "rss_peak_mib", 0)
SECTIONS = {
    "codecs": ("every codec on values that don't compress and on values that do", codecs,
               [("MB/s in", "mb_in", 1), ("MB/s out", "mb_out", 1), CPU, ("ratio", "ratio", 2),
                ("seal µs", "seal_mean_us", 0), ("seal p99 µs", "seal_p99_us", 0),
                ("seal wait µs", "seal_wait_us", 0)]),
    "partitions": ("topics of 1, 12, 1,000 and 10,000 partitions", partitions,
                   [RECORDS, MB, CPU, PEAK]),
    "producers": ("one producer and two", producers, [RECORDS, MB, CPU]),
    "idempotence": ("acks=all with and without idempotence", idempotence, [RECORDS, MB, CPU]),
    "generators": ("every way to make a record: alone, and in the whole client", generators,
                   [("bytes", "value_bytes", 0), ("alone ns/record", "alone_ns", 0),
                    ("alone records/s", "alone_per_s", 0), RECORDS, MB, CPU]),
    "latency": ("every record's latencies, measured and not", latency, [RECORDS, MB, CPU]),
    "memory": ("peak memory, and the time from the program's start to the first record", memory,
               [("first record ms", "first_record_ms", 1), PEAK]),
}


def notes(section, cases, middle):
    """Lines below a section's table; `middle(case, figure)` is a median."""
    names = [case["name"] for case in cases]
    pairs = list(zip(names[1::2], names[::2]))
    if section == "producers":
        return [f"{more} over {one}: records/s × {ratio(middle, more, one, 'records_per_s'):.2f}"
                for more, one in pairs]
    if section in ("idempotence", "latency"):
        told = [(on, off) for on, off in pairs if middle(on, "cpu_ns") and middle(off, "cpu_ns")]
        return [f"{on} less {off}: {middle(on, 'cpu_ns') - middle(off, 'cpu_ns'):+.1f} ns of CPU a "
                "record" for on, off in told]
    return []


def ratio(middle, one, other, figure):
    return middle(one, figure) / max(middle(other, figure), 1e-9)


def allowed_mib(case, options):
    """Peak memory that a case may have: buffer.memory is each producer's."""
    return case["producers"] * (options.buffer_memory / MIB + BESIDE)
