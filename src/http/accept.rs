//! Parses `Accept` and `Accept-Encoding` with their quality values.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// One range of an `Accept` header.
pub(super) struct Range<'a> {
    name: &'a str,
    parameters: &'a str,
    /// Quality in thousandths; 0 means not acceptable.
    pub(super) quality: u16,
}

impl Range<'_> {
    /// Returns the value of a parameter, such as `charset`.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        parameter(self.parameters, name)
    }

    /// Returns true if the range has this name.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// Returns the quality of a name or else of `*`, if either is listed.
pub(super) fn quality_of(ranges: &[Range<'_>], name: &str) -> Option<u16> {
    let named = |name: &str| ranges.iter().find(|range| range.is(name));
    named(name)
        .or_else(|| named("*"))
        .map(|range| range.quality)
}

/// Returns the ranges of a header, in order.
pub(super) fn ranges<'a>(headers: &'a HeaderMap, header: &HeaderName) -> Vec<Range<'a>> {
    headers
        .get_all(header)
        .iter()
        .filter_map(|value| HeaderValue::to_str(value).ok())
        .flat_map(|value| value.split(','))
        .map(range)
        .filter(|range| !range.name.is_empty())
        .collect()
}

fn range(text: &str) -> Range<'_> {
    let (name, parameters) = text.split_once(';').unwrap_or((text, ""));
    Range {
        name: name.trim(),
        parameters,
        quality: parameter(parameters, "q").map_or(MAX_QUALITY, thousandths),
    }
}

/// Returns the value of a parameter, without quotation marks.
pub(super) fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters
        .split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(found, _)| found.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().trim_matches('"'))
}

const MAX_QUALITY: u16 = 1000;

/// Parses `0.5` as 500. An invalid quality counts as absent.
fn thousandths(quality: &str) -> u16 {
    match quality.parse::<f32>() {
        Ok(quality) if (0.0..=1.0).contains(&quality) => (quality * 1000.0).round() as u16,
        _ => MAX_QUALITY,
    }
}

/// Returns true if the client accepts HTML by name, as browsers do.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    ranges(headers, &header::ACCEPT)
        .iter()
        .any(|range| range.is("text/html") && range.quality > 0)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, header};

    use super::{ranges, wants_page};

    #[test]
    fn ranges_have_names_and_qualities() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::ACCEPT,
            "text/HTML; level=1;q=0.5, a/b;q=x,".parse().expect("text"),
        );
        headers.append(header::ACCEPT, "*/*;q=0".parse().expect("text"));
        let read: Vec<_> = ranges(&headers, &header::ACCEPT)
            .iter()
            .map(|range| (range.name, range.quality))
            .collect();
        assert_eq!(read, [("text/HTML", 500), ("a/b", 1000), ("*/*", 0)]);
        assert!(wants_page(&headers));
        headers.insert(header::ACCEPT, "text/html;q=0, */*".parse().expect("text"));
        assert!(!wants_page(&headers));
    }
}
