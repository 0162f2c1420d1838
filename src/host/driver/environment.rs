//! The machine a run stands on, and what the run takes from it. Cost class: once a phase.
//!
//! Everything is read from `/proc` and `/sys`; where a file is missing (another system, a hardened
//! container) the fact is `None`, never a guess. Reading is apart from parsing, so that the parsing
//! has tests.

use core::time::Duration;
use std::fs;

use rustix::time::{ClockId, clock_gettime};

use super::result::ClientCost;

/// Worker threads are given names that begin so; their CPU time and run delay are told apart by it.
pub const WORKER_THREAD_PREFIX: &str = "producer-";

/// Facts about the machine that don't change during a run.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Environment {
    /// The distribution's own name for itself.
    pub os: Option<String>,
    /// The kernel's release.
    pub kernel: Option<String>,
    /// The processor's model.
    pub cpu: Option<String>,
    /// Cores this process may use.
    pub cores: u32,
    /// The first core's frequency governor.
    pub governor: Option<String>,
    /// Physical memory, bytes.
    pub memory: Option<u64>,
    /// What a container grants, where it grants less than everything.
    pub limits: ContainerLimits,
}

/// What a control group grants.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ContainerLimits {
    /// Thousandths of a core; `None` without a limit.
    pub cpu_millis: Option<u64>,
    /// Bytes; `None` without a limit.
    pub memory: Option<u64>,
}

impl Environment {
    /// Reads all facts.
    #[must_use]
    pub fn read() -> Self {
        Self {
            os: read("/etc/os-release").and_then(|text| pretty_name(&text)),
            kernel: read("/proc/sys/kernel/osrelease").map(|text| text.trim().to_owned()),
            cpu: read("/proc/cpuinfo").and_then(|text| field(&text, "model name")),
            cores: std::thread::available_parallelism()
                .map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX)),
            governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
                .map(|text| text.trim().to_owned()),
            memory: read("/proc/meminfo").and_then(|text| kibibytes(&text, "MemTotal")),
            limits: container_limits(),
        }
    }
}

/// Lets this process open as many files as the system allows it: a connection is one, and the usual
/// limit of 1,024 is there for programs that can't count higher. Java does the same. Where the
/// limit can't be raised it stays, and a connection that finds none left says so.
pub fn raise_open_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    }
}

/// What was used up to a moment; two of them make a [`ClientCost`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Usage {
    /// User and system time of the process.
    pub cpu: Duration,
    /// Of each worker thread, by name.
    pub workers: Vec<TaskUse>,
    /// Time that the hypervisor took away, summed over cores, since boot.
    pub steal: Option<Duration>,
    /// How often the workers' loops were woken, all together; whoever has the workers fills it in.
    pub wakeups: u64,
    /// The longest turn of any worker's loop until now; filled in likewise.
    pub longest_turn: Duration,
}

/// A thread's account with the scheduler.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TaskUse {
    /// The thread's name.
    pub name: String,
    /// Time on a core.
    pub ran: Duration,
    /// Time ready to run, but without a core.
    pub delayed: Duration,
}

impl Usage {
    /// Reads the accounts. Call it while the worker threads live: an ended thread has none.
    #[must_use]
    pub fn read() -> Self {
        let mut workers = worker_tasks();
        workers.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            cpu: process_cpu(),
            workers,
            steal: read("/proc/stat").and_then(|t| steal(&t)),
            wakeups: 0,
            longest_turn: Duration::ZERO,
        }
    }

    /// What was used since `earlier`, which was read `window` ago. A worker that `earlier` doesn't
    /// know counts from its birth; none ran and waited for longer than the window.
    #[must_use]
    pub fn since(&self, earlier: &Self, window: Duration) -> ClientCost {
        let before = |name: &str| earlier.workers.iter().find(|task| task.name == name);
        let spent = |task: &TaskUse, part: fn(&TaskUse) -> Duration| {
            part(task).saturating_sub(before(&task.name).map_or(Duration::ZERO, part))
        };
        let account = |task: &TaskUse| {
            let ran = spent(task, |task| task.ran).min(window);
            (spent(task, |task| task.delayed).min(window - ran), ran)
        };
        let starved = self.workers.iter().map(account).max();
        ClientCost {
            cpu: self.cpu.saturating_sub(earlier.cpu),
            worker_cpu: self.workers.iter().map(|task| account(task).1).collect(),
            window,
            rss_peak: peak_rss(),
            run_delay: starved.map(|(delayed, _)| delayed),
            run_delay_busy: starved.map(|(_, ran)| ran),
            steal: self.steal.zip(earlier.steal).map(|(now, then)| now.saturating_sub(then)),
            wakeups: self.wakeups.saturating_sub(earlier.wakeups),
            longest_turn: self.longest_turn,
            clock_step: Duration::ZERO,
        }
    }
}

