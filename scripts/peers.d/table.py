"""The table: medians and ranges, and how sure it is that ours differs."""
import itertools
import statistics

COLUMNS = [
    ("records/s", "records_per_s", 0), ("MB/s", "mb_per_s", 1), ("CPU s", "cpu_s", 2),
    ("CPU ns/record", "cpu_ns_per_record", 0), ("peak MiB", "rss_peak_mib", 0),
    ("p99 ms", "p99_ms", 1),
]
# Under a rate the question is how long a record took, not how many there were.
PACED = [
    ("records/s", "records_per_s", 0), ("CPU %", "cpu_percent", 0),
    ("p50 ms", "p50_ms", 1), ("p99 ms", "p99_ms", 1), ("p99.9 ms", "p999_ms", 1),
    ("response p50", "response_p50_ms", 1), ("p99", "response_p99_ms", 1),
    ("p99.9", "response_p999_ms", 1),
]
COMPARED = [("records_per_s", "records/s"), ("cpu_ns_per_record", "CPU a record")]
COMPARED_PACED = [("cpu_percent", "CPU"), ("p50_ms", "p50"), ("p99_ms", "p99"),
                  ("p999_ms", "p99.9")]
OURS = "kprod-bench"


def text(report):
    """What is printed of a trial."""
    names = list(dict.fromkeys(run["client"] for run in report["runs"]))
    names.sort(key=lambda name: -median(figures(report, name, "records_per_s")))
    columns = PACED if report["settings"]["rate"] else COLUMNS
    rows = [["client", *(title for title, _, _ in columns)]]
    rows += [[name, *(cell(figures(report, name, key), digits) for _, key, digits in columns)]
             for name in names]
    lines = [heading(report), "", *aligned(rows)]
    lines += ["", *ratios(report, names), *incomplete(report)]
    return "\n".join(lines) + "\n"


def aligned(rows, named=1):
    """Lines of a table: the first `named` columns to the left, figures to the right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [one.ljust(width) if at < named else one.rjust(width)
                 for at, (one, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    return lines


def heading(report):
    asked, machine = report["settings"], report["environment"]
    where = asked["bootstrap_server"] or (
        f"kprod-bench broker --brokers {asked['brokers']} in another process")
    rate = f"{asked['rate']:,} records/s" if asked["rate"] else "as fast as it goes"
    if asked["warmup_records"]:
        rate += f", the first {asked['warmup_records']:,} not counted"
    with_floor = any(run["client"] == "floor" for run in report["runs"])
    versions = machine["versions"]
    named = ", ".join(f"{name} {versions[name]}" for name in
                      ("commit", "kafka-clients", "librdkafka", "franz-go") if name in versions)
    return "\n".join([
        f"{where}; {asked['partitions']} partitions",
        f"{asked['records']:,} records of {asked['record_size']:,} bytes a run, {rate}",
        f"medians of {asked['repeat']} (lowest–highest), after {asked['discard']} s or more "
        f"of discarded load ({report['discarded_runs']} runs)"
        + (", client and broker on cores of their own" if asked["pin"] else ""),
        f"acks={asked['acks']} linger.ms={asked['linger_ms']} batch.size={asked['batch_size']} "
        f"in flight={asked['max_in_flight']} idempotence={'on' if asked['idempotence'] else 'off'} "
        f"buffer={asked['buffer_memory']} compression=none "
        f"send buffer={sockets(asked['send_buffer'])}"
        + (f"; batches a request of the floor={asked['floor_batches']}" if with_floor else ""),
        f"{machine['cpu']}, {machine['cores']} cores, {machine['os']}; {named}",
    ])


def sockets(asked):
    return {None: "each client's own", 0: "the system's"}.get(asked, asked)


def figures(report, name, key):
    found = [run["figures"].get(key) for run in report["runs"] if run["client"] == name]
    return [one for one in found if one is not None]


def median(values):
    return statistics.median(values) if values else 0.0


def cell(values, digits):
    if not values:
        return "-"
    middle = f"{median(values):,.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"


def ratios(report, names):
    """Ours against each other client, with the chance that equals would differ as much."""
    if OURS not in names:
        return []
    asked, lines = report["settings"], []
    for name in names:
        if name == OURS:
            continue
        parts = []
        for key, words in COMPARED_PACED if asked["rate"] else COMPARED:
            our, their = figures(report, OURS, key), figures(report, name, key)
            if not our or not their:
                continue
            times = median(our) / median(their) if median(their) else float("inf")
            sure = f" (p = {chance(our, their):.3f})" if asked["repeat"] > 1 else ""
            parts.append(f"{words} × {times:.2f}{sure}")
        lines.append(f"{OURS} to {name}: {', '.join(parts)}")
    if asked["repeat"] > 1:
        lines.append("p: two-sided Mann–Whitney; with five turns each 0.008 is the least there is")
    return lines


def chance(ours, theirs):
    """The exact two-sided p of Mann and Whitney's test, ties counted half; feasible to 10 + 10."""
    both = ours + theirs
    if len(both) > 20:
        return float("nan")

    def u(first):
        rest = [both[at] for at in range(len(both)) if at not in first]
        return sum((both[at] > one) + (both[at] == one) / 2 for at in first for one in rest)

    middle = len(ours) * len(theirs) / 2
    seen = abs(u(set(range(len(ours)))) - middle)
    ways = [set(way) for way in itertools.combinations(range(len(both)), len(ours))]
    return sum(abs(u(way) - middle) >= seen - 1e-9 for way in ways) / len(ways)


def incomplete(report):
    asked = report["settings"]["records"]
    short = [run for run in report["runs"] if not run["whole"]]
    return [f"NOT WHOLE: {run['client']}, {run['kind']}: {run['delivered']:,} of {asked:,} records"
            for run in short]
