//! The language: what is rendered, how often, and what is said of a wrong template.

use proptest::prelude::*;

use super::*;
use crate::base::mix;
use crate::load::draw::fit;

/// 2026-11-23T12:39:44.123456789Z.
const TIME: i64 = 1_795_437_584_123_456_789;

fn template(text: &str) -> Template {
    Template::parse(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"))
}

fn render(text: &str, number: u64) -> String {
    let template = template(text);
    let mut rendering = template.rendering();
    template.render(7, number, TIME, &mut rendering);
    assert!(rendering.bytes().len() <= template.largest() as usize, "{text}");
    String::from_utf8(rendering.bytes().to_vec()).unwrap()
}

/// All errors of a text, as `line:column what: expected`.
fn errors(text: &str) -> Vec<String> {
    let errors = Template::parse(text).expect_err(text);
    errors.iter().map(|error| format!("{}:{} {error}", error.line, error.column)).collect()
}

/// What is put around an example that means nothing alone.
fn in_context(example: &str) -> String {
    match example {
        "ref user" => "{{user:int 1..5}} {{ref user}}".to_owned(),
        "repeat 1..5" => "{{repeat 1..5}}x{{/repeat}}".to_owned(),
        "/repeat" | "index" => format!("{{{{repeat 3}}}}{{{{{}}}}}{{{{/repeat}}}}", "index"),
        _ => format!("{{{{{example}}}}}"),
    }
}

const ORDER: &str = r#"{"id":"{{uuid}}","ts":{{timestamp_ms}},"at":"{{timestamp}}",
"n":{{int -5..100}},"price":{{float 1..500 2}},"temp":{{normal 20 5 1}},
"size":{{lognormal 80 0.6 0 1..5000}},"wait":{{exponential 250 3}},
"kind":"{{pick created:70 paid:25 "partly refunded":5}}","vip":{{bool 10%}},
"user":"user-{{user:zipf 1000000 0.99}}","again":"{{ref user}}","city":"{{city}}",
"name":"{{name}}","email":"{{email}}","seq":{{sequence 1000}},"tag":"{{hex 8..32}}",
"code":"{{alnum 6}}","pin":"{{digits 4}}","note":"{{words 0..12}}",
"colour":"{{pick_zipf 1.1 red green blue}}","ip":"{{ipv4}}","land":"{{country}}",
"items":[{{repeat 0..5}}{"i":{{index}},"sku":"{{sku:hex 6}}","ref":"{{ref sku}}",
"parts":[{{repeat 1..3 ", "}}{{int 0..9}}{{/repeat}}]}{{/repeat}}]}
"#;

#[test]
fn every_function_has_an_example_that_works() {
    for function in FUNCTIONS {
        let text = in_context(function.example);
        for number in 0..50 {
            assert!(!render(&text, number).is_empty(), "{text}");
        }
        let name = function.form.split(' ').next().unwrap();
        assert_eq!(name, function.name);
        assert!(function.example.starts_with(name));
    }
}

#[test]
fn json_stays_json_whatever_is_drawn() {
    let template = template(ORDER);
    let mut rendering = template.rendering();
    let user = template.field("user").unwrap();
    let mut empty = 0;
    for number in 0..3_000 {
        template.render(1, number, TIME, &mut rendering);
        let json: serde_json::Value = serde_json::from_slice(rendering.bytes())
            .unwrap_or_else(|error| panic!("{error}: {:?}", rendering.bytes()));
        let text = |pointer: &str| json.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let drawn = String::from_utf8(rendering.field(user).to_vec()).unwrap();
        assert_eq!(text("/user"), format!("user-{drawn}"));
        assert_eq!(text("/again"), drawn);
        assert_eq!(json["seq"], 1_000 + number);
        assert_eq!(json["ts"], 1_795_437_584_123i64);
        assert_eq!(text("/at"), "2026-11-23T12:39:44.123Z");
        assert!((-5..=100).contains(&json["n"].as_i64().unwrap()));
        assert!((1.0..=500.0).contains(&json["price"].as_f64().unwrap()));
        assert!((1..=5_000).contains(&json["size"].as_i64().unwrap()));
        assert!((8..=32).contains(&text("/tag").len()));
        assert!(text("/email").contains(".") && text("/email").contains("@example."));
        let items = json["items"].as_array().unwrap();
        empty += u32::from(items.is_empty());
        for (index, item) in items.iter().enumerate() {
            assert_eq!(item["i"], index);
            assert_eq!(item["sku"], item["ref"]);
            assert!((1..=3).contains(&item["parts"].as_array().unwrap().len()));
        }
    }
    // A sixth of 3,000 records has no items: 500, a deviation of 20.
    assert!((400..600).contains(&empty), "{empty}");
}

