//! A broker's address as configuration writes it. Cost class: once per run.

use core::fmt;
use core::str::FromStr;

/// A host name or literal address with its port.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct HostPort {
    /// A name, an IPv4 or an IPv6 address; never empty, without brackets.
    pub host: String,
    /// 1 to 65,535.
    pub port: u16,
}

/// The text isn't `host:port`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HostPortError {
    /// There is no host, no port, or a character that neither may have.
    #[error("expected {}", self.expected())]
    Form,
    /// The port is above 65,535.
    #[error("expected {}", self.expected())]
    Port,
    /// There is no host; Java takes that for localhost.
    #[error("expected {}", self.expected())]
    NoHost,
    /// The port is 0, which Java accepts and nobody can connect to.
    #[error("expected {}", self.expected())]
    PortZero,
}

impl HostPortError {
    /// What would have been right, as the end of the sentence "expected …".
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Form => "host:port, such as broker1:9092 or [::1]:9092",
            Self::Port | Self::PortZero => "a port from 1 to 65535",
            Self::NoHost => "a host before the port, such as localhost:9092",
        }
    }
}

impl FromStr for HostPort {
    type Err = HostPortError;

    /// Takes what Java's `Utils.getHost` takes: an optional `protocol://`, which is dropped, then
    /// `host:port`, `1.2.3.4:port`, `[v6]:port` or `v6:port`. Stricter than Java in two things: an
    /// empty host, which Java turns into localhost, and port 0 are errors.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = match text.split_once("://") {
            Some((protocol, rest)) if protocol.chars().all(is_name) => rest,
            _ => text,
        };
        let (host, port) = rest.rsplit_once(':').ok_or(HostPortError::Form)?;
        if port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()) {
            return Err(HostPortError::Form);
        }
        let host = host.strip_prefix('[').unwrap_or(host);
        let host = host.strip_suffix(']').unwrap_or(host);
        if !host.chars().all(|c| is_name(c) || c == ':') {
            return Err(HostPortError::Form);
        }
        match port.parse() {
            Err(_) => Err(HostPortError::Port),
            Ok(_) if host.is_empty() => Err(HostPortError::NoHost),
            Ok(0) => Err(HostPortError::PortZero),
            Ok(port) => Ok(Self { host: host.to_owned(), port }),
        }
    }
}

impl fmt::Display for HostPort {
    /// `host:port`, with brackets around an IPv6 address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The characters of Java's pattern, without the colon.
const fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '%' | '.' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_java_reads() {
        for (text, host, port) in [
            ("localhost:9092", "localhost", 9_092),
            ("10.0.0.1:1", "10.0.0.1", 1),
            ("[::1]:65535", "::1", 65_535),
            ("fe80::1%eth0:9092", "fe80::1%eth0", 9_092),
            ("PLAINTEXT://b-1.example_x.org:9092", "b-1.example_x.org", 9_092),
            ("SSL://[2001:db8::1]:9093", "2001:db8::1", 9_093),
        ] {
            assert_eq!(text.parse(), Ok(HostPort { host: host.to_owned(), port }), "{text}");
        }
    }

    #[test]
    fn refuses_what_names_no_address() {
        for text in ["", ":", "a", "a:", "a:b", "a b:1", "http://a:1/", "a:1:", "a/b:1"] {
            assert_eq!(text.parse::<HostPort>(), Err(HostPortError::Form), "{text}");
        }
        for text in ["a:65536", "a:99999999999999999999", ":65536"] {
            assert_eq!(text.parse::<HostPort>(), Err(HostPortError::Port), "{text}");
        }
        for text in [":9092", "[]:9092", "SSL://:1"] {
            assert_eq!(text.parse::<HostPort>(), Err(HostPortError::NoHost), "{text}");
        }
        assert_eq!("a:0".parse::<HostPort>(), Err(HostPortError::PortZero));
    }

    #[test]
    fn display_reads_back() {
        for text in ["a:1", "[::1]:9092"] {
            let parsed: HostPort = text.parse().unwrap();
            assert_eq!(parsed.to_string(), text);
            assert_eq!(parsed.to_string().parse(), Ok(parsed));
        }
    }
}
