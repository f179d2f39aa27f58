//! The tables that an import writes, in the order in which their foreign keys let it.

use entity::{
    course, course_invite, course_member, group, group_invite, group_member, invite_code,
    invite_code_tag, tag, user, workspace, workspace_invite, workspace_member,
};
use sea_orm::{DatabaseTransaction, DbErr};

use super::{
    constraint::{self, Refusal},
    tag_set::TagSet,
    upsert::{self, Table, Upsert},
};

/// Lists the tables: where [`Rows`] keeps their rows, and what of them an import has to know.
macro_rules! tables {
    ($(
        $rows:ident: $entity:ident {
            key: [$($key:ident),+],
            unique: [$([$($unique:ident),+]),*],
            references: [$($column:ident -> $target:literal),*],
            first_known: [$($first_known:ident),*],
        }
    )+) => {
        /// What one row of the file comes to, by table.
        #[derive(Clone, Debug, Default)]
        pub(super) struct Rows {
            $(pub(super) $rows: Vec<Upsert<$entity::Entity>>,)+
            pub(super) tag_sets: Vec<TagSet>,
        }

        impl Rows {
            /// How many rows of tables these are.
            pub(super) fn count(&self) -> usize {
                let joined: usize = self.tag_sets.iter().map(|set| set.tags.len()).sum();
                joined $(+ self.$rows.len())+
            }
        }

        /// Writes many rows of the file at once; tells nothing of which is at fault if it fails.
        pub(super) async fn write_together(
            transaction: &DatabaseTransaction,
            rows: &[&Rows],
        ) -> Result<(), DbErr> {
            $(upsert::write(transaction, rows.iter().flat_map(|row| &row.$rows)).await?;)+
            TagSet::replace(transaction, rows.iter().flat_map(|row| &row.tag_sets)).await
        }

        /// Writes one row of the file table by table, and names what is at fault if it fails.
        pub(super) async fn write_explained(
            transaction: &DatabaseTransaction,
            row: &Rows,
        ) -> Result<(), Refusal> {
            $(constraint::write(transaction, &row.$rows).await?;)+
            TagSet::replace(transaction, row.tag_sets.iter()).await?;
            Ok(())
        }

        $(impl Table for $entity::Entity {
            const KEY: &'static [Self::Column] = &[$($entity::Column::$key),+];
            const UNIQUE: &'static [&'static [Self::Column]] =
                &[$(&[$($entity::Column::$unique),+]),*];
            const REFERENCES: &'static [(Self::Column, &'static str)] =
                &[$(($entity::Column::$column, $target)),*];
            const FIRST_KNOWN: &'static [Self::Column] = &[$($entity::Column::$first_known),*];
        })+
    };
}

tables! {
    users: user {
        key: [Id],
        unique: [[Username]],
        references: [],
        first_known: [],
    }
    tags: tag {
        key: [Id],
        unique: [[Kind, Name]],
        references: [],
        first_known: [DeletedAt],
    }
    workspaces: workspace {
        key: [Id],
        unique: [],
        references: [],
        first_known: [],
    }
    groups: group {
        key: [Id],
        unique: [[Slug]],
        references: [],
        first_known: [],
    }
    courses: course {
        key: [Id],
        unique: [[Slug]],
        references: [CreatedById -> "users"],
        first_known: [],
    }
    workspace_members: workspace_member {
        key: [WorkspaceId, UserId],
        unique: [],
        references: [WorkspaceId -> "workspaces", UserId -> "users"],
        first_known: [],
    }
    group_members: group_member {
        key: [GroupId, UserId],
        unique: [],
        references: [GroupId -> "groups", UserId -> "users"],
        first_known: [],
    }
    course_members: course_member {
        key: [CourseId, UserId],
        unique: [],
        references: [CourseId -> "courses", UserId -> "users"],
        first_known: [],
    }
    invite_codes: invite_code {
        key: [Id],
        unique: [[Code]],
        references: [InvitedById -> "users", UserId -> "users"],
        first_known: [],
    }
    workspace_invites: workspace_invite {
        key: [Token],
        unique: [[Id]],
        references: [
            WorkspaceId -> "workspaces",
            InviterId -> "users",
            AcceptedById -> "users"
        ],
        first_known: [],
    }
    group_invites: group_invite {
        // A group has one link: a new one takes the place of the old, whatever its id.
        key: [GroupId],
        unique: [[Id], [Code]],
        references: [GroupId -> "groups"],
        first_known: [],
    }
    course_invites: course_invite {
        key: [CourseId, UserId],
        unique: [[Id]],
        references: [CourseId -> "courses", UserId -> "users", InvitedById -> "users"],
        first_known: [],
    }
}

/// Written by [`TagSet`] alone, after the codes and tags that it joins.
impl Table for invite_code_tag::Entity {
    const KEY: &'static [Self::Column] = &[
        invite_code_tag::Column::InviteCodeId,
        invite_code_tag::Column::TagId,
    ];
    const UNIQUE: &'static [&'static [Self::Column]] = &[];
    const REFERENCES: &'static [(Self::Column, &'static str)] = &[];
    const FIRST_KNOWN: &'static [Self::Column] = &[];
}
