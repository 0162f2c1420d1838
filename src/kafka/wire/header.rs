//! What stands before every request and response body. Cost class: per request.

use super::{ApiKey, Reader, WireError, Writer};

/// A request's header: version 1 of it, or 2 where the API's version is flexible.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RequestHeader {
    /// What is asked.
    pub api: ApiKey,
    /// In which version of the API.
    pub version: i16,
    /// The number by which the response is known.
    pub correlation: i32,
    /// Who asks, at most 32,767 bytes.
    pub client_id: Option<String>,
}

impl RequestHeader {
    /// Appends the header.
    ///
    /// # Panics
    /// When the client id is longer than 32,767 bytes.
    pub fn encode(&self, w: &mut Writer<'_>) {
        w.i16(self.api.code());
        w.i16(self.version);
        w.i32(self.correlation);
        // Not compact even in a flexible header, so that any broker can read this far.
        w.string(self.client_id.as_deref(), false);
        if self.api.is_flexible(self.version) {
            w.no_tags();
        }
    }

    /// Reads a header. The version may be one that isn't spoken here: an ApiVersions request like
    /// that still gets an answer.
    ///
    /// # Errors
    /// [`WireError::UnknownApi`] for an API not spoken here, others when the bytes make no sense.
    pub fn decode(r: &mut Reader<'_>) -> Result<Self, WireError> {
        let code = r.i16()?;
        let version = r.i16()?;
        let correlation = r.i32()?;
        let client_id = r.string(false)?.map(str::to_owned);
        let api = ApiKey::from_code(code).ok_or(WireError::UnknownApi(code))?;
        if api.is_flexible(version) {
            r.skip_tags()?;
        }
        Ok(Self { api, version, correlation, client_id })
    }
}

/// Reads a response's header and returns the correlation id.
///
/// # Errors
/// When the bytes make no sense.
pub fn decode_response_header(
    r: &mut Reader<'_>,
    api: ApiKey,
    version: i16,
) -> Result<i32, WireError> {
    let correlation = r.i32()?;
    if has_tags(api, version) {
        r.skip_tags()?;
    }
    Ok(correlation)
}

/// Appends a response's header.
pub fn encode_response_header(w: &mut Writer<'_>, api: ApiKey, version: i16, correlation: i32) {
    w.i32(correlation);
    if has_tags(api, version) {
        w.no_tags();
    }
}

/// An ApiVersions response never has tags in its header: the client can't know yet what the broker
/// speaks (KIP-511).
fn has_tags(api: ApiKey, version: i16) -> bool {
    api != ApiKey::ApiVersions && api.is_flexible(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back_in_every_version() {
        for &api in ApiKey::ALL {
            for version in api.client_versions() {
                for client_id in [None, Some("kprod".to_owned())] {
                    let header = RequestHeader { api, version, correlation: 7, client_id };
                    let mut out = Vec::new();
                    header.encode(&mut Writer(&mut out));
                    let mut reader = Reader::new(&out);
                    assert_eq!(RequestHeader::decode(&mut reader), Ok(header));
                    assert_eq!(reader.finish(), Ok(()));
                }
                let mut out = Vec::new();
                encode_response_header(&mut Writer(&mut out), api, version, 9);
                let mut reader = Reader::new(&out);
                assert_eq!(decode_response_header(&mut reader, api, version), Ok(9));
                assert_eq!(reader.finish(), Ok(()));
            }
        }
    }

    #[test]
    fn api_versions_answers_without_header_tags() {
        let mut out = Vec::new();
        encode_response_header(&mut Writer(&mut out), ApiKey::ApiVersions, 4, 1);
        assert_eq!(out, [0, 0, 0, 1]);
        encode_response_header(&mut Writer(&mut out), ApiKey::Metadata, 9, 2);
        assert_eq!(out, [0, 0, 0, 1, 0, 0, 0, 2, 0]);
    }

    #[test]
    fn an_unknown_api_is_named() {
        let bytes = [0, 11, 0, 0, 0, 0, 0, 1, 0xff, 0xff];
        assert_eq!(RequestHeader::decode(&mut Reader::new(&bytes)), Err(WireError::UnknownApi(11)));
    }
}
