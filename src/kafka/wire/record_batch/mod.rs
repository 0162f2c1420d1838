//! Record batches, format 2 (KIP-98): the header, the records behind it, and their sizes.
//!
//! Cost class: per record in `append`, `envelope` and `keyed`, per batch in `header`, per record
//! read in `read`. Writing a record allocates nothing. Compression is another room's business: a
//! body here is bytes, and only an uncompressed one can be walked.

mod append;
mod envelope;
mod header;
mod keyed;
mod read;

pub use append::{
    SLACK, append_record, body_len, framed_len, record_len, upper_bound, write_record,
};
pub use envelope::Envelope;
pub use header::{BatchHeader, HEADER_LEN, LENGTH_OFFSET, attributes, verify_crc};
pub use keyed::Keyed;
pub use read::{Batch, Headers, Record, Records};

#[cfg(test)]
mod tests;
