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
}

/// The verdict on a batch answered with `code` (never 0).
#[must_use]
pub fn judge(code: ErrorCode, case: Case) -> Verdict {
    match code {
        ErrorCode::DUPLICATE_SEQUENCE_NUMBER => return Verdict::Duplicate,
        ErrorCode::MESSAGE_TOO_LARGE if case.records > 1 && !case.expired => return Verdict::Split,
        ErrorCode::CLUSTER_AUTHORIZATION_FAILED | ErrorCode::UNSUPPORTED_VERSION
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

    const CASE: Case =
        Case { idempotent: true, attempts: 0, retries: 3, expired: false, records: 5 };

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
    fn a_missing_right_on_the_cluster_ends_an_idempotent_producer() {
        let code = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
        assert_eq!(judge(code, CASE), Verdict::Fatal);
        assert_eq!(judge(code, Case { idempotent: false, ..CASE }), Verdict::Fail);
    }

    #[test]
    fn refusals_that_say_so_were_not_written() {
        assert!(may_be_written(ErrorCode::REQUEST_TIMED_OUT));
        assert!(may_be_written(ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND));
        assert!(!may_be_written(ErrorCode::NOT_ENOUGH_REPLICAS));
        assert!(!may_be_written(ErrorCode::MESSAGE_TOO_LARGE));
    }
}
