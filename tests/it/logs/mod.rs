//! The logs page, driven by events and looked at as text.

mod lines;
mod motions;
mod narrowing;
mod reaching;
mod screens;
