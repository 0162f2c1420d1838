//! Reading answers: whether a call is done, goes on, starts over or has failed. Cost class: per
//! run.

use core::time::Duration;

use super::call::{
    AdminReply, Ask, ClusterDescription, ConfigEntry, Fetched, PartitionDescription,
    TopicDescription,
};
use super::error::{AdminCause, advice};
use super::job::{Job, Stage};
use crate::base::BrokerId;
use crate::kafka::cluster::brokers_of;
use crate::kafka::wire::create_topics::CreateTopicsResponse;
use crate::kafka::wire::delete_topics::DeleteTopicsResponse;
use crate::kafka::wire::describe_configs::DescribeConfigsResponse;
use crate::kafka::wire::fetch::FetchResponse;
use crate::kafka::wire::list_offsets::ListOffsetsResponse;
use crate::kafka::wire::metadata::{MetadataResponse, MetadataResponseTopic};
use crate::kafka::wire::{ApiKey, ErrorCode, Message, Reader};

/// What an answer leads to.
#[derive(Debug)]
pub(super) enum Step {
    /// The call is done.
    Done(AdminReply),
    /// The call has failed.
    Fail(AdminCause),
    /// Start over after the backoff, because of this.
    Retry(String),
    /// Go on with this stage.
    Next(Stage),
    /// Ask the topic's leaders.
    AskLeaders(TopicDescription),
    /// Wait for the other answers.
    Wait,
}

/// Where an answer came from.
#[derive(Debug)]
pub(super) struct Sender {
    /// `broker 1 at host:port`.
    pub(super) words: String,
    /// How many brokers the cluster has.
    pub(super) brokers: usize,
}

/// A code that is no success, with what the broker says of it.
struct Refusal {
    api: ApiKey,
    code: ErrorCode,
    message: Option<String>,
}

/// What an answer leads to, and the pause that its broker asks for.
pub(super) fn judge(
    job: &mut Job,
    sender: &Sender,
    api: ApiKey,
    version: i16,
    body: &[u8],
) -> (Step, Duration) {
    let mut reader = Reader::new(body);
    let r = &mut reader;
    let judged = match api {
        ApiKey::Metadata => MetadataResponse::decode(r, version)
            .map_err(|why| why.to_string())
            .and_then(|found| Ok((metadata(job, sender, &found)?, found.throttle_time_ms))),
        ApiKey::CreateTopics => CreateTopicsResponse::decode(r, version)
            .map_err(|why| why.to_string())
            .and_then(|found| Ok((created(job, sender, &found)?, found.throttle_time_ms))),
        ApiKey::DeleteTopics => DeleteTopicsResponse::decode(r, version)
            .map_err(|why| why.to_string())
            .and_then(|found| Ok((deleted(job, sender, &found)?, found.throttle_time_ms))),
        ApiKey::DescribeConfigs => DescribeConfigsResponse::decode(r, version)
            .map_err(|why| why.to_string())
            .and_then(|found| Ok((configs(job, sender, &found)?, found.throttle_time_ms))),
        ApiKey::ListOffsets => ListOffsetsResponse::decode(r, version)
            .map_err(|why| why.to_string())
            .map(|found| (offsets(job, sender, &found), found.throttle_time_ms)),
        ApiKey::Fetch => {
            FetchResponse::decode(r, version).map_err(|why| why.to_string()).map(|found| {
                let pause = found.throttle_time_ms;
                (fetched(job, sender, found), pause)
            })
        }
        other => Err(format!("{other:?} was not asked")),
    };
    match judged {
        Ok((step, pause)) => (step, Duration::from_millis(u64::try_from(pause).unwrap_or(0))),
        Err(why) => {
            let broker = sender.words.clone();
            let cause = AdminCause::Malformed { broker, api, version, why };
            (Step::Fail(cause), Duration::ZERO)
        }
    }
}

