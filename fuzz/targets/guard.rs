//! Measures texts before they are parsed. The nesting must cover that of the parsed JSON, if it
//! parses.
//!
//! With FUZZ_COMPARE set, the tokens must equal those of apollo-parser. The lexers differ in some
//! texts that are not GraphQL. Check such a text: it is no bug if the parsers bound their own
//! recursion.
#![no_main]

use apollo_parser::{Lexer, TokenKind};
use invite_gateway::{graphql::fuzzing::measure, http::fuzzing::nesting};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let nested = nesting(bytes);
    if let Ok(json) = serde_json::from_slice::<Value>(bytes) {
        // Not equal, because the parser keeps only the last of duplicate names.
        assert!(nested >= depth(&json));
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (tokens, nesting) = measure(text);
    assert!(nesting <= tokens && tokens <= text.len());
    if std::env::var_os("FUZZ_COMPARE").is_none() {
        return;
    }
    let (lexed, errors) = Lexer::new(text).lex();
    if errors.is_empty() {
        let is_counted = |kind| {
            use TokenKind::{Comma, Comment, Eof, Whitespace};
            !matches!(kind, Comma | Comment | Eof | Whitespace)
        };
        let counted = lexed.iter().filter(|token| is_counted(token.kind()));
        assert_eq!(tokens, counted.count());
    }
});

fn depth(json: &Value) -> usize {
    match json {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
