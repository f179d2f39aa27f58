//! Variables: whether each is sent as its operation declares it (specification, section 6.1.2).

use async_graphql::{
    Name, ServerError, Value, Variables,
    parser::types::{BaseType, OperationDefinition, Type, VariableDefinition},
};

use super::{
    input_types::{InputType, InputTypes},
    validation::MAX_ERRORS,
};

/// Longest name of a client's own that an error repeats, in bytes.
const MAX_REPEATED: usize = 64;

/// Why these variables are not what the operation declares; one error a variable.
pub(super) fn check(
    types: &InputTypes,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Vec<ServerError> {
    operation
        .variable_definitions
        .iter()
        .filter_map(|definition| {
            let wrong = wrong_with(types, &definition.node, variables)?;
            let name = &definition.node.name.node;
            let name = if is_name(name) { name } else { "…" };
            let message = format!("Variable \"${name}\" {wrong}");
            Some(ServerError::new(message, Some(definition.pos)))
        })
        .take(MAX_ERRORS)
        .collect()
}

fn wrong_with(
    types: &InputTypes,
    definition: &VariableDefinition,
    variables: &Variables,
) -> Option<String> {
    let ty = &definition.var_type.node;
    match variables.get(&definition.name.node) {
        Some(value) => {
            let mut path = Path::default();
            let wrong = mismatch(types, ty, value, &mut path)?;
            Some(match path.0.as_str() {
                "" => format!("of type \"{ty}\" got a value that is not right: {wrong}."),
                path => {
                    format!("of type \"{ty}\" got a value that is not right at {path}: {wrong}.")
                }
            })
        }
        None if ty.nullable || definition.default_value.is_some() => None,
        None => Some(format!("of required type \"{ty}\" was not provided.")),
    }
}

/// Where in a variable's value something is wrong, as in `status[0]`.
#[derive(Default)]
struct Path(String);

impl Path {
    /// What `look` finds under a longer path, which stays as it is if it finds something.
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

/// What would be right, if the value is not of the type. The value itself is not repeated: it may
/// be a code or token.
fn mismatch(types: &InputTypes, ty: &Type, value: &Value, path: &mut Path) -> Option<String> {
    if matches!(value, Value::Null) {
        return (!ty.nullable).then(|| format!("expected \"{ty}\", not null"));
    }
    match (&ty.base, value) {
        (BaseType::List(item), Value::List(values)) => {
            values.iter().enumerate().find_map(|(index, value)| {
                path.under(&format!("[{index}]"), |path| {
                    mismatch(types, item, value, path)
                })
            })
        }
        // One value stands for a list of one.
        (BaseType::List(item), value) => mismatch(types, item, value, path),
        (BaseType::Named(name), value) => mismatch_named(types, name, value, path),
    }
}

fn mismatch_named(
    types: &InputTypes,
    name: &Name,
    value: &Value,
    path: &mut Path,
) -> Option<String> {
    match types.get(name)? {
        InputType::Scalar => expected_scalar(name, value).map(str::to_owned),
        InputType::Enum(values) => {
            let is_one = matches!(value, Value::String(text) if values.iter().any(|it| it == text));
            let names: Vec<&str> = values.iter().map(Name::as_str).collect();
            (!is_one).then(|| format!("expected one of {}", names.join(", ")))
        }
        InputType::Object { fields, is_one_of } => {
            let Value::Object(sent) = value else {
                return Some(format!("expected an object, \"{name}\""));
            };
            if *is_one_of && (sent.len() != 1 || sent.values().any(|it| *it == Value::Null)) {
                return Some(format!("expected exactly one field of \"{name}\""));
            }
            if let Some(unknown) = sent.keys().find(|key| !fields.contains_key(*key)) {
                // What is no name may be anything, and is not repeated.
                let named = is_name(unknown).then(|| format!(" \"{unknown}\""));
                return Some(format!(
                    "\"{name}\" has no field{}",
                    named.unwrap_or_default()
                ));
            }
            fields.iter().find_map(|(key, field)| match sent.get(key) {
                Some(value) => path.under(key, |path| mismatch(types, &field.ty, value, path)),
                None if field.ty.nullable || field.has_default => None,
                None => Some(format!("the field \"{key}\" is required")),
            })
        }
    }
}

fn is_name(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= MAX_REPEATED && text.bytes().all(is_letter)
}

/// What a scalar takes, if the value is none: as strict as the schema's own scalars are, which may
/// be stricter with what a text says.
fn expected_scalar(name: &Name, value: &Value) -> Option<&'static str> {
    let is_text = matches!(value, Value::String(_));
    let is_integer = matches!(value, Value::Number(number) if !number.is_f64());
    let (is_right, expected) = match name.as_str() {
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
