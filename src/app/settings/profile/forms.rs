//! Fields that say in a mapping what a flag says in a word. Cost class: once a process.

use super::super::header::header_value;
use super::super::problems::Problems;
use super::super::size as sizes;
use super::super::yaml::Node;
use super::Value;
use super::kinds::{self, BESIDE_KEY, BESIDE_VALUE, FILED_VALUES};
use super::read::Reader;
use crate::load::source::{HeaderValue, KeyPlan};

/// Reads a field that has a form of its own.
pub(super) fn form(reader: &mut Reader<'_>, section: &str, name: &str, node: &Node<'_>) {
    match (section, name) {
        ("target", "bootstrap-server") => servers(reader, node),
        ("topic", "config") => {
            let expected = "settings of the topic, such as {retention.ms: 60000}";
            reader.pairs("topic-config", node, expected);
        }
        ("topic", "create") => reader.switch("create", "no-create-topic", node, false),
        ("generator", "key") => key(reader, node),
        ("generator", "value") => value(reader, node),
        ("generator", "size") => size(reader, node),
        ("generator", "headers") => headers(reader, node),
        ("load", "stages") => stages(reader, node),
        _ => unreachable!("every form of a section is read"),
    }
}

/// The word that a flag would be given for a mapping of the field `name`; `None` for what is no
/// mapping, or wrong, which is reported.
pub(super) fn text(reader: &mut Reader<'_>, name: &str, node: &Node<'_>) -> Option<String> {
    match name {
        "key" if node.is_mapping() => kinds::word(kinds::KEYS, node, &[], reader.problems),
        "size" | "record-size" if node.is_mapping() => size_word(node, reader.problems),
        _ => None,
    }
}

/// Servers are a Kafka key, under the flag's name. An empty variable isn't the wish for a toy.
fn servers(reader: &mut Reader<'_>, node: &Node<'_>) {
    let Some(mut value) = reader.value(node) else { return };
    if value.text.trim().is_empty() && value.missing.is_none() {
        let why = if node.is_emptied() { "; the variable is empty" } else { "" };
        let expected = format!(
            "brokers, HOST:PORT,…{why}: set it, give --bootstrap-server, or --embedded for the \
             embedded brokers"
        );
        value.missing = Some(node.wrong(expected));
    }
    reader.profile.servers = Some(value);
}

/// A word as the flag takes it, or a mapping with a kind, and with size and type.
fn key(reader: &mut Reader<'_>, node: &Node<'_>) {
    if !node.is_mapping() {
        return reader.flag("key", "key", node);
    }
    let beside = BESIDE_KEY.map(|(name, _)| name);
    let kind = node.field("kind");
    let values = node.field("values").filter(|values| values.scalar().is_none());
    match (kind.as_ref().and_then(Node::text), values) {
        (Some(kinds::LIST), Some(values)) => {
            let known: Vec<&str> = ["kind", "values"].into_iter().chain(beside).collect();
            node.check_fields(&known, reader.problems);
            let named = |keys: Vec<Option<Vec<u8>>>| {
                let text = format!("list of {}", keys.len());
                (KeyPlan::List(keys.into()), Value { text, place: node.place(), missing: None })
            };
            reader.profile.key = listed_keys(&values, reader.problems).map(named);
        }
        _ => {
            let word = kinds::word(kinds::KEYS, node, &beside, reader.problems);
            put_word(reader, "key", node, word);
        }
    }
    for (name, flag) in BESIDE_KEY {
        if let Some(field) = node.field(name) {
            reader.flag(name, flag, &field);
        }
    }
}

/// Says a word in the place of a flag.
fn put_word(reader: &mut Reader<'_>, flag: &str, node: &Node<'_>, word: Option<String>) {
    let place = node.place();
    let value = word.map(|text| Value { text, place, missing: None });
    reader.put(node.name(), flag, value.into_iter().collect());
}

