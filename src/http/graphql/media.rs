//! The media type of an answer: what `Accept` asks for (RFC 9110, section 12.5.1).

use axum::http::{HeaderMap, HeaderValue, header};

use super::super::accept::{Range, parameter, ranges};

/// The media type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/json`: what every client reads.
    Json,
    /// `application/graphql-response+json`: its status tells whether the request was executed.
    GraphqlResponse,
}

/// How closely a range of media types names one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Specificity {
    Anything,
    AnyApplication,
    Exact,
}

impl Media {
    pub(super) const AVAILABLE: &str =
        "application/graphql-response+json or application/json, in UTF-8";

    /// What the client likes best; a tie goes to `application/graphql-response+json` where it is
    /// asked for by name. None where it takes neither.
    pub(super) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let ranges = ranges(headers, &header::ACCEPT);
        if ranges.is_empty() {
            return Some(Self::Json);
        }
        let json = Self::Json.quality(&ranges);
        let graphql_response = Self::GraphqlResponse.quality(&ranges);
        match (json.map(|it| it.1), graphql_response) {
            (None, None) => None,
            (Some(json), Some((specificity, quality)))
                if quality < json || (quality == json && specificity < Specificity::Exact) =>
            {
                Some(Self::Json)
            }
            (_, Some(_)) => Some(Self::GraphqlResponse),
            (Some(_), None) => Some(Self::Json),
        }
    }

    /// How much these ranges like this type: what the closest says. None is not at all.
    fn quality(self, ranges: &[Range<'_>]) -> Option<(Specificity, u16)> {
        ranges
            .iter()
            .filter_map(|range| self.matched(range))
            .max()
            .filter(|(_, quality)| *quality > 0)
    }

    /// How closely a range names this type, and its quality.
    fn matched(self, range: &Range<'_>) -> Option<(Specificity, u16)> {
        let specificity = if range.is(self.essence()) {
            Specificity::Exact
        } else if range.is("application/*") {
            Specificity::AnyApplication
        } else if range.is("*/*") {
            Specificity::Anything
        } else {
            return None;
        };
        range
            .parameter("charset")
            .is_none_or(is_utf8)
            .then_some((specificity, range.quality))
    }

    fn essence(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::GraphqlResponse => "application/graphql-response+json",
        }
    }

    pub(super) fn header_value(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        })
    }
}

fn is_utf8(charset: &str) -> bool {
    charset.eq_ignore_ascii_case("utf-8")
}

/// Whether a body is said to be JSON in UTF-8. Other types are refused: a browser sends some of
/// them across sites without asking first.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(content_type)) = headers.get(header::CONTENT_TYPE).map(HeaderValue::to_str) else {
        return false;
    };
    let (essence, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    essence.trim().eq_ignore_ascii_case(Media::Json.essence())
        && parameter(parameters, "charset").is_none_or(is_utf8)
}

/// Whether a body is compressed, or otherwise not as it is.
pub(super) fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::Media::{self, GraphqlResponse, Json};

    #[test]
    fn the_client_gets_what_it_likes_best() {
        const GRAPHQL: &str = "application/graphql-response+json";
        for (accept, expected) in [
            ("", Some(Json)),
            ("*/*", Some(Json)),
            ("application/*", Some(Json)),
            ("application/json", Some(Json)),
            (GRAPHQL, Some(GraphqlResponse)),
            ("Application/GraphQL-Response+JSON", Some(GraphqlResponse)),
            ("GRAPHQL;charset=utf-8", Some(GraphqlResponse)),
            ("GRAPHQL; charset=\"UTF-8\"", Some(GraphqlResponse)),
            ("GRAPHQL; charset=latin1", None),
            ("GRAPHQL; charset=latin1, application/json", Some(Json)),
            ("GRAPHQL, application/json", Some(GraphqlResponse)),
            ("application/json, GRAPHQL", Some(GraphqlResponse)),
            ("application/json, GRAPHQL;q=0.9", Some(Json)),
            ("application/json;q=0.9, GRAPHQL", Some(GraphqlResponse)),
            ("GRAPHQL;q=0.5, */*;q=0.5", Some(GraphqlResponse)),
            ("GRAPHQL;q=0.4, */*;q=0.5", Some(Json)),
            ("GRAPHQL;q=0, */*", Some(Json)),
            ("application/json;q=0, */*", Some(GraphqlResponse)),
            (
                "application/json;q=0, application/*;q=0.1",
                Some(GraphqlResponse),
            ),
            ("text/html, */*;q=0.8", Some(Json)),
            (
                "multipart/mixed, GRAPHQL, application/json",
                Some(GraphqlResponse),
            ),
            ("GRAPHQL;q=x", Some(GraphqlResponse)),
            ("text/html", None),
            ("application/xml", None),
            ("GRAPHQL;q=0, application/json;q=0.0", None),
            ("*/*;q=0", None),
        ] {
            let mut headers = HeaderMap::new();
            let accept = accept.replace("GRAPHQL", GRAPHQL);
            headers.insert(header::ACCEPT, HeaderValue::from_str(&accept).unwrap());
            assert_eq!(Media::negotiate(&headers), expected, "{accept}");
        }
        assert_eq!(Media::negotiate(&HeaderMap::new()), Some(Json));
        let mut several = HeaderMap::new();
        several.append(header::ACCEPT, HeaderValue::from_static("text/html"));
        several.append(header::ACCEPT, HeaderValue::from_static(GRAPHQL));
        assert_eq!(Media::negotiate(&several), Some(GraphqlResponse));
    }
}