/// User and system time of this process.
#[must_use]
pub fn process_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), nanos)
}

/// The highest resident size of this process so far, bytes.
#[must_use]
pub fn peak_rss() -> Option<u64> {
    read("/proc/self/status").and_then(|text| kibibytes(&text, "VmHWM"))
}

/// The accounts of this process's worker threads; empty where `/proc` doesn't tell.
fn worker_tasks() -> Vec<TaskUse> {
    let Ok(entries) = fs::read_dir("/proc/self/task") else { return Vec::new() };
    let of_task = |path: std::path::PathBuf| {
        let name = fs::read_to_string(path.join("comm")).ok()?.trim().to_owned();
        if !name.starts_with(WORKER_THREAD_PREFIX) {
            return None;
        }
        let (ran, delayed) = schedstat(&fs::read_to_string(path.join("schedstat")).ok()?)?;
        Some(TaskUse { name, ran, delayed })
    };
    entries.flatten().filter_map(|entry| of_task(entry.path())).collect()
}

/// The limits of this process's control group, version 2 or 1.
fn container_limits() -> ContainerLimits {
    let group = read("/proc/self/cgroup").and_then(|text| unified_group(&text)).unwrap_or_default();
    let near = |file: &str| {
        read(&format!("/sys/fs/cgroup{}/{file}", group.trim_end_matches('/')))
            .or_else(|| read(&format!("/sys/fs/cgroup/{file}")))
    };
    let cpu_v1 = || {
        let quota = read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")?;
        let period = read("/sys/fs/cgroup/cpu/cpu.cfs_period_us")?;
        cpu_max(&format!("{} {}", quota.trim(), period.trim()))
    };
    let memory_v1 = || {
        let limit = read("/sys/fs/cgroup/memory/memory.limit_in_bytes")?.trim().parse().ok()?;
        (limit < UNLIMITED_V1).then_some(limit)
    };
    ContainerLimits {
        cpu_millis: near("cpu.max").and_then(|text| cpu_max(&text)).or_else(cpu_v1),
        memory: near("memory.max").and_then(|text| text.trim().parse().ok()).or_else(memory_v1),
    }
}

/// A file's text, or nothing.
fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// `PRETTY_NAME="…"` of os-release.
fn pretty_name(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(value.trim().trim_matches('"').to_owned())
}

