//! The text that the demo prints at start.

use std::fmt::Write;

use super::{Description, codes, courses, sign_ins, workspace_invites};

/// Returns the text that the demo prints at start: its URLs, three commands to paste, and personas.
/// `base_url` is the URL of the demo, such as `http://127.0.0.1:8080`.
///
/// Each token has its own line, from the first column. Terminals wrap such lines, and copy them
/// whole.
pub fn banner(base_url: &str, description: &Description, has_graphiql: bool) -> String {
    let base_url = base_url.trim_end_matches('/');
    let graphql = format!("{base_url}{}", description.graphql);
    let openapi = format!("{base_url}{}", description.openapi);
    let graphiql = if has_graphiql {
        format!(
            "  {base_url}{}\n      GraphiQL: every example and sign-in below, in a browser\n",
            description.graphiql
        )
    } else {
        String::new()
    };
    let mut text = format!(
        "\
Invite Gateway demo. The sample data lives in memory and ends with this process.

Listening
{graphiql}  {graphql}
      the GraphQL API
  {openapi}
      the OpenAPI document of the REST endpoints

Try: look up a code without signing in
{look_up}

Try: list the invitees of a course as its manager
{signed_in}

Try: the same data over REST
{rest}

Sign in as, with the header `authorization: Bearer <token>`
",
        look_up = look_up(&graphql),
        signed_in = signed_in(&graphql, description),
        rest = rest(base_url),
    );
    for persona in description.personas.iter().take(sign_ins::BANNER_SIGN_INS) {
        // Writing to a `String` cannot fail.
        let _ = write!(
            text,
            "\n  {}: {} sees {}\n{}\n",
            persona.name, persona.username, persona.sees, persona.token
        );
    }
    text.push_str("\nMore personas, every code, token and id, and more queries:\n  invite-gateway demo --describe\n");
    text
}

fn look_up(graphql: &str) -> String {
    let code = codes::PENDING;
    format!(
        "\
curl -s {graphql} -H 'content-type: application/json' \\
  -d '{{\"query\":\"{{ inviteCode(code: \\\"{code}\\\") {{ status name email expiresAt }} }}\"}}'"
    )
}

fn signed_in(graphql: &str, description: &Description) -> String {
    let course = courses::BIG_ID;
    let token = description
        .persona("course-manager")
        .map_or("", |persona| &persona.token);
    format!(
        "\
curl -s {graphql} -H 'content-type: application/json' \\
  -d '{{\"query\":\"{{ course(id: {course}) {{ invitees(first: 3) {{ totalCount nodes {{ fullName }} }} }} }}\"}}' \\
  -H 'authorization: Bearer {token}'"
    )
}

fn rest(base_url: &str) -> String {
    let token = workspace_invites::PENDING;
    format!("curl -s {base_url}/api/v1/invites/{token}/")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{super::describe, banner};

    const BASE_URL: &str = "http://127.0.0.1:8080";

    #[test]
    fn lines_without_tokens_fit_a_hundred_columns() {
        let text = banner(BASE_URL, &describe().expect("a description"), true);
        for line in text.lines().filter(|line| !line.contains("eyJ")) {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }

    #[test]
    fn five_personas_show_their_tokens() {
        let description = describe().expect("a description");
        let text = banner(BASE_URL, &description, true);
        let shown =
            |persona: &&super::super::Persona| text.lines().any(|line| line == persona.token);
        assert_eq!(description.personas.iter().filter(shown).count(), 5);
    }

    /// Runs the commands in a shell whose `curl` prints its arguments.
    #[test]
    fn pasted_commands_send_queries_that_parse() {
        let text = banner(
            &format!("{BASE_URL}/"),
            &describe().expect("a description"),
            true,
        );
        let pasted: String = text
            .lines()
            .filter(|line| line.starts_with("curl ") || line.starts_with("  -"))
            .flat_map(|line| [line, "\n"])
            .collect();
        let output = Command::new("sh")
            .args([
                "-ec",
                &format!("curl() {{ printf '%s\\n' \"$@\"; }}\n{pasted}"),
            ])
            .output()
            .expect("a shell");
        assert!(output.status.success());
        let arguments = String::from_utf8(output.stdout).expect("text");

        let bodies: Vec<_> = arguments
            .lines()
            .filter(|line| line.starts_with('{'))
            .collect();
        assert_eq!(bodies.len(), 2);
        for body in bodies {
            let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
            let query = body["query"].as_str().expect("a query");
            async_graphql::parser::parse_query(query).expect("GraphQL");
        }
        let urls = arguments.lines().filter(|line| line.starts_with(BASE_URL));
        assert_eq!(urls.count(), 3);
        assert!(!arguments.contains("8080//"));
    }

    #[test]
    fn the_graphiql_url_is_shown_if_the_page_is_served() {
        let description = describe().expect("a description");
        let page = format!("  {BASE_URL}/graphiql\n");
        assert!(banner(BASE_URL, &description, true).contains(&page));
        assert!(!banner(BASE_URL, &description, false).contains("raphiql"));
    }
}
