//! Media types of requests and responses, negotiated by `Accept` (RFC 9110, section 12.5.1).

use axum::http::{HeaderMap, HeaderValue, header};

use super::super::accept::{Range, parameter, ranges};

/// Media type of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/json`, which every client reads.
    Json,
    /// `application/graphql-response+json`, whose status says whether the request was executed.
    GraphqlResponse,
}

/// Specificity of a media range that matches a type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Specificity {
    Anything,
    AnyApplication,
    Exact,
}

impl Media {
    pub(super) const AVAILABLE: &str =
        "application/graphql-response+json or application/json, in UTF-8";

    /// Returns the client's preferred type. A tie goes to `application/graphql-response+json` if it
    /// is listed by name. Returns `None` if the client accepts neither.
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

    /// Returns true if the client accepts HTML by name, as browsers do, and prefers no available type
    /// to it.
    pub(super) fn prefers_page(headers: &HeaderMap) -> bool {
        let ranges = ranges(headers, &header::ACCEPT);
        let page = ranges.iter().find(|range| range.is("text/html"));
        let page = page.map_or(0, |range| range.quality);
        let exceeds = |media: Self| match media.quality(&ranges) {
            Some((Specificity::Exact, quality)) => page > quality,
            Some((_, quality)) => page >= quality,
            None => true,
        };
        page > 0 && exceeds(Self::Json) && exceeds(Self::GraphqlResponse)
    }

    /// Returns the quality by the most specific range, or `None` if the type is not acceptable.
    fn quality(self, ranges: &[Range<'_>]) -> Option<(Specificity, u16)> {
        ranges
            .iter()
            .filter_map(|range| self.matched(range))
            .max()
            .filter(|(_, quality)| *quality > 0)
    }

    /// Returns the specificity and quality of a range that matches this type.
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

/// Returns true for JSON in UTF-8. Browsers send some other types across origins without a
/// preflight request, so that those are refused.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(content_type)) = headers.get(header::CONTENT_TYPE).map(HeaderValue::to_str) else {
        return false;
    };
    let (essence, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    essence.trim().eq_ignore_ascii_case(Media::Json.essence())
        && parameter(parameters, "charset").is_none_or(is_utf8)
}

/// Returns true if the body has a content encoding, such as compression.
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

    #[test]
    fn browsers_prefer_a_page() {
        const CHROMIUM: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,\
            image/webp,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";
        for (accept, expected) in [
            (CHROMIUM, true),
            ("text/html", true),
            ("text/html, */*", true),
            ("text/html, application/json;q=0.9", true),
            ("text/html, application/json", false),
            ("text/html;q=0.5, application/graphql-response+json", false),
            ("text/html;q=0.5, */*", false),
            ("text/html;q=0, */*;q=0", false),
            ("*/*", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(Media::prefers_page(&headers), expected, "{accept}");
        }
        assert!(!Media::prefers_page(&HeaderMap::new()));
    }
}
