//! Relay connections: the arguments that page through a list, and the types that hold a page.

use std::borrow::Cow;

use async_graphql::{
    Context, ContextSelectionSet, Object, SimpleObject, TypeName, parser::types::Field,
};

use super::{
    cursor,
    eager::{Eager, EagerList, Leaves, Nested},
    error::Failure,
    json::leaves,
};
use crate::{
    access::AccessError,
    paging::{End, Page, Position, Slice, SortType},
};

/// Number of rows of a page without `first` or `last`.
pub(super) const DEFAULT_PAGE: u64 = 25;
/// Maximum number of rows of a page.
pub(super) const MAX_PAGE: u64 = 100;

/// The paging arguments of a field, unchecked.
pub(super) struct PageArguments {
    pub(super) first: Option<i32>,
    pub(super) after: Option<String>,
    pub(super) last: Option<i32>,
    pub(super) before: Option<String>,
}

/// A list in one order.
pub(super) struct ListOrder {
    /// Name of the list and the order, in its cursors.
    pub(super) name: String,
    /// Types of the values that rows are ordered by.
    pub(super) sort: Vec<SortType>,
    /// The greatest values come first.
    pub(super) descending: bool,
}

impl PageArguments {
    /// Reads the arguments and the selection into a page.
    fn page(self, ctx: &Context<'_>, list: &ListOrder) -> Result<Page, Failure> {
        let (end, limit) = match (self.first, self.last) {
            (Some(_), Some(_)) => {
                let allowed = "cannot be combined with last; send one of them";
                return Err(Failure::bad_input("first", allowed));
            }
            (None, None) => (End::First, DEFAULT_PAGE),
            (Some(first), None) => (End::First, page_size("first", first)?),
            (None, Some(last)) => (End::Last, page_size("last", last)?),
        };
        let bound = |argument, sent: Option<String>| {
            sent.map(|text| {
                cursor::decode(&list.name, &list.sort, &text).ok_or_else(|| {
                    let allowed = "must be a cursor that this list gave in this order";
                    Failure::bad_input(argument, allowed)
                })
            })
            .transpose()
        };
        let selected = ctx.look_ahead();
        let page_info = selected.field("pageInfo");
        Ok(Page {
            end,
            limit,
            skip: 0,
            after: bound("after", self.after)?,
            before: bound("before", self.before)?,
            descending: list.descending,
            with_total: selected.field("totalCount").exists(),
            with_page_info: page_info.field("hasNextPage").exists()
                || page_info.field("hasPreviousPage").exists(),
        })
    }
}

fn page_size(argument: &'static str, sent: i32) -> Result<u64, Failure> {
    u64::try_from(sent)
        .ok()
        .filter(|size| *size <= MAX_PAGE)
        .ok_or_else(|| Failure::bad_input(argument, format!("must be between 0 and {MAX_PAGE}")))
}

/// Position of a page in its list.
#[derive(Clone, SimpleObject)]
#[graphql(shareable)]
pub(super) struct PageInfo {
    /// True if there are rows behind the last edge of this page.
    has_next_page: bool,
    /// True if there are rows ahead of the first edge of this page.
    has_previous_page: bool,
    /// Cursor of the first edge. Null on an empty page.
    start_cursor: Option<String>,
    /// Cursor of the last edge. Null on an empty page.
    end_cursor: Option<String>,
}

/// A page with the name that its cursors have.
pub(super) struct Paged<T> {
    list: String,
    slice: Slice<T>,
}

