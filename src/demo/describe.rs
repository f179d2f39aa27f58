//! Describes the sample data in one document: personas, cases and example queries.

use serde::Serialize;

use super::{
    case::{self, Case},
    examples::{self, Example, RestExample},
    queries, sign_ins, tokens,
};
use crate::auth::MintError;

/// Output of `invite-gateway demo --describe`. It is the same at every start of a build.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Description {
    /// Path of the GraphQL endpoint.
    pub graphql: &'static str,
    /// Path of the GraphiQL page.
    pub graphiql: &'static str,
    /// Path of the OpenAPI document.
    pub openapi: &'static str,
    /// Accounts to sign in with.
    pub personas: Vec<Persona>,
    /// Rows that demonstrate a case.
    pub cases: Vec<Case>,
    /// Queries to try, at least one for each root field.
    pub examples: Vec<Example>,
    /// The REST endpoints to try, one for each contract.
    pub rest: Vec<RestExample>,
}

impl Description {
    /// Returns the persona with this name.
    pub fn persona(&self, name: &str) -> Option<&Persona> {
        self.personas.iter().find(|persona| persona.name == name)
    }
}

/// An account to sign in with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Persona {
    /// Name of the persona in examples.
    pub name: &'static str,
    /// Id of the account.
    pub user_id: i64,
    /// Username of the account.
    pub username: String,
    /// Role in the story.
    pub story: &'static str,
    /// Data that the persona may see.
    pub sees: &'static str,
    /// Scope of the token.
    pub scope: Option<&'static str>,
    /// Bearer token, valid for every demo of the same build.
    pub token: String,
}

/// Describes the sample data, without a database.
///
/// # Errors
/// A token cannot be signed.
pub fn describe() -> Result<Description, MintError> {
    let cases = case::cases();
    Ok(Description {
        graphql: "/graphql",
        graphiql: "/graphiql",
        openapi: "/openapi.json",
        personas: personas(&cases)?,
        cases,
        examples: queries::graphql(),
        rest: examples::rest(),
    })
}

fn personas(cases: &[Case]) -> Result<Vec<Persona>, MintError> {
    let username = |id| {
        let mut users = cases.iter().filter(|case| case.kind == case::USER);
        users.find(|user| user.id == id)?.key.clone()
    };
    sign_ins::SIGN_INS
        .iter()
        .map(|sign_in| {
            Ok(Persona {
                name: sign_in.name,
                user_id: sign_in.user_id,
                username: username(sign_in.user_id).unwrap_or_default(),
                story: sign_in.story,
                sees: sign_in.sees,
                scope: sign_in.scope,
                token: tokens::mint(sign_in.user_id, sign_in.scope)?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{describe, sign_ins};

    #[test]
    fn the_description_is_the_same_every_time() {
        let json = || serde_json::to_string(&describe().expect("a description")).expect("JSON");
        assert_eq!(json(), json());
    }

    #[test]
    fn every_persona_has_an_account_and_its_own_token() {
        let description = describe().expect("a description");
        let tokens: HashSet<_> = description
            .personas
            .iter()
            .map(|persona| &persona.token)
            .collect();
        assert_eq!(tokens.len(), sign_ins::SIGN_INS.len());
        assert!(
            description
                .personas
                .iter()
                .all(|persona| !persona.username.is_empty())
        );
    }

    #[test]
    fn every_case_is_a_different_row() {
        let description = describe().expect("a description");
        let ids: HashSet<_> = description
            .cases
            .iter()
            .map(|case| &case.global_id)
            .collect();
        assert_eq!(ids.len(), description.cases.len());
    }
}
