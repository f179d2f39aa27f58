//! Variables: their values must match their declarations (specification, section 6.1.2), and lists
//! must not be too long.

use apollo_compiler::{
    Node, Schema,
    ast::{Type, VariableDefinition},
    schema::ExtendedType,
};
use async_graphql::{ServerError, Value, Variables, parser::types::OperationDefinition};

use crate::{Limit, LimitExceeded, Limits, Measured, Refusal};

/// Maximum length of a client's name that an error repeats, in bytes.
const MAX_REPEATED: usize = 64;

/// Checks variables against their declarations.
///
/// # Errors
/// A variable does not match its declaration.
pub(super) fn check(
    schema: &Schema,
    limits: &Limits,
    operation: &OperationDefinition,
    declared: &[Node<VariableDefinition>],
    variables: &Variables,
) -> Result<(), Refusal> {
    let places = operation.variable_definitions.iter().map(|it| it.pos);
    let errors: Vec<ServerError> = places
        .zip(declared)
        .filter_map(|(pos, definition)| {
            let wrong = wrong_with(schema, limits, definition, variables)?;
            let name = definition.name.as_str();
            let name = if is_name(name) { name } else { "…" };
            let message = format!("Variable \"${name}\" {}", wrong.message);
            let mut error = match wrong.length {
                Some(length) => {
                    let measured = Measured::Exactly(length as u64);
                    let allowed = limits.list as u64;
                    LimitExceeded::with_message(Limit::List, allowed, measured, message).into()
                }
                None => ServerError::new(message, None),
            };
            error.locations = vec![pos];
            Some(error)
        })
        .take(limits.errors)
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Variables(errors))
    }
}

/// Drops undeclared variables, so that they are not kept during execution.
pub(super) fn keep_declared(operation: &OperationDefinition, variables: &mut Variables) {
    let declared = &operation.variable_definitions;
    variables.retain(|name, _| declared.iter().any(|it| it.node.name.node == *name));
}

/// Adds the defaults of absent variables (specification, section 6.1.2).
pub(super) fn default(operation: &OperationDefinition, variables: &mut Variables) {
    for definition in &operation.variable_definitions {
        let definition = &definition.node;
        if let Some(default) = &definition.default_value
            && !variables.contains_key(&definition.name.node)
        {
            variables.insert(definition.name.node.clone(), default.node.clone());
        }
    }
}

/// A variable's value that does not match its declaration.
struct Wrong {
    message: String,
    /// The length of a list that is too long.
    length: Option<usize>,
}

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Self {
            message,
            length: None,
        }
    }
}

fn wrong_with(
    schema: &Schema,
    limits: &Limits,
    definition: &VariableDefinition,
    variables: &Variables,
) -> Option<Wrong> {
    let ty = &*definition.ty;
    match variables.get(definition.name.as_str()) {
        Some(value) => {
            let mut path = Path::default();
            let Wrong { message, length } =
                Check { schema, limits }.mismatch(ty, value, &mut path)?;
            let place = match path.0.as_str() {
                "" => String::new(),
                path => format!(" at {path}"),
            };
            let message = format!("of type \"{ty}\" got an invalid value{place}: {message}.");
            Some(Wrong { message, length })
        }
        None if !ty.is_non_null() || definition.default_value.is_some() => None,
        None => Some(format!("of required type \"{ty}\" was not provided.").into()),
    }
}

/// Path to the wrong part of a variable's value, as in `status[0]`.
#[derive(Default)]
struct Path(String);

impl Path {
    /// Returns what `look` finds with `step` appended. The step is removed if that is nothing.
    fn under<T>(&mut self, step: &str, look: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let length = self.0.len();
        if length > 0 && !step.starts_with('[') {
            self.0.push('.');
        }
        self.0.push_str(step);
        let found = look(self);
        if found.is_none() {
            self.0.truncate(length);
        }
        found
    }
}

struct Check<'a> {
    schema: &'a Schema,
    limits: &'a Limits,
}

