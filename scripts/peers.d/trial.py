"""The runs: a broker, a topic, discarded load, and counted turns in shuffled order."""
import contextlib
import datetime
import json
import os
import pathlib
import platform
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import build
import clients

# Longer than any sensible run; a client that hangs is killed.
LONGEST = 1800


class Failed(Exception):
    """A trial that could not be carried through."""


def run(options, programs):
    """Carries out the trial. The report is what --out keeps, less the runs' own output."""
    wanted = list(dict.fromkeys(options.clients.split(",")))
    report = {"started_at": now(), "settings": settings(options),
              "environment": environment(programs), "discarded_runs": 0, "runs": []}
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    with target(options, programs) as (servers, broker), topic(options, programs, servers) as name:
        one = lambda client, kind: trial(client, kind, programs, options, servers, name, broker)
        order = random.Random(options.seed)
        until = time.monotonic() + options.discard
        while time.monotonic() < until:
            for client in shuffled(wanted, order):
                one(client, "discarded")
                report["discarded_runs"] += 1
        for turn in range(1, options.repeat + 1):
            for client in shuffled(wanted, order):
                result = one(client, f"turn {turn} of {options.repeat}")
                write(options.out, f"{turn:02}-{client}.json", result)
                report["runs"].append({key: result[key] for key in result if key != "output"})
    report["ended_at"] = now()
    write(options.out, "peers.json", report)
    return report


def write(folder, file, value):
    if folder:
        (folder / file).write_text(json.dumps(value, indent=1) + "\n")


def shuffled(names, order):
    return order.sample(names, len(names))


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


def trial(client, kind, programs, options, servers, name, broker):
    """One run of one client."""
    line = clients.command(client, programs[client], options, servers, name)
    load, started, spent = os.getloadavg()[0], now(), cpu_of(broker)
    began = time.monotonic()
    code, usage, out, err = measured(pinned(options, "client", line))
    wall = time.monotonic() - began
    spent = cpu_of(broker) - spent if broker else None
    if code != 0:
        raise Failed(f"{client} ended with {code}:\n  {' '.join(line)}\n{out[-1500:]}{err[-1500:]}")
    try:
        said = clients.read(client, out)
    except clients.Unreadable as why:
        raise Failed(f"{why}:\n{out[-1500:]}{err[-1500:]}") from why
    delivered, seconds = said["delivered"], said["seconds"]
    cpu = usage.ru_utime + usage.ru_stime if said["cpu_s"] is None else said["cpu_s"]
    rate = said["counted"] / seconds if seconds else 0.0
    figures = {
        "records_per_s": rate, "mb_per_s": rate * options.record_size / 1e6,
        "cpu_s": cpu, "cpu_ns_per_record": cpu * 1e9 / max(delivered, 1),
        "cpu_percent": cpu / wall * 100, "rss_peak_mib": peak_mib(usage),
        **{f"{name}_ms": value for name, value in said["latency"].items()},
    }
    print(f"peers: {kind}: {client}: {figures['records_per_s']:,.0f} records/s, "
          f"{figures['cpu_ns_per_record']:,.0f} ns of CPU a record", file=sys.stderr)
    return {"client": client, "kind": kind, "started_at": started, "command": line,
            "figures": figures, "whole": is_whole(client, delivered, options.records),
            "delivered": delivered, "seconds": seconds,
            "wall_s": wall, "user_s": usage.ru_utime, "system_s": usage.ru_stime,
            "context_switches": usage.ru_nvcsw + usage.ru_nivcsw, "broker_cpu_s": spent,
            "load_average_before": load, "output": {"stdout": out, "stderr": err}}


def is_whole(client, delivered, asked):
    # The floor program sends whole batches.
    return delivered >= asked if client == "floor" else delivered == asked


def pinned(options, whose, line):
    """The command line with --pin: the client on the first core, the broker on the others."""
    if not getattr(options, "pin", False):
        return line
    first, *others = sorted(os.sched_getaffinity(0))
    cores = [first] if whose == "client" else others or [first]
    return ["taskset", "-c", ",".join(map(str, cores)), *line]


