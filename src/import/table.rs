//! The tables that an import writes, in the order that their foreign keys require.

use entity::{
    course, course_invite, course_member, group, group_invite, group_member, invite_code,
    invite_code_tag, invite_token, tag, user, workspace, workspace_invite, workspace_member,
};
use sea_orm::DatabaseTransaction;

use super::{
    constraint::{self, WriteError},
    tag_set::TagSet,
    token_invite::{self, TokenInvite},
    upsert::{self, Table, Upsert},
};

/// Defines the tables: their field in [`Rows`], and their [`Table`] implementation.
macro_rules! tables {
    ($(
        $rows:ident: $entity:ident {
            key: [$($key:ident),+],
            unique: [$([$($unique:ident),+]),*],
            references: [$($column:ident -> $target:literal),*],
            keep_first: [$($keep_first:ident),*],
        }
    )+) => {
        /// Rows of tables that one row of the file produces, by table.
        #[derive(Clone, Debug, Default)]
        pub(super) struct Rows {
            $(pub(super) $rows: Vec<Upsert<$entity::Entity>>,)+
            pub(super) workspace_invites: Vec<TokenInvite>,
            pub(super) tag_sets: Vec<TagSet>,
        }

        impl Rows {
            /// Returns the number of rows of tables.
            pub(super) fn count(&self) -> usize {
                let joined: usize = self.tag_sets.iter().map(|set| set.tags.len()).sum();
                joined + self.workspace_invites.len() $(+ self.$rows.len())+
            }
        }

        /// Writes many rows of the file at once. An error does not tell which row caused it.
        pub(super) async fn write_together(
            transaction: &DatabaseTransaction,
            rows: &[&Rows],
        ) -> Result<(), WriteError> {
            $(upsert::write(transaction, rows.iter().flat_map(|row| &row.$rows)).await?;)+
            let invites = rows.iter().flat_map(|row| &row.workspace_invites);
            token_invite::write(transaction, invites).await?;
            let tag_sets = rows.iter().flat_map(|row| &row.tag_sets);
            Ok(TagSet::replace(transaction, tag_sets).await?)
        }

        /// Writes one row of the file. An error names the field that caused it.
        pub(super) async fn write_explained(
            transaction: &DatabaseTransaction,
            row: &Rows,
        ) -> Result<(), WriteError> {
            $(constraint::write(transaction, &row.$rows).await?;)+
            token_invite::write_explained(transaction, &row.workspace_invites).await?;
            TagSet::replace(transaction, row.tag_sets.iter()).await?;
            Ok(())
        }

        $(impl Table for $entity::Entity {
            const KEY: &'static [Self::Column] = &[$($entity::Column::$key),+];
            const UNIQUE: &'static [&'static [Self::Column]] =
                &[$(&[$($entity::Column::$unique),+]),*];
            const REFERENCES: &'static [(Self::Column, &'static str)] =
                &[$(($entity::Column::$column, $target)),*];
            const KEEP_FIRST: &'static [Self::Column] = &[$($entity::Column::$keep_first),*];
        })+
    };
}

tables! {
    users: user {
        key: [Id],
        unique: [[Username]],
        references: [],
        keep_first: [],
    }
    tags: tag {
        key: [Id],
        unique: [[Kind, Name]],
        references: [],
        keep_first: [DeletedAt],
    }
    workspaces: workspace {
        key: [Id],
        unique: [],
        references: [],
        keep_first: [],
    }
    groups: group {
        key: [Id],
        unique: [[Slug]],
        references: [],
        keep_first: [],
    }
    courses: course {
        key: [Id],
        unique: [[Slug]],
        references: [CreatedById -> "users"],
        keep_first: [],
    }
    workspace_members: workspace_member {
        key: [WorkspaceId, UserId],
        unique: [],
        references: [WorkspaceId -> "workspaces", UserId -> "users"],
        keep_first: [],
    }
    group_members: group_member {
        key: [GroupId, UserId],
        unique: [],
        references: [GroupId -> "groups", UserId -> "users"],
        keep_first: [],
    }
    course_members: course_member {
        key: [CourseId, UserId],
        unique: [],
        references: [CourseId -> "courses", UserId -> "users"],
        keep_first: [],
    }
    invite_codes: invite_code {
        key: [Id],
        unique: [[Code]],
        references: [InvitedById -> "users", UserId -> "users"],
        keep_first: [],
    }
    group_invites: group_invite {
        // A group has one link. A new link replaces the old one, whatever its id.
        key: [GroupId],
        unique: [[Id], [Code]],
        references: [GroupId -> "groups"],
        keep_first: [],
    }
    course_invites: course_invite {
        key: [CourseId, UserId],
        unique: [[Id]],
        references: [CourseId -> "courses", UserId -> "users", InvitedById -> "users"],
        keep_first: [],
    }
}

/// Written only by [`token_invite`], with its tokens.
impl Table for workspace_invite::Entity {
    const KEY: &'static [Self::Column] = &[workspace_invite::Column::Id];
    const UNIQUE: &'static [&'static [Self::Column]] = &[];
    const REFERENCES: &'static [(Self::Column, &'static str)] = &[
        (workspace_invite::Column::WorkspaceId, "workspaces"),
        (workspace_invite::Column::InviterId, "users"),
        (workspace_invite::Column::AcceptedById, "users"),
    ];
    const KEEP_FIRST: &'static [Self::Column] = &[];
}

/// Written only by [`token_invite`], after the invites that the tokens open.
impl Table for invite_token::Entity {
    const KEY: &'static [Self::Column] = &[invite_token::Column::TokenHash];
    const UNIQUE: &'static [&'static [Self::Column]] = &[];
    const REFERENCES: &'static [(Self::Column, &'static str)] = &[];
    const KEEP_FIRST: &'static [Self::Column] = &[];
}

/// Written only by [`TagSet`], after the codes and tags that it joins.
impl Table for invite_code_tag::Entity {
    const KEY: &'static [Self::Column] = &[
        invite_code_tag::Column::InviteCodeId,
        invite_code_tag::Column::TagId,
    ];
    const UNIQUE: &'static [&'static [Self::Column]] = &[];
    const REFERENCES: &'static [(Self::Column, &'static str)] = &[];
    const KEEP_FIRST: &'static [Self::Column] = &[];
}
