//! One case of the whole engine without sockets, for a program that counts instructions:
//! `instructions CASE RECORDS` sends that many records and ends. `scripts/instructions` runs it
//! under callgrind with two numbers of records, so that what happens once falls out.

mod support;

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let (Some(name), Some(records)) = (args.next(), args.next()) else {
        let names: Vec<_> = support::CASES.iter().map(|case| case.name).collect();
        println!("instructions CASE RECORDS, with a case of: {}", names.join(" "));
        return;
    };
    let case = support::CASES.iter().find(|case| case.name == name).expect("a case's name");
    let records = records.parse().expect("a number of records");
    support::World::new(case).send(records);
}
