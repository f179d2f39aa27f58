//! Refuses short documents that are expensive to execute, as early as possible: by the text before
//! parsing (`text.rs`), by the selections before validation (`shape.rs`), and by the cost, with the
//! values of variables, before execution (`cost.rs`).

mod cost;
mod shape;
mod text;

pub use cost::Writes;
pub(super) use cost::{Cost, FieldPrices, Prices};
pub(super) use shape::{Shape, measure};
pub(super) use text::Extent;
