//! The floor under every paced producer on this machine: a bare loop that sleeps until the next
//! point of a grid at which a record is due, encodes what is due by then into batches, writes them
//! and looks for acks.
//!
//! One thread, an absolute timerfd, one partition a wake-up, nothing waited for but the timer. It
//! has no linger, no partitioner, no retries, and keeps of each record only how late it was taken.
//! `kprod-bench --rate` on the same grid against the same broker, in turns with this, shows what
//! pacing costs there: `scripts/pacing`. Linux alone has the timer.

#[cfg(target_os = "linux")]
#[path = "support/bare.rs"]
mod bare;
#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::OwnedFd;

    use super::bare::{Batch, Partitions, connect, nanos};
    use hdrhistogram::Histogram;
    use kprod_bench::kafka::wire::produce::Layout;
    use rustix::time::{
        ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec,
        timerfd_create, timerfd_settime,
    };

    const USAGE: &str = "pace HOST:PORT TOPIC RATE SECONDS QUANTUM_US RECORD_SIZE BATCH_SIZE: an \
                         existing topic of a broker that speaks Produce 11 and Metadata 12, acks=1";

    pub(crate) fn main() {
        let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
        let [server, topic, numbers @ ..] = &args[..] else { return println!("{USAGE}") };
        let numbers: Vec<u64> = numbers.iter().map(|it| it.parse().expect(USAGE)).collect();
        let [rate, seconds, quantum_us, size, batch] = numbers[..] else {
            return println!("{USAGE}");
        };
        let bytes = |count: u64| usize::try_from(count).expect("a size");
        let mut pace = Pace {
            partitions: connect(server, topic),
            topic,
            value: vec![0x5a; bytes(size)],
            batch: Batch::new(bytes(batch)),
            glue: Layout::default(),
            timer: timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)
                .expect("a timer"),
            rate,
            quantum: quantum_us * 1_000,
        };
        pace.partitions.leaders.iter_mut().for_each(|leader| leader.set_nonblocking());
        // Once to warm up, once to count.
        pace.send(rate.max(rate * seconds / 10));
        println!("{}", pace.send(rate * seconds));
    }

    struct Pace<'a> {
        partitions: Partitions,
        topic: &'a str,
        value: Vec<u8>,
        batch: Batch,
        glue: Layout,
        timer: OwnedFd,
        /// Records a second.
        rate: u64,
        /// Nanoseconds.
        quantum: u64,
    }

    impl Pace<'_> {
        /// Sends so many records, each when it is due, and tells how that went as JSON.
        fn send(&mut self, records: u64) -> serde_json::Value {
            let mut lags = Histogram::<u64>::new_with_max(100_000_000_000, 3).expect("a range");
            let mut wakeups = 0;
            let start = nanos(ClockId::Monotonic) + LEAD;
            let cpu = nanos(ClockId::ThreadCPUTime);
            let due = |record: u64| start + nanos_of(record, self.rate);
            let (mut sent, mut turn) = (0, 0);
            while sent < records {
                // All that was due by the last look is sent. What fell due since waits for its point
                // of the grid, or a short step between records would leave no time to sleep.
                sleep_until(&self.timer, due(sent).div_ceil(self.quantum) * self.quantum);
                wakeups += 1;
                let now = nanos(ClockId::Monotonic);
                let mut until = sent;
                while until < records && due(until) <= now {
                    lags.record(now - due(until)).expect("a span within the range");
                    until += 1;
                }
                let (partition, leader) = self.partitions.of[turn];
                turn = (turn + 1) % self.partitions.of.len();
                let leader = &mut self.partitions.leaders[leader];
                while sent < until {
                    let most = u32::try_from(until - sent).unwrap_or(u32::MAX);
                    sent += u64::from(self.batch.fill(&self.value, most));
                    leader.write(self.topic, partition, &self.batch, &mut self.glue);
                }
                self.partitions.leaders.iter_mut().for_each(|leader| leader.read_acks());
            }
            let wall = share(nanos(ClockId::Monotonic) - start, 1_000_000_000);
            let cpu = share(nanos(ClockId::ThreadCPUTime) - cpu, 1_000_000_000);
            self.partitions.leaders.iter_mut().for_each(|leader| leader.wait_for_acks());
            serde_json::json!({
                // From the first record's instant to when the last one was taken.
                "achieved_ratio": share(records - 1, self.rate) / wall,
                "lag_p50_ns": lags.value_at_quantile(0.5),
                "lag_p99_ns": lags.value_at_quantile(0.99),
                "lag_max_ns": lags.max(),
                "wakeups_per_s": share(wakeups, 1) / wall,
                "cpu_share": cpu / wall,
            })
        }
    }

    /// When a record is due, in nanoseconds since the first.
    fn nanos_of(record: u64, rate: u64) -> u64 {
        let nanos = u128::from(record) * 1_000_000_000 / u128::from(rate);
        u64::try_from(nanos).expect("some minutes")
    }

    fn sleep_until(timer: &OwnedFd, at: u64) {
        let part = |nanos: u64| i64::try_from(nanos).expect("a clock's reading");
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        let it_value =
            Timespec { tv_sec: part(at / 1_000_000_000), tv_nsec: part(at % 1_000_000_000) };
        let spec = Itimerspec { it_interval: zero, it_value };
        timerfd_settime(timer, TimerfdTimerFlags::ABSTIME, &spec).expect("a time ahead");
        rustix::io::read(timer, &mut [0; 8]).expect("a timer that rings");
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of some minutes fit a double")]
    fn share(part: u64, whole: u64) -> f64 {
        part as f64 / whole as f64
    }

    /// Between a phase's beginning and its first record, nanoseconds.
    const LEAD: u64 = 10_000_000;
}

fn main() {
    #[cfg(target_os = "linux")]
    linux::main();
    #[cfg(not(target_os = "linux"))]
    println!("pace needs Linux's timerfd");
}