/// The value of the first `name : value` line.
fn field(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

/// A `name: 123 kB` line, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let value = field(text, name)?;
    value.strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// `ran delayed slices` in nanoseconds.
fn schedstat(text: &str) -> Option<(Duration, Duration)> {
    let mut words = text.split_whitespace().map(|word| word.parse().map(Duration::from_nanos));
    Some((words.next()?.ok()?, words.next()?.ok()?))
}

/// The eighth figure of the `cpu` line of `/proc/stat`.
fn steal(text: &str) -> Option<Duration> {
    let line = text.lines().find(|line| line.starts_with("cpu "))?;
    let ticks: u64 = line.split_whitespace().nth(8)?.parse().ok()?;
    Some(Duration::from_millis(ticks.checked_mul(1_000 / USER_HZ)?))
}

/// The path of the version 2 group: the line `0::/path`.
fn unified_group(text: &str) -> Option<String> {
    text.lines().find_map(|line| line.strip_prefix("0::")).map(|path| path.trim().to_owned())
}

/// `quota period` or `max period` (−1 in version 1), in thousandths of a core.
fn cpu_max(text: &str) -> Option<u64> {
    let mut words = text.split_whitespace();
    let quota: u64 = words.next()?.parse().ok()?;
    let period: u64 = words.next()?.parse().ok()?;
    quota.checked_mul(1_000)?.checked_div(period)
}

/// The unit of `/proc/stat`: 100 a second in the kernel's interface whatever the kernel's own tick
/// is.
const USER_HZ: u64 = 100;
/// Version 1 writes "no limit" as the highest page-aligned number.
const UNLIMITED_V1: u64 = 1 << 62;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_files_are_read_by_name() {
        assert_eq!(kibibytes("VmPeak: 9 kB\nVmHWM:\t  1024 kB\n", "VmHWM"), Some(1 << 20));
        assert_eq!(field("a\t: b c\nmodel name\t: X 3\n", "model name"), Some("X 3".to_owned()));
        assert_eq!(pretty_name("ID=x\nPRETTY_NAME=\"X 12\"\n"), Some("X 12".to_owned()));
        let stat = "cpu  1 2 3 4 5 6 7 250 0 0\ncpu0 1 2 3\n";
        assert_eq!(steal(stat), Some(Duration::from_millis(2_500)));
        let (ran, delayed) = schedstat("1500 70 3\n").unwrap();
        assert_eq!((ran.as_nanos(), delayed.as_nanos()), (1_500, 70));
    }

    #[test]
    fn broken_or_absent_lines_are_no_facts() {
        assert_eq!(kibibytes("VmHWM: many kB", "VmHWM"), None);
        assert_eq!(steal("cpu  1 2"), None);
        assert_eq!(schedstat(""), None);
        assert_eq!(cpu_max("max 100000"), None);
        assert_eq!(cpu_max("-1 100000"), None);
        assert_eq!(cpu_max("150000 100000"), Some(1_500));
        assert_eq!(cpu_max("1 0"), None);
    }

    #[test]
    fn a_cost_is_the_difference_of_two_accounts() {
        let task = |name: &str, ran: u64, delayed: u64| TaskUse {
            name: name.to_owned(),
            ran: Duration::from_millis(ran),
            delayed: Duration::from_millis(delayed),
        };
        let before = Usage {
            cpu: Duration::from_millis(100),
            workers: vec![task("producer-0", 60, 5)],
            steal: Some(Duration::from_millis(10)),
            wakeups: 40,
            longest_turn: Duration::from_millis(2),
        };
        let after = Usage {
            cpu: Duration::from_millis(350),
            workers: vec![task("producer-0", 160, 7), task("producer-1", 50, 30)],
            steal: Some(Duration::from_millis(40)),
            wakeups: 1_040,
            longest_turn: Duration::from_millis(3),
        };
        let cost = after.since(&before, Duration::from_millis(200));
        assert_eq!(cost.cpu, Duration::from_millis(250));
        assert_eq!(cost.worker_cpu, [Duration::from_millis(100), Duration::from_millis(50)]);
        assert_eq!(cost.run_delay, Some(Duration::from_millis(30)));
        assert_eq!(cost.run_delay_busy, Some(Duration::from_millis(50)));
        assert_eq!(cost.steal, Some(Duration::from_millis(30)));
        assert_eq!((cost.wakeups, cost.wakeups_per_second()), (1_000, Some(5_000.0)));
        assert_eq!(cost.longest_turn, Duration::from_millis(3));
        assert_eq!(cost.busy_max(), Some(0.5));
        // Two clocks are never quite one: more than the window nobody can have run and waited.
        let cost = after.since(&before, Duration::from_millis(70));
        assert_eq!(cost.run_delay, Some(Duration::from_millis(20)));
        assert_eq!(cost.busy_max(), None, "so short a window tells no share");
        assert!(cost.run_delay.unwrap() + cost.run_delay_busy.unwrap() <= cost.window);
    }
}
