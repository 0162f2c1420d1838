//! The floor under every producer on this machine: a bare loop that encodes records into batches,
//! computes their CRC-32C, writes them to a broker's socket and reads acks.
//!
//! It has no linger, no retries, no partitioner, no measurement of records, and sends one value
//! again and again. `kprod-bench` against the same broker, in the same minute, over this is what
//! all of that costs. One thread, a blocking socket a broker, five requests in flight; whatever is
//! the same in all records is put together once, and all acks that are there are read at once. A
//! request carries one batch, or with `--batches-per-request` as many as a producer's would.

#[path = "support/bare.rs"]
mod bare;

use bare::{Batch, Partitions, connect, option, seconds};
use kprod_bench::kafka::wire::produce::Layout;
use rustix::time::ClockId;

const USAGE: &str = "floor HOST:PORT TOPIC RECORDS RECORD_SIZE BATCH_SIZE [--batches-per-request \
                     N] [--send-buffer-bytes N]: an existing topic of a broker that speaks \
                     Produce 11 and Metadata 12, acks=1; 1 batch a request, or up to as many as a \
                     broker leads partitions";

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let together = option(&mut args, "--batches-per-request").unwrap_or(1);
    let together = usize::try_from(together).expect("a number of batches");
    let send_buffer = option(&mut args, "--send-buffer-bytes");
    let send_buffer = send_buffer.map(|bytes| usize::try_from(bytes).expect("a size"));
    let [server, topic, records, size, batch] = &args[..] else {
        println!("{USAGE}");
        return;
    };
    let number = |text: &String| text.parse::<usize>().expect(USAGE);
    let (records, size, batch) = (number(records), number(size), number(batch));
    let value = vec![0x5a; size];
    let mut floor = Floor::new(connect(server, topic, send_buffer), topic, batch, together);
    // Once to warm up, once to count.
    floor.send(&value, records / 10);
    let (warm_requests, warm_batches) = floor.totals();
    let (wall, cpu) = (seconds(ClockId::Monotonic), seconds(ClockId::ThreadCPUTime));
    let sent = floor.send(&value, records);
    let (wall, cpu) = (seconds(ClockId::Monotonic) - wall, seconds(ClockId::ThreadCPUTime) - cpu);
    let (requests, batches) = floor.totals();
    let count = f64::from(u32::try_from(sent).expect("some millions"));
    println!(
        "{}",
        serde_json::json!({
            "records": sent,
            "batches_per_request": together,
            "requests": requests - warm_requests,
            "batches": batches - warm_batches,
            "seconds": wall,
            "cpu_seconds": cpu,
            "records_per_s": (count / wall).round(),
            "cpu_ns_per_record": cpu / count * 1e9,
        })
    );
}

struct Floor<'a> {
    at: Partitions,
    topic: &'a str,
    /// Of each broker the partitions that it leads, and which of them is next.
    led: Vec<(Vec<i32>, usize)>,
    /// Those of one request.
    batches: Vec<Batch>,
    glue: Layout,
}

impl<'a> Floor<'a> {
    fn new(at: Partitions, topic: &'a str, batch: usize, together: usize) -> Self {
        let led = (0..at.leaders.len()).map(|leader| {
            let of_leader = at.of.iter().filter(|(_, it)| *it == leader);
            (of_leader.map(|(index, _)| *index).collect::<Vec<_>>(), 0)
        });
        let led: Vec<_> = led.collect();
        let most = led.iter().map(|(led, _)| led.len()).filter(|led| *led > 0).min();
        let most = most.expect("the topic has partitions");
        assert!(
            (1..=most).contains(&together),
            "--batches-per-request {together}: expected 1 to {most}, for a request carries at most \
             one batch a partition, and a broker leads {most}"
        );
        let batches = (0..together).map(|_| Batch::new(batch)).collect();
        Self { at, topic, led, batches, glue: Layout::default() }
    }

    /// Sends at least `records` in whole batches and reads all acks; returns how many were acked.
    fn send(&mut self, value: &[u8], records: usize) -> usize {
        let (_, acked_before) = self.totals();
        let (mut sent, mut written) = (0, 0);
        let leaders = self.at.leaders.iter_mut().zip(&mut self.led);
        let mut leaders: Vec<_> = leaders.filter(|(_, (led, _))| !led.is_empty()).collect();
        while sent < records {
            for (leader, (led, next)) in &mut leaders {
                for batch in &mut self.batches {
                    batch.clear();
                    sent += batch.append(value, u32::MAX) as usize;
                }
                let parts = self.batches.iter().enumerate();
                let parts = parts.map(|(nth, batch)| (led[(*next + nth) % led.len()], batch));
                leader.write(self.topic, &parts.collect::<Vec<_>>(), &mut self.glue);
                *next += self.batches.len();
                written += self.batches.len() as u64;
                if leader.in_flight() == IN_FLIGHT {
                    leader.read_acks();
                }
                if sent >= records {
                    break;
                }
            }
        }
        for (leader, _) in &mut leaders {
            while leader.in_flight() > 0 {
                leader.read_acks();
            }
        }
        let (_, acked) = self.totals();
        assert_eq!(acked - acked_before, written, "every batch is acked once");
        sent
    }

    /// Requests written and batches acked so far.
    fn totals(&self) -> (u64, u64) {
        let leaders = &self.at.leaders;
        let requests = leaders.iter().map(|leader| leader.requests).sum();
        (requests, leaders.iter().map(|leader| leader.acked_batches).sum())
    }
}

const IN_FLIGHT: usize = 5;