fn metadata(job: &Job, sender: &Sender, found: &MetadataResponse) -> Result<Step, String> {
    let brokers = brokers_of(found)?;
    let refusal = |code| Refusal { api: ApiKey::Metadata, code, message: None };
    if !found.error_code.is_ok() {
        return Ok(Step::Retry(trouble(sender, &refusal(found.error_code))));
    }
    if brokers.is_empty() {
        return Ok(Step::Retry(format!("{} knows no broker yet", sender.words)));
    }
    let code = found.topics.first().map_or(ErrorCode::NONE, |topic| topic.error_code);
    let topic = found.topics.first().filter(|topic| topic.error_code.is_ok()).map(describe);
    match &job.ask {
        Ask::Describe { .. } => {
            // A topic that is missing is an answer; one without leaders yet, another try.
            if !code.is_ok() && code != ErrorCode::UNKNOWN_TOPIC_OR_PARTITION {
                return Ok(refused(job, sender, refusal(code)));
            }
            let controller = (found.controller_id.0 >= 0).then_some(found.controller_id);
            let cluster_id = found.cluster_id.clone();
            let described = ClusterDescription { cluster_id, controller, brokers, topic };
            Ok(Step::Done(AdminReply::Cluster(described)))
        }
        ask => {
            let Some(topic) = topic else {
                return Ok(match (ask, code) {
                    (Ask::CreateTopic { .. }, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
                    | (_, ErrorCode::NONE) => {
                        Step::Retry(format!("{} does not list the topic yet", sender.words))
                    }
                    _ => refused(job, sender, refusal(code)),
                });
            };
            if let Some(waits) = topic.partitions.iter().find(|found| found.leader.is_none()) {
                return Ok(Step::Retry(format!("partition {} has no leader", waits.index)));
            }
            if topic.partitions.is_empty() {
                return Ok(Step::Retry("the topic has no partition yet".to_owned()));
            }
            Ok(match ask {
                Ask::CreateTopic { .. } => Step::Done(AdminReply::Created(topic)),
                _ => Step::AskLeaders(topic),
            })
        }
    }
}

fn describe(found: &MetadataResponseTopic) -> TopicDescription {
    let mut partitions: Vec<PartitionDescription> = found
        .partitions
        .iter()
        .map(|partition| PartitionDescription {
            index: partition.partition_index,
            leader: (partition.leader_id > BrokerId(-1)).then_some(partition.leader_id),
            leader_epoch: partition.leader_epoch,
            replicas: partition.replica_nodes.clone(),
            isr: partition.isr_nodes.clone(),
        })
        .collect();
    partitions.sort_by_key(|partition| partition.index);
    let name = found.name.clone().unwrap_or_default();
    TopicDescription { name, id: found.topic_id, partitions }
}

fn created(job: &mut Job, sender: &Sender, found: &CreateTopicsResponse) -> Result<Step, String> {
    let result = found.topics.first().ok_or("no topic in it")?;
    let (code, message) = (result.error_code, result.error_message.clone());
    Ok(match code {
        ErrorCode::NONE => Step::Next(Stage::LookingUp),
        // The answer to an earlier try was lost, and that try was carried out.
        ErrorCode::TOPIC_ALREADY_EXISTS if job.maybe_done => Step::Next(Stage::LookingUp),
        _ => {
            // The controller may still finish what timed out.
            job.maybe_done |= code == ErrorCode::REQUEST_TIMED_OUT;
            refused(job, sender, Refusal { api: ApiKey::CreateTopics, code, message })
        }
    })
}

fn deleted(job: &mut Job, sender: &Sender, found: &DeleteTopicsResponse) -> Result<Step, String> {
    let result = found.responses.first().ok_or("no topic in it")?;
    let (code, message) = (result.error_code, result.error_message.clone());
    Ok(match code {
        ErrorCode::NONE => Step::Done(AdminReply::Deleted),
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION if job.maybe_done => Step::Done(AdminReply::Deleted),
        _ => {
            job.maybe_done |= code == ErrorCode::REQUEST_TIMED_OUT;
            refused(job, sender, Refusal { api: ApiKey::DeleteTopics, code, message })
        }
    })
}

fn configs(job: &Job, sender: &Sender, found: &DescribeConfigsResponse) -> Result<Step, String> {
    let result = found.results.first().ok_or("no topic in it")?;
    if !result.error_code.is_ok() {
        let (code, message) = (result.error_code, result.error_message.clone());
        return Ok(refused(job, sender, Refusal { api: ApiKey::DescribeConfigs, code, message }));
    }
    let entries = result.configs.iter().map(|found| ConfigEntry {
        name: found.name.clone(),
        value: found.value.clone(),
        is_topics_own: found.config_source == SOURCE_TOPIC,
    });
    Ok(Step::Done(AdminReply::Configs(entries.collect())))
}

fn offsets(job: &mut Job, sender: &Sender, found: &ListOffsetsResponse) -> Step {
    let mut again = None;
    for partition in found.topics.iter().flat_map(|topic| &topic.partitions) {
        let index = usize::try_from(partition.partition_index).unwrap_or(usize::MAX);
        let Some(slot) = job.offsets.get_mut(index) else { continue };
        let code = partition.error_code;
        if code.is_ok() {
            *slot = Some(partition.offset);
            continue;
        }
        let message = Some(format!("partition {}", partition.partition_index));
        match refused(job, sender, Refusal { api: ApiKey::ListOffsets, code, message }) {
            Step::Retry(trouble) => again = Some(trouble),
            failed => return failed,
        }
    }
    if let Some(trouble) = again {
        job.trouble = Some(trouble);
    }
    if job.waiting > 0 || !job.outbox.is_empty() {
        return Step::Wait;
    }
    let all: Option<Vec<i64>> = job.offsets.iter().copied().collect();
    match all {
        Some(offsets) => Step::Done(AdminReply::Offsets(offsets)),
        None => Step::Retry(job.trouble.clone().unwrap_or_else(|| {
            format!("{} left out a partition that was asked for", sender.words)
        })),
    }
}

/// Takes what a leader gave; when all have answered, what there is of it. A partition whose leader
/// moved is left out, unless there is no other.
fn fetched(job: &mut Job, sender: &Sender, found: FetchResponse) -> Step {
    let whole = Refusal { api: ApiKey::Fetch, code: found.error_code, message: None };
    if !whole.code.is_ok() {
        match refused(job, sender, whole) {
            Step::Retry(trouble) => job.trouble = Some(trouble),
            failed => return failed,
        }
    }
    for data in found.responses.into_iter().flat_map(|topic| topic.partitions) {
        let (partition, code) = (data.partition_index, data.error_code);
        let log_start = data.log_start_offset;
        if code.is_ok() {
            let records = Some(data.records.unwrap_or_default());
            job.fetched.push(Fetched { partition, records, log_start });
        } else if code == ErrorCode::OFFSET_OUT_OF_RANGE {
            job.fetched.push(Fetched { partition, records: None, log_start });
        } else {
            let message = Some(format!("partition {partition}"));
            match refused(job, sender, Refusal { api: ApiKey::Fetch, code, message }) {
                Step::Retry(trouble) => job.trouble = Some(trouble),
                failed => return failed,
            }
        }
    }
    if job.waiting > 0 || !job.outbox.is_empty() {
        return Step::Wait;
    }
    if job.fetched.is_empty() {
        return Step::Retry(
            job.trouble
                .clone()
                .unwrap_or_else(|| format!("{} answered for none of the partitions", sender.words)),
        );
    }
    Step::Done(AdminReply::Fetched(core::mem::take(&mut job.fetched)))
}

/// Another try when the error may go away, else the end. A missing topic may only be news that has
/// not reached this broker, so it is given a few tries and not the whole time.
fn refused(job: &Job, sender: &Sender, refusal: Refusal) -> Step {
    let Refusal { api, code, .. } = refusal;
    let missing = code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    let changes = matches!(api, ApiKey::CreateTopics | ApiKey::DeleteTopics);
    let hopeless = missing && (changes || job.attempts >= TRIES_FOR_MISSING);
    if (code.is_retriable() || code == ErrorCode::NOT_CONTROLLER) && !hopeless {
        return Step::Retry(trouble(sender, &refusal));
    }
    let factor = match &job.ask {
        Ask::CreateTopic { replication_factor, .. } => Some(*replication_factor),
        _ => None,
    };
    Step::Fail(AdminCause::Refused {
        broker: sender.words.clone(),
        api,
        code,
        message: refusal.message,
        advice: advice(code, factor, sender.brokers),
    })
}

fn trouble(sender: &Sender, refusal: &Refusal) -> String {
    let Refusal { api, code, message } = refusal;
    let message = message.as_ref().map(|words| format!(", \"{words}\"")).unwrap_or_default();
    format!("{} answered {api:?} with {} ({}){message}", sender.words, code.name(), code.0)
}

/// DescribeConfigs' source of a setting that the topic itself carries.
const SOURCE_TOPIC: i8 = 1;

const TRIES_FOR_MISSING: u32 = 3;