#[test]
fn what_stands_outside_of_braces_is_written_as_it_stands() {
    assert_eq!(render("plain } text { \"{\\n}\" }}", 0), "plain } text { \"{\\n}\" }}");
    assert_eq!(render("{{\"{{\"}}uuid}}", 0), "{{uuid}}");
    assert_eq!(render("{{\"a \\\"b\\\" \\\\ \\n}}\"}}", 0), "a \"b\" \\ \n}}");
    assert_eq!(render("{\"a\":{\"b\":{{int 5..5}}}}", 0), "{\"a\":{\"b\":5}}");
    assert_eq!(render("{{# A \"comment\n of two lines. }}\r\na{{#}} b\n\n", 0), "a b\n");
    assert_eq!(render("{{ \n uuid \t}}", 3).len(), 36);
    assert_eq!(render("{{user: int 3..3}}{{ref user}}", 0), "33");
}

#[test]
fn times_are_the_payload_clocks() {
    let text = "{{timestamp_s}} {{timestamp_ms}} {{timestamp_us}} {{timestamp_ns}} {{date}}";
    assert_eq!(
        render(text, 0),
        "1795437584 1795437584123 1795437584123456 1795437584123456789 2026-11-23"
    );
}

#[test]
fn numbers_have_the_decimals_and_bounds_asked_for() {
    for number in 0..500 {
        let drawn = render("{{float -1..1 3}} {{normal 0 50 0 -10..10}} {{int -3..-1}}", number);
        let parts: Vec<&str> = drawn.split(' ').collect();
        assert_eq!(parts[0].trim_start_matches('-').len(), 5, "{drawn}");
        assert!((-1.0..=1.0).contains(&parts[0].parse::<f64>().unwrap()));
        assert!((-10..=10).contains(&parts[1].parse::<i32>().unwrap()));
        assert!((-3..=-1).contains(&parts[2].parse::<i32>().unwrap()));
    }
    let far = render("{{lognormal 1000 20 0}}", 12);
    assert!(far.parse::<i64>().unwrap() <= 1 << 53);
    assert_eq!(render("{{bool 0%}} {{bool 100%}} {{pick a:0 b}}", 9), "false true b");
    assert_eq!(render("{{pick \"12:30\" :0 a:0%}}", 0), "12:30");
}

/// How often each of `outcomes` is what `text` renders.
fn counts(text: &str, outcomes: &[&str]) -> Vec<u64> {
    let template = template(text);
    let mut rendering = template.rendering();
    let mut counts = vec![0; outcomes.len()];
    for number in 0..50_000 {
        template.render(3, number, TIME, &mut rendering);
        let at = outcomes.iter().position(|it| it.as_bytes() == rendering.bytes());
        counts[at.expect("one of the outcomes")] += 1;
    }
    counts
}

