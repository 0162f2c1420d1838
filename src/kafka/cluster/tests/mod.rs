//! A cluster client against scripted hosts; time is plain numbers.

mod connecting;
mod metadata;
mod requests;
mod world;
