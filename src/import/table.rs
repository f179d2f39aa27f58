//! The tables that an import writes, in the order that their foreign keys require.

use std::collections::{BTreeSet, HashMap};

use entity::{
    course, course_invite, course_member, external_key, group, group_invite, group_member,
    invite_code, invite_code_tag, invite_token, tag, user, workspace, workspace_invite,
    workspace_member,
};
use sea_orm::DatabaseTransaction;

use super::{
    change::Effects,
    constraint::{self, WriteError},
    event, invitee,
    kind::{MAX_NAME, MAX_TAG},
    name::{Claims, Name},
    repeat::Keys,
    replace::{self, Part},
    row::FieldError,
    tag_set::TagSet,
    token_invite::{self, TokenInvite},
    upsert::{self, CreatedHere, IdColumn, Reset, Table, Upsert, Withdrawal},
};
use crate::invite::{InviteKind, Snapshot};

/// Defines the tables: their field in [`Rows`], and their [`Table`] implementation.
macro_rules! tables {
    ($(
        $rows:ident: $entity:ident {
            key: [$($key:ident),+],
            unique: [$([$($unique:ident),+]),*],
            references: [$($column:ident -> $target:literal),*],
            withdrawal: $withdrawal:expr,
            name: $name:expr,
            created_here: $created_here:expr,
            $(target: $of_target:ident,)?
            $(snapshot: $snapshot:path,)?
            $(reset: $flag:ident to $value:literal if $cause:ident changes,)?
            $(unshared: $unshared:ident,)?
        }
    )+) => {
        /// Rows of tables that one row of the file produces, by table.
        #[derive(Clone, Debug, Default)]
        pub(super) struct Rows {
            $(pub(super) $rows: Vec<Upsert<$entity::Entity>>,)+
            pub(super) course_invites: Vec<Upsert<course_invite::Entity>>,
            pub(super) workspace_invites: Vec<TokenInvite>,
            pub(super) tag_sets: Vec<TagSet>,
            pub(super) parts: Vec<Part>,
            /// A role that the gateway does not know.
            pub(super) other_role: Option<String>,
            /// A name lost invisible characters.
            pub(super) has_cleaned_name: bool,
            /// A pending workspace invite whose row states no expiry.
            pub(super) lacks_expiry: bool,
            /// The row was rejected by an earlier import, and corrected.
            pub(super) is_correction: bool,
        }

        impl Rows {
            /// Records the names that the rows state.
            ///
            /// # Errors
            /// An earlier row of the file has one of the names.
            pub(super) fn claim_names(&self, claims: &mut Claims) -> Result<(), FieldError> {
                $(claims.add(&self.$rows)?;)+
                Ok(())
            }

            /// Records the keys of the row's own rows. Returns true if an earlier row with other content has
            /// one of them.
            pub(super) fn repeats_key(&self, keys: &mut Keys, content: u64) -> bool {
                let mut is_repeated = false;
                $(is_repeated |= keys.add_all(&self.$rows, content);)+
                for invite in &self.course_invites {
                    is_repeated |= keys.add(invitee::key(invite), content);
                }
                for invite in &self.workspace_invites {
                    for hash in &invite.token_hashes {
                        is_repeated |= keys.add(("token", hash), content);
                    }
                    if invite.token_hashes.is_empty() {
                        is_repeated |= keys.add(("id", invite.stated_id()), content);
                    }
                }
                is_repeated
            }

            /// Restores the row's own rows if they are withdrawn, unless it states that they are.
            pub(super) fn restore(&mut self) {
                $(self.$rows.iter_mut().for_each(Upsert::restore);)+
                self.course_invites.iter_mut().for_each(Upsert::restore);
            }

            /// Adds the workspaces, groups or courses that the row names.
            pub(super) fn add_targets(&self, targets: &mut BTreeSet<i64>) {
                $(replace::add_targets(&self.$rows, targets);)+
                replace::add_targets(&self.course_invites, targets);
                for invite in &self.workspace_invites {
                    replace::add_targets(std::slice::from_ref(&invite.invite), targets);
                }
            }

            /// Returns the columns of ids in the rows.
            fn id_columns(&self) -> impl Iterator<Item = IdColumn<'_>> {
                let invites = self.workspace_invites.iter().map(|invite| &invite.invite);
                std::iter::empty()
                    $(.chain(self.$rows.iter().flat_map(upsert::id_columns)))+
                    .chain(self.course_invites.iter().flat_map(upsert::id_columns))
                    .chain(invites.flat_map(upsert::id_columns))
            }

            /// Replaces the numbers that stand for ids of a source. Those of withdrawn rows may be unknown.
            pub(super) fn set_ids(&mut self, ids: &HashMap<i64, i64>) {
                let set = |stated: &mut i64| *stated = ids.get(stated).copied().unwrap_or(*stated);
                $(self.$rows.iter_mut().for_each(|row| upsert::set_ids(row, ids));)+
                self.course_invites
                    .iter_mut()
                    .for_each(|row| upsert::set_ids(row, ids));
                for invite in &mut self.workspace_invites {
                    upsert::set_ids(&mut invite.invite, ids);
                }
                for tags in &mut self.tag_sets {
                    set(&mut tags.invite_code_id);
                    tags.tags.iter_mut().for_each(set);
                }
                for part in &mut self.parts {
                    set(&mut part.course_id);
                    part.users.iter_mut().for_each(set);
                }
            }

            /// Returns the number of rows of tables.
            pub(super) fn count(&self) -> usize {
                let joined: usize = self.tag_sets.iter().map(|set| set.tags.len()).sum();
                joined + self.course_invites.len() + self.workspace_invites.len() $(+ self.$rows.len())+
            }
        }

        /// Writes many rows of the file at once. An error does not tell which row caused it. With `records`,
        /// the effects have the events of invites.
        pub(super) async fn write_together(
            transaction: &DatabaseTransaction,
            rows: &[&Rows],
            records: bool,
        ) -> Result<Effects, WriteError> {
            let mut effects = Effects::default();
            $(
                let of_table = rows.iter().flat_map(|row| &row.$rows);
                effects.add(upsert::write(transaction, of_table, records).await?);
            )+
            let invites = rows.iter().flat_map(|row| &row.course_invites);
            effects.add(invitee::write(transaction, invites, records).await?);
            let invites = rows.iter().flat_map(|row| &row.workspace_invites);
            effects.add(token_invite::write(transaction, invites, records).await?);
            let tag_sets = rows.iter().flat_map(|row| &row.tag_sets);
            effects.add_tagged(TagSet::replace(transaction, tag_sets).await?, records);
            Ok(effects)
        }

        /// Like [`write_together`], of one row. An error names the field that caused it.
        pub(super) async fn write_explained(
            transaction: &DatabaseTransaction,
            row: &Rows,
            records: bool,
        ) -> Result<Effects, WriteError> {
            let mut effects = Effects::default();
            $(effects.add(constraint::write(transaction, &row.$rows, records).await?);)+
            let invites = &row.course_invites;
            effects.add(invitee::write_explained(transaction, invites, records).await?);
            let invites = &row.workspace_invites;
            effects.add(token_invite::write_explained(transaction, invites, records).await?);
            let tagged = TagSet::replace_explained(transaction, &row.tag_sets).await?;
            effects.add_tagged(tagged, records);
            Ok(effects)
        }

        $(impl Table for $entity::Entity {
            const KEY: &'static [Self::Column] = &[$($entity::Column::$key),+];
            const UNIQUE: &'static [&'static [Self::Column]] =
                &[$(&[$($entity::Column::$unique),+]),*];
            const REFERENCES: &'static [(Self::Column, &'static str)] =
                &[$(($entity::Column::$column, $target)),*];
            const WITHDRAWAL: Withdrawal<Self::Column> = $withdrawal;
            const NAME: Option<Name<Self::Column>> = $name;
            const CREATED_HERE: Option<CreatedHere> = Some($created_here);
            $(const SNAPSHOT: Option<fn(Self::Model) -> Snapshot> = Some($snapshot);)?
            $(const TARGET: Option<Self::Column> = Some($entity::Column::$of_target);)?
            $(const RESET: Option<Reset<Self::Column>> = Some(Reset {
                column: $entity::Column::$flag,
                value: $value,
                if_changed: $entity::Column::$cause,
            });)?
            $(const UNSHARED: Option<Self::Column> = Some($entity::Column::$unshared);)?
        })+
    };
}