#[test]
fn what_is_picked_comes_as_often_as_it_weighs() {
    for (text, outcomes, shares) in [
        ("{{pick a:70 b:25 c:5}}", &["a", "b", "c"][..], &[0.7, 0.25, 0.05][..]),
        ("{{pick a b c d}}", &["a", "b", "c", "d"], &[0.25; 4]),
        ("{{pick_zipf 1 a b c}}", &["a", "b", "c"], &[6.0 / 11.0, 3.0 / 11.0, 2.0 / 11.0]),
        ("{{zipf 3 1}}", &["0", "1", "2"], &[6.0 / 11.0, 3.0 / 11.0, 2.0 / 11.0]),
        ("{{bool 10%}}", &["true", "false"], &[0.1, 0.9]),
        ("{{int 0..4}}", &["0", "1", "2", "3", "4"], &[0.2; 5]),
        ("{{digits 1}}", &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], &[0.1; 10]),
        ("{{repeat 0..2}}x{{/repeat}}", &["", "x", "x,x"], &[1.0 / 3.0; 3]),
    ] {
        let p = fit::chi_square(&counts(text, outcomes), shares);
        assert!(p > 0.001, "{text}: {p}");
    }
    let seen = counts("{{pick a:70 b:25 c:5}}", &["a", "b", "c"]);
    assert!(fit::chi_square(&seen, &[0.68, 0.27, 0.05]) < 1e-6);
}

/// Pinned: other bytes mean that every stored seed now makes other records, which CHANGELOG must
/// say.
#[test]
fn what_a_seed_makes_is_pinned() {
    let template = template(ORDER);
    let mut rendering = template.rendering();
    let mut sum = 0;
    for number in 0..10_000 {
        template.render(42, number, TIME + number as i64, &mut rendering);
        sum = rendering.bytes().iter().fold(sum, |sum, &byte| mix(sum ^ u64::from(byte)));
    }
    assert_eq!(sum, PINNED);
}

const PINNED: u64 = 16_939_521_787_956_308_633;

/// Goal: a rate in bytes is right whatever a template makes. Method: every function and a long
/// template, what is rendered against what was said before. A mean of `count` records is within
/// five of its deviations.
#[test]
fn the_mean_is_that_of_what_is_rendered() {
    let examples = FUNCTIONS.iter().map(|function| in_context(function.example));
    let others = [
        ORDER,
        "{{hex 1..1000}}",
        "{{int -150..20}} {{float -0.5..12 3}} {{bool 97%}} {{pick a:9 bcdefg:1}} {{words 0..2}}",
        "{{repeat 0..10 \"\"}}0123456789{{/repeat}}{{key:hex 4..8}}",
        "{{repeat 0..30 \"--\"}}{{index}}{{repeat 1..12}}{{index}}{{a:hex 1..3}}{{ref a}}\
         {{/repeat}}{{/repeat}}",
    ];
    for text in examples.chain(others.map(str::to_owned)) {
        let template = template(&text);
        let mut rendering = template.rendering();
        let count = 20_000;
        // Sequences have seven digits there.
        let lens: Vec<f64> = (3_000_000..3_000_000 + count)
            .map(|number| {
                template.render(1, number, TIME, &mut rendering);
                rendering.bytes().len() as f64
            })
            .collect();
        let count = count as f64;
        let mean = lens.iter().sum::<f64>() / count;
        let variance = lens.iter().map(|len| (len - mean).powi(2)).sum::<f64>() / count;
        // Draws stand for some distributions, at a hundredth of a byte or so each.
        let error = 5.0 * (variance / count).sqrt() + 0.3;
        let said = template.mean_len(None);
        assert!((said - mean).abs() <= error, "{text}: {said}, rendered {mean}");
    }
}

/// A mean takes no time where records are large, and is no sample of a few of them.
#[test]
fn large_records_have_exact_means() {
    for (text, mean) in [
        ("{{hex 1..1M}}", 500_000.5),
        ("{{repeat 1..1k}}{{alnum 1..2k}}{{/repeat}}", 500.5 * 1_000.5 + 499.5),
        ("{{repeat 0..10 \"\"}}0123456789{{/repeat}}{{key:hex 4..8}}", 56.0),
        ("{{bool 25%}}{{int 0..99}}", 4.75 + 1.9),
    ] {
        let said = template(text).mean_len(None);
        assert!((said - mean).abs() < 1e-6, "{text}: {said}");
    }
    let template = template("{{repeat 2}}x{{/repeat}}{{key:hex 4..8}}{{at:timestamp_ms}}");
    let [key, at] = ["key", "at"].map(|name| template.field(name).unwrap());
    assert_eq!((template.mean_len(Some(key)), template.mean_len(Some(at))), (6.0, 13.0));
    assert_eq!((template.largest_field(key), template.largest()), (8, 31));
    assert!(template.tells_time());
    assert!(!self::template("{{uuid}}{{sequence}}").tells_time());
}

