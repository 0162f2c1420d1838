//! What limited a run, in words with the figures, and the change that is most likely to help. Cost
//! class: once a run.

use super::figures::{bytes, millis_of, whole_percent};
use crate::kafka::compression::Codec;
use crate::kafka::config::{Acks, ProducerConfig};
use crate::load::recorder::verdict::{Evidence, Limit, Limits};

/// What the words are made of.
pub(super) struct Facts<'a> {
    pub(super) limit: Limit,
    pub(super) evidence: &'a Evidence,
    pub(super) limits: &'a Limits,
    /// Uncompressed bytes ÷ batch.size, on average.
    pub(super) fill: f64,
    pub(super) producer: &'a ProducerConfig,
}

impl Facts<'_> {
    /// Who, how that shows, and what to change first.
    pub(super) fn in_words(&self) -> String {
        match self.limit {
            Limit::Unknown => self.unknown().to_owned(),
            Limit::Nothing => self.nothing(),
            Limit::Fatal => self.fatal(),
            Limit::Refused => format!(
                "the producer's own checks: it refused {} of the records before they were sent, \
                 and kept up with the others; the errors say by what",
                whole_percent(self.evidence.share_refused())
            ),
            Limit::Rejected => format!(
                "what brokers refuse for good: {} of the records{}; the errors say why",
                whole_percent(self.evidence.share_rejected()),
                self.evidence.failure.map_or_else(String::new, |code| format!(", by {code}"))
            ),
            Limit::Cpu | Limit::RunDelay | Limit::Lateness => self.client(),
            Limit::Compression => self.compression(),
            Limit::Throttle => format!(
                "a quota: brokers asked for pauses of {} of the window, those of all brokers added \
                 up; raise the client's quota",
                whole_percent(self.limits.throttled)
            ),
            Limit::Unavailable => format!(
                "partitions that took nothing: some did not for {} of the window; look at their \
                 brokers",
                whole_percent(self.limits.unavailable)
            ),
            Limit::Memory => format!(
                "buffer.memory = {}: records waited for room in it, while connections were free to \
                 carry more; raise --buffer-memory",
                self.producer.buffer_memory
            ),
            Limit::InFlight => self.in_flight(),
            Limit::Linger => format!(
                "linger.ms = {}: it closed {} of the batches, after which little time was spent; \
                 lower --linger-ms",
                self.producer.linger.as_millis(),
                whole_percent(self.limits.by_linger)
            ),
            Limit::Network => self.network(),
            Limit::Broker => format!(
                "the brokers: {}{} ms from a written request to its ack; add partitions or brokers",
                self.waiting(),
                millis_of(self.limits.broker)
            ),
        }
    }

    fn network(&self) -> String {
        let Limits { send_queue, broker, .. } = *self.limits;
        let written = millis_of(send_queue);
        let answered = match self.producer.acks {
            Acks::None => String::new(),
            _ => format!(", {} ms until its ack", millis_of(broker)),
        };
        format!(
            "the network, or a broker that reads slowly: {}{written} ms to write a request \
             out{answered}; look at the link",
            self.waiting()
        )
    }

    /// The wait for a request, where it is the longest part of a record's way.
    fn waiting(&self) -> String {
        let Limits { batch_wait, send_queue, broker, .. } = *self.limits;
        if batch_wait <= send_queue.max(broker) {
            return String::new();
        }
        format!(
            "batches waited {} ms, most of it for a request to carry them; ",
            millis_of(batch_wait)
        )
    }

    const fn unknown(&self) -> &'static str {
        if self.evidence.unmeasured {
            "not known: the run ended before its measurement began"
        } else if self.evidence.delivered == 0 {
            "not known: nothing was measured"
        } else {
            "not known: the window was too short to tell; give it more --duration or records"
        }
    }

    fn fatal(&self) -> String {
        let words = self.evidence.fatal.as_ref().map_or_else(String::new, ToString::to_string);
        format!("a fatal error, after which a producer takes no more records: {words}")
    }

    /// A core that was waited for isn't to spare.
    fn nothing(&self) -> String {
        let waited = self.evidence.run_delay.unwrap_or(0.0);
        let spare = self.evidence.busy_max.map_or_else(String::new, |busy| {
            let spare = whole_percent((1.0 - busy - waited).max(0.0));
            format!(" with {spare} of a core to spare")
        });
        format!("nothing: at the asked rate{spare}{}", self.longest())
    }

    /// Where a record was for most of the time.
    fn longest(&self) -> String {
        let Limits { buffer_wait, batch_wait, send_queue, broker, by_linger, .. } = *self.limits;
        let all = buffer_wait + batch_wait + send_queue + broker;
        let in_batch = match by_linger > 0.5 {
            true => "in its batch (linger.ms)",
            false => "in its batch (until it is full, and a request is free to carry it)",
        };
        let places = [
            (buffer_wait, "waiting for buffer.memory"),
            (batch_wait, in_batch),
            (send_queue, "on its way into the socket"),
            (broker, "with the brokers"),
        ];
        let most = places.into_iter().find(|(time, _)| *time * 2.0 > all);
        most.map_or_else(String::new, |(time, place)| {
            format!("; a record is {place} for {} of its time", whole_percent(time / all))
        })
    }

    fn client(&self) -> String {
        let most = whole_percent(self.evidence.busy_max.unwrap_or(0.0));
        let busy = self.evidence.run_delay_busy.or(self.evidence.busy_max);
        let busy = whole_percent(busy.unwrap_or(0.0));
        let delay = whole_percent(self.evidence.run_delay.unwrap_or(0.0));
        match self.limit {
            Limit::Cpu => format!(
                "the client's CPU: its busiest producer used {most} of a core; add --producers"
            ),
            Limit::RunDelay => format!(
                "the client's CPU: a producer ran for {busy} of the window and waited for a core \
                 for {delay}; stop what else runs here, or use a machine with more cores"
            ),
            _ => "the client: it came too late to its schedule; give it more CPU".to_owned(),
        }
    }

    fn compression(&self) -> String {
        let share = whole_percent(self.evidence.seal_share.unwrap_or(0.0));
        let change = match self.producer.compression.codec {
            Codec::Gzip | Codec::Zstd => "try --compression-type lz4, or more cores",
            _ => "it wants more cores",
        };
        let waited = self.evidence.seal_wait_share.unwrap_or(0.0);
        let of_it = match waited > 0.5 {
            true => format!(", {} of it waiting for a free thread", whole_percent(waited)),
            false => String::new(),
        };
        format!("compression here: {share} of the time from append to ack{of_it}; {change}")
    }

    fn in_flight(&self) -> String {
        let Limits { in_flight, most_in_flight, broker, .. } = *self.limits;
        let change = if most_in_flight < MOST_WITH_IDEMPOTENCE {
            "raise --max-in-flight"
        } else if self.fill > NEARLY_FULL && self.producer.batch_size < LARGE_BATCH {
            "raise --batch-size, so that each carries more"
        } else {
            "add partitions or brokers"
        };
        format!(
            "requests in flight: usually {in_flight} of the {most_in_flight} that a connection may \
             have were unanswered, {} ms from written to its ack, batches {} of {}; {change}",
            millis_of(broker),
            whole_percent(self.fill),
            bytes(f64::from(self.producer.batch_size))
        )
    }
}

