//! The short way for many records in a row against the long way for each.

use proptest::prelude::*;

use super::world::World;
use crate::base::{Header, PartitionSlot, RecordView};
use crate::kafka::accumulator::{Place, Stamp};
use crate::kafka::compression::{Codec, Compression};
use crate::kafka::config::{PartitionerKind, ProducerConfig};
use crate::kafka::producer::Sent;

/// A record: bytes of key and value, and whether it has a header.
type Shape = (Option<usize>, usize, bool);

/// How many records share their timestamp.
const ALIKE: usize = 7;

const BYTES: [u8; 2_000] = [7; 2_000];
const MARK: &[Header<'_>] = &[Header { name: "h", value: Some(b"12") }];

fn record(shape: &Shape, timestamp_ms: i64) -> RecordView<'static> {
    RecordView {
        partition: None,
        key: shape.0.map(|size| &BYTES[..size]),
        value: Some(&BYTES[..shape.1]),
        headers: if shape.2 { MARK } else { &[] },
        timestamp_ms,
    }
}

/// Where a record went, or what was said instead.
type Went = Result<(PartitionSlot, Place), String>;

fn send(world: &mut World, record: &RecordView<'_>) -> Went {
    let now = world.now;
    match world.producer.send(world.topic, record, &Stamp::at(now), now) {
        Sent::Appended { slot, batch, index } => Ok((slot, Place { batch, index })),
        other => Err(format!("{other:?}")),
    }
}

/// One by one.
fn by_send(world: &mut World, shapes: &[Shape]) -> Vec<Went> {
    let alike = i64::try_from(ALIKE).unwrap();
    (0..).zip(shapes).map(|(i, shape)| send(world, &record(shape, 1_000 + i / alike))).collect()
}

/// In stretches of at most `most`; what they don't take, one by one. Also how many they took.
fn by_stretch(world: &mut World, shapes: &[Shape], most: usize) -> (Vec<Went>, usize) {
    let (mut went, mut took) = (Vec::new(), 0);
    while went.len() < shapes.len() {
        let now = world.now;
        // The records of a stretch share their timestamp.
        let at = 1_000 + i64::try_from(went.len() / ALIKE).unwrap();
        let most = most.min(ALIKE - went.len() % ALIKE);
        if let Some(mut stretch) = world.producer.stretch(world.topic, at, now) {
            for shape in shapes.iter().skip(went.len()).take(most) {
                let (view, stamp) = (record(shape, at), Stamp::at(now));
                let place = match (view.key, view.headers, view.value) {
                    (None, [], Some(value)) if went.len() % 3 > 0 => {
                        let fill = |room: &mut [u8]| {
                            room[value.len()] = 77;
                            room[..value.len()].copy_from_slice(value);
                        };
                        stretch.push_value(value.len(), fill, &stamp)
                    }
                    _ => stretch.push(&view, &stamp),
                };
                let Some(place) = place else { break };
                went.push(Ok((stretch.slot(), place)));
                took += 1;
            }
        }
        if let Some(shape) = shapes.get(went.len()) {
            let at = 1_000 + i64::try_from(went.len() / ALIKE).unwrap();
            went.push(send(world, &record(shape, at)));
        }
    }
    (went, took)
}

/// Through fans of at most `most`; what they don't take, one by one. The keys tell apart, so that
/// partitions do. Also how many they took.
fn by_fan(world: &mut World, records: &[Spread], most: usize) -> (Vec<Went>, usize) {
    let (mut went, mut took) = (Vec::new(), 0);
    while went.len() < records.len() {
        let now = world.now;
        let at = 1_000 + i64::try_from(went.len() / ALIKE).unwrap();
        let most = most.min(ALIKE - went.len() % ALIKE);
        if let Some(mut fan) = world.producer.fan(world.topic, at, now) {
            for spread in records.iter().skip(went.len()).take(most) {
                let (view, stamp) = (spread.view(at), Stamp::at(now));
                let pushed = match (view.partition, view.key, view.headers, view.value) {
                    (None, Some(key), [], Some(value)) if went.len() % 3 > 0 => {
                        let fill = |room: &mut [u8]| {
                            room[value.len()] = 77;
                            room[..value.len()].copy_from_slice(value);
                        };
                        fan.push_value(key, value.len(), fill, &stamp)
                    }
                    _ => fan.push(&view, &stamp),
                };
                let Some(place) = pushed else { break };
                went.push(Ok(place));
                took += 1;
            }
        }
        if let Some(spread) = records.get(went.len()) {
            let at = 1_000 + i64::try_from(went.len() / ALIKE).unwrap();
            went.push(send(world, &spread.view(at)));
        }
    }
    (went, took)
}

/// A record that is sent where its key or its own word says; without either where the others go.
#[derive(Clone, Debug)]
struct Spread {
    partition: Option<u32>,
    key: Option<Vec<u8>>,
    value: usize,
    header: bool,
}

impl Spread {
    fn view(&self, timestamp_ms: i64) -> RecordView<'_> {
        RecordView {
            partition: self.partition,
            key: self.key.as_deref(),
            ..record(&(None, self.value, self.header), timestamp_ms)
        }
    }
}

