//! The floor under every producer on this machine: a bare loop that encodes records into a batch,
//! computes its CRC-32C, writes it to a broker's socket and reads acks.
//!
//! It has no linger, no retries, no partitioner, no measurement of records, and sends one value
//! again and again. `kprod-bench` against the same broker, in the same minute, over this is what
//! all of that costs. One thread, a blocking socket a broker, one batch a request, five in flight.

#[path = "support/bare.rs"]
mod bare;

use bare::{Batch, Partitions, connect, seconds};
use kprod_bench::kafka::wire::produce::Layout;
use rustix::time::ClockId;

const USAGE: &str = "floor HOST:PORT TOPIC RECORDS RECORD_SIZE BATCH_SIZE: an existing topic of a \
                     broker that speaks Produce 11 and Metadata 12, acks=1";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let [server, topic, records, size, batch] = &args[..] else {
        println!("{USAGE}");
        return;
    };
    let number = |text: &String| text.parse::<usize>().expect(USAGE);
    let (records, size, batch) = (number(records), number(size), number(batch));
    let mut partitions = connect(server, topic);
    let value = vec![0x5a; size];
    // Once to warm up, once to count.
    send(&mut partitions, topic, &value, batch, records / 10);
    let (wall, cpu) = (seconds(ClockId::Monotonic), seconds(ClockId::ThreadCPUTime));
    let sent = send(&mut partitions, topic, &value, batch, records);
    let (wall, cpu) = (seconds(ClockId::Monotonic) - wall, seconds(ClockId::ThreadCPUTime) - cpu);
    let count = f64::from(u32::try_from(sent).expect("some millions"));
    println!(
        "{{\"records\": {sent}, \"seconds\": {wall}, \"cpu_seconds\": {cpu}, \
         \"records_per_s\": {:.0}, \"cpu_ns_per_record\": {:.1}}}",
        count / wall,
        cpu / count * 1e9
    );
}

/// Sends at least `records` in whole batches and reads all acks; returns how many it sent.
fn send(at: &mut Partitions, topic: &str, value: &[u8], batch: usize, records: usize) -> usize {
    let mut batch = Batch::new(batch);
    let mut glue = Layout::default();
    let mut sent = 0;
    for (index, leader) in at.of.iter().cycle() {
        if sent >= records {
            break;
        }
        sent += batch.fill(value, u32::MAX) as usize;
        let leader = &mut at.leaders[*leader];
        leader.write(topic, *index, &batch, &mut glue);
        if leader.unanswered == IN_FLIGHT {
            leader.read_ack();
        }
    }
    for leader in &mut at.leaders {
        while leader.unanswered > 0 {
            leader.read_ack();
        }
    }
    sent
}

const IN_FLIGHT: u32 = 5;
