//! Templates: any text is one or has errors, and what one renders is no longer than it says.

use kprod_bench::base::Rng;
use kprod_bench::load::source::template::{FUNCTIONS, Template};

use super::{below, noise};

/// A text as a template.
pub(crate) fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let template = match Template::parse(&text) {
        Ok(template) => template,
        Err(errors) => {
            assert!((1..=200).contains(&errors.len()));
            for error in errors {
                assert!(error.line > 0 && error.column > 0 && !error.to_string().is_empty());
            }
            return;
        }
    };
    // A few bytes ask for gigabytes, and rightly get them.
    if template.largest() > 1 << 20 {
        return;
    }
    let mut rendering = template.rendering();
    let mut again = template.rendering();
    for number in [0, 1, u64::MAX] {
        template.render(7, number, i64::MIN, &mut rendering);
        template.render(7, number, i64::MIN, &mut again);
        assert_eq!(rendering.bytes(), again.bytes());
        assert!(rendering.bytes().len() <= template.largest() as usize);
        assert!(std::str::from_utf8(rendering.bytes()).is_ok());
    }
}

/// Functions as documented, with text between them.
pub(crate) fn seed(rng: &mut Rng) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..1 + rng.below(8) {
        match rng.below(8) {
            0 => text.extend_from_slice(TEXTS[below(rng, TEXTS.len())].as_bytes()),
            1 => {
                let len = below(rng, 9);
                text.extend(noise(rng, len));
            }
            _ => {
                let example = FUNCTIONS[below(rng, FUNCTIONS.len())].example;
                text.extend_from_slice(format!("{{{{{example}}}}}").as_bytes());
            }
        }
    }
    text
}

const TEXTS: &[&str] = &[
    "{\"a\":\"",
    "{{user:zipf 1M 1.2}}",
    "{{repeat 0..9 \"; \"}}",
    "{{/repeat}}",
    "{{# a comment }}\n",
    "{{\"{{\"}}",
    "{{pick \"a b\":1 \"\\\"\":2.5 c:10%}}",
    "{{int -9223372036854775808..9223372036854775807}}",
    "{{normal 0 1e3 9 -1..1}}",
    "{{lognormal 9007199254740992 20 0}}",
    "{{hex 0..30}}",
    include_str!("../../../profiles/order.json.tmpl"),
    include_str!("../../../profiles/gps.tmpl"),
];