#[test]
fn fields_are_found_by_name() {
    let template = template("{{a:int 1..1}}{{b_2-x:hex 3}}{{repeat 2}}{{c:uuid}}{{/repeat}}");
    let b = template.field("b_2-x").unwrap();
    let mut rendering = template.rendering();
    template.render(1, 1, TIME, &mut rendering);
    assert_eq!(rendering.field(b), &rendering.bytes()[1..4]);
    assert_eq!(
        template.field("x").unwrap_err().to_string(),
        "the template names no field \"x\"; it names a, b_2-x, c"
    );
    assert_eq!(
        template.field("c").unwrap_err().to_string(),
        "the field \"c\" stands in a repeat, so a record has none or many of it"
    );
    assert_eq!(
        Template::parse("{{uuid}}").unwrap().field("x").unwrap_err().to_string(),
        "the template names no field \"x\"; a field is named by a word in front of it, such as \
         {{user:zipf 1000}}"
    );
}

/// The page for users has a row for every function, as it is, and all that it shows works.
#[test]
fn the_page_says_what_the_table_says() {
    let page = include_str!("../../../../docs/templates.md");
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split(" | ").map(|cell| cell.trim_matches(['|', ' ', '`'])).collect())
        .collect();
    assert_eq!(rows.len(), FUNCTIONS.len());
    for (row, function) in rows.iter().zip(FUNCTIONS) {
        assert_eq!(row[0].replace("\\|", "|"), function.form);
        assert_eq!(row[1], format!("{{{{{}}}}}", function.example));
    }
    let shown: Vec<&str> = page.split("```\n").skip(1).step_by(2).collect();
    assert!(shown.len() >= 3);
    for text in shown {
        let rendered = render(text, 0);
        serde_json::from_str::<serde_json::Value>(&rendered).expect("the page shows JSON");
    }
}

#[test]
fn shipped_templates_make_what_their_comments_say() {
    let order = template(include_str!("../../../../profiles/order.json.tmpl"));
    let gps = template(include_str!("../../../../profiles/gps.tmpl"));
    let mut rendering = order.rendering();
    for number in 0..200 {
        order.render(1, number, TIME, &mut rendering);
        let json: serde_json::Value = serde_json::from_slice(rendering.bytes()).unwrap();
        assert_eq!(json["number"], 1_000_000 + number);
    }
    let mean = order.mean_len(None);
    assert!((400.0..500.0).contains(&mean), "{mean}");
    assert!(order.field("customer").is_ok());
    let mut rendering = gps.rendering();
    gps.render(1, 3, TIME, &mut rendering);
    let line = String::from_utf8(rendering.bytes().to_vec()).unwrap();
    assert_eq!(line.split(',').count(), 8, "{line}");
    assert!(!line.contains(['\n', ' ']), "{line}");
    let mean = gps.mean_len(None);
    assert!((50.0..60.0).contains(&mean), "{mean}");
}

#[test]
fn all_errors_come_at_once_with_their_places() {
    let text = "{\"a\":{{flot 1..5}},\n \"ü\":{{int 5..1}},\n\"b\":{{ref usr}},{{user:uuid}}\
                {{user:uuid}}\
                \n{{repeat 2}}{{index 1}}";
    assert_eq!(
        errors(text),
        [
            "1:8 \"flot\": there is no such function; did you mean float?",
            "2:12 int \"5..1\": expected a range from the smaller number to the larger, not 5..1; \
             the form is {{int LOW..HIGH}}, such as {{int 1..100}}",
            "3:11 ref \"usr\": expected a field that is named before it, such as {{user:zipf \
             1000}}",
            "3:30 a second field called \"user\": expected another name; {{ref NAME}} writes it \
             again",
            "4:1 a repeat that doesn't end: expected {{/repeat}} after what is to be repeated",
            "4:21 index \"1\": expected {{index}} and nothing more",
        ]
    );
}

