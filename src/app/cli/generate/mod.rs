//! `kprod-bench generate`: the records that a run with these flags would send, made without a
//! broker. Cost class: per record; contacts nobody.
//!
//! They come from the sources that a run has, so that they are its records to the byte. Two things
//! only a run knows: its tag in the header of `--verify sequence`, which is 0 here unless
//! `--run-tag` says it, and the instant at which it begins, which is now unless `--time-origin`
//! says it.

mod digest;
mod form;
mod place;

use std::fs::File;
use std::io::{self, BufWriter, Write};

use self::digest::Digest;
use self::form::{Form, Made};
use self::place::Places;
use super::generate_args::GenerateArgs;
use super::say::{complain, refuse, warn};
use crate::app::report::exit::Exit;
use crate::app::settings::{self, Cell, Problems};
use crate::base::WorkerIndex;
use crate::base::units::parse_count;
use crate::host::driver::plan::{RunPlan, StreamPlan};
use crate::host::shell::clock;
use crate::load::schedule::Arrivals;
use crate::load::source::{Mark, Source, TimestampPlan};

/// Prints or writes the records, or a hash over them.
#[must_use]
pub(super) fn run(args: &GenerateArgs) -> Exit {
    let ready = match Ready::read(args) {
        Ok(ready) => ready,
        Err(problems) => return refuse(&problems),
    };
    ready.warnings.iter().for_each(|warning| warn(warning));
    if let Some(note) = ready.note() {
        warn(&note);
    }
    let written = match &args.out {
        None => ready.write(&mut BufWriter::new(io::stdout().lock())),
        Some(path) => File::create(path).and_then(|file| ready.write(&mut BufWriter::new(file))),
    };
    match written {
        Ok(lost) => {
            lost.notes(ready.form).iter().for_each(|note| warn(note));
            Exit::Passed
        }
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Passed,
        Err(error) => {
            let to = args
                .out
                .as_ref()
                .map_or_else(|| "standard output".to_owned(), |path| format!("--out = \"{path}\""));
            complain(&format!("{to}: can't write there: {error}"));
            Exit::BadInput
        }
    }
}

/// What is wrong with these flags.
#[must_use]
pub(super) fn problems(args: &GenerateArgs) -> Vec<String> {
    Ready::read(args).map_or_else(|found| found.lines().to_vec(), |_| Vec::new())
}

/// All that is asked for.
struct Ready {
    /// What the records are made by, one for each way in which cells differ in them.
    kinds: Vec<Kind>,
    which: Which,
    form: Form,
    hash: bool,
    /// What the user should know of what was read.
    warnings: Vec<String>,
    /// Whether records hold the time at which a run begins, and nobody says which that is.
    tells_time: bool,
    /// What stands for it, Unix milliseconds.
    now_ms: i64,
}

/// The records of a cell, or of one of its streams.
struct Kind {
    /// The cell, and the stream where there are several.
    heading: String,
    plan: RunPlan,
    /// The stream's place in the plan.
    stream: usize,
}

/// Which records.
#[derive(Clone, Copy, Debug)]
struct Which {
    from: u64,
    count: u64,
    /// Of this producer alone, counted by its own numbers.
    producer: Option<u32>,
    /// The run's tag in marks.
    tag: u32,
}

impl Ready {
    fn read(args: &GenerateArgs) -> Result<Self, Problems> {
        let settings =
            settings::build_unjudged(&args.run(), &|name: &str| std::env::var(name).ok())?;
        let mut problems = Problems::default();
        let mut places = settings.places.clone();
        places.writes("out", args.out.as_deref());
        places.check(&mut problems);
        let now_ms = i64::try_from(clock::unix_ms()).unwrap_or(i64::MAX);
        let kinds = kinds(&settings.cells, args.stream.as_deref(), &mut problems);
        let which = Which {
            from: number("from", args.from.as_deref(), 0, &mut problems).unwrap_or(0),
            count: number("count", args.count.as_deref(), 1, &mut problems).unwrap_or(COUNT),
            producer: producer(args, &kinds, &mut problems),
            tag: tag(args.run_tag.as_deref(), &mut problems),
        };
        let form = form(args, &mut problems);
        let whole = args.hash || form == Form::Text;
        if kinds.len() > 1 && !whole {
            let named = args.format.as_deref().unwrap_or_default();
            let several = axes(&settings.axes);
            let instead = match kinds[0].plan.streams.len() {
                1 => format!("give one value for{several}"),
                _ if several.is_empty() => "give --stream".to_owned(),
                _ => format!("give --stream, and one value for{several}"),
            };
            let expected = format!(
                "expected records of one kind, not of {}: {instead}, or --format text",
                kinds.len()
            );
            problems.flag("format", named, expected);
        }
        if which.from > MOST_WALKED && kinds.iter().any(Kind::is_walked) {
            let expected = format!(
                "expected {MOST_WALKED} at most with --pacing poisson and records that tell when \
                 they happened: random arrivals are added up from the first record on"
            );
            problems.flag("from", args.from.as_deref().unwrap_or_default(), expected);
        }
        let tells_time = kinds.iter().any(Kind::tells_time);
        if tells_time && args.hash {
            problems.add(
                "--hash: these records hold the time at which they happen, counted from a run's \
                 begin; give --time-origin, such as --time-origin 2026-01-31T08:00:00Z (a result \
                 has its own in generator.time_origin)"
                    .to_owned(),
            );
        }
        let warnings = settings.warnings;
        let ready = Self { kinds, which, form, hash: args.hash, warnings, tells_time, now_ms };
        if problems.is_empty() { Ok(ready) } else { Err(problems) }
    }

