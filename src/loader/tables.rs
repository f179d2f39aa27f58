//! Columns that tables of one sort share: rows that are marked as deleted, the targets of invites,
//! and their members.

use entity::{course, course_member, group, group_member, tag, user, workspace, workspace_member};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, Select,
    sea_query::{Expr, Query, SelectStatement},
};

use crate::{
    access::proof::StaffTargets,
    invite::{MANAGES_COURSE, MANAGES_GROUP, MANAGES_WORKSPACE},
};

/// A table whose deleted rows stay, with the time of their deletion. No path finds them.
pub(super) trait SoftDelete: EntityTrait {
    const ID: Self::Column;
    const DELETED_AT: Self::Column;
}

/// A table of targets: what accepting an invite joins.
pub(super) trait Target: SoftDelete {
    type Members: Members;
    /// The column of the display name.
    const NAME: Self::Column;
    /// The columns that a search for a name reads.
    const NAMES: &'static [Self::Column];
    /// The column of the user who created the target, and who manages it.
    const CREATOR: Option<Self::Column>;

    /// Returns the ids of those to which staff are limited.
    fn ids(targets: &StaffTargets) -> &[i64];
}

/// A table of the members of targets.
pub(super) trait Members: EntityTrait {
    const TARGET: Self::Column;
    const USER: Self::Column;
    const ROLE: Self::Column;
    /// Roles that manage the target.
    const MANAGERS: [&'static str; 2];
}

macro_rules! soft_delete {
    ($($table:ident)*) => {$(
        impl SoftDelete for $table::Entity {
            const ID: $table::Column = $table::Column::Id;
            const DELETED_AT: $table::Column = $table::Column::DeletedAt;
        }
    )*};
}

macro_rules! targets {
    ($($table:ident($ids:ident, $creator:expr, [$($name:ident),*]), $members:ident($target:ident), $managers:expr;)*) => {$(
        impl Target for $table::Entity {
            type Members = $members::Entity;
            const NAME: $table::Column = $table::Column::Name;
            const NAMES: &'static [$table::Column] = &[$($table::Column::$name),*];
            const CREATOR: Option<$table::Column> = $creator;

            fn ids(targets: &StaffTargets) -> &[i64] {
                &targets.$ids
            }
        }

        impl Members for $members::Entity {
            const TARGET: $members::Column = $members::Column::$target;
            const USER: $members::Column = $members::Column::UserId;
            const ROLE: $members::Column = $members::Column::Role;
            const MANAGERS: [&'static str; 2] = $managers;
        }
    )*};
}

soft_delete! { course group tag user workspace }

targets! {
    workspace(workspaces, None, [Name]), workspace_member(WorkspaceId), MANAGES_WORKSPACE;
    group(groups, None, [Name, Slug]), group_member(GroupId), MANAGES_GROUP;
    course(courses, Some(course::Column::CreatedById), [Name, Slug]), course_member(CourseId), MANAGES_COURSE;
}

/// Selects the rows that are not deleted.
pub(super) fn live<E: SoftDelete>() -> Select<E> {
    E::find().filter(E::DELETED_AT.is_null())
}

/// Condition: the row that `column` names is not deleted.
pub(super) fn is_live<E: SoftDelete>(column: Expr) -> Expr {
    let live = Query::select()
        .column((E::default(), E::ID))
        .from(E::default())
        .and_where(E::DELETED_AT.is_null())
        .take();
    column.in_subquery(live)
}

/// Selects the memberships of a user.
pub(super) fn memberships<M: Members>(user_id: Expr) -> SelectStatement {
    Query::select()
        .from(M::default())
        .and_where(Expr::col((M::default(), M::USER)).eq(user_id))
        .take()
}

/// Condition: the user has a role that manages the target that `column` names.
pub(super) fn has_manager<T: Target>(column: Expr, user_id: Expr) -> Condition {
    let managed = memberships::<T::Members>(user_id)
        .column((T::Members::default(), T::Members::TARGET))
        .and_where(T::Members::ROLE.is_in(T::Members::MANAGERS))
        .take();
    Condition::all().add(column.in_subquery(managed))
}
