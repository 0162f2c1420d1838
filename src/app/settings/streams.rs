//! What each stream of a profile sends, above what the run says for all of them. Cost class: once a
//! process.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::data::{self, Told};
use super::header::headers;
use super::load::{self, Load};
use super::matrix::{Choice, scalars};
use super::payload::Payload;
use super::problems::{Origin, Problems};
use super::profile::{Given, GivenStream, StreamSaid};
use super::target::check_name;
use super::{Shared, is_marked};
use crate::app::cli::args::DataArgs;
use crate::host::driver::plan::{RunPlan, StreamPlan, TopicPlan};
use crate::load::source::{HeaderPlan, KeyPlan, Mark, NumberType, SourcePlan, ValuePlan};

/// A stream with what holds for it.
pub(super) struct Stream {
    said: StreamSaid,
    of: GivenStream,
    payload: Payload,
    headers: Arc<[HeaderPlan]>,
}

/// What a stream's records are made from, or those of a run without streams.
struct Origins<'a> {
    choice: Choice,
    listed_key: Option<&'a KeyPlan>,
    payload: &'a Payload,
    headers: &'a Arc<[HeaderPlan]>,
}

impl Stream {
    /// The streams of the profile, if it has any. `run` is what a file gives to all of them.
    pub(super) fn read(given: &Given, run: &Payload, problems: &mut Problems) -> Vec<Self> {
        let streams: Vec<Self> =
            given.streams().map(|said| Self::of(given, said, run, problems)).collect();
        if !streams.is_empty() {
            alone(given, problems);
        }
        streams
    }

    fn of(given: &Given, said: &StreamSaid, run: &Payload, problems: &mut Problems) -> Self {
        let name = Some(&*said.name);
        let of = problems.within(name, &[], |problems| given.of_stream(said, problems));
        let args = &of.given.args;
        let (payload, headers) = problems.within(name, &of.origins, |problems| {
            if let Some(topic) = &said.topic
                && let Err(expected) = check_name(&topic.text, args.target.fresh_topic)
            {
                problems.add(format!("topic = \"{}\" ({}): {expected}", topic.text, topic.place));
            }
            // A corpus may be large, and is read once for all that share it.
            let shared = !of.makes_values();
            let payload = if shared { run.clone() } else { Payload::read(&of.given, problems) };
            (payload, headers(&args.data.header, problems))
        });
        Self { said: said.clone(), payload, headers: headers.into(), of }
    }

    /// What is given for it, the run's flags among that.
    pub(super) const fn given(&self) -> &Given {
        &self.of.given
    }

    /// What holds for it in a cell.
    fn choice(&self, choice: &Choice) -> Choice {
        let flags = scalars(&self.of.given.args).into_iter();
        let others = flags.filter(|(flag, _)| self.of.differs_in(flag));
        others.fold(choice.clone(), |choice, (flag, text)| choice.with(flag, text.cloned()))
    }
}

/// Flags that describe a run of one stream.
fn alone(given: &Given, problems: &mut Problems) {
    let Some(first) = given.streams().next() else { return };
    let place = &first.place;
    if let Some(text) = &given.args.load.producers {
        let expected = format!("expected none beside streams ({place}), which have their own");
        problems.flag("producers", text, expected);
    }
    if let Some(text) = &given.args.target.topic
        && given.streams().all(|stream| stream.topic.is_some())
    {
        let expected =
            format!("expected none beside streams that all name their own ({place} and on)");
        problems.flag("topic", text, expected);
    }
}

impl Shared {
    /// What is sent, how much of it and when: by the profile's streams, or by the only one.
    pub(super) fn workload(
        &self,
        choice: &Choice,
        problems: &mut Problems,
    ) -> (Load, Vec<StreamPlan>) {
        let mut streams = if self.streams.is_empty() {
            let run = Origins {
                choice: choice.clone(),
                listed_key: self.listed_key.as_ref(),
                payload: &self.payload,
                headers: &self.headers,
            };
            vec![StreamPlan::only(&self.topic, run.source(self.seed, problems))]
        } else {
            self.several(choice, problems)
        };
        let load = self.load(choice, &streams, problems);
        if self.streams.is_empty() {
            streams[0].source.workers = load.producers;
        }
        for (at, stream) in streams.iter().enumerate() {
            if let Err(error) = stream.source.check() {
                let told = Told { choice: &self.choice_of(at, choice), args: self.data_of(at) };
                problems.within(self.name_of(at), self.origins(at), |problems| {
                    data::blame(&stream.source, &error, told, problems);
                });
            }
        }
        (load, streams)
    }