    /// What the reader should know of the records.
    fn note(&self) -> Option<String> {
        self.tells_time.then(|| {
            format!(
                "times in these records count from now, as in a run that begins now; with \
                 --time-origin {} the same ones are made again",
                form::moment(self.now_ms)
            )
        })
    }

    fn write(&self, out: &mut impl Write) -> io::Result<Lost> {
        let mut lost = Lost::default();
        if !self.hash {
            out.write_all(self.form.head().as_bytes())?;
        }
        for kind in &self.kinds {
            let heading = if self.kinds.len() > 1 { kind.heading.as_str() } else { "" };
            if self.hash {
                let mut digest = Digest::default();
                kind.each(&self.which, self.now_ms, |made| {
                    digest.add(made);
                    Ok(())
                })?;
                writeln!(out, "{digest}  {}{heading}", self.which)?;
                continue;
            }
            if !heading.is_empty() {
                writeln!(out, "#{heading}")?;
            }
            kind.each(&self.which, self.now_ms, |made| {
                lost.count(made);
                self.form.write(made, out)
            })?;
        }
        out.flush()?;
        Ok(lost)
    }
}

/// Records of which a format of values alone doesn't tell all.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Lost {
    /// Without a value.
    nulls: u64,
    /// With a line end in their value.
    broken: u64,
}

impl Lost {
    fn count(&mut self, made: &Made<'_>) {
        match made.view.value {
            None => self.nulls += 1,
            Some(value) if value.contains(&b'\n') => self.broken += 1,
            Some(_) => {}
        }
    }

    /// What whoever reads the values should know.
    fn notes(self, form: Form) -> Vec<String> {
        let Self { nulls, broken } = self;
        let instead = "give --format jsonl or hex to tell them apart";
        let mut notes = Vec::new();
        match form {
            Form::Length32 if nulls > 0 => notes.push(format!(
                "{nulls} records have no value (null), written as one of length 0; {instead}"
            )),
            Form::Lines if nulls > 0 => notes.push(format!(
                "{nulls} records have no value (null), written as an empty line; {instead}"
            )),
            _ => {}
        }
        if form == Form::Lines && broken > 0 {
            notes.push(format!(
                "{broken} values have a line end in them and take several lines; give --format \
                 length32, or jsonl, to tell them apart"
            ));
        }
        notes
    }
}

impl core::fmt::Display for Which {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} records from {}", self.count, self.from)?;
        self.producer.map_or(Ok(()), |producer| write!(f, " of producer {producer}"))
    }
}

impl Kind {
    fn stream(&self) -> &StreamPlan {
        &self.plan.streams[self.stream]
    }

