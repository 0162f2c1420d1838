//! As much of JSON Schema 2020-12 as the schemas in `docs/` use. A keyword that isn't known
//! here is a mistake of the schema's, so that nothing in it goes unheeded.

use serde_json::{Map, Value};

/// What in `value` isn't as `schema`, a part of the document `root`, has it: a line each, with the
/// place.
pub(crate) fn faults(root: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut check = Check { root, faults: Vec::new() };
    check.against(schema, value, "$");
    check.faults
}

struct Check<'a> {
    root: &'a Value,
    faults: Vec<String>,
}

impl<'a> Check<'a> {
    fn against(&mut self, schema: &'a Value, value: &Value, at: &str) {
        let rules = schema.as_object().unwrap_or_else(|| panic!("{at}: a schema is an object"));
        for (keyword, rule) in rules {
            self.one(rules, keyword, rule, value, at);
        }
    }

    fn one(
        &mut self,
        rules: &'a Map<String, Value>,
        word: &str,
        rule: &'a Value,
        value: &Value,
        at: &str,
    ) {
        match word {
            // For readers, or part of another keyword.
            "$schema" | "$defs" | "title" | "description" | "properties" | "then" | "else" => {
                if word == "properties" {
                    self.properties(rule, value, at);
                }
            }
            "$ref" => self.against(self.named(rule), value, at),
            "if" => {
                let holds = faults(self.root, rule, value).is_empty();
                if let Some(branch) = rules.get(if holds { "then" } else { "else" }) {
                    self.against(branch, value, at);
                }
            }
            "anyOf" => {
                let tries = rule.as_array().expect("a list of schemas").iter();
                let found: Vec<_> = tries.map(|rule| faults(self.root, rule, value)).collect();
                if !found.iter().any(Vec::is_empty) {
                    // A value that isn't null is judged by what it should be.
                    let best = found.into_iter().max_by_key(Vec::len).unwrap_or_default();
                    self.faults.extend(best.iter().map(|fault| format!("{at} / {fault}")));
                }
            }
            "type" => self.typed(rule, value, at),
            "enum" => self
                .need(listed(rule).contains(value), at, || format!("{value}: not one of {rule}")),
            "pattern" => {
                let Some(text) = value.as_str() else { return };
                let holds = match rule.as_str() {
                    Some("^1\\.[0-9]+$") => {
                        text.strip_prefix("1.").is_some_and(|text| text.parse::<u32>().is_ok())
                    }
                    Some("\\$\\{") => text.contains("${"),
                    _ => panic!("{at}: the pattern {rule} isn't known here"),
                };
                self.need(holds, at, || format!("{value}: not as {rule}"));
            }
            "minimum" | "maximum" => {
                let (bound, number) = (rule.as_f64().expect("a number"), value.as_f64());
                let holds = number.is_none_or(|number| match word {
                    "minimum" => number >= bound,
                    _ => number <= bound,
                });
                self.need(holds, at, || format!("{value}: {word} {bound}"));
            }
            "required" => {
                let Some(object) = value.as_object() else { return };
                for name in listed(rule).iter().filter_map(Value::as_str) {
                    self.need(object.contains_key(name), at, || format!("{name} is missing"));
                }
            }
            "additionalProperties" => self.rest(rules, rule, value, at),
            "items" => {
                for (nth, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.against(rule, item, &format!("{at}[{nth}]"));
                }
            }
            "minItems" | "maxItems" => {
                let bound = rule.as_u64().and_then(|bound| usize::try_from(bound).ok());
                let len = value.as_array().map(Vec::len);
                let holds = len.is_none_or(|len| match word {
                    "minItems" => Some(len) >= bound,
                    _ => Some(len) <= bound,
                });
                self.need(holds, at, || format!("{len:?} items, {word} {rule}"));
            }
            other => panic!("{at}: the keyword {other} isn't known here"),
        }
    }

    fn properties(&mut self, rule: &'a Value, value: &Value, at: &str) {
        let rules = rule.as_object().expect("schemas by name");
        for (name, inner) in value.as_object().into_iter().flatten() {
            if let Some(rule) = rules.get(name) {
                self.against(rule, inner, &format!("{at}.{name}"));
            }
        }
    }

    /// What `properties` doesn't name.
    fn rest(&mut self, rules: &'a Map<String, Value>, rule: &'a Value, value: &Value, at: &str) {
        let named = rules.get("properties").and_then(Value::as_object);
        for (name, inner) in value.as_object().into_iter().flatten() {
            if named.is_some_and(|named| named.contains_key(name)) {
                continue;
            }
            match rule {
                Value::Bool(allowed) => {
                    self.need(*allowed, at, || format!("{name} isn't in the schema"));
                }
                rule => self.against(rule, inner, &format!("{at}.{name}")),
            }
        }
    }

    fn typed(&mut self, rule: &Value, value: &Value, at: &str) {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let is = |name: &Value| name == kind || (name == "number" && kind == "integer");
        let holds = if rule.is_array() { listed(rule).iter().any(is) } else { is(rule) };
        self.need(holds, at, || format!("{value}: expected {rule}"));
    }

    /// What `#/$defs/NAME` points to.
    fn named(&self, rule: &Value) -> &'a Value {
        let pointer = rule.as_str().and_then(|text| text.strip_prefix('#'));
        let found = pointer.and_then(|pointer| self.root.pointer(pointer));
        found.unwrap_or_else(|| panic!("{rule} points to nothing"))
    }

    fn need(&mut self, holds: bool, at: &str, fault: impl FnOnce() -> String) {
        if !holds {
            self.faults.push(format!("{at}: {}", fault()));
        }
    }
}

fn listed(rule: &Value) -> &[Value] {
    rule.as_array().expect("a list")
}