    /// Where the values of the stream at `index` stand, as far as it has its own.
    pub(super) fn origins(&self, index: usize) -> &[(String, Vec<Origin>)] {
        self.streams.get(index).map_or(&[], |stream| &stream.of.origins)
    }

    /// The name of the stream at `index`; `None` in a run without streams.
    pub(super) fn name_of(&self, index: usize) -> Option<&str> {
        self.streams.get(index).map(|stream| &*stream.said.name)
    }

    /// What holds in a cell for the stream at `index`, or for the run.
    pub(super) fn choice_of(&self, index: usize, choice: &Choice) -> Choice {
        self.streams.get(index).map_or_else(|| choice.clone(), |stream| stream.choice(choice))
    }

    /// The same of flags that have one value in all cells.
    pub(super) fn data_of(&self, index: usize) -> &DataArgs {
        self.streams.get(index).map_or(&self.data, |stream| &stream.of.given.args.data)
    }

    fn several(&self, choice: &Choice, problems: &mut Problems) -> Vec<StreamPlan> {
        let topics = self.topics();
        let plan = |(index, stream): (usize, &Stream)| {
            let of = Origins {
                choice: stream.choice(choice),
                listed_key: stream.of.given.listed_key(),
                payload: &stream.payload,
                headers: &stream.headers,
            };
            let seed = StreamPlan::seed(self.seed, index);
            let (name, origins) = (self.name_of(index), self.origins(index));
            let source = problems.within(name, origins, |problems| of.source(seed, problems));
            let topic = topics.iter().position(|topic| topic.name == self.topic_of(stream));
            StreamPlan {
                name: stream.said.name.clone(),
                topic: topic.expect("every stream's topic is among them"),
                weight: stream.said.weight,
                source: SourcePlan { workers: stream.said.producers, ..source },
            }
        };
        self.streams.iter().enumerate().map(plan).collect()
    }

    fn load(&self, choice: &Choice, streams: &[StreamPlan], problems: &mut Problems) -> Load {
        let weights: f64 = streams.iter().map(|stream| f64::from(stream.weight)).sum();
        let records = choice.get("num-records").and_then(load::whole);
        let bytes = |stream: &StreamPlan| {
            let weight = f64::from(stream.weight);
            self.mean_payload(streams, stream, records.map(|it| share(it, weight / weights)))
                * weight
        };
        let payload_bytes = streams.iter().map(bytes).sum::<f64>() / weights;
        let given = load::Given { planned: &self.planned, payload_bytes, seed: self.seed };
        let mut load = load::load(choice, &given, problems);
        if !self.streams.is_empty() {
            load.producers = streams.iter().map(StreamPlan::producers).sum();
            load.schedule.workers = load.producers;
        }
        load
    }

    /// Of a stream's records, with the mark that they will carry. Values that are their record's
    /// number are those of the run, where it is told how many `records` it has.
    fn mean_payload(
        &self,
        streams: &[StreamPlan],
        stream: &StreamPlan,
        records: Option<u64>,
    ) -> f64 {
        let sharers = streams.iter().filter(|other| other.topic == stream.topic).count();
        let is_marked = is_marked(&stream.source, self.verify, sharers > 1);
        let reserved = if is_marked { Mark::SIZE } else { stream.source.reserved };
        let source = SourcePlan { reserved, ..stream.source.clone() };
        source.mean_payload_of(records.unwrap_or(SourcePlan::ASSUMED))
    }

    /// What the user should know of a rate in bytes of records whose lengths depend on how many
    /// there are.
    pub(super) fn assumed(&self, choice: &Choice, streams: &[StreamPlan]) -> Option<String> {
        let grows = |it: &StreamPlan| it.source.value == ValuePlan::Increasing(NumberType::Text);
        let is_assumed = choice.get("num-records").is_none()
            && streams.iter().any(grows)
            && self.planned.is_in_bytes(choice);
        is_assumed.then(|| {
            "a rate in bytes of increasing numbers as text is worked out with the digits of the \
             first million records; with --num-records it is with those of the run"
                .to_owned()
        })
    }

