//! The floor under every paced producer on this machine: a bare loop that sleeps until the next
//! point of a grid at which a record is due, encodes what is due by then into a batch, writes that
//! once it is full or `--linger-ms` old, and looks for acks.
//!
//! One thread, an absolute timerfd, one partition a batch, one batch a request, nothing waited for
//! but the timer: a batch's linger is over at a point of the grid, too. It has no partitioner and no
//! retries, and keeps of each record only how late it was taken. `kprod-bench --rate` on the same
//! grid with the same linger against the same broker, in turns with this, shows what pacing costs
//! there: `scripts/pacing`. Linux alone has the timer.

#[cfg(target_os = "linux")]
#[path = "support/bare.rs"]
mod bare;
#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::OwnedFd;

    use super::bare::{Batch, Partitions, connect, nanos, option};
    use hdrhistogram::Histogram;
    use kprod_bench::kafka::wire::produce::Layout;
    use rustix::time::{
        ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec,
        timerfd_create, timerfd_settime,
    };

    const USAGE: &str = "pace HOST:PORT TOPIC RATE SECONDS QUANTUM_US RECORD_SIZE BATCH_SIZE \
                         [--linger-ms MS]: an existing topic of a broker that speaks Produce 11 \
                         and Metadata 12, acks=1; linger.ms is 5, as kprod-bench's";

    pub(crate) fn main() {
        let words = std::env::args().skip(1).filter(|arg| arg != "--bench");
        let mut args: Vec<String> = words.collect();
        let linger_ms = option(&mut args, "--linger-ms").unwrap_or(5);
        let [server, topic, numbers @ ..] = &args[..] else { return println!("{USAGE}") };
        let numbers: Vec<u64> = numbers.iter().map(|it| it.parse().expect(USAGE)).collect();
        let [rate, seconds, quantum_us, size, batch] = numbers[..] else {
            return println!("{USAGE}");
        };
        let bytes = |count: u64| usize::try_from(count).expect("a size");
        let mut pace = Pace {
            partitions: connect(server, topic, None),
            topic,
            value: vec![0x5a; bytes(size)],
            batch: Batch::new(bytes(batch)),
            turn: 0,
            glue: Layout::default(),
            timer: timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)
                .expect("a timer"),
            rate,
            quantum: quantum_us * 1_000,
            linger: linger_ms * 1_000_000,
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
        /// Whose partition the batch is.
        turn: usize,
        glue: Layout,
        timer: OwnedFd,
        /// Records a second.
        rate: u64,
        /// Nanoseconds.
        quantum: u64,
        /// Nanoseconds from a batch's first record until it is written.
        linger: u64,
    }

    impl Pace<'_> {
        /// Sends so many records, each when it is due, and tells how that went as JSON.
        fn send(&mut self, records: u64) -> serde_json::Value {
            let mut lags = Histogram::<u64>::new_with_max(100_000_000_000, 3).expect("a range");
            let (mut wakeups, before) = (0, self.requests());
            let start = nanos(ClockId::Monotonic) + LEAD;
            let cpu = nanos(ClockId::ThreadCPUTime);
            let rate = self.rate;
            let due = |record: u64| start + nanos_of(record, rate);
            // When the open batch's linger is over.
            let (mut taken, mut over) = (0, None::<u64>);
            while taken < records {
                // All that was due by the last look is taken. What fell due since waits for its
                // point of the grid, or a short step between records would leave no time to sleep.
                let next = over.unwrap_or(u64::MAX).min(due(taken));
                sleep_until(&self.timer, next.div_ceil(self.quantum) * self.quantum);
                wakeups += 1;
                let now = nanos(ClockId::Monotonic);
                let mut until = taken;
                while until < records && due(until) <= now {
                    lags.record(now - due(until)).expect("a span within the range");
                    until += 1;
                }
                while taken < until {
                    over = over.or(Some(now + self.linger));
                    let most = u32::try_from(until - taken).unwrap_or(u32::MAX);
                    taken += u64::from(self.batch.append(&self.value, most));
                    if taken < until {
                        // It is full.
                        self.write();
                        over = None;
                    }
                }
                if over.is_some_and(|over| over <= now) {
                    self.write();
                    over = None;
                }
                self.partitions.leaders.iter_mut().for_each(|leader| leader.read_acks());
            }
            if over.is_some() {
                self.write();
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
                "requests_per_s": share(self.requests() - before, 1) / wall,
                "cpu_share": cpu / wall,
            })
        }

        /// Writes the batch to its partition; the next one is another partition's.
        fn write(&mut self) {
            let (partition, leader) = self.partitions.of[self.turn];
            self.turn = (self.turn + 1) % self.partitions.of.len();
            let leader = &mut self.partitions.leaders[leader];
            leader.write(self.topic, &[(partition, &self.batch)], &mut self.glue);
            self.batch.clear();
        }

        fn requests(&self) -> u64 {
            self.partitions.leaders.iter().map(|leader| leader.requests).sum()
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
