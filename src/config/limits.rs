//! Limits of GraphQL requests.

use clap::Args;

use super::quantity::{bytes, number};
use graphql_documents::Limits;

/// Limits of GraphQL requests.
#[derive(Args, Clone)]
#[command(next_help_heading = "Limits")]
pub struct LimitOptions {
    /// Maximum length of a document, in bytes, 256 to 1048576
    #[arg(long, env = "GATEWAY_MAX_DOCUMENT", value_name = "BYTES", default_value_t = 16_384,
          value_parser = bytes(256..=1_048_576_u32))]
    pub max_document: u32,

    /// Maximum number of tokens in a document, 50 to 100000: names, values and punctuation
    #[arg(long, env = "GATEWAY_MAX_TOKENS", value_name = "NUMBER", default_value_t = 2000,
          value_parser = number(50..=100_000_u32))]
    pub max_tokens: u32,

    /// Maximum depth of nested brackets, in documents and in JSON, 8 to 64
    #[arg(long, env = "GATEWAY_MAX_NESTING", value_name = "NUMBER", default_value_t = 24,
          value_parser = number(8..=64_u8))]
    pub max_nesting: u8,

    /// Maximum depth of selected fields, 1 to 30; introspection has its own limit
    #[arg(long, env = "GATEWAY_MAX_DEPTH", value_name = "NUMBER", default_value_t = 12,
          value_parser = number(1..=30_u8))]
    pub max_depth: u8,

    /// Maximum number of aliases in an operation, with fragments expanded
    #[arg(
        long,
        env = "GATEWAY_MAX_ALIASES",
        value_name = "NUMBER",
        default_value_t = 20,
        value_parser = number(0..=u16::MAX)
    )]
    pub max_aliases: u16,

    /// Maximum number of root fields in an operation, with fragments expanded, 1 to 65535
    #[arg(long, env = "GATEWAY_MAX_ROOT_FIELDS", value_name = "NUMBER", default_value_t = 20,
          value_parser = number(1..=u16::MAX))]
    pub max_root_fields: u16,

    /// Maximum number of directives in an operation, with fragments expanded
    #[arg(
        long,
        env = "GATEWAY_MAX_DIRECTIVES",
        value_name = "NUMBER",
        default_value_t = 20,
        value_parser = number(0..=u16::MAX)
    )]
    pub max_directives: u16,

    /// Highest cost of an operation in nodes, with lists at their requested length, and most fields
    /// of a document with fragments expanded, 1 to 1000000
    #[arg(long, env = "GATEWAY_MAX_COST", value_name = "NODES", default_value_t = 10_000,
          value_parser = number(1..=1_000_000_u32))]
    pub max_cost: u32,

    /// Maximum number of values in a list argument, 1 to 100: ids, representations or filter values
    #[arg(long, env = "GATEWAY_MAX_LIST", value_name = "NUMBER", default_value_t = 100,
          value_parser = number(1..=100_u8))]
    pub max_list: u8,

    /// Maximum number of errors in a response, 1 to 1000
    #[arg(long, env = "GATEWAY_MAX_ERRORS", value_name = "NUMBER", default_value_t = 10,
          value_parser = number(1..=1000_u16))]
    pub max_errors: u16,

    /// Maximum length of a response, in bytes before compression, 1024 to 268435456
    #[arg(long, env = "GATEWAY_MAX_RESPONSE", value_name = "BYTES", default_value_t = 4_194_304,
          value_parser = bytes(1024..=268_435_456_u32))]
    pub max_response: u32,
}

impl LimitOptions {
    /// Returns the limits.
    pub fn limits(&self) -> Limits {
        Limits {
            document: self.max_document as usize,
            tokens: self.max_tokens as usize,
            nesting: self.max_nesting.into(),
            depth: self.max_depth.into(),
            aliases: self.max_aliases.into(),
            root_fields: self.max_root_fields.into(),
            directives: self.max_directives.into(),
            cost: self.max_cost.into(),
            list: self.max_list.into(),
            errors: self.max_errors.into(),
            response: self.max_response as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::LimitOptions;
    use graphql_documents::Limits;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        limits: LimitOptions,
    }

    #[test]
    fn unset_limits_have_their_defaults() {
        let line = Line::try_parse_from(["serve"]).expect("good options");
        assert_eq!(line.limits.limits(), Limits::default());
    }
}
