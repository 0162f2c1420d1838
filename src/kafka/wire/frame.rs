//! Whole frames: four bytes of length, a header, a body. Cost class: per request.

use super::{ApiKey, Message, RequestHeader, WireError, Writer, encode_response_header};

/// Bytes of the length that stands before each frame.
pub const PREFIX_LEN: usize = 4;

/// Appends a request, its length first.
///
/// # Panics
/// When header and message belong to different APIs, or the frame reaches 2 GiB.
pub fn encode_request<M: Message>(header: &RequestHeader, message: &M, out: &mut Vec<u8>) {
    assert_eq!(header.api, M::API, "the header announces the message's API");
    framed(out, |w| {
        header.encode(w);
        message.encode(w, header.version);
    });
}

/// Appends a response, its length first.
///
/// # Panics
/// When the frame reaches 2 GiB.
pub fn encode_response<M: Message>(correlation: i32, version: i16, message: &M, out: &mut Vec<u8>) {
    framed(out, |w| {
        encode_response_header(w, M::API, version, correlation);
        message.encode(w, version);
    });
}

/// The first whole frame of `buffer` without its length, and how many bytes it takes with it;
/// `None` while it isn't all there.
///
/// # Errors
/// [`WireError::FrameTooLarge`] as soon as a length above `limit` (bytes) is seen, a negative one
/// included.
pub fn split(buffer: &[u8], limit: u32) -> Result<Option<(&[u8], usize)>, WireError> {
    let Some((prefix, rest)) = buffer.split_first_chunk::<PREFIX_LEN>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*prefix);
    if length > limit {
        return Err(WireError::FrameTooLarge { length, limit });
    }
    let length = length as usize;
    Ok(rest.get(..length).map(|frame| (frame, PREFIX_LEN + length)))
}

/// The version of `api` a response to a request in `version` is written in: its own, except that
/// an ApiVersions request too new for us is answered in version 0 (KIP-511).
#[must_use]
pub fn response_version(api: ApiKey, version: i16) -> i16 {
    match api == ApiKey::ApiVersions && !api.client_versions().contains(&version) {
        true => 0,
        false => version,
    }
}

fn framed(out: &mut Vec<u8>, write: impl FnOnce(&mut Writer<'_>)) {
    let start = out.len();
    out.extend_from_slice(&[0; PREFIX_LEN]);
    write(&mut Writer(out));
    let length = i32::try_from(out.len() - start - PREFIX_LEN);
    let length = length.expect("a frame is below 2 GiB");
    out[start..start + PREFIX_LEN].copy_from_slice(&length.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::wire::{Reader, init_producer_id::InitProducerIdRequest};

    #[test]
    fn frames_are_found_at_any_split() {
        let header = RequestHeader {
            api: ApiKey::InitProducerId,
            version: 4,
            correlation: 3,
            client_id: Some("c".to_owned()),
        };
        let message = InitProducerIdRequest::default();
        let mut out = Vec::new();
        encode_request(&header, &message, &mut out);
        let end = out.len();
        out.extend_from_slice(&[0, 0]);
        for cut in 0..end {
            assert_eq!(split(&out[..cut], 1_000), Ok(None), "{cut}");
        }
        let (frame, used) = split(&out, 1_000).unwrap().unwrap();
        assert_eq!(used, end);
        let mut reader = Reader::new(frame);
        assert_eq!(RequestHeader::decode(&mut reader), Ok(header));
        assert_eq!(InitProducerIdRequest::decode(&mut reader, 4), Ok(message));
        assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn a_length_above_the_limit_is_refused_at_once() {
        assert_eq!(
            split(&[0x7f, 0, 0, 0], 100),
            Err(WireError::FrameTooLarge { length: 0x7f00_0000, limit: 100 })
        );
        assert!(split(&[0xff, 0xff, 0xff, 0xff], i32::MAX.cast_unsigned()).is_err());
    }
}
