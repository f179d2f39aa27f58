//! Events of invites, by id and as the history of an invite.

use std::hash::Hash;

use entity::{
    course_invite, group_invite, invite_code,
    invite_event::{Column, Entity, Model},
    workspace_invite,
};
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, DbErr, EntityTrait,
    sea_query::{Expr, SelectStatement},
};
use uuid::Uuid;

use super::{
    ListError, Lists, LoadError, Reads,
    columns::{Columns, FromColumns},
    key::row_key,
    listing::{ListOfParent, Listing},
    scope::{ParentColumn, RowCost, rows_of},
};
use crate::{
    access::proof::{Guarded, HistoryReader},
    invite::{Event, InviteKind},
    paging::{Page, Slice, SortType},
};

row_key!("invite_event_by_id": ById(Uuid) in Entity::find(), Id, |row| row.id);

/// The macro for columns cannot name `type`.
impl FromColumns for Model {
    const COUNT: usize = 8;

    fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: columns.next()?,
            event_type: columns.next()?,
            kind: columns.next()?,
            invite_id: columns.next()?,
            target_id: columns.next()?,
            actor_id: columns.next()?,
            at: columns.next()?,
            changed: columns.next()?,
        })
    }
}

/// A kind of invite, for the table that its events belong to.
trait Recorded: Clone + Eq + Hash + Send + Sync + 'static {
    type Table: EntityTrait;
    const KIND: InviteKind;
}

macro_rules! recorded {
    ($($kind:ident: $table:ident),*) => {$(
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        struct $kind;

        impl Recorded for $kind {
            type Table = $table::Entity;
            const KIND: InviteKind = InviteKind::$kind;
        }
    )*};
}
recorded!(
    InviteCode: invite_code,
    WorkspaceInvite: workspace_invite,
    GroupInvite: group_invite,
    CourseInvite: course_invite
);

/// The events of an invite of one kind.
#[derive(Clone, PartialEq, Eq, Hash)]
struct History<K> {
    kind: K,
    page: Page,
}

impl<K: Recorded> ListOfParent for History<K> {
    type Row = Guarded<Model>;
    type Parent = K::Table;
    const PARENT_MARKS_DELETION: bool = false;
    const NAME: &'static str = "invite_events";

    fn scope(invite: Option<ParentColumn<'_>>) -> Vec<SelectStatement> {
        vec![rows_of::<Entity>(Column::InviteId, invite)]
    }

    fn listing(&self, _: &DatabaseConnection) -> Listing {
        // A newer version of the gateway may write other types, while it takes over.
        let known = Event::ALL.map(Event::as_str);
        let is_known = Condition::all()
            .add(Column::Kind.eq(K::KIND.as_str()))
            .add(Column::EventType.is_in(known));
        let order = [(Expr::col((Entity, Column::Id)), SortType::Uuid)];
        Listing::from_table::<Entity>(is_known, order).of(Expr::col((Entity, Column::InviteId)))
    }

    fn page(&self) -> &Page {
        &self.page
    }

    /// An invite has few events, and an index has them in order.
    fn row_cost(&self) -> RowCost {
        RowCost::default()
    }

    fn read(columns: &mut Columns<'_>) -> Result<Self::Row, DbErr> {
        Model::sealed(columns)
    }
}

impl Reads<'_> {
    /// Loads the event with this id.
    pub async fn invite_event(&self, id: Uuid) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }
}

impl Lists<'_> {
    /// Loads a page of the events of an invite, in one statement with those of others of its kind.
    pub async fn history(
        &self,
        reader: &HistoryReader<InviteKind>,
        page: Page,
    ) -> Result<Slice<Guarded<Model>>, ListError> {
        let (kind, id) = reader.invite();
        match kind {
            InviteKind::InviteCode => self.history_of(InviteCode, id, page).await,
            InviteKind::WorkspaceInvite => self.history_of(WorkspaceInvite, id, page).await,
            InviteKind::GroupInvite => self.history_of(GroupInvite, id, page).await,
            InviteKind::CourseInvite => self.history_of(CourseInvite, id, page).await,
        }
    }

    async fn history_of<K: Recorded>(
        &self,
        kind: K,
        id: i64,
        page: Page,
    ) -> Result<Slice<Guarded<Model>>, ListError> {
        self.of_parent(id, History { kind, page }).await
    }
}

#[cfg(test)]
mod tests {
    use entity::invite_event::{Column, Model};
    use sea_orm::{IdenStatic, Iterable};

    use crate::loader::columns::FromColumns;

    #[test]
    fn columns_are_read_in_their_order() {
        let columns: Vec<_> = Column::iter()
            .map(|column| column.as_str().to_owned())
            .collect();
        let read = [
            "id",
            "type",
            "kind",
            "invite_id",
            "target_id",
            "actor_id",
            "at",
            "changed",
        ];
        assert_eq!(columns, read);
        assert_eq!(Model::COUNT, read.len());
    }
}
