//! A request as a node sees it, for scenarios and traces. Cost class: per request.

use core::fmt;

use crate::base::Instant;
use crate::kafka::wire::ApiKey;
use crate::kafka::wire::produce::ProduceRequest;
use crate::kafka::wire::record_batch::Batch;

use super::net::header;

/// One request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SeenRequest {
    /// When all of it had arrived.
    pub at: Instant,
    /// Whose it is.
    pub worker: usize,
    /// Which node has it, as an index.
    pub node: usize,
    /// What it asks.
    pub api: ApiKey,
    /// Its correlation id.
    pub correlation: i32,
    /// Whether it gets an answer.
    pub is_answered: bool,
    /// The batches of a Produce request.
    pub batches: Vec<SeenBatch>,
}

/// One batch of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SeenBatch {
    /// Its partition.
    pub partition: i32,
    /// −1 without idempotence.
    pub producer_id: i64,
    /// −1 without idempotence.
    pub epoch: i16,
    /// −1 without idempotence.
    pub base_sequence: i32,
    /// Records.
    pub records: i32,
    /// Whether its checksum is right.
    pub crc_ok: bool,
}

impl SeenRequest {
    /// Reads a frame, its length included.
    pub(super) fn read(frame: &[u8], worker: usize, node: usize, at: Instant) -> Self {
        let (header, mut reader) = header(frame);
        let mut seen = Self {
            at,
            worker,
            node,
            api: header.api,
            correlation: header.correlation,
            is_answered: true,
            batches: Vec::new(),
        };
        if header.api == ApiKey::Produce
            && let Ok(request) = ProduceRequest::decode(&mut reader, header.version)
        {
            seen.is_answered = request.acks != 0;
            let partitions = request.topics.iter().flat_map(|topic| &topic.partitions);
            seen.batches = partitions
                .filter_map(|entry| {
                    let (batch, _) = Batch::parse(entry.records?).ok()?;
                    Some(SeenBatch {
                        partition: entry.index,
                        producer_id: batch.header.producer_id,
                        epoch: batch.header.producer_epoch,
                        base_sequence: batch.header.base_sequence,
                        records: batch.header.record_count,
                        crc_ok: batch.crc_ok(),
                    })
                })
                .collect();
        }
        seen
    }
}

impl fmt::Display for SeenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} #{}", self.api.name(), self.correlation)?;
        for batch in &self.batches {
            write!(
                f,
                " [partition {} epoch {} sequence {} records {}]",
                batch.partition, batch.epoch, batch.base_sequence, batch.records
            )?;
        }
        Ok(())
    }
}
