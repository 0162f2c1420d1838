//! One stream to one broker: handshake, requests in flight, answers, time-outs, throttling.
//!
//! Cost class: per request. Pure: bytes and instants in, bytes, events and one deadline out. It
//! knows neither metadata nor other brokers, and reads the answers of the handshake only; all
//! others go to the owner as they are. A peer that isn't Kafka ends in a [`Problem`], never in a
//! panic or in memory out of proportion to the bytes it sent.

mod fault;
mod frames;
mod handshake;
mod request;
mod settings;
mod stream;
#[cfg(test)]
mod tests;
mod throttle;
mod told;
mod versions;

pub use fault::{Fault, Foreign, Phase, Problem};
pub use request::{Answered, Request};
pub use settings::{MAX_ANSWER, Settings};
pub use stream::{Connection, Event, Lost};
pub use throttle::is_clients_duty;
pub use told::in_words;
pub use versions::Versions;
