//! The logs page, driven by events and looked at as text.

mod at_time;
mod keys;
mod lines;
mod motions;
mod narrowing;
mod reaching;
mod screens;
