"""Makes the programs, each once, in a folder outside of the repository. Installs nothing."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
FOLDER = CACHE / "kprod-bench" / "peers"
# Its version is librdkafka's behind the plus sign.
RDKAFKA_SYS = "4.10.0+2.12.1"
KAFKA = "4.3.1"
GO = (1, 26)


class Missing(Exception):
    """What has to be on the machine and isn't, or could not be built."""


def programs(names):
    """Name → path of each wanted program; all that is missing is said at once."""
    missing = [line for name in ["kprod-bench", *names] for line in NEEDS[name]()]
    if missing:
        lines = "\n  ".join(dict.fromkeys(missing))
        raise Missing(f"missing on this machine (or leave a client out by --clients):\n  {lines}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    # Ours is always needed: it makes the topic, and is the embedded broker.
    return {name: MAKE[name]() for name in dict.fromkeys(["kprod-bench", *names])}


def say(text):
    print(f"{pathlib.Path(sys.argv[0]).name}: {text}", file=sys.stderr)


def run(command, **more):
    """Runs a step of a build; its output is shown only when it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **more)
    if done.returncode:
        raise Missing(f"{' '.join(map(str, command))} failed:\n{done.stdout[-3000:]}")
    return done.stdout


def lacks(tool, why):
    return [] if shutil.which(tool) else [why]


def needs_ours():
    if os.environ.get("KPROD_BENCH"):
        return []
    return lacks("cargo", "cargo: a Rust toolchain (https://rustup.rs)")


def needs_java():
    why = "java: Java 17 or later (Debian: openjdk-17-jdk-headless)"
    if lacks("java", why) or not newer(["java", "-version"], r'version "(\d+)', (17,)):
        return [why]
    cached = os.environ.get("KAFKA_HOME") or list((CACHE / "kprod-bench").glob(f"kafka-{KAFKA}-*"))
    return [] if cached else lacks("mvn", "mvn: Maven, which fetches Kafka's jars (Debian: maven)")


def needs_librdkafka():
    if librdkafka().exists():
        return []
    return (lacks("cargo", "cargo: a Rust toolchain (https://rustup.rs)")
            + lacks("make", "make (Debian: build-essential)")
            + lacks("cc", "cc: a C compiler (Debian: build-essential)")
            + lacks("c++", "c++: a C++ compiler (Debian: build-essential)"))


def needs_franz():
    wanted = ".".join(map(str, GO))
    why = f"go: Go {wanted} or later (Debian: golang-go, if it is as new)"
    if lacks("go", why):
        return [why]
    return [] if newer(["go", "env", "GOVERSION"], r"go(\d+)\.(\d+)", GO) else [why]


def newer(command, pattern, least):
    """Whether the version that a command tells is at least this."""
    told = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, env={**os.environ, "GOTOOLCHAIN": "local"}).stdout
    found = re.search(pattern, told)
    return bool(found) and tuple(map(int, found.groups())) >= least


def named(variable):
    """The program that an environment variable names, if it is set."""
    name = os.environ.get(variable)
    if not name:
        return None
    found = shutil.which(name)
    if not found:
        raise Missing(f'${variable} = "{name}" is no program')
    return str(pathlib.Path(found).resolve())


def make_ours():
    program = named("KPROD_BENCH")
    if program:
        return program
    say("building kprod-bench")
    run(["cargo", "build", "--release", "--locked", "--bin", "kprod-bench"], cwd=ROOT,
        env={**os.environ, **commit()})
    return str(target_folder() / "release" / "kprod-bench")


def commit():
    """For the environment of a build, so that results name the commit: -dirty stands behind it
    where files are changed. Nothing where this is no clone."""
    done = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"],
                          capture_output=True, text=True, check=False)
    return {"KPROD_GIT_COMMIT": done.stdout.strip()} if done.returncode == 0 else {}


def target_folder():
    return ROOT / (os.environ.get("CARGO_TARGET_DIR") or "target")


def make_bare():
    """Ours without the latencies of records."""
    return make_with("KPROD_BENCH_BARE", "kprod_no_latency", "bare")


def make_slow():
    """Ours with a wait before every write."""
    return make_with("KPROD_BENCH_SLOW", "kprod_slow_writes", "slow")


def make_with(variable, cfg, folder):
    """A build of ours that no option of the product gives. In a folder of its own: other flags for
    the compiler build every dependency anew."""
    program = named(variable)
    if program:
        return program
    say(f"building kprod-bench with {cfg}")
    folder = target_folder() / folder
    flags = f"{os.environ.get('RUSTFLAGS', '')} --cfg {cfg}".strip()
    run(["cargo", "build", "--release", "--locked", "--bin", "kprod-bench", "--target-dir",
         str(folder)], cwd=ROOT,
        env={**os.environ, "RUSTFLAGS": flags, **commit()})
    return str(folder / "release" / "kprod-bench")


def make_java():
    return run([str(ROOT / "scripts/cluster"), "prepare"]).splitlines()[-1]


def librdkafka():
    return FOLDER / f"librdkafka-{RDKAFKA_SYS.split('+')[1]}" / "rdkafka_performance"


def make_librdkafka():
    program = librdkafka()
    if program.exists():
        return str(program)
    say(f"building librdkafka {RDKAFKA_SYS.split('+')[1]} into {program.parent}")
    with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
        scratch = pathlib.Path(scratch)
        source = scratch / "librdkafka"
        shutil.copytree(fetched_librdkafka(scratch), source)
        run(["chmod", "-R", "u+w", str(source)])
        # Only what the benchmark needs; -O2 is its own default.
        unused = [f"--disable-{part}" for part in
                  ["ssl", "gssapi", "curl", "zstd", "lz4-ext"]]
        run(["./configure", *unused], cwd=source)
        jobs = f"-j{os.cpu_count() or 1}"
        run(["make", jobs, "-C", "src", "librdkafka.a"], cwd=source)
        run(["make", "-C", "examples", "rdkafka_performance"], cwd=source)
        keep(source / "examples" / "rdkafka_performance", program)
    return str(program)


def fetched_librdkafka(scratch):
    """The source as the package of `rdkafka-sys` brings it, fetched by cargo in a scratch project
    that is thrown away: it is no dependency of ours."""
    version = RDKAFKA_SYS.split("+")[0]
    (scratch / "src").mkdir()
    (scratch / "src" / "lib.rs").touch()
    (scratch / "Cargo.toml").write_text(
        '[package]\nname = "scratch"\nversion = "0.0.0"\nedition = "2021"\n'
        f'[dependencies]\nrdkafka-sys = "={version}"\n[workspace]\n')
    told = json.loads(run_stdout(["cargo", "metadata", "--format-version", "1"], scratch))
    crate = next(one for one in told["packages"] if one["name"] == "rdkafka-sys")
    if crate["version"] != RDKAFKA_SYS:
        raise Missing(f"rdkafka-sys {crate['version']} came, {RDKAFKA_SYS} was expected")
    return pathlib.Path(crate["manifest_path"]).parent / "librdkafka"


def run_stdout(command, folder):
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    if done.returncode:
        raise Missing(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    return done.stdout


def make_franz():
    source = HERE / "franz"
    program = FOLDER / "franz-go"
    say("building the franz-go program")
    # Go itself knows what is up to date.
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
    run(["go", "build", "-trimpath", "-o", str(program), "."], cwd=source, env=environment)
    return str(program)


def make_floor():
    return bench("KPROD_FLOOR", "floor")


def bench(variable, name):
    """One of our own programs beside the crate's benches."""
    program = named(variable)
    if program:
        return program
    say(f"building benches/{name}.rs")
    told = run_stdout(["cargo", "build", "--release", "--locked", "--bench", name,
                       "--message-format", "json-render-diagnostics"], ROOT)
    made = [json.loads(line).get("executable") for line in told.splitlines()]
    return [path for path in made if path][-1]


def keep(built, program):
    """Puts a finished program in its place at once, so that a broken build leaves none."""
    program.parent.mkdir(parents=True, exist_ok=True)
    part = program.with_suffix(".part")
    shutil.copy2(built, part)
    part.replace(program)


NEEDS = {"kprod-bench": needs_ours, "java": needs_java, "librdkafka": needs_librdkafka,
         "franz-go": needs_franz, "floor": needs_ours}
MAKE = {"kprod-bench": make_ours, "java": make_java, "librdkafka": make_librdkafka,
        "franz-go": make_franz, "floor": make_floor}