#[test]
fn each_error_says_what_was_expected() {
    let forms = [
        ("", "1:1 an empty template: expected what a record holds"),
        (
            "a{{uuid",
            "1:2 {{ without }}: expected }} after it; braces that are to be written stand in \
             quotes: {{\"{{\"}}",
        ),
        ("{{ }}", "1:1 {{}}: expected a function, such as {{uuid}}; to write braces: {{\"{{\"}}"),
        ("{{\"a\" b}}", "1:7 \"b\": expected }} after a quoted text"),
        (
            "{{pick \"a}}\nb",
            "1:8 a quote that doesn't end: expected another \" before the line ends",
        ),
        ("{{pick \"\\x\"}}", "1:8 \"\\\\x\": expected \\\" \\\\ \\n or \\t in quotes"),
        ("{{int}}", "1:6 int ends here: expected {{int LOW..HIGH}}, such as {{int 1..100}}"),
        ("{{int 1-5 }}", "1:7 int \"1-5\": expected {{int LOW..HIGH}}, such as {{int 1..100}}"),
        ("{{uuid 4}}", "1:8 uuid \"4\": expected {{uuid}} and nothing more"),
        (
            "{{zipf 0}}",
            "1:8 zipf \"0\": expected 1 to 4503599627370496 items to choose from, not 0; the form \
             is {{zipf COUNT [EXPONENT]}}, such as {{zipf 1000000 0.99}}",
        ),
        (
            "{{pick a:0}}",
            "1:8 pick \"a:0\": expected at least one weight above 0; the form is {{pick \
             ITEM[:WEIGHT]…}}, such as {{pick created:70 paid:25 refunded:5}}",
        ),
        (
            "{{pick created:7O paid:25}}",
            "1:8 pick \"created:7O\": expected a weight behind the colon, a number of 0 or more as \
             in created:70, or quotes around an item that has a colon: \"created:7O\"",
        ),
        (
            "{{pick a:inf b:1}}",
            "1:8 pick \"a:inf\": expected a weight behind the colon, a number of 0 or more as in \
             created:70, or quotes around an item that has a colon: \"a:inf\"",
        ),
        (
            "{{pick b:1 a:-2}}",
            "1:12 pick \"a:-2\": expected a weight behind the colon, a number of 0 or more as in \
             created:70, or quotes around an item that has a colon: \"a:-2\"",
        ),
        (
            "{{float 0..1e3}}",
            "1:9 float \"0..1e3\": expected {{float LOW..HIGH [DECIMALS]}}, such as {{float \
             1..500 2}}",
        ),
        (
            "{{float 0..10M 9}}",
            "1:9 float \"0..10M\" with 9 decimals: expected 15 digits at most; give fewer \
             decimals",
        ),
        (
            "{{hex 9..2}}",
            "1:7 hex \"9..2\": expected {{hex LENGTH|LEAST..MOST}}, such as {{hex 16}}",
        ),
        ("{{/repeat}}", "1:1 /repeat: expected {{repeat …}} before it"),
        ("{{index}}", "1:1 index: expected it within a repeat, whose turns it counts"),
        (
            "{{user:}}",
            "1:8 a name alone: expected a function after the name, such as {{user:zipf 1000}}",
        ),
        (
            "{{1st:uuid}}",
            "1:1 a field called \"1st\": expected a name of letters, digits, - and _, a letter \
             first",
        ),
        (
            "{{a:repeat 3}}{{/repeat}}",
            "1:1 repeat with a name, \"a\": expected no name: only values that are made have one",
        ),
        (
            "{{user:uuid}}{{ref usr}}",
            "1:20 ref \"usr\": no field before it is called so; did you mean user?",
        ),
        (
            "{{repeat 2}}{{a:uuid}}{{/repeat}}{{ref a}}",
            "1:40 ref \"a\": expected it within the same repeat, since a record has none or many",
        ),
        (
            "{{repeat 1G}}{{uuid}}{{/repeat}}",
            "1:1 a template whose records may have 36999999999 bytes: expected 2147483647 at most",
        ),
    ];
    for (text, expected) in forms {
        let errors = errors(text);
        assert!(errors.iter().any(|error| error == expected), "{text}: {errors:#?}");
    }
    let all = errors("{{xxxxxxxxxxx}}");
    assert!(all[0].contains("expected one of uuid, timestamp, "), "{all:?}");
    assert_eq!(errors(&"{{no}} ".repeat(1_000)).len(), 100);
    // Turns that write nothing take time all the same.
    for (idle, steps) in [
        ("{{repeat 1G}}{{repeat 0}}a{{/repeat}}{{/repeat}}", 2_000_000_001u64),
        ("{{repeat 1G \"\"}}{{repeat 3 \"\"}}{{/repeat}}{{/repeat}}", 5_000_000_001),
        ("{{repeat 60M \"\"}}{{\"\"}}{{/repeat}}", 120_000_001),
    ] {
        let expected = format!("records may take {steps} steps: expected 100000000 at most");
        let found = errors(idle);
        assert!(found[0].contains(&expected), "{found:?}");
    }
    assert_eq!(template("{{repeat 3}}{{repeat 0}}a{{/repeat}}{{/repeat}}").largest(), 2);
    let deep = "{{repeat 1}}".repeat(9) + &"{{/repeat}}".repeat(9);
    assert_eq!(errors(&deep), ["1:97 a repeat within 8 others: expected 8 levels at most"]);
    render(&("{{repeat 1}}".repeat(8) + &"{{/repeat}}".repeat(8)), 0);
}