fn spread() -> impl Strategy<Value = Spread> {
    let key = prop::option::weighted(0.9, prop::collection::vec(any::<u8>(), 0..40));
    let partition = prop::option::weighted(0.1, 0u32..6);
    (partition, key, 0usize..300, prop::bool::weighted(0.1))
        .prop_map(|(partition, key, value, header)| Spread { partition, key, value, header })
}

/// Every batch that waits, by partition: its records, its stamps, its limit.
fn batches(world: &mut World) -> Vec<(u32, Vec<u8>, String)> {
    let slots = world.producer.cluster().topic(world.topic).partitions().to_vec();
    let mut all = Vec::new();
    for slot in slots {
        for batch in world.producer.accumulator.queued_mut(slot) {
            let rest = format!("{:?} {:?} {}", batch.stamps(), batch.state(), batch.payload());
            all.push((batch.count(), batch.wire_parts().1.to_vec(), rest));
        }
    }
    all
}

fn worlds(tune: impl Fn(&mut ProducerConfig)) -> [World; 2] {
    [(); 2].map(|()| {
        let mut world = World::new(5, |config| {
            config.batch_size = 700;
            config.linger = core::time::Duration::from_secs(9);
            tune(config);
        });
        world.stuck.extend([1, 2]);
        world
    })
}

#[test]
fn most_records_take_the_short_way() {
    let [mut world, _] = worlds(|config| config.batch_size = 16_384);
    let (_, took) = by_stretch(&mut world, &[(None, 100, false); 2_000], 64);
    assert!(took > 1_600, "{took}");
}

#[test]
fn most_records_with_keys_take_the_short_way() {
    let [mut world, _] = worlds(|config| config.batch_size = 16_384);
    let keyed = |n: u16| Spread {
        partition: None,
        key: Some(n.to_be_bytes().to_vec()),
        value: 100,
        header: false,
    };
    let records: Vec<_> = (0..2_000).map(keyed).collect();
    let (_, took) = by_fan(&mut world, &records, 64);
    assert!(took > 1_600, "{took}");
}

#[test]
fn under_a_codec_and_after_a_failure_there_is_none() {
    let lz4 = Compression::of(Codec::Lz4);
    let [mut world, _] = worlds(|config| config.compression = lz4);
    assert_eq!(by_stretch(&mut world, &[(None, 10, false); 50], 9).1, 0);
    let [mut world, _] = worlds(|_| {});
    assert!(by_stretch(&mut world, &[(None, 10, false); 50], 9).1 > 0);
    world.producer.fatal = Some(crate::kafka::producer::Failure {
        code: crate::kafka::wire::ErrorCode::INVALID_RECORD,
        message: String::new(),
    });
    assert!(world.producer.stretch(world.topic, 1_000, world.now).is_none());
    assert!(world.producer.fan(world.topic, 1_000, world.now).is_none());
    for other in [
        |config: &mut ProducerConfig| config.compression = Compression::of(Codec::Lz4),
        |config: &mut ProducerConfig| config.ignore_keys = true,
        |config: &mut ProducerConfig| config.partitioner = PartitionerKind::RoundRobin,
    ] {
        let [mut world, _] = worlds(other);
        assert!(world.producer.fan(world.topic, 1_000, world.now).is_none());
    }
}

proptest! {
    #[test]
    fn batches_are_the_same_whichever_way_records_went(
        shapes in prop::collection::vec(
            (prop::option::weighted(0.1, 0usize..50), 0usize..300, prop::bool::weighted(0.1)),
            1..300,
        ),
        most in 1usize..40,
        memory in prop::sample::select(vec![3_000u64, 1 << 20]),
        ignore_keys in any::<bool>(),
        largest in prop::sample::select(vec![150u32, 760, 1 << 20]),
    ) {
        let [mut one, mut other] = worlds(|config| {
            config.buffer_memory = memory;
            config.max_request_size = largest;
            config.ignore_keys = ignore_keys;
        });
        let went = by_send(&mut one, &shapes);
        prop_assert_eq!(&went, &by_stretch(&mut other, &shapes, most).0);
        prop_assert_eq!(batches(&mut one), batches(&mut other));
    }
    #[test]
    fn batches_are_the_same_whichever_way_records_with_keys_went(
        records in prop::collection::vec(spread(), 1..300),
        most in 1usize..40,
        memory in prop::sample::select(vec![3_000u64, 1 << 20]),
        size in prop::sample::select(vec![700u32, 16_384]),
        largest in prop::sample::select(vec![150u32, 760, 1 << 20]),
    ) {
        let [mut one, mut other] = worlds(|config| {
            config.batch_size = size;
            config.buffer_memory = memory;
            config.max_request_size = largest;
        });
        let went: Vec<_> = (0..)
            .zip(&records)
            .map(|(i, it)| send(&mut one, &it.view(1_000 + i / i64::try_from(ALIKE).unwrap())))
            .collect();
        prop_assert_eq!(&went, &by_fan(&mut other, &records, most).0);
        prop_assert_eq!(batches(&mut one), batches(&mut other));
    }
}