impl<T> Paged<T> {
    /// Reads the arguments into a page of `list`, loads it, and wraps its rows.
    pub(super) async fn load<V, F>(
        ctx: &Context<'_>,
        list: ListOrder,
        arguments: PageArguments,
        load: impl FnOnce(Page) -> F,
        wrap: impl FnMut(V) -> T,
    ) -> Result<Self, Failure>
    where
        F: Future<Output = Result<Slice<V>, AccessError>>,
    {
        let page = arguments.page(ctx, &list)?;
        let slice = load(page).await?.map(wrap);
        let list = list.name;
        Ok(Self { list, slice })
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (ListPosition<'_>, &T)> {
        let list = &*self.list;
        let rows = self.slice.rows.iter();
        rows.map(move |(position, row)| (ListPosition { list, position }, row))
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &T> {
        self.slice.rows.iter().map(|(_, row)| row)
    }

    pub(super) fn page_info(&self) -> PageInfo {
        let cursor = |row: Option<&(Position, T)>| {
            row.map(|(position, _)| cursor::encode(&self.list, position))
        };
        PageInfo {
            has_next_page: self.slice.has_next,
            has_previous_page: self.slice.has_previous,
            start_cursor: cursor(self.slice.rows.first()),
            end_cursor: cursor(self.slice.rows.last()),
        }
    }

    pub(super) fn total_count(&self) -> i32 {
        i32::try_from(self.slice.total).unwrap_or(i32::MAX)
    }
}

/// Position of an edge, of which its cursor is written if selected.
pub(super) struct ListPosition<'a> {
    list: &'a str,
    position: &'a Position,
}

impl ListPosition<'_> {
    pub(super) fn cursor(&self) -> String {
        cursor::encode(self.list, self.position)
    }
}

/// A node of connections whose edges have only a cursor and the node.
pub(super) trait ConnectionNode: Leaves + Clone {
    /// Name of the connection's type.
    const CONNECTION: &'static str;
    /// Name of the edge's type.
    const EDGE: &'static str;
}

/// A page of a list.
pub(super) struct Connection<N>(pub(super) Paged<N>);

impl<N> Connection<N> {
    /// Returns the page of an empty list.
    pub(super) fn empty() -> Self {
        Self(Paged {
            list: String::new(),
            slice: Slice::empty(),
        })
    }
}

impl<N: ConnectionNode> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(N::CONNECTION)
    }
}

/// A page of a list, with the cursors of its neighbours.
#[Object(name_type)]
impl<N: ConnectionNode> Connection<N> {
    /// The rows of this page, each with its cursor.
    async fn edges(&self) -> EagerList<Edge<'_, N>> {
        let rows = self.0.rows();
        rows.map(|(position, node)| Edge { position, node })
            .collect()
    }

    /// The rows of this page without their cursors.
    async fn nodes(&self) -> EagerList<&N> {
        self.0.nodes().collect()
    }

    /// Position of this page in its list.
    async fn page_info(&self) -> PageInfo {
        self.0.page_info()
    }

    /// Length of the whole list. Counted only if selected.
    async fn total_count(&self) -> i32 {
        self.0.total_count()
    }
}

/// A row of a list with its cursor.
pub(super) struct Edge<'a, N> {
    position: ListPosition<'a>,
    node: &'a N,
}

impl<N: ConnectionNode> Leaves for Edge<'_, N> {
    leaves! {
        "cursor" => cursor,
    }

    fn nested<'a>(ctx: &ContextSelectionSet<'a>, field: &'a Field) -> Option<Nested<'a, Self>>
    where
        Self: 'a,
    {
        let is_node = field.name.node == "node";
        is_node.then(|| Nested::new(ctx, field, |edge: &Self| edge.node))?
    }
}

impl<N: ConnectionNode> TypeName for Edge<'_, N> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(N::EDGE)
    }
}

/// A row of a list with its cursor.
#[Object(name_type)]
impl<N: ConnectionNode> Edge<'_, N> {
    /// Cursor of the row: a value for `after` or `before` of the same list in the same order.
    async fn cursor(&self) -> String {
        self.position.cursor()
    }

    /// The row.
    async fn node(&self) -> Eager<&N> {
        Eager(self.node)
    }
}

/// Names the types of a node's connection and edge.
macro_rules! connections {
    ($($node:ty => $connection:literal, $edge:literal;)*) => {$(
        impl $crate::graphql::connection::ConnectionNode for $node {
            const CONNECTION: &'static str = $connection;
            const EDGE: &'static str = $edge;
        }
    )*};
}
pub(super) use connections;
