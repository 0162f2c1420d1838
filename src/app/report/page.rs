//! Lines of a page: names in a column, texts folded beside them. Cost class: once a run.

/// A name in its column, and what it says.
pub(in crate::app) fn field(name: &str, text: &str) -> String {
    format!("{name:<INDENT$}{text}")
}

/// Breaks lines that are longer than the page, at a space, under the text's own column.
pub(in crate::app) fn fold(lines: &[String]) -> String {
    fold_to(lines, COLUMNS)
}

/// The same for a page of so many columns.
pub(super) fn fold_to(lines: &[String], columns: usize) -> String {
    let mut page = String::new();
    for line in lines {
        let mut rest = line.as_str();
        let mut indent = 0;
        while visible(rest) + indent > columns {
            let Some(at) = break_at(rest, columns - indent) else { break };
            page.push_str(&" ".repeat(indent));
            page.push_str(rest[..at].trim_end());
            page.push('\n');
            rest = rest[at..].trim_start();
            indent = INDENT;
        }
        page.push_str(&" ".repeat(indent));
        page.push_str(rest.trim_end());
        page.push('\n');
    }
    page
}

/// Where to break a line so that at most `columns` visible characters stay, beyond the name's
/// column: before the last field set off by three spaces, else at the last space that isn't before
/// a `%`.
fn break_at(line: &str, columns: usize) -> Option<usize> {
    let fits = |at: &usize| visible(&line[..*at]) <= columns;
    let fields = line.match_indices("   ").map(|(at, _)| at);
    let field = fields.take_while(fits).filter(|at| !line[..*at].trim().is_empty()).last();
    let spaces = line.match_indices(' ').map(|(at, _)| at).filter(|at| *at > INDENT);
    let space = || spaces.take_while(fits).filter(|at| !line[at + 1..].starts_with('%')).last();
    field.filter(|at| *at > INDENT).or_else(space)
}

/// Characters that take a column: all but colour sequences.
pub(in crate::app) fn visible(line: &str) -> usize {
    let mut count = 0;
    let mut in_sequence = false;
    for c in line.chars() {
        match (in_sequence, c) {
            (false, '\u{1b}') => in_sequence = true,
            (true, 'm') => in_sequence = false,
            (true, _) => {}
            (false, _) => count += 1,
        }
    }
    count
}

pub(in crate::app) const COLUMNS: usize = 100;
pub(in crate::app) const INDENT: usize = 17;