impl Rows {
    /// Returns the numbers that stand for ids of a source, of the rows that are written or created.
    pub(super) fn brought(&self) -> Vec<i64> {
        let own = self.id_columns().filter(|at| at.column == "id");
        own.filter(IdColumn::is_stated).map(|at| at.id).collect()
    }

    /// Returns the field and the number of an id of a source that a row refers to, and that is not in `ids`.
    pub(super) fn unknown_id(&self, ids: &HashMap<i64, i64>) -> Option<(String, i64)> {
        let unknown = |id: &i64| *id < 0 && !ids.contains_key(id);
        let mut columns = self.id_columns().filter(IdColumn::is_stated);
        let mut tags = self.tag_sets.iter().flat_map(|set| &set.tags);
        match columns.find(|at| unknown(&at.id)) {
            Some(at) => Some((at.field(), at.id)),
            None => tags
                .find(|id| unknown(id))
                .map(|id| ("tag_ids".to_owned(), *id)),
        }
    }

    /// Returns the id in a field.
    pub(super) fn id_at(&self, field: &str) -> Option<i64> {
        let mut columns = self.id_columns();
        columns.find(|at| at.field() == field).map(|at| at.id)
    }
}

/// A withdrawal that sets the instant in `column`.
const fn marked<C>(column: C, only_if: &'static str) -> Withdrawal<C> {
    Withdrawal::Mark {
        column,
        also: "",
        only_if,
    }
}