    /// Makes the records one by one; a run that isn't told another origin began at `origin_ms`.
    fn each(
        &self,
        which: &Which,
        origin_ms: i64,
        mut take: impl FnMut(&Made<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let stream = self.stream();
        let source = stream.source.begun_at(origin_ms);
        let workers = u64::from(source.workers);
        let is_stamped = source.timestamps != TimestampPlan::Now;
        let mut sources: Vec<Option<Source>> = (0..source.workers).map(|_| None).collect();
        let mut places = Places::new(&self.plan, stream);
        for at in which.from..which.from + which.count {
            let record = which.producer.map_or(at, |producer| at * workers + u64::from(producer));
            let number = record / workers;
            let producer = u32::try_from(record % workers).expect("below a number of 32 bits");
            let mark = Mark { run: which.tag, producer, number };
            let mark = self.plan.marks(stream).then_some(mark);
            let worker = || Source::new(&source, WorkerIndex(producer));
            let maker = sources[producer as usize].get_or_insert_with(worker);
            maker.with_record(record, 0, mark, |view| {
                take(&Made {
                    record,
                    producer,
                    number,
                    producers: source.workers,
                    place: places.of(view),
                    timestamp_ms: is_stamped.then_some(view.timestamp_ms),
                    view,
                })
            })?;
        }
        Ok(())
    }

    /// Whether its records are others when the run begins at another time.
    fn tells_time(&self) -> bool {
        let source = &self.stream().source;
        source.clock.origin_ms.is_none() && source.tells_time()
    }

    /// Whether record numbers are walked to: random arrivals are added up from the first on.
    fn is_walked(&self) -> bool {
        let is_random = matches!(self.plan.schedule.arrivals, Arrivals::Poisson { .. });
        is_random && self.stream().source.clock.timetable.is_some()
    }
}

/// The streams of all cells whose records aren't those of a cell before; or the one stream that is
/// asked for.
fn kinds(cells: &[Cell], asked: Option<&str>, problems: &mut Problems) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    let streams = |cell: &Cell| 0..cell.plan.streams.len();
    let all = cells.iter().flat_map(|cell| streams(cell).map(move |stream| (cell, stream)));
    let is_asked = |cell: &Cell, at: usize| asked.is_none_or(|it| cell.plan.streams[at].name == it);
    for (cell, stream) in all.filter(|(cell, stream)| is_asked(cell, *stream)) {
        let same = |kind: &Kind| {
            let (one, other) = (&kind.plan, &cell.plan);
            kind.stream().name == other.streams[stream].name
                && kind.stream().source == other.streams[stream].source
                && one.producer.partitioner == other.producer.partitioner
                && one.producer.key_rules == other.producer.key_rules
                && one.producer.ignore_keys == other.producer.ignore_keys
        };
        if !kinds.iter().any(same) {
            let values = cell.values.iter().map(|(flag, value)| format!(" --{flag} {value}"));
            let several = cell.plan.streams.len() > 1;
            let name = several.then(|| format!(" stream {}", cell.plan.streams[stream].name));
            let heading = values.chain(name).collect();
            kinds.push(Kind { heading, plan: cell.plan.clone(), stream });
        }
    }
    if let (Some(asked), true) = (asked, kinds.is_empty()) {
        let streams = cells.iter().flat_map(|cell| &cell.plan.streams);
        let mut names: Vec<&str> = streams.map(|stream| stream.name.as_str()).collect();
        names.dedup();
        problems.flag("stream", asked, format_args!("expected one of {}", names.join(", ")));
    }
    kinds
}

/// Flags with several values.
fn axes(axes: &[settings::matrix::Axis]) -> String {
    let axes = axes.iter().map(|axis| format!(" --{} ({})", axis.flag, axis.values.join(", ")));
    axes.collect::<Vec<_>>().join(" and")
}

fn number(flag: &str, text: Option<&str>, least: u64, problems: &mut Problems) -> Option<u64> {
    let text = text?;
    let exact = text.parse().ok();
    let number = exact.or_else(|| whole(parse_count(text).ok()?));
    let number = number.filter(|number| (least..=MOST).contains(number));
    if number.is_none() {
        let expected =
            format!("expected a whole number from {least} to {MOST} (2^52), such as 1000 or 2M");
        problems.flag(flag, text, expected);
    }
    number
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and from 0 to 2^52"
)]
fn whole(value: f64) -> Option<u64> {
    (value.fract() == 0.0 && (0.0..4.5e15).contains(&value)).then_some(value as u64)
}

fn producer(args: &GenerateArgs, kinds: &[Kind], problems: &mut Problems) -> Option<u32> {
    let text = args.of_producer.as_deref()?;
    let producers = kinds.iter().map(|kind| kind.stream().producers()).min().unwrap_or(1);
    let producer = text.parse().ok().filter(|producer| *producer < producers);
    if producer.is_none() {
        let expected = match producers {
            1 => "expected 0, the only one; --producers says how many there are".to_owned(),
            _ => format!("expected 0 to {}, for there are {producers}", producers - 1),
        };
        problems.flag("producer", text, expected);
    }
    producer
}

/// The run's tag, as hexadecimal digits.
fn tag(text: Option<&str>, problems: &mut Problems) -> u32 {
    let Some(text) = text else { return 0 };
    let is_hex = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let tag = u32::from_str_radix(text, 16).ok().filter(|_| is_hex);
    tag.unwrap_or_else(|| {
        let expected = "expected the first four bytes of a record's header kprod as 8 hexadecimal \
                        digits, such as 1a2b3c4d";
        problems.flag("run-tag", text, expected);
        0
    })
}

fn form(args: &GenerateArgs, problems: &mut Problems) -> Form {
    let Some(text) = args.format.as_deref() else { return Form::Text };
    let form = Form::ALL.into_iter().find(|form| form.name() == text);
    form.unwrap_or_else(|| {
        let names: Vec<&str> = Form::ALL.iter().map(|form| form.name()).collect();
        problems.flag("format", text, format_args!("expected one of {}", names.join(", ")));
        Form::Text
    })
}

/// Records where nobody says how many.
const COUNT: u64 = 10;
/// 2^52: numbers of records fit 64 bits with any number of producers.
const MOST: u64 = 1 << 52;
/// A minute's way along random arrivals.
const MOST_WALKED: u64 = 1_000_000_000;

#[cfg(test)]
mod tests;