/// Texts that are mostly templates.
fn texts() -> impl Strategy<Value = String> {
    let examples = FUNCTIONS.iter().map(|function| format!("{{{{{}}}}}", function.example));
    let mut parts: Vec<String> = examples.collect();
    parts.extend(
        ["{", "}", "\"", "{{", "}}", "\n", " text ü ", ",", "{{user:int 1..5}}", "{{repeat 0..3}}"]
            .map(str::to_owned),
    );
    prop::collection::vec(prop::sample::select(parts), 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_text_is_a_template_or_has_errors(text in prop_oneof![any::<String>(), texts()]) {
        match Template::parse(&text) {
            Err(errors) => {
                prop_assert!((1..=200).contains(&errors.len()));
                prop_assert!(errors.iter().all(|it| it.line > 0 && it.column > 0));
            }
            Ok(template) => {
                let mut rendering = template.rendering();
                for number in 0..3 {
                    template.render(1, number, TIME, &mut rendering);
                    prop_assert!(rendering.bytes().len() <= template.largest() as usize);
                }
            }
        }
    }

    /// In any order, alone, after whatever else was rendered.
    #[test]
    fn a_record_depends_on_seed_number_and_time_alone(
        seed: u64, numbers in prop::collection::vec(0u64..1_000_000, 1..20), time: i64,
    ) {
        let template = template(ORDER);
        let mut kept = template.rendering();
        let mut records = Vec::new();
        for &number in &numbers {
            template.render(seed, number, time, &mut kept);
            records.push(kept.bytes().to_vec());
        }
        for (number, record) in numbers.iter().zip(&records).rev() {
            let mut fresh = template.rendering();
            template.render(seed, *number, time, &mut fresh);
            prop_assert_eq!(fresh.bytes(), &record[..]);
            template.render(seed ^ 1, *number, time, &mut fresh);
            prop_assert_ne!(fresh.bytes(), &record[..]);
        }
    }
}
