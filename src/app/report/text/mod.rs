//! The summary that a person reads first: at most 100 columns, made from the result and nothing
//! else.
//!
//! Cost class: once a run. Colour only where the caller says that a terminal reads.

mod effort;
mod errors;
mod headline;
mod latency;
mod partitions;
mod planned;
mod proof;
mod stages;
mod streams;

pub use latency::shown;

use self::effort::effort;
use self::errors::{cut, errors, faults, reordered, unavailability};
use self::headline::{head, place, reasons, verdict};
use self::latency::latencies;
use self::partitions::partitions;
use self::planned::planned;
use self::proof::{client, confirmed, notes, pacing, verified};
use self::stages::{compression, stages};
use self::streams::streams;
use super::calibration::line as ceiling;
use super::model::Report;
use super::page::{COLUMNS, field, fold, fold_to};
use super::paint::Paint;

/// The summary of one run.
#[must_use]
pub fn summary(report: &Report, paint: Paint) -> String {
    summary_in(report, paint, COLUMNS)
}

/// The same for a terminal of so many columns; at most 100 are used, and at least 60.
#[must_use]
pub fn summary_in(report: &Report, paint: Paint, columns: usize) -> String {
    let columns = columns.clamp(60, COLUMNS);
    let mut lines = head(report, paint);
    lines.push(String::new());
    lines.push(verdict(report, paint));
    lines.extend(reasons(report));
    lines.push(String::new());
    lines.extend(latencies(report));
    lines.push(String::new());
    lines.extend(streams(report));
    lines.extend(stages(report, paint, columns));
    lines.extend(compression(report));
    lines.push(field("limited by", &report.validity.limited_by));
    lines.extend(effort(report));
    lines.extend(partitions(report));
    lines.push(errors(report));
    lines.extend(cut(report));
    lines.extend(reordered(report));
    lines.extend(faults(report));
    lines.extend(unavailability(report));
    lines.push(field("confirmed", &confirmed(report)));
    lines.extend(verified(report).map(|text| field("verified", &text)));
    lines.push(field("client", &client(report)));
    lines.extend(pacing(report).map(|text| field("pacing", &text)));
    lines.extend(ceiling(report.client.calibration.as_ref()));
    lines.extend(notes(report));
    lines.extend(planned(report, columns));
    fold_to(&lines, columns)
}

/// What ran where, for a page that shows several runs: what `report` shares with the others.
#[must_use]
pub fn heading(report: &Report, paint: Paint) -> String {
    fold(&[place(report, paint)])
}

