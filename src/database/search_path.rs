//! The search path in a PostgreSQL URL: `search_path`, or `schema`, which names one schema.

use std::borrow::Cow;

use url::Url;

/// Splits a URL into one without these parameters and PostgreSQL's setting `search_path`. None without
/// them.
pub(super) fn split(text: &str) -> (Cow<'_, str>, Option<String>) {
    let unchanged = (Cow::Borrowed(text), None);
    let Ok(mut url) = Url::parse(text) else {
        return unchanged;
    };
    let (mut search_path, mut others) = (None, Vec::new());
    for (name, value) in url.query_pairs().into_owned() {
        match name.as_str() {
            "search_path" => search_path = Some(value),
            "schema" => search_path = Some(quoted(&value)),
            _ => others.push((name, value)),
        }
    }
    if search_path.is_none() {
        return unchanged;
    }
    url.set_query(None);
    if !others.is_empty() {
        url.query_pairs_mut().extend_pairs(others);
    }
    (Cow::Owned(url.into()), search_path)
}

/// Returns the name as a quoted identifier.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_search_path_is_taken_out_of_the_url() {
        let host = "postgres://u:p%40s@[::1]:5432/db";
        for (query, rest, search_path) in [
            ("", "", None),
            ("?sslmode=disable", "?sslmode=disable", None),
            ("?search_path=invites,public", "", Some("invites,public")),
            (
                "?search_path=invites%2C%20public",
                "",
                Some("invites, public"),
            ),
            (
                "?sslmode=disable&schema=Invites",
                "?sslmode=disable",
                Some("\"Invites\""),
            ),
            ("?schema=a\"b", "", Some("\"a\"\"b\"")),
            (
                "?options=-csearch_path%3Dx",
                "?options=-csearch_path%3Dx",
                None,
            ),
        ] {
            let url = format!("{host}{query}");
            let (url, found) = split(&url);
            assert_eq!(
                (&*url, found.as_deref()),
                (&*format!("{host}{rest}"), search_path)
            );
        }
    }
}