tables! {
    users: user {
        key: [Id],
        unique: [[Username]],
        references: [],
        withdrawal: marked(user::Column::DeletedAt, "deleted_at IS NULL"),
        name: Some(Name {
            table: "users",
            columns: &[user::Column::Username],
            longest: MAX_NAME,
            created_rows_take_it: false,
        }),
        created_here: CreatedHere::Id,
        reset: IsVerified to "FALSE" if EmailNorm changes,
        unshared: ExtId,
    }
    tags: tag {
        key: [Id],
        unique: [[Kind, Name]],
        references: [],
        withdrawal: marked(tag::Column::DeletedAt, "deleted_at IS NULL"),
        name: Some(Name {
            table: "tags",
            columns: &[tag::Column::Kind, tag::Column::Name],
            longest: MAX_TAG,
            created_rows_take_it: true,
        }),
        created_here: CreatedHere::Never,
    }
    workspaces: workspace {
        key: [Id],
        unique: [],
        references: [],
        withdrawal: marked(workspace::Column::DeletedAt, "deleted_at IS NULL"),
        name: None,
        created_here: CreatedHere::Never,
    }
    groups: group {
        key: [Id],
        unique: [[Slug]],
        references: [],
        withdrawal: marked(group::Column::DeletedAt, "deleted_at IS NULL"),
        name: Some(Name {
            table: "groups",
            columns: &[group::Column::Slug],
            longest: MAX_NAME,
            created_rows_take_it: false,
        }),
        created_here: CreatedHere::Never,
    }
    courses: course {
        key: [Id],
        unique: [[Slug]],
        references: [CreatedById -> "users"],
        withdrawal: marked(course::Column::DeletedAt, "deleted_at IS NULL"),
        name: Some(Name {
            table: "courses",
            columns: &[course::Column::Slug],
            longest: MAX_NAME,
            created_rows_take_it: false,
        }),
        created_here: CreatedHere::Never,
    }
    workspace_members: workspace_member {
        key: [WorkspaceId, UserId],
        unique: [],
        references: [WorkspaceId -> "workspaces", UserId -> "users"],
        withdrawal: Withdrawal::Delete,
        name: None,
        created_here: CreatedHere::Joining(InviteKind::WorkspaceInvite),
        target: WorkspaceId,
    }
    group_members: group_member {
        key: [GroupId, UserId],
        unique: [],
        references: [GroupId -> "groups", UserId -> "users"],
        withdrawal: Withdrawal::Delete,
        name: None,
        created_here: CreatedHere::Joining(InviteKind::GroupInvite),
        target: GroupId,
    }
    course_members: course_member {
        key: [CourseId, UserId],
        unique: [],
        references: [CourseId -> "courses", UserId -> "users"],
        withdrawal: Withdrawal::Delete,
        name: None,
        created_here: CreatedHere::Joining(InviteKind::CourseInvite),
        target: CourseId,
    }
    invite_codes: invite_code {
        key: [Id],
        unique: [[Code]],
        references: [InvitedById -> "users", UserId -> "users"],
        withdrawal: marked(
            invite_code::Column::CancelledAt,
            "used_at IS NULL AND cancelled_at IS NULL",
        ),
        name: None,
        created_here: CreatedHere::Event { kind: InviteKind::InviteCode, at: "generated_at" },
        snapshot: event::of_code,
    }
    group_invites: group_invite {
        // A group has one link. A new link replaces the old one, whatever its id.
        key: [GroupId],
        unique: [[Id], [Code]],
        references: [GroupId -> "groups"],
        withdrawal: Withdrawal::Delete,
        name: None,
        created_here: CreatedHere::Event { kind: InviteKind::GroupInvite, at: "updated_at" },
        target: GroupId,
        snapshot: event::of_group_invite,
        reset: Url to "NULL" if Code changes,
    }
}

