//! What stands around a matrix's table: what was fixed, what the figures are, how repeated runs are
//! joined, why cells aren't valid. Cost class: once a process.

use super::figures::plural;
use super::model::{MatrixModel, ReasonModel, SummaryRow};
use super::page::{field, fold};
use super::table::{axis_name, mixed};

/// The line above the table: the settings that all cells share.
#[must_use]
pub fn fixed(matrix: &MatrixModel) -> String {
    let settings = matrix.fixed.iter().map(|(flag, value)| format!("{flag}={value}"));
    fold(&[field("in all cells", &settings.collect::<Vec<_>>().join("  "))])
}

/// The lines below it.
pub(super) fn notes(matrix: &MatrixModel) -> String {
    let rows = &matrix.summary;
    let mut lines = vec![field("figures", &figures(rows))];
    if mixed(rows) {
        let text = "latencies end when the record was written to the socket, so they are not \
                    compared with the others";
        lines.push(field("acks=0", text));
    }
    lines.push(field("confirmed", &confirmed(rows)));
    lines.extend(repeats(matrix).map(|text| field("repeats", &text)));
    let done: u64 = rows.iter().map(|row| row.runs).sum();
    if done < matrix.planned_runs {
        let text = format!("{done} of {} were done", plural(matrix.planned_runs, "run"));
        lines.push(field("PARTIAL", &text));
    }
    lines.extend(reasons(matrix).iter().map(|(name, text)| field(name, text)));
    fold(&lines)
}

/// What the columns hold.
fn figures(rows: &[SummaryRow]) -> String {
    let service = rows.iter().any(|row| row.family == "service");
    let response = rows.iter().any(|row| row.family == "response");
    let family = match (response, service) {
        (true, true) => "response under a rate (from when a record was due), service without one",
        (_, true) => "service (from when the producer got the record; no rate, so nothing was due)",
        _ => "response (from when each record was due)",
    };
    let short = rows.iter().filter(|row| row.short).count() as u64;
    let short = match short {
        0 => String::new(),
        n => format!(" (in {} from the first due record to the last ack)", plural(n, "short cell")),
    };
    format!(
        "percentiles of {family}, to its ack; records/s acked in the window{short}; MB/s: 10^6 \
         bytes of keys and values; CPU: of this process; *: the best of a column among valid and \
         suspect cells"
    )
}

/// Whether what was acked is in the topic.
fn confirmed(rows: &[SummaryRow]) -> String {
    let count = |what| rows.iter().filter(|row| row.confirmed == what).count() as u64;
    let (denied, unread) = (count(Some(false)), count(None));
    let all = plural(rows.len() as u64, "cell");
    if denied > 0 {
        return format!("NO: not in {denied} of {all}; --json says what is missing in which run");
    }
    match unread {
        0 => "in every run the topic's offsets grew by what was acked".to_owned(),
        n => format!(
            "not checked, or not to the end, in {n} of {all}; in the others the offsets agree with \
             the acks"
        ),
    }
}

/// How the runs of a cell became a row.
fn repeats(matrix: &MatrixModel) -> Option<String> {
    (matrix.repeat > 1).then(|| {
        format!(
            "each cell ran {} times; its row is the run in the middle by p99 (of two the lower; \
             one that is no measurement only where all are), so that the figures of a row belong \
             together, with the lowest and highest p99 of all; the verdict is the worst",
            matrix.repeat
        )
    })
}

/// Each kind of reason once, with the cells that have it: what it makes of them, and a sentence.
pub(super) fn reasons(matrix: &MatrixModel) -> Vec<(String, String)> {
    let mut kinds: Vec<(&ReasonModel, Vec<&SummaryRow>)> = Vec::new();
    for row in &matrix.summary {
        for reason in &row.reasons {
            match kinds.iter_mut().find(|(known, _)| known.name == reason.name) {
                Some((_, cells)) => cells.push(row),
                None => kinds.push((reason, vec![row])),
            }
        }
    }
    kinds.sort_by_key(|(reason, _)| core::cmp::Reverse(reason.status));
    let line = |(reason, cells): (&ReasonModel, Vec<&SummaryRow>)| {
        let name = reason.status.shout().to_lowercase();
        (name, format!("{} ({})", reason.text, which(matrix, reason, &cells)))
    };
    kinds.into_iter().map(line).collect()
}

/// Which cells share a kind of reason, and whose figure it is where theirs differ.
fn which(matrix: &MatrixModel, reason: &ReasonModel, cells: &[&SummaryRow]) -> String {
    let name = |row: &SummaryRow| {
        let axis = |flag: &String| Some(format!("{}={}", axis_name(flag), row.cell.get(flag)?));
        let named: Vec<_> = matrix.axes.iter().filter_map(|one| axis(&one.flag)).collect();
        if named.is_empty() { "the one cell".to_owned() } else { named.join(" ") }
    };
    let same = |row: &&SummaryRow| {
        row.reasons.iter().any(|other| other.name == reason.name && other.text == reason.text)
    };
    if cells.len() == matrix.summary.len() && cells.len() > 1 && cells.iter().all(same) {
        return "all cells".to_owned();
    }
    if cells.iter().all(same) {
        let named: Vec<_> = cells.iter().take(MOST_NAMED).map(|row| name(row)).collect();
        let more = cells.len().saturating_sub(MOST_NAMED);
        let more = if more > 0 { format!("; {more} more") } else { String::new() };
        return named.join("; ") + &more;
    }
    let others = plural((cells.len() - 1) as u64, "other cell");
    format!("{}; in {others} with figures of its own", name(cells[0]))
}

/// So many cells are named, the others counted.
const MOST_NAMED: usize = 4;
