//! Results to where they were asked for. Cost class: once a process.

use super::args::OutputFormat;
use super::say::{complain, print};
use crate::app::report::exit::Exit;
use crate::app::report::output::{make_way, write_whole};
use crate::app::settings::{JsonTarget, Output};

/// Makes sure, before anything is measured, that results can be written; why not is printed.
pub(super) fn prepare(output: &Output) -> Result<(), Exit> {
    let Some(JsonTarget::File(path)) = &output.json else { return Ok(()) };
    make_way(path).map_err(|error| {
        complain(&format!("--json = \"{}\": can't write there: {error}", path.display()));
        Exit::BadInput
    })
}

/// Writes a result: `text` for people, or `quiet` where they want no summary; `machine` as JSON.
pub(super) fn publish(output: &Output, text: &str, quiet: &str, machine: &str) -> Exit {
    let to_stdout = output.format == OutputFormat::Json || output.json == Some(JsonTarget::Stdout);
    print(match output.format {
        _ if to_stdout => machine,
        OutputFormat::Quiet => quiet,
        _ => text,
    });
    let Some(JsonTarget::File(path)) = &output.json else { return Exit::Passed };
    match write_whole(path, machine) {
        Ok(()) => {
            if output.format == OutputFormat::Text {
                print(&format!("{:<17}{}\n", "written", path.display()));
            }
            Exit::Passed
        }
        Err(error) => {
            complain(&format!("--json = \"{}\": {error}", path.display()));
            Exit::Internal
        }
    }
}