/// Keys as likely as they are often, `~` for records without one.
fn listed_keys(values: &Node<'_>, problems: &mut Problems) -> Option<Vec<Option<Vec<u8>>>> {
    let items = values.items("a list of keys, such as [Pangyo, Seoul]", problems);
    let keys: Vec<_> = items.iter().filter_map(|item| listed_key(item, problems)).collect();
    if items.is_empty() {
        values.problem("one key or more", problems);
    }
    (!keys.is_empty()).then_some(keys)
}

/// A key; `None` for what is neither text nor nothing, which is reported.
fn listed_key(item: &Node<'_>, problems: &mut Problems) -> Option<Option<Vec<u8>>> {
    match (item.text(), item.is_null()) {
        (Some(text), _) if item.unset().is_none() => Some(Some(text.as_bytes().to_vec())),
        (None, true) => Some(None),
        _ => {
            item.problem("a text (numbers in quotes), or ~ for no key", problems);
            None
        }
    }
}

/// A word as `--generator` takes it, or a mapping with that as its kind and what it needs.
fn value(reader: &mut Reader<'_>, node: &Node<'_>) {
    if !node.is_mapping() {
        return made_value(reader, "value", node);
    }
    let kind = node.needed("kind", FILED_VALUES[0].example, reader.problems);
    let named = kind.as_ref().and_then(kinds::named);
    let filed = FILED_VALUES.iter().find(|filed| Some(filed.kind) == named);
    let fields = filed.map_or(&BESIDE_VALUE[..], |filed| filed.fields);
    let known: Vec<&str> =
        ["kind"].into_iter().chain(fields.iter().map(|(name, _)| *name)).collect();
    node.check_fields(&known, reader.problems);
    match (filed, kind) {
        // Whoever gives a file says by that what is to be made of it.
        (Some(filed), _) if node.needed("file", filed.example, reader.problems).is_none() => return,
        (None, Some(kind)) => made_value(reader, "kind", &kind),
        (Some(_), _) | (None, None) => {}
    }
    for (name, flag) in fields {
        if let Some(field) = node.field(name) {
            reader.flag(name, flag, &field);
        }
    }
}

/// A value's kind alone.
fn made_value(reader: &mut Reader<'_>, field: &str, node: &Node<'_>) {
    if node.is_null() {
        return put_word(reader, "generator", node, Some(kinds::NULL.to_owned()));
    }
    reader.flag(field, "generator", node);
}

/// A list of headers: texts as `--header` takes them, or mappings with a name and a value or a
/// kind.
fn headers(reader: &mut Reader<'_>, node: &Node<'_>) {
    let expected = "a list of headers, such as [{name: source, value: web}, {name: trace-id, \
                    kind: uuid}]";
    let items = node.items(expected, reader.problems);
    let headers = items.iter().filter_map(|item| header(reader, item)).collect();
    reader.put("headers", "header", headers);
}

