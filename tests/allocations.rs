//! Allocations of a whole engine while it sends: none a record, none a batch; under a codec a few a
//! batch, whose bound stands in the test.
//!
//! A program of its own, since its allocator counts: in every call of the engine, and in the
//! sealing of batches, which is the shell's to run. Vectors grow to their sizes in a first load;
//! the second is counted. And of templates, which need none at all.

#[path = "../benches/support/mod.rs"]
#[expect(dead_code, reason = "the benches use more of it")]
mod support;

use kprod_bench::kafka::compression::Codec;
use kprod_bench::load::source::template::Template;
use support::{Around, CASES, World};

/// Counts the allocations of the engine's own calls.
#[derive(Default)]
struct Counted(u64);

impl Around for Counted {
    fn call<T>(&mut self, call: impl FnOnce() -> T) -> T {
        let mut result = None;
        self.0 += allocation_counter::measure(|| result = Some(call())).count_total;
        result.expect("it was called")
    }
}

/// A phase's end makes its result, and a vector may still grow: nothing else.
#[test]
fn a_million_records_allocate_nothing_of_their_own() {
    for case in CASES {
        let mut world = World::around(case, Counted::default());
        world.send(2_000_000);
        let before = world.around.0;
        let tally = world.send(1_000_000).tally;
        let (requests, batches) = (tally.requests.count, tally.batches.count);
        let count = world.around.0 - before;
        println!("{}: {count} allocations, {requests} requests, {batches} batches", case.name);
        // Where there are so many that most had no batch in the first load, their queues are new.
        let mut most = 100 + u64::from(case.partitions.unsigned_abs());
        if case.codec != Codec::None {
            // What compresses to less than half of it makes bodies that outgrow what is kept for
            // later batches (twice batch.size): such a batch is made anew, in five allocations.
            most += 6 * batches;
        }
        assert!(count <= most, "{}: {count} for {requests} requests", case.name);
    }
}

/// Templates render into what is there, whatever they draw.
#[test]
fn a_rendered_template_allocates_nothing() {
    let text = include_str!("../profiles/order.json.tmpl");
    let template = Template::parse(text).expect("a good template");
    let mut rendering = template.rendering();
    let counted = allocation_counter::measure(|| {
        (0..100_000).for_each(|n| template.render(1, n, n.cast_signed(), &mut rendering));
    });
    assert_eq!(counted.count_total, 0);
}