impl Check<'_> {
    /// Returns the expected value if the value does not match the type. The value is not repeated: it
    /// may be a code or token.
    fn mismatch(&self, ty: &Type, value: &Value, path: &mut Path) -> Option<Wrong> {
        if matches!(value, Value::Null) {
            return ty
                .is_non_null()
                .then(|| format!("expected \"{ty}\", not null").into());
        }
        match (ty, value) {
            (Type::List(_) | Type::NonNullList(_), Value::List(values))
                if values.len() > self.limits.list =>
            {
                let (most, length) = (self.limits.list, values.len());
                Some(Wrong {
                    message: format!("expected at most {most} values, not {length}"),
                    length: Some(length),
                })
            }
            (Type::List(item) | Type::NonNullList(item), Value::List(values)) => {
                values.iter().enumerate().find_map(|(index, value)| {
                    path.under(&format!("[{index}]"), |path| {
                        self.mismatch(item, value, path)
                    })
                })
            }
            // Input coercion makes a list of a single value.
            (Type::List(item) | Type::NonNullList(item), value) => self.mismatch(item, value, path),
            (Type::Named(name) | Type::NonNullNamed(name), value) => {
                self.mismatch_named(name, value, path)
            }
        }
    }

    fn mismatch_named(&self, name: &str, value: &Value, path: &mut Path) -> Option<Wrong> {
        match self.schema.types.get(name) {
            Some(ExtendedType::Enum(definition)) => {
                let values = &definition.values;
                let is_one =
                    matches!(value, Value::String(text) if values.contains_key(text.as_str()));
                let names: Vec<&str> = values.keys().map(apollo_compiler::Name::as_str).collect();
                (!is_one).then(|| format!("expected one of {}", names.join(", ")).into())
            }
            Some(ExtendedType::InputObject(definition)) => {
                let Value::Object(sent) = value else {
                    return Some(format!("expected an object, \"{name}\"").into());
                };
                let is_one_of = definition.directives.has("oneOf");
                if is_one_of && (sent.len() != 1 || sent.values().any(|it| *it == Value::Null)) {
                    return Some(format!("expected exactly one field of \"{name}\"").into());
                }
                let fields = &definition.fields;
                if let Some(unknown) = sent.keys().find(|key| !fields.contains_key(key.as_str())) {
                    // Only names are repeated.
                    let named = is_name(unknown).then(|| format!(" \"{unknown}\""));
                    let named = named.unwrap_or_default();
                    return Some(format!("\"{name}\" has no field{named}").into());
                }
                fields
                    .iter()
                    .find_map(|(key, field)| match sent.get(key.as_str()) {
                        Some(value) => {
                            path.under(key, |path| self.mismatch(&field.ty, value, path))
                        }
                        None if field.is_required() => {
                            Some(format!("the field \"{key}\" is required").into())
                        }
                        None => None,
                    })
            }
            // Also built-in scalars that the schema does not use.
            _ => expected_scalar(name, value).map(|it| it.to_owned().into()),
        }
    }
}

fn is_name(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= MAX_REPEATED && text.bytes().all(is_letter)
}

/// Returns the expected value if a scalar does not take the value. Resolvers may be stricter with
/// the contents of strings.
fn expected_scalar(name: &str, value: &Value) -> Option<&'static str> {
    let is_text = matches!(value, Value::String(_));
    let is_integer = matches!(value, Value::Number(number) if !number.is_f64());
    let (is_right, expected) = match name {
        "Int" => (
            matches!(value, Value::Number(number)
                if number.as_i64().is_some_and(|it| i32::try_from(it).is_ok())),
            "expected an integer of 32 bits",
        ),
        "Float" => (matches!(value, Value::Number(_)), "expected a number"),
        "String" | "DateTime" | "UUID" => (is_text, "expected a string"),
        "Boolean" => (matches!(value, Value::Boolean(_)), "expected true or false"),
        "ID" | "BigInt" => (is_text || is_integer, "expected a string or an integer"),
        _ => (true, ""),
    };
    (!is_right).then_some(expected)
}
