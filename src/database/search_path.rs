//! The search path that a URL names, and whether the session has it.
//!
//! Poolers may ignore start-up parameters. Tables would then be those of another schema.

use sqlx::{PgConnection, postgres::PgConnectOptions};

/// A pooler did not pass the search path on.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "the session does not have the search path of the URL, which a pooler may ignore: remove it from the URL, and \
     set it on the role with ALTER ROLE … SET search_path"
)]
pub(super) struct Ignored;

/// Checks that a session has the search path that its options name, if any.
///
/// # Errors
/// It has another, or the server failed.
pub(super) async fn check(
    connection: &mut PgConnection,
    options: &PgConnectOptions,
) -> sqlx::Result<()> {
    let Some(named) = options.get_options().and_then(named) else {
        return Ok(());
    };
    let actual: String = sqlx::query_scalar("SHOW search_path")
        .persistent(false)
        .fetch_one(connection)
        .await?;
    match schemas(&actual) == schemas(&named) {
        true => Ok(()),
        false => Err(sqlx::Error::Configuration(Box::new(Ignored))),
    }
}

/// Returns the search path in the start-up parameter `options`. The last one counts.
fn named(options: &str) -> Option<String> {
    const NAME: &str = "search_path=";
    let value = &options[options.rfind(NAME)? + NAME.len()..];
    let mut unescaped = String::new();
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' => break,
            '\\' => unescaped.extend(letters.next()),
            letter => unescaped.push(letter),
        }
    }
    Some(unescaped)
}

/// Returns the names of a search path as the server compares them.
fn schemas(search_path: &str) -> Vec<String> {
    let name = |name: &str| {
        let name = name.trim();
        match name
            .strip_prefix('"')
            .and_then(|name| name.strip_suffix('"'))
        {
            Some(quoted) => quoted.replace("\"\"", "\""),
            None => name.to_lowercase(),
        }
    };
    search_path.split(',').map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::{named, schemas};

    #[test]
    fn a_search_path_is_found_in_options() {
        for (options, expected) in [
            ("-c geqo=off", None),
            ("-c search_path=invites,public", Some("invites,public")),
            (
                r"-c search_path=invites,\ public -c geqo=off",
                Some("invites, public"),
            ),
            ("-csearch_path=a -csearch_path=b", Some("b")),
        ] {
            assert_eq!(named(options).as_deref(), expected, "{options}");
        }
    }

    #[test]
    fn a_search_path_equals_its_other_spellings() {
        assert_eq!(schemas("invites, public"), schemas("Invites,\"public\""));
        assert_ne!(schemas("Other"), schemas("\"Other\""));
    }
}
