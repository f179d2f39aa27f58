//! Global ids: opaque, typed text that names one object of the whole schema.

use async_graphql::ID;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::{invite::InviteKind, loader::invite::InviteRef};

/// Maximum length of a global id.
const MAX_LENGTH: usize = 80;

/// The types that have a global id, but for events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// An invite.
    Invite(InviteKind),
    /// A user.
    User,
    /// A tag.
    Tag,
    /// A workspace.
    Workspace,
    /// A group.
    Group,
    /// A course.
    Course,
}

impl NodeKind {
    pub(super) const ALL: [Self; 9] = [
        Self::Invite(InviteKind::InviteCode),
        Self::Invite(InviteKind::WorkspaceInvite),
        Self::Invite(InviteKind::GroupInvite),
        Self::Invite(InviteKind::CourseInvite),
        Self::User,
        Self::Tag,
        Self::Workspace,
        Self::Group,
        Self::Course,
    ];

    /// Returns the name of the GraphQL type.
    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self::Invite(InviteKind::InviteCode) => "InviteCode",
            Self::Invite(InviteKind::WorkspaceInvite) => "WorkspaceInvite",
            Self::Invite(InviteKind::GroupInvite) => "GroupInvite",
            Self::Invite(InviteKind::CourseInvite) => "CourseInvite",
            Self::User => "User",
            Self::Tag => "Tag",
            Self::Workspace => "Workspace",
            Self::Group => "Group",
            Self::Course => "Course",
        }
    }

    pub(super) fn of(type_name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.type_name() == type_name)
    }
}

/// An object that an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) kind: NodeKind,
    pub(super) id: i64,
    /// Target of an invite, as in [`InviteRef`]. Global ids of invites have it, database ids do not.
    pub(super) target: Option<i64>,
}

impl Named {
    /// Returns the global id: base64url of `Type:key`, of an invite `Type:target:key`, without padding.
    pub(super) fn global_id(self) -> String {
        let Self { kind, id, target } = self;
        let name = kind.type_name();
        URL_SAFE_NO_PAD.encode(match target {
            None => format!("{name}:{id}"),
            Some(target) => format!("{name}:{target}:{id}"),
        })
    }
}

/// Returns the global id of an object that is no invite.
pub(super) fn global_id(kind: NodeKind, id: i64) -> ID {
    let target = None;
    ID(Named { kind, id, target }.global_id())
}

/// Parses a global id. Returns `None` for text in another format.
pub(super) fn parse_global_id(text: &str) -> Option<Named> {
    let text = decode(text)?;
    let (type_name, keys) = text.split_once(':')?;
    let kind = NodeKind::of(type_name)?;
    let (target, id) = match kind {
        NodeKind::Invite(_) => {
            let (target, id) = keys.split_once(':')?;
            (Some(parse_database_id(target)?), id)
        }
        _ => (None, keys),
    };
    let id = parse_database_id(id)?;
    Some(Named { kind, id, target })
}

/// Decodes the text of a global id.
fn decode(text: &str) -> Option<String> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// Name of the type whose keys are UUIDs.
const EVENT: &str = "InviteEvent";

/// Returns the global id of an event: base64url of `InviteEvent:key`, without padding.
pub(super) fn event_id(id: Uuid) -> ID {
    ID(URL_SAFE_NO_PAD.encode(format!("{EVENT}:{id}")))
}

/// Parses the global id of an event. Returns `None` for text that [`event_id`] does not return.
pub(super) fn parse_event_id(text: &str) -> Option<Uuid> {
    let text = decode(text)?;
    let (type_name, id) = text.split_once(':')?;
    let parsed: Uuid = id.parse().ok().filter(|_| type_name == EVENT)?;
    (parsed.to_string() == id).then_some(parsed)
}

/// Returns the global id of an invite. `target` is that of its [`InviteRef`].
pub fn invite_id(kind: InviteKind, target: i64, id: i64) -> ID {
    let (kind, target) = (NodeKind::Invite(kind), Some(target));
    ID(Named { kind, id, target }.global_id())
}

/// Returns the invite that a global id names. None for other text, and for ids of other objects.
pub fn parse_invite_id(text: &str) -> Option<InviteRef> {
    let Named { kind, id, target } = parse_global_id(text)?;
    match kind {
        NodeKind::Invite(kind) => Some(InviteRef { kind, id, target }),
        _ => None,
    }
}

/// Parses the key of an object of that kind from a global id or a database id.
pub fn parse_id(kind: NodeKind, text: &str) -> Option<i64> {
    parse_database_id(text).or_else(|| {
        parse_global_id(text)
            .filter(|named| named.kind == kind)
            .map(|named| named.id)
    })
}

/// Parses a key as the REST contracts print it. Other spellings of the number are refused, so that
/// each object has one id.
fn parse_database_id(text: &str) -> Option<i64> {
    text.parse().ok().filter(|id: &i64| id.to_string() == text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{
        Named, NodeKind, event_id, global_id, invite_id, parse_event_id, parse_global_id, parse_id,
        parse_invite_id,
    };
    use crate::{invite::InviteKind, loader::invite::InviteRef};

    #[test]
    fn only_ids_of_invites_name_an_invite() {
        for kind in InviteKind::ALL {
            let (id, target) = (12, Some(3));
            let invite = InviteRef { kind, id, target };
            assert_eq!(parse_invite_id(&invite_id(kind, 3, id)), Some(invite));
            // Ids of invites have a target.
            let without = global_id(NodeKind::Invite(kind), 12);
            assert_eq!(parse_invite_id(&without), None);
        }
        assert_eq!(parse_invite_id(&global_id(NodeKind::User, 12)), None);
        assert_eq!(parse_invite_id("12"), None);
    }

    proptest! {
        #[test]
        fn a_global_id_names_its_object_alone(id in any::<i64>(), target in any::<i64>()) {
            for kind in NodeKind::ALL {
                let target = matches!(kind, NodeKind::Invite(_)).then_some(target);
                let named = Named { kind, id, target };
                let written = named.global_id();
                prop_assert_eq!(parse_global_id(&written), Some(named));
                prop_assert_eq!(parse_id(kind, &written), Some(id));
            }
            let of_user = global_id(NodeKind::User, id);
            prop_assert_eq!(parse_id(NodeKind::Tag, &of_user), None);
        }

        #[test]
        fn a_global_id_names_its_event_alone(id in any::<u128>()) {
            let id = Uuid::from_u128(id);
            let written = event_id(id);
            prop_assert_eq!(parse_event_id(&written), Some(id));
            prop_assert_eq!(parse_global_id(&written), None);
        }

        #[test]
        fn other_text_names_nothing(text in "\\PC{0,40}") {
            if let Some(named) = parse_global_id(&text) {
                prop_assert_eq!(named.global_id(), text.clone());
            }
            if let Some(id) = parse_event_id(&text) {
                prop_assert_eq!(event_id(id).0, text);
            }
        }
    }

    #[test]
    fn a_database_id_has_one_spelling() {
        assert_eq!(parse_id(NodeKind::Group, "12"), Some(12));
        for text in ["012", "+12", " 12", "12.0", "", "99999999999999999999"] {
            assert_eq!(parse_id(NodeKind::Group, text), None, "{text}");
        }
    }
}
