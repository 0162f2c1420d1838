//! The JSON Schema of profiles, for editors. Cost class: once a process.
//!
//! It is made from the same tables that a profile is read by, and `docs/profile.schema.json` is
//! what this made; a test holds the two together.

use serde_json::{Map, Value, json};

use super::super::matrix;
use super::flags::{Flag, Flags, Shape};
use super::kinds::{self, BESIDE_KEY, BESIDE_VALUE, FILED_VALUES, Kind, MADE_VALUES};
use super::sections::{SECTIONS, Section};
use super::streams::{MOST, MOST_PRODUCERS, OF_THE_RUN};
use crate::kafka::config::keys::KEYS;
use crate::load::schedule::Part;

/// The schema as text, with a line end.
#[must_use]
pub fn profile_schema() -> String {
    let flags = Flags::of_run();
    let mut fields = Map::new();
    let mut field = |name: &str, schema: Value| fields.insert(name.to_owned(), schema);
    field("version", json!({"description": "Of this form.", "enum": [1, "1"]}));
    field("name", json!({"description": "What results call it.", "type": "string"}));
    for section in &SECTIONS {
        field(section.name, of_section(section, &flags));
    }
    field("producer", producer());
    field("streams", streams(&flags));
    field("matrix", axes(&flags));
    for name in ["repeat", "cooldown"] {
        let flag = flags.get(name).expect("both are flags of a run");
        field(name, of_flag(flag));
    }
    field("labels", pairs("Kept in the result."));
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Profile of kprod-bench",
        "description": "What a run does where no flag says otherwise. A field stands for the flag \
            that its description is of. ${NAME} and ${NAME:-default} in a value stand for an \
            environment variable. Printed by: kprod-bench profiles schema.",
        "type": "object",
        "additionalProperties": false,
        "required": ["version", "name"],
        "properties": fields,
        "$defs": {
            "value": {"type": ["string", "number", "boolean"]},
            "variable": {"type": "string", "pattern": "\\$\\{"},
            "switch": {"anyOf": [{"type": "boolean"}, {"$ref": "#/$defs/variable"}]},
            "key": key(),
            "size": size(),
        },
    });
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema can be written");
    text.push('\n');
    text
}

