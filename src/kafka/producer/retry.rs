//! What a refused batch deserves: the error table of the producer (`Errors`, `Sender.canRetry`,
//! `TransactionManager.canRetry`), one place for all codes.
//!
//! Cost class: per refused batch. Pure.

use crate::kafka::wire::ErrorCode;

/// What to do with a batch that wasn't simply acked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It was written before: DUPLICATE_SEQUENCE_NUMBER is a success.
    Duplicate,
    /// Send it again.
    Retry,
    /// Too large for the broker and of several records: send it in pieces.
    Split,
    /// It failed; the producer goes on.
    Fail,
    /// It failed, and so does every batch after it.
    Fatal,
}

/// What the verdict depends on besides the code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Case {
    /// enable.idempotence.
    pub idempotent: bool,
    /// How often the batch was put back already.
    pub attempts: u32,
    /// `retries`.
    pub retries: u32,
    /// `delivery.timeout.ms` has passed since its creation.
    pub expired: bool,
    /// Records in it.
    pub records: u32,
    /// It may be in the log already: an earlier answer was lost.
    pub maybe_written: bool,
}

impl Case {
    /// A broker looks at the size before it looks for a duplicate. Where max.message.bytes was
    /// lowered meanwhile, what is in the log is refused, and its pieces would be written again
    /// under numbers that no broker recognises (stricter than Java, which splits it).
    const fn may_be_split(&self) -> bool {
        self.records > 1 && !self.expired && !(self.idempotent && self.maybe_written)
    }
}

/// The verdict on a batch answered with `code` (never 0).
#[must_use]
pub fn judge(code: ErrorCode, case: Case) -> Verdict {
    match code {
        ErrorCode::DUPLICATE_SEQUENCE_NUMBER => return Verdict::Duplicate,
        ErrorCode::MESSAGE_TOO_LARGE if case.may_be_split() => return Verdict::Split,
        ErrorCode::CLUSTER_AUTHORIZATION_FAILED
        | ErrorCode::UNSUPPORTED_VERSION
        | ErrorCode::INVALID_PRODUCER_ID_MAPPING
        | ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED
        | ErrorCode::PRODUCER_FENCED
            if case.idempotent =>
        {
            return Verdict::Fatal;
        }
        _ => {}
    }
    // Sequence errors are no retriable class, but with sequences there is a way to resolve them.
    let sequence =
        matches!(code, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER | ErrorCode::UNKNOWN_PRODUCER_ID);
    let may = code.is_retriable() || (case.idempotent && sequence);
    if may && !case.expired && case.attempts < case.retries {
        Verdict::Retry
    } else {
        Verdict::Fail
    }
}

/// Whether an attempt that ended with `code` may have been written all the same.
#[must_use]
pub const fn may_be_written(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::REQUEST_TIMED_OUT
            | ErrorCode::NETWORK_EXCEPTION
            | ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND
            | ErrorCode::UNKNOWN_SERVER_ERROR
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: Case = Case {
        idempotent: true,
        attempts: 0,
        retries: 3,
        expired: false,
        records: 5,
        maybe_written: false,
    };

    #[test]
    fn retriable_errors_are_retried_until_time_or_attempts_run_out() {
        for code in [ErrorCode::NOT_LEADER_OR_FOLLOWER, ErrorCode::NETWORK_EXCEPTION] {
            assert_eq!(judge(code, CASE), Verdict::Retry);
            assert_eq!(judge(code, Case { attempts: 3, ..CASE }), Verdict::Fail);
            assert_eq!(judge(code, Case { expired: true, ..CASE }), Verdict::Fail);
        }
    }

    #[test]
    fn sequence_errors_are_retried_only_with_sequences() {
        let code = ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER;
        assert_eq!(judge(code, CASE), Verdict::Retry);
        assert_eq!(judge(code, Case { idempotent: false, ..CASE }), Verdict::Fail);
    }

    #[test]
    fn a_large_batch_is_split_and_a_large_record_fails() {
        let code = ErrorCode::MESSAGE_TOO_LARGE;
        assert_eq!(judge(code, CASE), Verdict::Split);
        assert_eq!(judge(code, Case { records: 1, ..CASE }), Verdict::Fail);
        assert_eq!(judge(code, Case { expired: true, ..CASE }), Verdict::Fail);
    }

    #[test]
    fn a_large_batch_that_may_be_in_the_log_is_not_written_again_in_pieces() {
        let code = ErrorCode::MESSAGE_TOO_LARGE;
        let case = Case { maybe_written: true, ..CASE };
        assert_eq!(judge(code, case), Verdict::Fail);
        assert_eq!(judge(code, Case { idempotent: false, ..case }), Verdict::Split);
    }

    #[test]
    fn what_an_idempotent_producer_can_t_go_on_after_ends_it() {
        for code in [31, 35, 49, 53, 90].map(ErrorCode) {
            assert_eq!(judge(code, CASE), Verdict::Fatal, "{code}");
            assert_eq!(judge(code, Case { idempotent: false, ..CASE }), Verdict::Fail, "{code}");
        }
    }

    /// The error table of Kafka's producer, code by code: what is sent again.
    #[test]
    fn exactly_these_codes_are_sent_again() {
        let again = |idempotent| -> Vec<i16> {
            let case = Case { idempotent, ..CASE };
            let codes = ErrorCode::ALL.iter().filter(|code| !code.is_ok());
            codes.filter(|code| judge(**code, case) == Verdict::Retry).map(|code| code.0).collect()
        };
        let retriable = [
            2, 3, 5, 6, 7, 9, 13, 14, 15, 16, 19, 20, 41, 51, 56, 70, 71, 72, 74, 75, 78, 80, 83,
            84, 88, 89, 100, 103, 106,
        ];
        assert_eq!(again(false), retriable);
        let mut with_sequences = [&retriable[..], &[45, 59]].concat();
        with_sequences.sort_unstable();
        assert_eq!(again(true), with_sequences);
    }

    #[test]
    fn refusals_that_say_so_were_not_written() {
        assert!(may_be_written(ErrorCode::REQUEST_TIMED_OUT));
        assert!(may_be_written(ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND));
        assert!(!may_be_written(ErrorCode::NOT_ENOUGH_REPLICAS));
        assert!(!may_be_written(ErrorCode::MESSAGE_TOO_LARGE));
    }
}
