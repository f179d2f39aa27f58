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
    /// A personal code.
    InviteCode,
    /// An e-mail invitation to a workspace.
    WorkspaceInvite,
    /// A group's reusable link.
    GroupInvite,
    /// A user's invitation to a course.
    CourseInvite,
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

impl From<InviteKind> for NodeKind {
    fn from(kind: InviteKind) -> Self {
        match kind {
            InviteKind::InviteCode => Self::InviteCode,
            InviteKind::WorkspaceInvite => Self::WorkspaceInvite,
            InviteKind::GroupInvite => Self::GroupInvite,
            InviteKind::CourseInvite => Self::CourseInvite,
        }
    }
}

impl NodeKind {
    pub(super) const ALL: [Self; 9] = [
        Self::InviteCode,
        Self::WorkspaceInvite,
        Self::GroupInvite,
        Self::CourseInvite,
        Self::User,
        Self::Tag,
        Self::Workspace,
        Self::Group,
        Self::Course,
    ];

    /// Returns the name of the GraphQL type.
    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self::InviteCode => "InviteCode",
            Self::WorkspaceInvite => "WorkspaceInvite",
            Self::GroupInvite => "GroupInvite",
            Self::CourseInvite => "CourseInvite",
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

/// Returns the global id of an object: base64url of `Type:key`, without padding.
pub(super) fn global_id(kind: NodeKind, id: i64) -> ID {
    ID(URL_SAFE_NO_PAD.encode([kind.type_name(), ":", &id.to_string()].concat()))
}

/// Parses a global id. Returns `None` for text that [`global_id`] does not return.
pub(super) fn parse_global_id(text: &str) -> Option<(NodeKind, i64)> {
    let text = decode(text)?;
    let (type_name, id) = text.split_once(':')?;
    Some((NodeKind::of(type_name)?, parse_database_id(id)?))
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

/// Returns the global id of an invite.
pub fn invite_id(invite: InviteRef) -> String {
    global_id(invite.kind.into(), invite.id).0
}

/// Returns the invite that a global id names. None for other text, and for ids of other objects.
pub fn parse_invite_id(text: &str) -> Option<InviteRef> {
    let (named, id) = parse_global_id(text)?;
    let mut kinds = InviteKind::ALL.into_iter();
    let kind = kinds.find(|kind| NodeKind::from(*kind) == named)?;
    Some(InviteRef { kind, id })
}

/// Parses the key of an object of that kind from a global id or a database id.
pub fn parse_id(kind: NodeKind, text: &str) -> Option<i64> {
    parse_database_id(text).or_else(|| {
        parse_global_id(text)
            .filter(|(named, _)| *named == kind)
            .map(|(_, id)| id)
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
        NodeKind, event_id, global_id, invite_id, parse_event_id, parse_global_id, parse_id,
        parse_invite_id,
    };
    use crate::{invite::InviteKind, loader::invite::InviteRef};

    #[test]
    fn only_ids_of_invites_name_an_invite() {
        for kind in InviteKind::ALL {
            let invite = InviteRef { kind, id: 12 };
            assert_eq!(parse_invite_id(&invite_id(invite)), Some(invite));
        }
        assert_eq!(parse_invite_id(&global_id(NodeKind::User, 12)), None);
        assert_eq!(parse_invite_id("12"), None);
    }

    proptest! {
        #[test]
        fn a_global_id_names_its_object_alone(id in any::<i64>()) {
            for kind in NodeKind::ALL {
                let written = global_id(kind, id);
                prop_assert_eq!(parse_global_id(&written), Some((kind, id)));
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
            if let Some((kind, id)) = parse_global_id(&text) {
                prop_assert_eq!(global_id(kind, id).0, text.clone());
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
