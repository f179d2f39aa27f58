//! Responses as JSON text: leaves, and trees with parts that are written already.

use std::{
    borrow::Cow,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use async_graphql::{
    Error, ID, Name, ServerError, Value, indexmap::IndexMap, resolver_utils::EnumType,
};
use futures_util::FutureExt;
use graphql_documents::{Limit, LimitExceeded, Measured};

use super::scalar::{BigInt, DateTime, Url};

/// Text that grows to the JSON of an object or a list.
#[derive(Default)]
pub(super) struct Json {
    text: Vec<u8>,
    /// Bytes of it that were written before, as part of another text.
    embedded: usize,
}

/// A value of a scalar or an enum.
pub(super) trait Leaf {
    /// Appends the value.
    fn write(&self, json: &mut Json);
}

/// The bytes of a response that may still be written; in a request's data. A response that exceeds
/// its limit is given up while it is written, not when all of it is in memory.
pub(super) struct WrittenInParts {
    left: AtomicUsize,
    longest: usize,
}

impl WrittenInParts {
    /// Parts of a response of at most `longest` bytes.
    pub(super) fn of(longest: usize) -> Self {
        Self {
            left: AtomicUsize::new(longest.saturating_mul(MEASURED)),
            longest,
        }
    }

    /// Counts written bytes.
    ///
    /// # Errors
    /// The response exceeds its limit, and need not be completed.
    pub(super) fn count(&self, bytes: usize) -> Result<(), ServerError> {
        let less = |left: usize| left.checked_sub(bytes);
        let counted = self.left.fetch_update(Relaxed, Relaxed, less);
        counted.map(|_| ()).map_err(|_| {
            let longest = self.longest as u64;
            LimitExceeded::new(Limit::Response, longest, Measured::MoreThan(longest)).into()
        })
    }
}

/// Responses up to so many times the limit are written to their end, so that the error has their
/// length.
const MEASURED: usize = 2;

/// How much of an object most have room in, in bytes.
const OBJECT: usize = 256;

impl Json {
    /// Text with room for an object.
    pub(super) fn of_object() -> Self {
        Self {
            text: Vec::with_capacity(OBJECT),
            embedded: 0,
        }
    }

    /// Returns the text as a part of async-graphql's tree: as [`Value::Binary`], which no type of the
    /// schema has.
    pub(super) fn into_value(self) -> Value {
        Value::Binary(self.text.into())
    }

    /// Returns a tree with its written parts parsed.
    ///
    /// # Errors
    /// A part is not JSON.
    pub(super) fn into_values(tree: Value) -> serde_json::Result<Value> {
        match tree {
            Value::Binary(written) => serde_json::from_slice(&written),
            Value::List(values) => {
                let values = values.into_iter().map(Self::into_values);
                values.collect::<Result<_, _>>().map(Value::List)
            }
            Value::Object(fields) => {
                let fields = fields.into_iter();
                let fields = fields.map(|(name, value)| Ok((name, Self::into_values(value)?)));
                fields.collect::<Result<_, _>>().map(Value::Object)
            }
            value => Ok(value),
        }
    }

    /// Appends the text of `tree` to `text`.
    pub(super) fn append(tree: &Value, text: &mut Vec<u8>) {
        let mut json = Self {
            text: std::mem::take(text),
            embedded: 0,
        };
        json.value(tree);
        *text = json.text;
    }

    /// Appends a bracket or a comma.
    pub(super) fn mark(&mut self, mark: u8) {
        self.text.push(mark);
    }

    /// Appends the name of an object's field, and a comma ahead of it unless it is the first. What
    /// is allowed as a name needs no escapes.
    pub(super) fn key(&mut self, name: &str) {
        if self.text.last() != Some(&b'{') {
            self.mark(b',');
        }
        self.plain_text(name);
        self.mark(b':');
    }

    /// Makes room for `count` times what was written since the length was `start`.
    pub(super) fn reserve_like(&mut self, start: usize, count: usize) {
        self.text.reserve((self.text.len() - start + 1) * count);
    }

    /// Takes back what was written since the length was `start`.
    pub(super) fn truncate(&mut self, start: usize) {
        self.text.truncate(start);
    }

    /// Number of bytes.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Number of bytes that were not written before, as part of another text.
    pub(super) fn fresh(&self) -> usize {
        self.text.len().saturating_sub(self.embedded)
    }

    /// Appends what a resolver that waits for nothing gives. False, with nothing written, if it
    /// waits or fails.
    pub(super) fn resolved<T: Leaf>(
        &mut self,
        resolver: impl Future<Output = Result<T, Error>>,
    ) -> bool {
        match resolver.now_or_never() {
            Some(Ok(leaf)) => {
                leaf.write(self);
                true
            }
            _ => false,
        }
    }

    /// Appends a value, and as they are the parts of it that are written already.
    pub(super) fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.text.extend_from_slice(b"null"),
            Value::Boolean(value) => value.write(self),
            Value::Number(number) => self.text.extend_from_slice(number.to_string().as_bytes()),
            Value::String(text) => self.text(text),
            Value::Enum(name) => self.plain_text(name),
            Value::Binary(written) => {
                self.embedded += written.len();
                self.text.extend_from_slice(written);
            }
            Value::List(values) => {
                self.mark(b'[');
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        self.mark(b',');
                    }
                    self.value(value);
                }
                self.mark(b']');
            }
            Value::Object(fields) => self.object(fields),
        }
    }

    fn object(&mut self, fields: &IndexMap<Name, Value>) {
        self.mark(b'{');
        for (index, (name, value)) in fields.iter().enumerate() {
            if index > 0 {
                self.mark(b',');
            }
            // Scalars may be objects, whose keys are any text.
            self.text(name);
            self.mark(b':');
            self.value(value);
        }
        self.mark(b'}');
    }

    /// Appends text that needs no escapes.
    pub(super) fn plain_text(&mut self, text: &str) {
        self.mark(b'"');
        self.text.extend_from_slice(text.as_bytes());
        self.mark(b'"');
    }

    /// Appends text.
    fn text(&mut self, text: &str) {
        let needs_escape = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
        // To the end in any case: many bytes are looked at in one step that way.
        let any = |any, byte: &u8| any | needs_escape(*byte);
        if !text.as_bytes().iter().fold(false, any) {
            self.plain_text(text);
        } else if serde_json::to_writer(&mut self.text, text).is_err() {
            // Writing text to memory does not fail.
            self.plain_text("");
        }
    }
}