fn object(description: &str, properties: &Map<String, Value>) -> Value {
    json!({
        "description": description,
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

fn of_section(section: &Section, flags: &Flags) -> Value {
    let fields = section.fields(flags).into_iter();
    let fields = fields.map(|(name, flag)| (name.to_owned(), of_flag(flag)));
    let forms = section.forms.iter().map(|name| ((*name).to_owned(), form(section.name, name)));
    object(section.about, &fields.chain(forms).collect())
}

/// What stands in the place of a flag.
fn of_flag(flag: &Flag) -> Value {
    let mut schema = match flag.shape {
        Shape::Switch => json!({"$ref": "#/$defs/switch"}),
        Shape::One if !flag.words.is_empty() => {
            json!({"anyOf": [{"enum": flag.words}, {"$ref": "#/$defs/variable"}]})
        }
        Shape::One => json!({"$ref": "#/$defs/value"}),
        Shape::Many => json!({"anyOf": [
            {"$ref": "#/$defs/value"},
            {"type": "array", "items": {"$ref": "#/$defs/value"}},
        ]}),
    };
    schema["description"] = format!("--{}: {}", flag.name, flag.help).into();
    schema
}

/// Kafka keys, in Java's form.
fn producer() -> Value {
    let key = |doc: &str| json!({"description": doc, "$ref": "#/$defs/value"});
    let keys = KEYS.iter().map(|it| (it.name.to_owned(), key(it.doc)));
    object("Keys of the Kafka producer, in Java's form.", &keys.collect())
}

/// Several kinds of records in one run.
fn streams(flags: &Flags) -> Value {
    let generator = SECTIONS.iter().find(|section| section.name == "generator");
    let mut generator = of_section(generator.expect("profiles have a generator"), flags);
    generator["description"] = "What its records hold, above the run's own generator.".into();
    if let Some(fields) = generator["properties"].as_object_mut() {
        fields.retain(|field, _| OF_THE_RUN.iter().all(|(name, _)| name != field));
    }
    let count = |most: u32, description: &str| {
        json!({
            "description": description,
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": most},
                {"$ref": "#/$defs/variable"},
            ],
        })
    };
    let text = |description: &str| json!({"description": description, "type": "string"});
    let fields = [
        ("name", text("Its name in results; without one its topic's.")),
        ("topic", text("Where it writes; without one to the run's topic.")),
        ("weight", count(Part::MAX_WEIGHT, "Its share of the records is this by all weights.")),
        ("producers", count(MOST_PRODUCERS, "How many producers it has.")),
        ("generator", generator),
    ];
    json!({
        "description": "Several kinds of records in one run, each with a topic, a share and \
            producers of its own.",
        "type": "array",
        "minItems": 1,
        "maxItems": MOST,
        "items": object_of(&[], &fields),
    })
}

/// Whatever may have several values, under each of its names.
fn axes(flags: &Flags) -> Value {
    let list = |inner: &str| {
        let items = json!({"$ref": format!("#/$defs/{inner}")});
        json!({"type": "array", "minItems": 1, "items": items})
    };
    let keys = KEYS.iter().map(|key| (key.name, list("value")));
    let names = matrix::names().into_iter();
    let aliases = SECTIONS.iter().flat_map(|section| section.fields(flags));
    let aliases = aliases.filter(|(_, flag)| matrix::names().contains(&flag.name.as_str()));
    let aliases = aliases.map(|(field, _)| field);
    let mut fields: Map<String, Value> =
        keys.map(|(name, schema)| (name.to_owned(), schema)).collect();
    for name in names.chain(aliases).chain(["size"]) {
        let inner = match name {
            "key" => "key",
            "size" | "record-size" => "size",
            _ => "value",
        };
        fields.insert(name.to_owned(), list(inner));
    }
    object(
        "Every combination of these values is run: Kafka keys in Java's form, flags in theirs.",
        &fields,
    )
}

/// A mapping of names to values.
fn pairs(description: &str) -> Value {
    json!({
        "description": description,
        "type": "object",
        "additionalProperties": {"$ref": "#/$defs/value"},
    })
}

/// A field with a form of its own.
fn form(section: &str, name: &str) -> Value {
    match (section, name) {
        ("target", "bootstrap-server") => json!({
            "description": "--bootstrap-server: brokers to start from, HOST:PORT,…",
            "type": "string",
        }),
        ("topic", "config") => pairs("--topic-config: configuration of a topic that is made."),
        ("topic", "create") => json!({
            "description": "false is --no-create-topic: fail when the topic is missing.",
            "$ref": "#/$defs/switch",
        }),
        ("generator", "key") => json!({"$ref": "#/$defs/key"}),
        ("generator", "size") => json!({"$ref": "#/$defs/size"}),
        ("generator", "value") => value(),
        ("generator", "headers") => headers(),
        ("load", "stages") => stages(),
        _ => unreachable!("every form of a section has a schema"),
    }
}

fn value() -> Value {
    let object = |kind: Value, fields: &[(&'static str, &str)], required: &[&str]| {
        let fields = fields.iter().map(|(name, _)| (*name, json!({"$ref": "#/$defs/value"})));
        object_of(required, &[("kind", kind)].into_iter().chain(fields).collect::<Vec<_>>())
    };
    let made = json!({"anyOf": [
        {"enum": MADE_VALUES},
        {"type": "null"},
        {"$ref": "#/$defs/variable"},
    ]});
    let made = object(made, &BESIDE_VALUE, &["kind"]);
    let filed = FILED_VALUES
        .map(|it| object(json!({"enum": [it.kind]}), it.fields, &["kind", it.fields[0].0]));
    let word = json!({"type": ["string", "null"]});
    let forms: Vec<Value> = [word, made].into_iter().chain(filed).collect();
    json!({"description": "--generator, --template, --payload-file: values.", "anyOf": forms})
}

fn headers() -> Value {
    let text = [&kinds::TEXT_HEADER];
    let kinds = text.into_iter().chain(kinds::HEADERS);
    let kinds = kinds.map(|kind| object_of(&needed(kind), &fields_of(kind)));
    let forms: Vec<Value> = [json!({"type": "string"})].into_iter().chain(kinds).collect();
    json!({
        "description": "--header: a text, or made for each record.",
        "type": "array",
        "items": {"anyOf": forms},
    })
}

fn object_of(required: &[&str], properties: &[(&str, Value)]) -> Value {
    let properties = properties.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone()));
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties.collect::<Map<_, _>>(),
    })
}