/// A header as the flag takes it.
fn header(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Value> {
    if !node.is_mapping() {
        return reader.value(node);
    }
    if let Some(name) = node.field("name")
        && name.scalar().is_some_and(|name| name.contains('='))
    {
        name.problem("a name without =", reader.problems);
        return None;
    }
    let text = match node.field("value") {
        Some(value) => text_header(node, &value, reader.problems),
        None => kinds::word(kinds::HEADERS, node, &["value"], reader.problems),
    };
    text.map(|text| Value { text, place: node.place(), missing: None })
}

/// A header whose value is the text itself, also where it reads like one that is made.
fn text_header(node: &Node<'_>, value: &Node<'_>, problems: &mut Problems) -> Option<String> {
    let word = kinds::TEXT_HEADER.of(node, &[], problems)?;
    let (name, text) = (word.split_once('=').map_or("", |(name, _)| name), value.scalar()?);
    let is_text = header_value(&text) == Ok(HeaderValue::Fixed(text.as_bytes().to_vec()));
    Some(if is_text { word } else { format!("{name}=\\{text}") })
}

/// Bytes, a word as `--record-size` takes it, or a mapping with weights or a kind.
fn size(reader: &mut Reader<'_>, node: &Node<'_>) {
    if node.is_mapping() {
        let word = size_word(node, reader.problems);
        put_word(reader, "record-size", node, word);
    } else {
        reader.flag("size", "record-size", node);
    }
}

fn size_word(node: &Node<'_>, problems: &mut Problems) -> Option<String> {
    match node.field("weights") {
        Some(weights) => {
            node.check_fields(&["weights"], problems);
            size_weights(&weights, problems)
        }
        None => kinds::word(kinds::SIZES, node, &[], problems),
    }
}

fn size_weights(weights: &Node<'_>, problems: &mut Problems) -> Option<String> {
    let fields = weights.fields();
    if fields.is_empty() {
        weights.problem("sizes with their weights, such as {100: 70, 1KiB: 30}", problems);
        return None;
    }
    let mut words = Vec::new();
    for (size, weight) in &fields {
        let size = sizes::bytes(size).map(|_| size);
        if size.is_none() {
            weight.name_problem("a size of 1 to 1GiB bytes, such as 512 or 1KiB", problems);
        }
        let text = weight.scalar().filter(|text| weight.unset().is_none() && is_weight(text));
        if text.is_none() {
            weight.problem("a weight, a number of 0 or more such as 70", problems);
        }
        words.extend(size.zip(text).map(|(size, text)| format!("{size}:{text}")));
    }
    (words.len() == fields.len()).then(|| words.join("+"))
}

fn is_weight(text: &str) -> bool {
    sizes::weight(text).is_some()
}

/// Rates in sequence. One rate for a time is what `--rate` and `--duration` say, so that these
/// stand above it one by one.
fn stages(reader: &mut Reader<'_>, node: &Node<'_>) {
    let expected = "a list of stages, such as [{rate: 100k, for: 60s}, {ramp-to: 300k, for: 60s}]";
    let items = node.items(expected, reader.problems);
    if node.is_empty_list() {
        node.problem("one stage or more", reader.problems);
    }
    match &*items {
        [stage] if stage.is_mapping() && is_plain(stage) => {
            if is_misspelt(stage, reader.problems) {
                return;
            }
            if let Some(time) = stage.needed("for", kinds::HOLD.example, reader.problems) {
                reader.flag("for", "duration", &time);
            }
            if let Some(rate) = stage.field("rate") {
                reader.flag("rate", "rate", &rate);
            }
        }
        items => {
            let stages = items.iter().filter_map(|stage| self::stage(reader, stage)).collect();
            reader.put("stages", "stage", stages);
        }
    }
}

/// Whether a stage without a kind has a field that no such stage has: said with all that there may
/// be, since what it was to be isn't known.
fn is_misspelt(stage: &Node<'_>, problems: &mut Problems) -> bool {
    let known = ["rate", "ramp-to", "kind", "for"];
    let is_known = |(name, _): &(String, Node<'_>)| known.contains(&name.as_str());
    if stage.field("kind").is_some() || stage.fields().iter().all(is_known) {
        return false;
    }
    stage.check_fields(&known, problems);
    true
}

/// Whether a stage is one rate for a time.
fn is_plain(stage: &Node<'_>) -> bool {
    stage.field("ramp-to").is_none() && stage.field("kind").is_none()
}

/// A stage as the flag takes it.
fn stage(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Value> {
    if !node.is_mapping() {
        return reader.value(node);
    }
    if is_misspelt(node, reader.problems) {
        return None;
    }
    let text = if node.field("kind").is_some() {
        kinds::word(kinds::STAGES, node, &[], reader.problems)
    } else if node.field("ramp-to").is_some() {
        kinds::RAMP.of(node, &[], reader.problems)
    } else {
        kinds::HOLD.of(node, &[], reader.problems)
    };
    text.map(|text| Value { text, place: node.place(), missing: None })
}
