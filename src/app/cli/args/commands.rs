//! What `profiles` takes. Cost class: once a process.

use clap::{Args, Subcommand};

/// What is to be told of profiles.
#[derive(Args, Clone, Debug, Eq, PartialEq)]
pub struct ProfilesArgs {
    /// What to print in place of the list.
    #[command(subcommand)]
    pub command: Option<ProfilesCommand>,
}

/// What can be told of profiles.
#[derive(Clone, Debug, Eq, PartialEq, Subcommand)]
pub enum ProfilesCommand {
    /// Print a profile, to read or to copy
    Show {
        /// Its name, or that of a file that one of them names
        name: String,
    },
    /// Print the JSON Schema of profiles, for editors
    Schema,
}
