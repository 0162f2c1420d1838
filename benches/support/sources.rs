//! What a record may hold, one thing at a time: a plan for each, by name.

use core::time::Duration;

use kprod_bench::load::source::{
    HeaderPlan, HeaderValue, KeyForm, KeyPlan, KeyType, Lateness, NumberType, SizePlan, SizeWeight,
    SourcePlan, TimestampPlan, ValuePlan,
};

/// Every plan with its name; what isn't said is 100 random bytes without a key.
pub(crate) fn sources() -> Vec<(&'static str, SourcePlan)> {
    let mut all = vec![("random", SourcePlan::default())];
    all.extend(sizes().map(|(name, size)| (name, SourcePlan { size, ..SourcePlan::default() })));
    all.extend(values().map(|(name, value)| (name, SourcePlan { value, ..SourcePlan::default() })));
    all.extend(keys().map(|(name, key)| (name, SourcePlan { key, ..SourcePlan::default() })));
    let forms = KeyType::ALL.into_iter().filter(|kind| *kind != KeyType::Text).map(|kind| {
        let key = KeyPlan::Uniform { cardinality: 1_000_000 };
        let key_form = KeyForm { kind, size: None };
        (kind.name(), SourcePlan { key, key_form, ..SourcePlan::default() })
    });
    all.extend(forms);
    all.extend(others());
    all
}

fn sizes() -> [(&'static str, SizePlan); 4] {
    let weights = [(100, 70.0), (1_024, 25.0), (10_240, 5.0)];
    let weights = weights.map(|(bytes, weight)| SizeWeight { bytes, weight });
    [
        ("sizes uniform:50..150", SizePlan::Uniform { least: 50, most: 150 }),
        ("sizes 100:70+1024:25+10240:5", SizePlan::Weighted(weights.into())),
        (
            "sizes lognormal:80:0.7",
            SizePlan::LogNormal { median: 80.0, sigma: 0.7, least: 10, most: 5_000 },
        ),
        ("sizes zipf:1000:1", SizePlan::Zipf { exponent: 1.0, least: 1, most: 1_000 }),
    ]
}

fn values() -> [(&'static str, ValuePlan); 5] {
    [
        ("compress ratio 0.5", ValuePlan::Compressible { ratio: 0.5 }),
        ("fixed", ValuePlan::Fixed),
        ("sequence", ValuePlan::Sequence),
        ("increasing", ValuePlan::Increasing(NumberType::Text)),
        ("null", ValuePlan::Null),
    ]
}

fn keys() -> [(&'static str, KeyPlan); 5] {
    [
        ("key uniform:1M", KeyPlan::Uniform { cardinality: 1_000_000 }),
        ("key zipf:1M:0.99", KeyPlan::Zipf { cardinality: 1_000_000, exponent: 0.99 }),
        ("key hot:80%:10/100k", KeyPlan::Hot { share: 0.8, hot: 10, others: 100_000 }),
        ("key roundrobin:12", KeyPlan::RoundRobin { cardinality: 12 }),
        ("key sequence", KeyPlan::Sequence),
    ]
}

fn others() -> [(&'static str, SourcePlan); 6] {
    let plan = SourcePlan::default;
    let header = |value| HeaderPlan { name: "h".to_owned(), value };
    let late = Lateness::Exponential(Duration::from_secs(1));
    [
        ("tombstones 5%", SourcePlan { tombstones: 0.05, ..plan() }),
        ("schema id", SourcePlan { schema_id: Some(1), ..plan() }),
        ("pool of 10 MB", SourcePlan { pool: Some(10_000_000), ..plan() }),
        ("header uuid", SourcePlan { headers: [header(HeaderValue::Uuid)].into(), ..plan() }),
        (
            "header fixed",
            SourcePlan { headers: [header(HeaderValue::Fixed(b"v".to_vec()))].into(), ..plan() },
        ),
        (
            "timestamps event:exponential:1s",
            SourcePlan { timestamps: TimestampPlan::Event { share: 1.0, late }, ..plan() },
        ),
    ]
}
