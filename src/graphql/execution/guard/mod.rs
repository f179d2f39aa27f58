//! Refuses what is small as text and ruinous as work, each thing as soon as it can be seen: the text
//! before any parser (`text.rs`), the selections before they are validated (`shape.rs`), what an
//! operation costs with the values of its variables before it is executed (`cost.rs`).

mod cost;
mod shape;
mod text;

pub(super) use cost::{Plan, Prices};
pub(super) use shape::refuse_ruinous;
pub(super) use text::Extent;