impl Leaf for &str {
    fn write(&self, json: &mut Json) {
        json.text(self);
    }
}

impl Leaf for Cow<'_, str> {
    fn write(&self, json: &mut Json) {
        json.text(self);
    }
}

impl Leaf for String {
    fn write(&self, json: &mut Json) {
        json.text(self);
    }
}

impl Leaf for bool {
    fn write(&self, json: &mut Json) {
        let text: &[u8] = if *self { b"true" } else { b"false" };
        json.text.extend_from_slice(text);
    }
}

impl Leaf for i32 {
    fn write(&self, json: &mut Json) {
        json.text.extend_from_slice(self.to_string().as_bytes());
    }
}

impl Leaf for ID {
    fn write(&self, json: &mut Json) {
        json.text(self);
    }
}

impl Leaf for Url {
    fn write(&self, json: &mut Json) {
        json.text(&self.0);
    }
}

impl Leaf for BigInt {
    fn write(&self, json: &mut Json) {
        json.plain_text(&self.0.to_string());
    }
}

impl Leaf for DateTime {
    fn write(&self, json: &mut Json) {
        json.plain_text(&self.text());
    }
}

impl<T: Leaf> Leaf for Option<T> {
    fn write(&self, json: &mut Json) {
        match self {
            Some(leaf) => leaf.write(json),
            None => json.text.extend_from_slice(b"null"),
        }
    }
}

/// Appends the name of an enum's value.
pub(super) fn write_enum<T: EnumType>(value: &T, json: &mut Json) {
    let item = T::items().iter().find(|item| item.value == *value);
    match item {
        Some(item) => json.plain_text(item.name),
        None => json.value(&Value::Null),
    }
}

/// Makes enums leaves.
macro_rules! enum_leaves {
    ($($type:ty),*) => {$(
        impl $crate::graphql::json::Leaf for $type {
            fn write(&self, json: &mut $crate::graphql::json::Json) {
                $crate::graphql::json::write_enum(self, json);
            }
        }
    )*};
}
pub(super) use enum_leaves;

/// The leaves of an object by their names, with the resolvers that give them at once: what
/// [`super::eager::Leaves`] needs to write them without a value for each.
macro_rules! leaves {
    ($($name:literal => $resolver:ident),* $(,)?) => {
        fn leaf(name: &str) -> Option<usize> {
            #[allow(non_camel_case_types)]
            enum Leaf { $($resolver),* }
            match name {
                $($name => Some(Leaf::$resolver as usize),)*
                _ => None,
            }
        }

        fn write_leaf(
            &self,
            leaf: usize,
            ctx: &async_graphql::Context<'_>,
            json: &mut $crate::graphql::json::Json,
        ) -> bool {
            #[allow(non_camel_case_types)]
            enum Leaf { $($resolver),* }
            match leaf {
                $(leaf if leaf == Leaf::$resolver as usize => json.resolved(self.$resolver(ctx)),)*
                _ => false,
            }
        }

        #[cfg(test)]
        const LEAVES: &'static [&'static str] = &[$($name),*];
    };
}
pub(super) use leaves;

#[cfg(test)]
mod tests {
    use async_graphql::{Name, Value, value};

    use super::Json;

    fn text_of(tree: &Value) -> String {
        let mut text = Vec::new();
        Json::append(tree, &mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_tree_is_written_as_it_would_be_by_serde() {
        let tree = value!({
            "text": "quote \" backslash \\ line\n tab\t bell\u{7} é \u{2028} 🦀",
            "numbers": [0, -1, 2.5, 9_007_199_254_740_993_u64],
            "nothing": null,
            "truths": [true, false],
            "empty": {"list": [], "object": {}},
            "a \"key\"": 1,
        });
        assert_eq!(text_of(&tree), serde_json::to_string(&tree).unwrap());
        let name = Value::Enum(Name::new("PENDING"));
        assert_eq!(text_of(&name), serde_json::to_string(&name).unwrap());
    }

    #[test]
    fn parts_that_are_written_stand_as_they_are() {
        let mut part = Json::default();
        part.mark(b'{');
        part.key("a");
        part.value(&Value::from(1));
        part.key("b");
        part.value(&Value::from("x"));
        part.mark(b'}');
        let tree = Value::List(vec![Value::Null, part.into_value()]);
        let expected = r#"[null,{"a":1,"b":"x"}]"#;
        assert_eq!(text_of(&tree), expected);
        let values = Json::into_values(tree).unwrap();
        assert_eq!(serde_json::to_string(&values).unwrap(), expected);
    }
}