/// max.in.flight.requests.per.connection of an idempotent producer is 5 at most.
const MOST_WITH_IDEMPOTENCE: u32 = 5;
/// Batches filled so far would grow with batch.size.
const NEARLY_FULL: f64 = 0.8;
/// Beyond it, bytes, larger batches bring little.
const LARGE_BATCH: u32 = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::producer::Failure;
    use crate::kafka::wire::ErrorCode;

    /// The words for a default producer with these figures.
    fn said(limit: Limit, change: impl FnOnce(&mut ProducerConfig)) -> String {
        let mut producer = ProducerConfig::default();
        change(&mut producer);
        let evidence = Evidence {
            delivered: 1,
            busy_max: Some(0.6),
            run_delay: Some(0.35),
            run_delay_busy: Some(0.55),
            offered: 10,
            refused: 4,
            fatal: Some(Failure {
                code: ErrorCode::CLUSTER_AUTHORIZATION_FAILED,
                message: "no right".to_owned(),
            }),
            seal_share: Some(0.7),
            ..Evidence::default()
        };
        let limits = Limits {
            send_queue: 9e6,
            broker: 4e7,
            in_flight: 5,
            most_in_flight: producer.max_in_flight,
            by_linger: 0.9,
            throttled: 0.4,
            unavailable: 0.2,
            ..Limits::default()
        };
        let (limits, evidence, producer) = (&limits, &evidence, &producer);
        Facts { limit, evidence, limits, fill: 0.9, producer }.in_words()
    }

    /// linger.ms isn't named where batches are full before it is over.
    #[test]
    fn time_in_a_batch_is_linger_s_only_where_that_closes_batches() {
        let evidence = Evidence { delivered: 1, ..Evidence::default() };
        let producer = ProducerConfig::default();
        for (by_linger, words) in [(0.9, "(linger.ms) for 100 %"), (0.1, "(until it is full, ")] {
            let limits = Limits { batch_wait: 4e8, by_linger, ..Limits::default() };
            let (limits, evidence, producer) = (&limits, &evidence, &producer);
            let told =
                Facts { limit: Limit::Nothing, evidence, limits, fill: 0.9, producer }.in_words();
            assert!(told.contains(words), "{told}");
        }
    }

    #[test]
    fn each_answer_has_its_figure_and_one_change() {
        let cases = [
            (
                Limit::Nothing,
                "at the asked rate with 5 % of a core to spare",
                "a record is with the brokers for 82 % of its time",
            ),
            (Limit::Cpu, "used 60 % of a core", "add --producers"),
            (Limit::Compression, "70 % of the time from append to ack", "more cores"),
            (
                Limit::RunDelay,
                "ran for 55 % of the window and waited for a core for 35 %",
                "more cores",
            ),
            (Limit::Refused, "it refused 40 % of the records", "the errors say by what"),
            (Limit::Fatal, "takes no more records: CLUSTER_AUTHORIZATION_FAILED (31)", "no right"),
            (Limit::Unavailable, "some did not for 20 % of the window", "look at their brokers"),
            (Limit::Lateness, "too late to its schedule", "more CPU"),
            (
                Limit::Throttle,
                "pauses of 40 % of the window, those of all",
                "raise the client's quota",
            ),
            (Limit::Memory, "buffer.memory = 33554432", "raise --buffer-memory"),
            (
                Limit::InFlight,
                "usually 5 of the 5",
                "raise --batch-size, so that each carries more",
            ),
            (Limit::Linger, "linger.ms = 5: it closed 90 %", "lower --linger-ms"),
            (Limit::Network, "9.00 ms to write a request out, 40.0 ms", "look at the link"),
            (Limit::Broker, "40.0 ms from a written request", "add partitions or brokers"),
            (Limit::Unknown, "the window was too short", "more --duration or records"),
        ];
        for (limit, figure, change) in cases {
            let words = said(limit, |_| {});
            assert!(words.contains(figure) && words.ends_with(change), "{limit}: {words}");
        }
    }

    #[test]
    fn the_change_fits_what_is_set() {
        let words = said(Limit::InFlight, |producer| producer.max_in_flight = 1);
        assert!(words.ends_with("raise --max-in-flight"), "{words}");
        let words = said(Limit::InFlight, |producer| producer.batch_size = 1 << 20);
        assert!(words.ends_with("add partitions or brokers"), "{words}");
        let words = said(Limit::Network, |producer| producer.acks = Acks::None);
        assert!(words.ends_with("9.00 ms to write a request out; look at the link"), "{words}");
        let words = said(Limit::Compression, |producer| producer.compression.codec = Codec::Zstd);
        assert!(words.ends_with("try --compression-type lz4, or more cores"), "{words}");
    }
}