/// The fields of a mapping with a kind.
fn fields_of(kind: &Kind) -> Vec<(&'static str, Value)> {
    let parts = kind.parts().into_iter();
    let parts = parts.map(|(name, _)| (name, json!({"$ref": "#/$defs/value"})));
    let names =
        if kind.name == kinds::NULL { json!([kind.name, null]) } else { json!([kind.name]) };
    let word = (!kind.name.is_empty()).then(|| ("kind", json!({"enum": names})));
    word.into_iter().chain(parts).collect()
}

/// Those that can't be left out.
fn needed(kind: &Kind) -> Vec<&'static str> {
    let parts = kind.parts().into_iter().filter(|(_, optional)| !optional);
    let word = (!kind.name.is_empty()).then_some("kind");
    word.into_iter().chain(parts.map(|(name, _)| name)).collect()
}

fn stages() -> Value {
    let value = || json!({"$ref": "#/$defs/value"});
    let word = json!({"type": "string"});
    let kinds = kinds::STAGES.iter().chain([&kinds::HOLD, &kinds::RAMP]);
    let kinds = kinds.map(|kind| object_of(&needed(kind), &fields_of(kind)));
    let several: Vec<Value> = [word].into_iter().chain(kinds).collect();
    let alone = object_of(&["for"], &[("rate", value()), ("for", value())]);
    json!({
        "description": "--stage: rates in sequence; one alone may have no rate, which is as fast \
            as it goes.",
        "anyOf": [
            {"type": "array", "minItems": 1, "maxItems": 1, "items": alone},
            {"type": "array", "minItems": 1, "items": {"anyOf": several}},
        ],
    })
}

fn key() -> Value {
    let word = json!({"type": "string"});
    let beside = |mut fields: Vec<(&'static str, Value)>| {
        fields.extend(BESIDE_KEY.map(|(name, _)| (name, json!({"$ref": "#/$defs/value"}))));
        fields
    };
    let values = json!({"anyOf": [
        {"type": "string"},
        {"type": "array", "minItems": 1, "items": {"type": ["string", "null"]}},
    ]});
    let list = vec![("kind", json!({"enum": [kinds::LIST]})), ("values", values)];
    let list = object_of(&["kind", "values"], &beside(list));
    let kinds = kinds::KEYS.iter().filter(|kind| kind.name != kinds::LIST);
    let kinds = kinds.map(|kind| object_of(&needed(kind), &beside(fields_of(kind))));
    let forms: Vec<Value> = [word, list].into_iter().chain(kinds).collect();
    let description = "--key, as its word or as a mapping; ~ stands for a record without.";
    json!({"description": description, "anyOf": forms})
}

fn size() -> Value {
    let word = json!({"type": ["string", "number"]});
    let weights = object_of(&["weights"], &[("weights", pairs("Each size with its weight."))]);
    let kinds = kinds::SIZES.iter().map(|kind| object_of(&needed(kind), &fields_of(kind)));
    let forms: Vec<Value> = [word, weights].into_iter().chain(kinds).collect();
    json!({"description": "--record-size, as its word or as a mapping.", "anyOf": forms})
}