def measured(line):
    """Runs a command to its end: exit code, its own rusage, and what it said."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        late = threading.Timer(LONGEST, child.kill)
        late.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        finally:
            late.cancel()
            if child.returncode is None:
                child.kill()
                child.wait()
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
        return child.returncode, usage, *texts


def peak_mib(usage):
    # Linux counts KiB, macOS bytes.
    return usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


@contextlib.contextmanager
def target(options, programs):
    """The servers, and the process id of the embedded broker where it is ours."""
    if options.bootstrap_server:
        yield options.bootstrap_server, None
        return
    listen = f"127.0.0.1:{free_ports(options.brokers)}"
    line = [programs["kprod-bench"], "broker", "--listen", listen, "--brokers",
            str(options.brokers), "--partitions", str(options.partitions)]
    broker = subprocess.Popen(pinned(options, "broker", line), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        servers = broker.stdout.readline().strip()
        if not servers:
            raise Failed(f"the embedded broker did not start: {' '.join(line)}")
        yield servers, broker.pid
    finally:
        broker.send_signal(signal.SIGINT)
        broker.wait()


def free_ports(count):
    """The first of `count` ports in a row that nobody listens on."""
    for first in random.sample(range(20_000, 32_000), 200):
        with contextlib.ExitStack() as held:
            try:
                for port in range(first, first + count):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
        return first
    raise Failed(f"no {count} free ports in a row on 127.0.0.1")


@contextlib.contextmanager
def topic(options, programs, servers, tag=""):
    """A topic of its own for the trial, deleted afterwards where Java is at hand."""
    name = f"kprod-peers-{int(time.time())}{tag}"
    replicas = options.replication_factor
    line = [programs["kprod-bench"], "run", "--bootstrap-server", servers, "--topic", name,
            "--partitions", str(options.partitions), "--num-records", "1", "--warmup", "0",
            "--wait-balanced-leaders", "30s", "--output-format", "quiet",
            *(["--replication-factor", str(replicas)] if replicas else [])]
    code, _, _, err = measured(line)
    if code != 0:
        raise Failed(f"the topic could not be made:\n  {' '.join(line)}\n{err}")
    try:
        yield name
    finally:
        if options.bootstrap_server and "java" in programs:
            measured(["java", "-cp", f"{programs['java']}/*", "org.apache.kafka.tools.TopicCommand",
                      "--bootstrap-server", servers, "--delete", "--topic", name])
        elif options.bootstrap_server:
            print(f"topic {name} is left behind: without Java there is nothing to delete it with; "
                  f"scripts/cluster kafka topics --delete --topic {name} does", file=sys.stderr)


def cpu_of(pid):
    """Seconds of CPU a process has used; 0 where the system doesn't tell."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    user, system = text.rpartition(") ")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def settings(options):
    kept = vars(options).copy()
    for unsaid in ("out", "build_only", "smoke", "clients"):
        kept.pop(unsaid)
    return kept


def environment(programs):
    """Where it ran and what ran."""
    versions = {
        "kprod-bench": told([programs["kprod-bench"], "--version"]),
        "commit": told(["git", "-C", str(build.ROOT), "describe", "--always", "--dirty"]),
    }
    if "java" in programs:
        versions["java"] = told(["java", "--version"])
        versions["kafka-clients"] = build.KAFKA
        versions["jars"] = os.environ.get("KAFKA_HOME") or "scripts/pom.xml"
    if "librdkafka" in programs:
        versions["librdkafka"] = build.RDKAFKA_SYS.split("+")[1]
    if "franz-go" in programs:
        versions["go"] = told(["go", "version"])
        required = (build.HERE / "franz" / "go.mod").read_text()
        versions["franz-go"] = required.split("github.com/twmb/franz-go ", 1)[1].split()[0]
    return {"os": platform.platform(), "cpu": cpu_model(), "cores": os.cpu_count(),
            "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
            "python": platform.python_version(), "command": sys.argv, "versions": versions}


def told(command):
    """The first line of what a command says."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return (done.stdout.splitlines() or ["unknown"])[0]


def cpu_model():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()