    fn topic_of<'a>(&'a self, stream: &'a Stream) -> &'a str {
        stream.said.topic.as_ref().map_or(&self.topic.name, |topic| &topic.text)
    }

    /// The topics of all streams, each once.
    pub(super) fn topics(&self) -> Vec<TopicPlan> {
        if self.streams.is_empty() {
            return vec![self.topic.clone()];
        }
        let mut known = BTreeSet::new();
        let names = self.streams.iter().map(|stream| self.topic_of(stream));
        let names = names.filter(|name| known.insert(*name));
        names.map(|name| TopicPlan { name: name.to_owned(), ..self.topic.clone() }).collect()
    }
}

impl Origins<'_> {
    fn source(&self, seed: u64, problems: &mut Problems) -> SourcePlan {
        let source = data::source(&self.choice, self.listed_key, self.payload, seed, problems);
        SourcePlan { headers: Arc::clone(self.headers), ..source }
    }
}

/// A stream's records of the run's, rounded up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a count below 2^53, and a share of it"
)]
fn share(records: u64, share: f64) -> u64 {
    libm::ceil(records as f64 * share) as u64
}

/// What the user should know of streams whose weights nothing makes true.
pub(super) fn unweighed(plan: &RunPlan) -> Option<String> {
    let first = plan.streams[0].weight;
    let differ = plan.streams.iter().any(|stream| stream.weight != first);
    let idle = differ && !plan.schedule.is_paced() && plan.records.is_none();
    idle.then(|| {
        "without a rate the streams' weights say nothing: each producer sends as fast as it can; \
         give a rate, or a number of records"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::fs;

    use super::super::tests::{plan, problems, profile, settings};
    use super::*;
    use crate::base::WorkerIndex;
    use crate::load::schedule::Dues;
    use crate::load::source::{HeaderValue, SizePlan};

    /// Two topics; the third stream writes to the run's own.
    const THREE: &str = "\
topic: {name: rest, partitions: 5}
generator: {seed: 9, size: 100, key: {kind: uniform, cardinality: 10},
  headers: [{name: a, value: b}]}
load: {rate: 4k, num-records: 8k}
streams:
- topic: orders
  weight: 3
  producers: 2
  generator: {value: sequence, size: 1KiB, key: {kind: list, values: [x, ~]}}
- name: audit
  topic: orders
  weight: 4
  generator: {key: none, headers: [{name: c, kind: uuid}]}
- {}
";

    #[test]
    fn streams_have_what_they_say_and_else_what_the_run_says() {
        let (_folder, line) = profile(THREE);
        let plan = plan(&line);
        let topics: Vec<_> =
            plan.topics.iter().map(|it| (it.name.as_str(), it.partitions)).collect();
        assert_eq!(topics, [("orders", 5), ("rest", 5)]);
        let streams = plan.streams.iter();
        let streams: Vec<_> =
            streams.map(|it| (it.name.as_str(), it.topic, it.weight, it.producers())).collect();
        let expected = [("orders", 0, 3, 2), ("audit", 0, 4, 1), ("stream", 1, 1, 1)];
        assert_eq!(streams, expected);
        assert_eq!(plan.schedule.workers, 4);
        let [orders, audit, rest] = [0, 1, 2].map(|at| &plan.streams[at].source);
        assert_eq!((orders.seed, &orders.value), (9, &ValuePlan::Sequence));
        assert_eq!(orders.size, SizePlan::Fixed(1_024));
        assert!(matches!(&orders.key, KeyPlan::List(keys) if keys.len() == 2), "{:?}", orders.key);
        assert_eq!((&audit.value, &audit.key), (&ValuePlan::Random, &KeyPlan::None));
        assert_eq!(rest.key, KeyPlan::Uniform { cardinality: 10 });
        assert_eq!((audit.seed, rest.seed), (StreamPlan::seed(9, 1), StreamPlan::seed(9, 2)));
        assert_eq!((&audit.size, &rest.size), (&SizePlan::Fixed(100), &SizePlan::Fixed(100)));
        let headers = |source: &SourcePlan| -> Vec<_> {
            source.headers.iter().map(|it| (it.name.clone(), it.value.clone())).collect()
        };
        let of_run = ("a".to_owned(), HeaderValue::Fixed(b"b".to_vec()));
        assert_eq!(headers(orders), core::slice::from_ref(&of_run));
        assert_eq!(headers(audit), [("c".to_owned(), HeaderValue::Uuid)]);
        assert_eq!(headers(rest), [of_run]);
        assert!(plan.streams.iter().all(|stream| stream.source.clock.timetable.is_none()));
    }

    /// Time inside records goes by each stream's instants: 1,500, 2,000 and 500 a second, in turns
    /// of eight at 4,000.
    #[test]
    fn time_in_a_stream_goes_by_its_share_of_the_rate() {
        let (_folder, line) = profile(THREE);
        let plan = plan(&format!("{line} --timestamps event --warmup 0"));
        for (stream, n) in plan.streams.iter().zip([1_500, 2_000, 500]) {
            let timetable = stream.source.clock.timetable.as_ref().unwrap();
            let at = Dues::new(timetable, WorkerIndex(0)).of(n);
            assert!((SECOND..SECOND + 2_000_000).contains(&at), "{}: {at}", stream.name);
        }
    }

    #[test]
    fn flags_and_axes_stand_above_every_stream() {
        let (_folder, line) = profile(&format!("{THREE}matrix: {{key: [none, sequence]}}\n"));
        let settings = settings(&format!("{line} --record-size 500 --header c=d --seed 7"));
        assert_eq!(settings.cells.len(), 2);
        for (cell, key) in settings.cells.iter().zip([KeyPlan::None, KeyPlan::Sequence]) {
            for stream in &cell.plan.streams {
                assert_eq!(
                    (&stream.source.size, &stream.source.key),
                    (&SizePlan::Fixed(500), &key)
                );
                let header = stream.source.headers.iter().find(|header| header.name == "c");
                let expected = HeaderValue::Fixed(b"d".to_vec());
                assert_eq!(header.map(|header| &header.value), Some(&expected), "{}", stream.name);
            }
            assert_eq!(cell.plan.streams[0].source.seed, 7);
        }
        // An axis varies the streams that say nothing of it... and those that do.
        let (_folder, line) = profile(&format!("{THREE}matrix: {{acks: [1, all]}}\n"));
        let cells = super::super::tests::settings(&line).cells;
        assert!(
            cells.iter().all(|cell| cell.plan.streams[0].source.size == SizePlan::Fixed(1_024))
        );
    }

    #[test]
    fn a_stream_s_values_displace_those_of_the_run() {
        let (folder, line) = profile(
            "generator: {value: {kind: template, file: a.tmpl}, key: {kind: field, field: user}}\n\
             load: {rate: 1MB}\n\
             streams:\n- {topic: a}\n- {topic: b, generator: {size: 50, key: none}}\n\
             - topic: c\n  generator:\n    value: {kind: corpus, file: a.tmpl, format: file}\n    \
             key: none\n\
             - {topic: d, generator: {value: template}}\n",
        );
        fs::write(folder.path().join("a.tmpl"), "{{user:int 5..7}}").unwrap();
        let plan = plan(&line);
        let [a, b, c, d] = [0, 1, 2, 3].map(|at| &plan.streams[at].source);
        assert!(matches!(a.value, ValuePlan::Template(_)));
        assert_eq!((&b.value, &b.size), (&ValuePlan::Random, &SizePlan::Fixed(50)));
        let ValuePlan::Corpus { corpus, .. } = &c.value else { panic!("{:?}", c.value) };
        assert_eq!(corpus.len(), 1);
        assert_eq!((&d.value, &d.key), (&a.value, &a.key));
        // Bytes a second are shared out by what the streams' records hold.
        let each = [a, b, c, d].map(SourcePlan::mean_payload).iter().sum::<f64>() / 4.0;
        let rate = plan.schedule.mean_rate().unwrap().as_f64();
        assert!((rate * each - 1_000_000.0).abs() < 1.0, "{rate} of {each}");
    }

    #[test]
    fn a_stream_s_key_or_value_replaces_the_run_s_whole_one() {
        let (folder, line) = profile(
            "generator: {size: 200, key: {kind: uniform, cardinality: 10, type: int32}, \
             value: {kind: random, compress-ratio: 0.5}}\n\
             streams:\n- {topic: a, generator: {value: {kind: \"null\"}, key: sequence}}\n\
             - topic: b\n  generator: {value: {kind: template, file: b.tmpl}, \
             key: {kind: field, field: user}}\n\
             - {topic: c, generator: {value: fixed}}\n",
        );
        fs::write(folder.path().join("b.tmpl"), "{{user:int 5..7}}").unwrap();
        let plan = plan(&line);
        let [a, b, c] = [0, 1, 2].map(|at| &plan.streams[at].source);
        assert_eq!((&a.value, &a.key_form), (&ValuePlan::Null, &SourcePlan::default().key_form));
        assert_eq!(b.key_form, SourcePlan::default().key_form);
        assert_eq!((&c.value, &c.size), (&ValuePlan::Fixed, &SizePlan::Fixed(200)));
        assert_ne!(c.key_form, SourcePlan::default().key_form);
    }

    #[test]
    fn what_is_wrong_in_a_stream_names_it() {
        let (_folder, line) = profile(
            "load: {rate: 5}\nstreams:\n- {topic: a, generator: {size: uniform:9..2}}\n\
             - {name: b, topic: a, generator: {sizes: 3}}\n- {topic: c d}\n",
        );
        let found = problems(&line);
        let misspelt = "stream b: \"sizes\" (";
        assert!(found.iter().any(|it| it.starts_with(misspelt)), "{found:?}");
        let (_folder, line) = profile(
            "load: {rate: 5}\nstreams:\n- {topic: a, generator: {size: uniform:9..2}}\n\
             - {name: e, topic: c d}\n",
        );
        let found = problems(&line);
        for stream in ["stream a: size = ", "stream e: topic = "] {
            assert!(found.iter().any(|it| it.starts_with(stream)), "{found:?}");
        }
    }

    #[test]
    fn streams_of_one_topic_need_room_for_marks() {
        let line = |size: u32| {
            format!(
                "load: {{num-records: 10}}\nstreams:\n- {{topic: t, generator: {{value: sequence, \
                 size: {size}}}}}\n- {{name: u, topic: t}}\n"
            )
        };
        let (_folder, roomy) = profile(&line(200));
        let roomy = plan(&format!("{roomy} --embedded --verify sequence"));
        assert!(roomy.streams.iter().all(|it| it.source.reserved > 0 && roomy.marks(it)));
        let (_folder, tight) = profile(&line(50));
        let found = problems(&format!("{tight} --embedded --verify sequence"));
        assert!(found[0].starts_with("stream t: size = \"50\" ("), "{found:?}");
        assert!(found[0].contains(":5:") && found.len() == 1, "{found:?}");
    }

    #[test]
    fn what_only_one_stream_could_mean_is_refused() {
        let (_folder, line) = profile("load: {rate: 5}\nstreams: [{topic: a}, {topic: b}]\n");
        let found = problems(&format!("{line} --producers 2 --topic c"));
        assert!(found[0].starts_with("--producers = \"2\": expected none beside streams ("));
        assert!(found[1].starts_with("--topic = \"c\": expected none beside streams that all"));
        assert_eq!(found.len(), 2, "{found:?}");
        let (_folder, line) = profile("streams: []\n");
        assert!(problems(&line)[0].contains("expected 1 to 100 streams"), "{:?}", problems(&line));
        let (_folder, line) = profile("streams: [{topic: a}, {topic: a}]\n");
        assert!(problems(&line)[0].starts_with("stream \"a\" ("), "{:?}", problems(&line));
    }

    #[test]
    fn weights_without_a_rate_are_said_to_say_nothing() {
        let streams = "streams: [{topic: a, weight: 2}, {topic: b}]\n";
        let notes = |text: &str| {
            let (_folder, line) = profile(text);
            let cell = &settings(&line).cells[0];
            cell.notes.iter().any(|note| note.contains("the streams' weights say nothing"))
        };
        assert!(notes(&format!("load: {{duration: 1s}}\n{streams}")));
        assert!(!notes(&format!("load: {{num-records: 10}}\n{streams}")));
        assert!(!notes(&format!("load: {{rate: 10}}\n{streams}")));
        assert!(!notes("load: {duration: 1s}\nstreams: [{topic: a}, {topic: b}]\n"));
        let (_folder, line) = profile("streams: [{topic: a}]\nload: {duration: 1s}\n");
        assert_eq!(plan(&line).duration, Some(Duration::from_secs(1)));
    }

    const SECOND: u64 = 1_000_000_000;
}
