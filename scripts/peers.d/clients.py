"""The clients: how each is told the same settings, and how its report is read.

A reader returns `delivered` (records, warm-up included), `counted` of them, the `seconds` from the
first counted record to the last ack, `latency` percentiles in milliseconds as far as the tool gives
them, and `cpu_s` where the whole process's aren't those of the records.
"""
import json
import re

PEERS = ["kprod-bench", "java", "librdkafka", "franz-go"]
ALL = [*PEERS, "floor"]
# Percentiles, by the names that our result gives them.
POINTS = ["p50", "p99", "p999"]


class Unreadable(Exception):
    """A report that says nothing of what was sent."""


def command(name, program, options, servers, topic):
    """The command line of one run."""
    return LINES[name](program, options, servers, topic)


def read(name, output):
    """The figures in what a run printed to stdout."""
    try:
        return READERS[name](output)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as why:
        raise Unreadable(f"{name}'s report can't be read ({why!r})") from why


def ours(program, options, servers, topic):
    rate = ["--rate", str(options.rate)] if options.rate else []
    warmup = ["--warmup-records", str(options.warmup_records)] if options.warmup_records else [
        "--warmup", "0"]
    return [program, "run", "--bootstrap-server", servers, "--topic", topic,
            "--no-create-topic", "--num-records", str(options.records), *warmup,
            "--record-size", str(options.record_size), *rate, "--acks", options.acks,
            "--batch-size", str(options.batch_size), "--linger-ms", str(options.linger_ms),
            "--max-in-flight", str(options.max_in_flight),
            "--enable-idempotence", truth(options.idempotence),
            "--buffer-memory", str(options.buffer_memory),
            *socket(options, "--send-buffer-bytes", "{}", -1), "--output-format", "json"]


def read_ours(output):
    result = json.loads(output)
    measure = next(one for one in result["phases"] if one["name"] == "measure")
    seconds = (measure["end"] - measure["start"]) / 1e9 + measure["drain_seconds"]
    records = result["records"]
    counted = records["acked"] + records["duplicate"] + records["written"]
    before = sum(one["acked"] + one["written"] for one in result["phases"]
                 if one["name"] != "measure")
    latency = {}
    for prefix, family in ("", "service"), ("response_", "response"):
        for point in POINTS if result["latency"][family] else ():
            latency[prefix + point] = result["latency"][family][point] / 1e6
    return told(before + counted, counted, seconds, latency)


def java(jars, options, servers, topic):
    # Heap and collector as Kafka's own start scripts set them.
    virtual_machine = ["java", "-Xmx512m", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20",
                       "-XX:InitiatingHeapOccupancyPercent=35", "-cp", f"{jars}/*"]
    return [*virtual_machine, "org.apache.kafka.tools.ProducerPerformance",
            "--bootstrap-server", servers, "--topic", topic,
            "--num-records", str(options.records), "--record-size", str(options.record_size),
            "--throughput", str(options.rate or -1),
            *(["--warmup-records", str(options.warmup_records)] if options.warmup_records else []),
            "--command-property",
            f"acks={options.acks}", f"batch.size={options.batch_size}",
            f"linger.ms={options.linger_ms}",
            f"max.in.flight.requests.per.connection={options.max_in_flight}",
            f"enable.idempotence={truth(options.idempotence)}",
            f"buffer.memory={options.buffer_memory}",
            *socket(options, "send.buffer.bytes={}", -1)]


def read_java(output):
    # 500000 records sent, 123.4 records/sec (5.6 MB/sec), 1.2 ms avg latency, … 9 ms 99th, …; with
    # a warm-up a second such line tells of the steady state.
    lines = re.findall(
        r"^(\d+)(?: steady state)? records sent, ([\d.]+) records/sec .* (\d+) ms 50th, "
        r".* (\d+) ms 99th, (\d+) ms 99\.9th", output, re.M)
    (total, *_), (counted, rate, *latency) = lines[0], lines[-1]
    return told(int(total), int(counted), int(counted) / float(rate),
                dict(zip(POINTS, map(float, latency))))


def librdkafka(program, options, servers, topic):
    properties = {
        "acks": {"all": "-1"}.get(options.acks, options.acks),
        "batch.size": options.batch_size, "linger.ms": options.linger_ms,
        "max.in.flight.requests.per.connection": options.max_in_flight,
        "enable.idempotence": truth(options.idempotence),
        # Bytes bound batches and queue, as with the others; bounds by count are out of the way.
        "batch.num.messages": 1_000_000, "queue.buffering.max.messages": 0,
        "queue.buffering.max.kbytes": max(1, options.buffer_memory // 1024),
    }
    if options.send_buffer is not None:
        properties["socket.send.buffer.bytes"] = options.send_buffer
    rate = ["-r", str(options.rate)] if options.rate else []
    sets = [word for key, value in properties.items() for word in ("-X", f"{key}={value}")]
    return [program, "-P", "-b", servers, "-t", topic, "-c", str(options.records),
            "-s", str(options.record_size), *rate, "-q", *sets]


def read_librdkafka(output):
    # % 500000 messages produced (… bytes), 500000 delivered (offset …, 0 failed) in 1234ms: …
    found = re.findall(r"messages produced .* (\d+) delivered .* in (\d+)ms:", output)[-1]
    return told(int(found[0]), int(found[0]), int(found[1]) / 1e3)


def franz(program, options, servers, topic):
    rate = ["-rate", str(options.rate)] if options.rate else []
    return [program, "-brokers", servers, "-topic", topic, "-records", str(options.records),
            "-record-size", str(options.record_size), *rate, "-acks", options.acks,
            "-batch-size", str(options.batch_size), "-linger", f"{options.linger_ms}ms",
            "-max-in-flight", str(options.max_in_flight),
            f"-idempotence={truth(options.idempotence)}",
            "-buffer-memory", str(options.buffer_memory),
            *socket(options, "-send-buffer={}", 0)]


def read_franz(output):
    said = json.loads(output)
    return told(said["delivered"], said["delivered"], said["seconds"])


def floor(program, options, servers, topic):
    return [program, servers.split(",")[0], topic, str(options.records), str(options.record_size),
            str(options.batch_size), "--batches-per-request", str(options.floor_batches),
            *(["--send-buffer-bytes", str(options.send_buffer)] if options.send_buffer else [])]


def read_floor(output):
    # Its process also warms up, uncounted.
    said = json.loads(output)
    return told(said["records"], said["records"], said["seconds"], cpu_s=said["cpu_seconds"])


def told(delivered, counted, seconds, latency=(), cpu_s=None):
    return {"delivered": delivered, "counted": counted, "seconds": seconds,
            "latency": dict(latency), "cpu_s": cpu_s}


def socket(options, *words):
    """`words` with the asked SO_SNDBUF as the last but one; the last stands for the system's."""
    if options.send_buffer is None:
        return []
    *words, systems = words
    return [word.format(options.send_buffer or systems) for word in words]


def truth(value):
    return "true" if value else "false"


LINES = {"kprod-bench": ours, "java": java, "librdkafka": librdkafka, "franz-go": franz,
         "floor": floor}
READERS = {"kprod-bench": read_ours, "java": read_java, "librdkafka": read_librdkafka,
           "franz-go": read_franz, "floor": read_floor}
