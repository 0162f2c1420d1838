//! What makes a batch fit to be appended: the checks of Kafka's `ProduceRequest.validateRecords`,
//! `UnifiedLog` and `LogValidator`, as far as the batch's header and CRC tell.
//!
//! Cost class: per batch; one pass over its bytes for the CRC. Records are not decoded: a wrong
//! body under a right CRC is the producer's own.

use super::cluster::Refusal;
use super::settings::TopicSettings;
use crate::kafka::wire::ErrorCode;
use crate::kafka::wire::record_batch::{BatchHeader, HEADER_LEN, attributes, verify_crc};

/// Reads the header of the one batch that `records` has to be.
///
/// # Errors
/// INVALID_RECORD for none, several, part of one, or an older format; CORRUPT_MESSAGE for an
/// impossible length; UNSUPPORTED_COMPRESSION_TYPE for a codec that the request's version doesn't
/// know.
pub(super) fn header(records: Option<&[u8]>, version: i16) -> Result<BatchHeader, Refusal> {
    let bytes = records.unwrap_or_default();
    let Some(length) = bytes.get(8..12).and_then(|length| length.first_chunk::<4>()) else {
        return Err(invalid("Produce requests must have exactly one record batch per partition"));
    };
    let Some(end) = usize::try_from(i32::from_be_bytes(*length)).ok().map(|length| length + 12)
    else {
        return Err(ErrorCode::CORRUPT_MESSAGE.into());
    };
    if end < HEADER_LEN {
        return Err(ErrorCode::CORRUPT_MESSAGE.into());
    }
    if bytes.len() != end {
        return Err(invalid("Produce requests must have exactly one record batch per partition"));
    }
    if bytes[MAGIC_AT] != 2 {
        return Err(invalid("Produce requests must have record batches of magic version 2"));
    }
    let Ok((header, ..)) = BatchHeader::read(bytes) else {
        return Err(ErrorCode::CORRUPT_MESSAGE.into());
    };
    let codec = header.codec_id();
    if codec > ZSTD || (codec == ZSTD && version < 7) {
        return Err(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE.into());
    }
    Ok(header)
}

/// Judges a batch that [`header`] has read, at `unix_ms` of the broker's clock.
///
/// # Errors
/// MESSAGE_TOO_LARGE, CORRUPT_MESSAGE, INVALID_TIMESTAMP, INVALID_TXN_STATE or INVALID_RECORD.
pub(super) fn check(
    bytes: &[u8],
    header: &BatchHeader,
    settings: &TopicSettings,
    unix_ms: i64,
) -> Result<(), Refusal> {
    if header.base_offset != 0 {
        return Err(invalid("The base offset of a record batch should be 0"));
    }
    if usize::try_from(settings.max_message_bytes).is_ok_and(|most| bytes.len() > most) {
        return Err(ErrorCode::MESSAGE_TOO_LARGE.into());
    }
    if !verify_crc(bytes) {
        return Err(ErrorCode::CORRUPT_MESSAGE.into());
    }
    if header.attributes & attributes::CONTROL != 0 {
        return Err(invalid("Clients are not allowed to write control records"));
    }
    if header.attributes & attributes::TRANSACTIONAL != 0 {
        return Err(ErrorCode::INVALID_TXN_STATE.into());
    }
    if header.record_count < 1 || header.last_offset_delta != header.record_count - 1 {
        return Err(invalid("The record count and the last offset delta contradict each other"));
    }
    let body = bytes.len() - HEADER_LEN;
    let plain = header.codec_id() == 0;
    if plain && usize::try_from(header.record_count).is_ok_and(|n| n > body / MIN_RECORD_BYTES) {
        return Err(invalid("The record count is more than the bytes can hold"));
    }
    if header.producer_id >= 0 && (header.base_sequence < 0 || header.producer_epoch < 0) {
        return Err(invalid("A producer id needs an epoch and a sequence"));
    }
    let latest = unix_ms.saturating_add(settings.timestamp_after_max_ms);
    if header.attributes & attributes::LOG_APPEND_TIME != 0 || header.max_timestamp > latest {
        return Err(ErrorCode::INVALID_TIMESTAMP.into());
    }
    Ok(())
}

fn invalid(message: &str) -> Refusal {
    Refusal::because(ErrorCode::INVALID_RECORD, message.to_owned())
}

const MAGIC_AT: usize = 16;
const ZSTD: i16 = 4;
/// A record without key, value and headers: length, attributes, two deltas, three counts of one
/// byte each.
const MIN_RECORD_BYTES: usize = 7;