/// The measurement's window in seconds; 0 when there was none.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "seconds with one decimal")]
pub fn window_seconds(report: &Report) -> f64 {
    let measured = report.phases.iter().rfind(|phase| phase.name == "measure");
    measured.map_or(0.0, |phase| phase.end.saturating_sub(phase.start) as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::super::model::{
        ClusterKind, ErrorModel, FailuresModel, FaultModel, GapModel, LogModel, MissingModel,
        PhaseModel, PoolModel, ReasonModel, Status, VerificationModel, VerifiedPartitionModel,
    };
    use super::super::page::visible;
    use super::super::sample;
    use super::*;

    /// Differences are easier to see as whole pages.
    fn assert_page(report: &Report, expected: &str) {
        let page = summary(report, Paint::Off);
        assert!(page == expected, "got:\n{page}\nexpected:\n{expected}");
        assert!(page.lines().all(|line| line.chars().count() <= COLUMNS));
    }

    #[test]
    fn a_valid_run_reads_as_documented() {
        assert_page(&sample::report(), include_str!("snapshots/valid.txt"));
    }

    #[test]
    fn reordered_records_are_named_with_what_prevents_them() {
        let mut report = sample::report();
        assert_eq!(reordered(&report), None);
        report.records.reordered = 1_200;
        report.records.reordered_partitions = 3;
        let said = |report: &Report| reordered(report).unwrap();
        let must_not = "1,200 records in 3 partitions; with enable.idempotence=true that must not";
        assert!(said(&report).contains(must_not), "{}", said(&report));
        report.config.effective.insert("enable.idempotence".into(), "false".into());
        assert!(said(&report).ends_with("; enable.idempotence=true prevents it"));
    }

    #[test]
    fn a_run_on_the_embedded_brokers_says_so_first_and_last() {
        let mut report = sample::report();
        report.cluster.kind = ClusterKind::Embedded;
        report.cluster.topic.created = true;
        report.throughput.offered_rps = None;
        report.throughput.achieved_ratio = None;
        report.latency.response = None;
        report.stages.schedule_lag = None;
        report.client.pacing_quantum = None;
        report.validity.limited_by = "the client's CPU: its busiest producer used 98 % of a core; \
                                      add --producers"
            .to_owned();
        assert_page(&report, include_str!("snapshots/embedded.txt"));
    }

    #[test]
    fn an_overloaded_run_with_errors_hides_nothing() {
        let mut report = sample::report();
        report.partial = Some("interrupted".to_owned());
        report.validity.status = Status::Overloaded;
        report.validity.limited_by = "the brokers: 2.59 ms from a written request to its ack; add \
                                      partitions or brokers"
            .to_owned();
        report.validity.reasons = vec![
            ReasonModel {
                name: "cluster_too_slow".to_owned(),
                status: Status::Overloaded,
                text: "of the records due, 48.8 % piled up while the client had time to spare"
                    .to_owned(),
            },
            ReasonModel {
                name: "brokers_on_host".to_owned(),
                status: Status::Suspect,
                text: "brokers run on this host and share its cores".to_owned(),
            },
        ];
        report.throughput.achieved_ratio = Some(0.512);
        report.throughput.acked_rps = 104_212.0;
        report.throughput.drain_seconds = 5.003;
        report.throughput.last_ack_seconds = Some(35.003);
        report.records.acked = 5_400_000;
        report.records.failed = 120;
        report.records.indeterminate = 1_003;
        report.records.cut_in_flight = 1_000;
        report.records.unsent = 598_877;
        report.retries = 1;
        report.errors = vec![ErrorModel {
            code: 7,
            name: "REQUEST_TIMED_OUT".to_owned(),
            cause: "cluster".to_owned(),
            refusal: None,
            retriable: true,
            count: 273,
            records: 123,
            refused: 0,
            first_at: 0,
            last_at: 1,
        }];
        report.faults = vec![FaultModel {
            broker: Some(2),
            text:
                "broker 2 at kafka-2:9092: an answer of 2147483647 bytes was announced; expected \
                   4 to 104857600; check that the port belongs to a Kafka broker"
                    .to_owned(),
            count: 3,
            first_at: 0,
            last_at: 1,
        }];
        let gap = |partition| GapModel {
            topic: None,
            partition,
            start: 8_000_000_000,
            end: 14_200_000_000,
            from: Some(1),
            to: Some(2),
        };
        report.unavailability = vec![gap(1), gap(4), gap(4)];
        let proof = report.verification.as_mut().unwrap();
        (proof.log.found, proof.log.lost) = (5_999_000, 1_000);
        report.throughput.broker_offset_delta = Some(5_999_000);
        report.throughput.delta_confirms = Some(false);
        report.batches.compress_ratio = 0.41;
        assert_page(&report, include_str!("snapshots/overloaded.txt"));
    }

    #[test]
    fn the_ratio_asked_for_stands_beside_the_one_that_came_of_it() {
        let mut report = sample::report();
        report.batches.compress_ratio = 0.52;
        report.generator.compress_ratio_asked = Some(0.5);
        let page = summary(&report, Paint::Off);
        let words: Vec<_> = page.split_whitespace().collect();
        let words = words.join(" ");
        assert!(words.contains("of batch.size, compressed to 52 % (50 % asked)"), "{page}");
    }

    #[test]
    fn a_pool_says_how_often_it_repeats() {
        let mut report = sample::report();
        report.generator.pool = Some(PoolModel { bytes: 100_000, values: 1_000, repeats: 6_000.0 });
        let page = summary(&report, Paint::Off);
        let line = "repeated from a pool of 1,000, each sent 6000.0 times on average";
        assert!(page.contains(line), "{page}");
    }

    #[test]
    fn the_readmes_sample_is_what_its_result_reads_as() {
        let stored = "bench-results/2026-11-23-first-light/paced-200k-acks-all.json";
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let stored = std::fs::read_to_string(root.join(stored)).unwrap();
        let page = summary(&serde_json::from_str(&stored).unwrap(), Paint::Off);
        assert!(include_str!("../../../../README.md").contains(&page), "{page}");
    }

    #[test]
    fn brokers_of_our_own_are_never_called_real() {
        let mut report = sample::report();
        report.cluster.kind = ClusterKind::Embedded;
        report.cluster.another_process = true;
        let page = summary(&report, Paint::Off);
        assert!(page.contains("EMBEDDED cluster, 3 brokers in another process"), "{page}");
        assert!(!page.contains("embedded brokers included"), "{page}");
    }

    #[test]
    fn acks_0_speaks_of_writing_not_of_acks() {
        let mut report = sample::report();
        report.records.written = std::mem::take(&mut report.records.acked);
        let proof = report.verification.as_mut().unwrap();
        (proof.log.found, proof.written_missing) = (5_999_900, 100);
        proof.partitions = [(4, 70), (7, 30)]
            .map(|(partition, written_missing)| VerifiedPartitionModel {
                topic: None,
                partition,
                written_missing,
                log: LogModel::default(),
            })
            .into();
        for family in [&mut report.latency.response, &mut report.latency.service] {
            family.as_mut().unwrap().kind = "written".to_owned();
        }
        report.stages.broker = None;
        report.unavailability = vec![GapModel {
            topic: None,
            partition: 4,
            start: 0,
            end: 1_000_000_000,
            from: None,
            to: None,
        }];
        let page = summary(&report, Paint::Off);
        assert!(page.contains("from due to written to the socket"));
        assert!(page.contains("1 partition took nothing between 0.0 s and 1.0 s"), "{page}");
        let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
        let expected = "acks=0: 100 of 6,000,000 records written are not in the topic: \
                        70 of partition 4, 30 of partition 7";
        assert!(words.contains(expected), "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= COLUMNS), "{page}");
    }

    #[test]
    fn a_run_whose_records_all_failed_says_so_and_nothing_of_a_rate() {
        let mut report = sample::report();
        report.latency.failure = report.latency.service.take();
        report.latency.response = None;
        let page = summary(&report, Paint::Off);
        assert!(page.contains("\nfailed  "), "{page}");
        assert!(page.contains("\nno record was delivered\n"), "{page}");
        assert!(!page.contains("without a rate"), "{page}");
    }

    #[test]
    fn a_short_run_shows_the_rate_of_all_its_records() {
        let mut report = sample::report();
        (report.throughput.acked_rps, report.throughput.short) = (0.0, true);
        let said = |report: &Report| summary(report, Paint::Off);
        let headline = "VALID   199,867 records/s acked from the first due to the last ack; \
                        200,000 asked   20.0 MB/s";
        assert!(said(&report).contains(headline), "{}", said(&report));
        report.throughput.offered_rps = None;
        report.phases[0].end = report.phases[0].start + 120_000_000;
        let page = said(&report);
        assert!(
            page.contains("records/s acked from the first sent to the last ack   20.0"),
            "{page}"
        );
        assert!(page.contains("records sent in 120 ms"), "{page}");
    }

    #[test]
    fn whether_a_warm_up_settled_is_noted() {
        let mut report = sample::report();
        assert!(!summary(&report, Paint::Off).contains("warm-up"));
        let (start, end) = (0, 7_040_000_000);
        let settled = Some(true);
        let name = "warmup".to_owned();
        let warmup = PhaseModel { name, start, end, settled, ..report.phases[0].clone() };
        report.phases.insert(0, warmup);
        assert!(summary(&report, Paint::Off).contains("settled after 7.0 s"));
        report.phases[0].settled = Some(false);
        assert!(summary(&report, Paint::Off).contains("had not settled after 7.0 s"));
    }

    #[test]
    fn what_a_warm_up_did_not_get_through_is_noted() {
        let mut report = sample::report();
        let warmup = PhaseModel {
            name: "warmup".to_owned(),
            due: 1_000_000,
            unsent: 600_000,
            failed: 20_000,
            ..report.phases[0].clone()
        };
        report.phases.insert(0, warmup);
        let page = summary(&report, Paint::Off);
        let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
        let expected = "warm-up did not get all its 1,000,000 records through: 600,000 not handed \
                        over, 20,000 failed; not counted";
        assert!(words.contains(expected), "{page}");
        assert_eq!(report.exit.code, 0);
    }

    #[test]
    fn a_refusals_words_stand_beside_the_records_that_it_ended_and_nowhere_else() {
        let mut report = sample::report();
        let words = |report: &Report| errors(report).trim_start_matches("errors").trim().to_owned();
        (report.records.failed, report.retries) = (700, 3);
        report.failures =
            FailuresModel { buffer_exhausted: 500, expired: 200, ..FailuresModel::default() };
        report.errors = vec![ErrorModel {
            code: 7,
            name: "REQUEST_TIMED_OUT".to_owned(),
            cause: "cluster".to_owned(),
            refusal: Some("no room".to_owned()),
            retriable: true,
            count: 790,
            records: 700,
            refused: 500,
            first_at: 0,
            last_at: 1,
        }];
        assert_eq!(
            words(&report),
            "700 records failed (by REQUEST_TIMED_OUT 700, 500 of them before they were sent: no \
             room); of these 500 without room in buffer.memory, 200 past delivery.timeout.ms; 3 \
             batches sent again (records: REQUEST_TIMED_OUT 90)"
        );
        (report.errors[0].refused, report.retries) = (700, 0);
        report.errors[0].count = 700;
        report.failures = FailuresModel { refused: 700, ..FailuresModel::default() };
        assert_eq!(
            words(&report),
            "700 records failed (by REQUEST_TIMED_OUT 700, no room); of these 700 refused before \
             they were sent; nothing sent again"
        );
    }

    #[test]
    fn a_narrow_terminal_gets_a_narrow_page() {
        let mut report = sample::report();
        for columns in [60, 72, 80, 100, 200] {
            let page = summary_in(&report, Paint::Off, columns);
            let most = columns.min(COLUMNS);
            assert!(page.lines().all(|line| line.chars().count() <= most), "{columns}:\n{page}");
        }
        assert_eq!(summary_in(&report, Paint::Off, 100), summary(&report, Paint::Off));
        report.client.pacing_quantum = None;
        let page = summary_in(&report, Paint::On, 80);
        assert!(page.lines().all(|line| visible(line) <= 80), "{page}");
    }

    #[test]
    fn colour_takes_no_column() {
        let plain = summary(&sample::report(), Paint::Off);
        let painted = summary(&sample::report(), Paint::On);
        assert_eq!(
            heading(&sample::report(), Paint::Off),
            plain.lines().next().unwrap().to_owned() + "\n"
        );
        assert!(painted.contains("\u{1b}[1;32mVALID\u{1b}[0m"));
        assert_eq!(visible(&painted), plain.chars().count());
    }

    #[test]
    fn what_was_read_back_is_said_in_full() {
        let words = |change: &dyn Fn(&mut VerificationModel)| {
            let mut report = sample::report();
            report.config.effective.insert("enable.idempotence".into(), "true".into());
            let proof = report.verification.as_mut().unwrap();
            proof.mode = "sequence".to_owned();
            (proof.carried_by, proof.header_bytes) = (Some("header kprod".to_owned()), Some(25));
            change(proof);
            let page = summary(&report, Paint::Off);
            assert!(page.lines().all(|line| line.chars().count() <= 100), "{page}");
            page.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let clean = words(&|_| {});
        let expected = "verified 6,000,000 of 6,000,000 acked records found in the log; lost 0; \
                        duplicated 0; reordered 0; corrupted 0; named by header kprod, 25 bytes of \
                        each record";
        assert!(clean.contains(expected), "{clean}");
        let short = words(&|proof| {
            (proof.log.found, proof.log.removed, proof.log.unknown) = (5_999_993, Some(7), Some(7));
            proof.missing = vec![MissingModel { producer: 0, first: 0, last: 6 }];
        });
        assert!(short.contains("7 can't be judged") && !short.contains("not found"), "{short}");
        let broken = words(&|proof| {
            (proof.log.found, proof.log.lost, proof.log.duplicated) = (5_999_990, 10, Some(3));
            (proof.log.removed, proof.log.unknown) = (Some(70), Some(7));
            proof.missing = vec![MissingModel { producer: 1, first: 1_500, last: 1_509 }];
        });
        let kept = words(&|proof| {
            (proof.log.unacked_found, proof.failed_found) = (Some(3), Some(2));
        });
        let told = "NO: 6,000,000 of 6,000,000 acked records found in the log; lost 0; duplicated \
                    0; reordered 0; corrupted 0; 3 arrived without an ack; 2 of these were told as \
                    failed";
        assert!(kept.contains(told), "{kept}");
        for part in [
            "NO: 5,999,990 of 6,000,000 acked records found in the log; lost 10; duplicated 3",
            "7 can't be judged; 70 offsets were removed before they could be read",
            "the first not found: producer 1, records 1,500 to 1,509",
        ] {
            assert!(broken.contains(part), "{broken}");
        }
    }
}
