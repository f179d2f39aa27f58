//! Types of the examples, and the REST examples. [`super::queries`] has the GraphQL examples.

use serde::Serialize;
use serde_json::Value;

use super::{codes, courses, groups, workspace_invites};

/// A GraphQL query to try.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Example {
    /// Short name.
    pub name: &'static str,
    /// The case that the response demonstrates.
    pub shows: &'static str,
    /// Text of the query.
    pub query: &'static str,
    /// Variables, an object.
    pub variables: Value,
    /// Persona whose token to send, if any.
    pub persona: Option<&'static str>,
    /// Expected error code, if any.
    pub error: Option<&'static str>,
}

/// A REST endpoint to try with GET.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RestExample {
    /// Short name.
    pub name: &'static str,
    /// The case that the response demonstrates.
    pub shows: &'static str,
    /// Path and query of the URL.
    pub path: String,
    /// Persona whose token to send, if any.
    pub persona: Option<&'static str>,
}

/// Returns the REST examples, one for each contract.
pub(super) fn rest() -> Vec<RestExample> {
    vec![
        RestExample {
            name: "rest-invite-code",
            shows: "A pending invite code, by its code.",
            path: format!("/api/v2/invite_code/{}/", codes::PENDING),
            persona: None,
        },
        RestExample {
            name: "rest-workspace-invite",
            shows: "A pending workspace invite, by its token.",
            path: format!("/api/v1/invites/{}/", workspace_invites::PENDING),
            persona: None,
        },
        RestExample {
            name: "rest-group-invite",
            shows: "The invite of a group, for its managers.",
            path: format!("/v3/groups/{}/invite", groups::STUDIO),
            persona: Some("group-manager"),
        },
        RestExample {
            name: "rest-course-invitees",
            shows: "The third page of a course's invitees, for its managers.",
            path: format!(
                "/api/v2/course/{}/invite/?limit=10&offset=20",
                courses::BIG_ID
            ),
            persona: Some("course-manager"),
        },
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use async_graphql::parser::{
        parse_query,
        types::{DocumentOperations, Selection},
    };

    use super::{
        super::{describe, queries::graphql},
        rest,
    };

    /// Root fields of schema.graphql.
    const ROOT_FIELDS: [&str; 26] = [
        "__typename",
        "acceptInvite",
        "cancelInvites",
        "course",
        "createCourseInvites",
        "createInviteCodes",
        "createWorkspaceInvites",
        "declineInvite",
        "disableGroupInvite",
        "enableGroupInvite",
        "group",
        "groupInvites",
        "groupPreview",
        "invite",
        "inviteCode",
        "inviteCodes",
        "node",
        "nodes",
        "resendInvites",
        "rotateGroupInvite",
        "updateInvite",
        "users",
        "viewer",
        "workspace",
        "workspaceInvite",
        "workspaceInvites",
    ];

    #[test]
    fn every_query_parses_and_every_root_field_has_one() {
        let mut selected = HashSet::new();
        for example in graphql() {
            let document = parse_query(example.query)
                .unwrap_or_else(|error| panic!("{}: {error}", example.name));
            let DocumentOperations::Multiple(operations) = document.operations else {
                panic!("{}: has no operation name", example.name);
            };
            for operation in operations.values() {
                for field in &operation.node.selection_set.node.items {
                    let Selection::Field(field) = &field.node else {
                        panic!("{}: a fragment at the root", example.name);
                    };
                    selected.insert(field.node.name.node.to_string());
                }
            }
        }
        assert_eq!(selected, ROOT_FIELDS.map(String::from).into());
    }

    #[test]
    fn every_example_has_its_own_name_and_a_persona_that_exists() {
        let description = describe().expect("a description");
        let mut names = HashSet::new();
        let examples = graphql();
        let all = examples
            .iter()
            .map(|example| (example.name, example.persona));
        for (name, persona) in
            all.chain(rest().iter().map(|example| (example.name, example.persona)))
        {
            assert!(names.insert(name), "{name}: twice");
            assert!(
                persona.is_none_or(|persona| description.persona(persona).is_some()),
                "{name}"
            );
        }
    }
}
