//! ApiVersions: agreeing on versions, newest first (KIP-35, KIP-511). Cost class: per tick.

use core::time::Duration;

use super::fault::Fault;
use super::versions::Versions;
use crate::kafka::wire::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use crate::kafka::wire::{ApiKey, ErrorCode, Message, Reader};

/// What to make of an answer.
#[derive(Debug)]
pub(super) enum Answer {
    /// The broker doesn't know that version of ApiVersions: ask again with this one.
    Again(i16),
    /// The handshake is over.
    Offers {
        /// What the broker offers.
        versions: Versions,
        /// How long it wants a pause.
        throttle: Duration,
    },
}

/// The request; old versions of it leave the names out.
pub(super) fn request() -> ApiVersionsRequest {
    ApiVersionsRequest {
        client_software_name: SOFTWARE.to_owned(),
        client_software_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Reads the answer to a request of `version`.
///
/// UNSUPPORTED_VERSION always comes in the format of version 0, with the range that the broker
/// knows, or, before Kafka 2.4, with no range at all: then version 0 is left.
pub(super) fn decode(body: &[u8], version: i16) -> Result<Answer, Fault> {
    let code = body.first_chunk::<2>().map_or(0, |code| i16::from_be_bytes(*code));
    let unsupported = ErrorCode(code) == ErrorCode::UNSUPPORTED_VERSION;
    let format = if unsupported { 0 } else { version };
    let response = ApiVersionsResponse::decode(&mut Reader::new(body), format).map_err(|why| {
        Fault::Malformed { api: ApiKey::ApiVersions, version: format, why: why.to_string() }
    })?;
    let ranges =
        response.api_keys.iter().map(|row| (row.api_key, row.min_version, row.max_version));
    let versions = Versions::new(ranges.collect());
    if unsupported {
        let next = match versions.offered(ApiKey::ApiVersions) {
            Some(_) => versions.choose(ApiKey::ApiVersions),
            None => Some(0),
        };
        return match next {
            Some(next) if next < version => Ok(Answer::Again(next)),
            _ => Err(Fault::HandshakeRefused(ErrorCode(code))),
        };
    }
    if code != 0 {
        return Err(Fault::HandshakeRefused(ErrorCode(code)));
    }
    let throttle = u64::try_from(response.throttle_time_ms).unwrap_or(0);
    Ok(Answer::Offers { versions, throttle: Duration::from_millis(throttle) })
}

/// The name that brokers count clients by; its form is checked by the broker (KIP-511).
const SOFTWARE: &str = "kprod-bench";