/// Written only by [`invitee`], which finds its id.
impl Table for course_invite::Entity {
    const KEY: &'static [Self::Column] = &[course_invite::Column::Id];
    const UNIQUE: &'static [&'static [Self::Column]] = &[];
    const REFERENCES: &'static [(Self::Column, &'static str)] = &[
        (course_invite::Column::CourseId, "courses"),
        (course_invite::Column::UserId, "users"),
        (course_invite::Column::InvitedById, "users"),
        (course_invite::Column::AcceptedById, "users"),
    ];
    const WITHDRAWAL: Withdrawal<Self::Column> = marked(
        course_invite::Column::CancelledAt,
        "accepted_at IS NULL AND cancelled_at IS NULL",
    );
    const NAME: Option<Name<Self::Column>> = None;
    const CREATED_HERE: Option<CreatedHere> = Some(CreatedHere::Event {
        kind: InviteKind::CourseInvite,
        at: "created_at",
    });
    const TARGET: Option<Self::Column> = Some(course_invite::Column::CourseId);
    const SNAPSHOT: Option<fn(Self::Model) -> Snapshot> = Some(event::of_course_invite);
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
    const WITHDRAWAL: Withdrawal<Self::Column> = Withdrawal::Mark {
        column: workspace_invite::Column::CancelledAt,
        also: ", status = 'cancelled'",
        only_if: "status IN ('pending', 'expired')",
    };
    const NAME: Option<Name<Self::Column>> = None;
    const CREATED_HERE: Option<CreatedHere> = Some(CreatedHere::Event {
        kind: InviteKind::WorkspaceInvite,
        at: "created_at",
    });
    const TARGET: Option<Self::Column> = Some(workspace_invite::Column::WorkspaceId);
    const SNAPSHOT: Option<fn(Self::Model) -> Snapshot> = Some(event::of_workspace_invite);
}

/// Written only by [`token_invite`], after the invites that the tokens open.
impl Table for invite_token::Entity {
    const KEY: &'static [Self::Column] = &[invite_token::Column::TokenHash];
    const UNIQUE: &'static [&'static [Self::Column]] = &[];
    const REFERENCES: &'static [(Self::Column, &'static str)] = &[];
    const WITHDRAWAL: Withdrawal<Self::Column> = Withdrawal::Delete;
    const NAME: Option<Name<Self::Column>> = None;
    const CREATED_HERE: Option<CreatedHere> = None;
}

/// Written only by `resolve`, after the rows that the keys name.
impl Table for external_key::Entity {
    const KEY: &'static [Self::Column] = &[
        external_key::Column::Source,
        external_key::Column::Kind,
        external_key::Column::ExternalId,
    ];
    const UNIQUE: &'static [&'static [Self::Column]] = &[];
    const REFERENCES: &'static [(Self::Column, &'static str)] = &[];
    const WITHDRAWAL: Withdrawal<Self::Column> = Withdrawal::Delete;
    const NAME: Option<Name<Self::Column>> = None;
    const CREATED_HERE: Option<CreatedHere> = None;
}

/// Written only by [`TagSet`], after the codes and tags that it joins.
impl Table for invite_code_tag::Entity {
    const KEY: &'static [Self::Column] = &[
        invite_code_tag::Column::InviteCodeId,
        invite_code_tag::Column::TagId,
    ];
    const UNIQUE: &'static [&'static [Self::Column]] = &[];
    const REFERENCES: &'static [(Self::Column, &'static str)] = &[];
    const WITHDRAWAL: Withdrawal<Self::Column> = Withdrawal::Delete;
    const NAME: Option<Name<Self::Column>> = None;
    const CREATED_HERE: Option<CreatedHere> = None;
}
