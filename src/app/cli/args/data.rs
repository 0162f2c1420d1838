//! The flags that say what records hold. Cost class: once a process.

use clap::Args;
use serde::{Deserialize, Serialize};

/// What the records hold.
#[derive(Args, Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[command(next_help_heading = "Data (comma lists make a matrix)")]
pub struct DataArgs {
    /// Bytes of each value: 100, uniform:100..2000, 100:70+1024:25+10240:5 (weights),
    /// normal:MEAN:SD, lognormal:MEDIAN:SIGMA (both with :LEAST..MOST), zipf:MOST:EXPONENT
    /// [default: 100]
    #[arg(long, value_name = "BYTES")]
    pub record_size: Option<String>,
    /// What a codec leaves of random values: 0.5 halves them; lz4 and zstd come within 10 %
    /// [default: 1]
    #[arg(long, value_name = "RATIO")]
    pub compress_ratio: Option<String>,
    /// random: bytes that don't compress; fixed: the same in every record; sequence: producer,
    /// number and checksum, for proof; increasing: 0, 1, 2, …; null: no value; template (with
    /// --template); corpus (with --payload-file) [default: random, or what a file is given for]
    #[arg(long, value_name = "KIND")]
    pub generator: Option<String>,
    /// How increasing numbers are written: text, int32 or int64 (big-endian) [default: text]
    #[arg(long, value_name = "TYPE")]
    pub value_type: Option<String>,
    /// The share of records without a value, such as 5% [default: 0]
    #[arg(long, value_name = "SHARE")]
    pub tombstones: Option<String>,
    /// Put Confluent's prefix before every value: a zero byte and this schema id, part of
    /// --record-size
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub schema_id: Option<String>,
    /// none; sequence; uniform:N for N different keys; zipf:N:EXPONENT; roundrobin:N;
    /// hot:P%:N/OTHERS; list:Pangyo|Seoul for these, as often as they stand there; field:NAME for a
    /// field of the template [default: none]
    #[arg(long, value_name = "KEYS")]
    pub key: Option<String>,
    /// Bytes of each key [default: as many as the type needs]
    #[arg(long, value_name = "BYTES")]
    pub key_size: Option<String>,
    /// text (key-000), bytes, int32, int64 (big-endian) or json [default: text]
    #[arg(long, value_name = "TYPE")]
    pub key_type: Option<String>,
    /// A header of every record: NAME=TEXT, or made for each with uuid(), sequence(), random(N),
    /// time() or null(); spaces around = are part of name and value; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    pub header: Vec<String>,
    /// now; step:START:STEP such as step:origin:1ms; event (the time inside payloads), or
    /// event:LATENESS such as event:10%:exponential:30s [default: now]
    #[arg(long, value_name = "STAMPS")]
    pub timestamps: Option<String>,
    /// When the run began as its records tell it, such as 2026-01-31T08:00:00Z [default: when the
    /// run begins]
    #[arg(long, value_name = "TIME")]
    pub time_origin: Option<String>,
    /// Make this many million bytes of random values once, and repeat them, where making them anew
    /// would be the limit
    #[arg(long, value_name = "N")]
    pub pool_mb: Option<String>,
    /// Rules that choose partitions by key, in the place of a partitioner of your own (YAML;
    /// profiles/pangyo.rules.yaml is one)
    #[arg(long, value_name = "FILE")]
    pub key_rules: Option<String>,
    /// What holds where no flag says otherwise: a name that `kprod-bench profiles` lists, or a YAML
    /// file
    #[arg(long, value_name = "NAME|FILE")]
    pub profile: Option<String>,
    /// Values are made by this template: JSON, or any text, with fields such as {{uuid}} and
    /// {{int 1..100}} (docs/templates.md)
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "record_size", "compress_ratio", "payload_monotonic", "value_type", "payload_file"
        ]
    )]
    pub template: Option<String>,
    /// Values are the pieces of this file, or of all files of this folder
    #[arg(
        long,
        value_name = "FILE|DIR",
        conflicts_with_all = ["record_size", "compress_ratio", "payload_monotonic", "value_type"]
    )]
    pub payload_file: Option<String>,
    /// How it is cut: lines, length32 (records with their length before them, four bytes), varint
    /// (the same as Protocol Buffers write it), file (a file is a piece) [default: lines; of a
    /// folder file]
    #[arg(long, value_name = "FORMAT", requires = "payload_file")]
    pub payload_format: Option<String>,
    /// random, or sequence: from the first piece to the last and again [default: random]
    #[arg(long, value_name = "ORDER", requires = "payload_file")]
    pub payload_order: Option<String>,
    /// What separates the pieces; \n, \r, \t, \0, \\ and \xNN stand for bytes [default: \n]
    #[arg(long, value_name = "TEXT", requires = "payload_file")]
    pub payload_delimiter: Option<String>,
    /// Values are the numbers 0, 1, 2, … as text
    #[arg(long, conflicts_with_all = ["record_size", "compress_ratio", "generator", "value_type"])]
    pub payload_monotonic: bool,
}
