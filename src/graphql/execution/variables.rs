//! Variables: whether each is sent as its operation declares it (specification, section 6.1.2), with
//! lists that are not too long.

use async_graphql::{
    Name, ServerError, Value, Variables,
    parser::types::{BaseType, OperationDefinition, Type, VariableDefinition},
};

use super::{
    Refusal,
    input_types::{InputType, InputTypes},
};
use crate::graphql::{
    error::Code,
    limits::{Limit, Limits, Met, with_message},
};

/// Longest name of a client's own that an error repeats, in bytes.
const MAX_REPEATED: usize = 64;

/// Holds variables to what the operation declares.
///
/// # Errors
/// Why they are not that, by one error a variable.
pub(super) fn check(
    types: &InputTypes,
    limits: &Limits,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Result<(), Refusal> {
    let definitions = operation.variable_definitions.iter();
    let errors: Vec<ServerError> = definitions
        .filter_map(|definition| {
            let wrong = wrong_with(types, limits, &definition.node, variables)?;
            let name = &definition.node.name.node;
            let name = if is_name(name) { name } else { "…" };
            let message = format!("Variable \"${name}\" {}", wrong.told);
            let mut error = match wrong.length {
                Some(length) => {
                    let met = Met::Exactly(length as u64);
                    with_message(Limit::List, limits.list as u64, met, message)
                }
                None => ServerError::new(message, None),
            };
            error.locations = vec![definition.pos];
            Some(error)
        })
        .take(limits.errors)
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Refusal::coded(errors, Code::BadUserInput))
    }
}

/// Drops the variables that the operation does not declare, so that they are not kept while it runs.
pub(super) fn keep_declared(operation: &OperationDefinition, variables: &mut Variables) {
    let declared = &operation.variable_definitions;
    variables.retain(|name, _| declared.iter().any(|it| it.node.name.node == *name));
}

/// Gives variables that are not sent their default (specification, section 6.1.2): async-graphql does
/// so for arguments, but takes the condition of a directive for false.
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

/// What is wrong with a variable.
struct Wrong {
    told: String,
    /// The length of a list, where that is what is wrong.
    length: Option<usize>,
}

impl From<String> for Wrong {
    fn from(told: String) -> Self {
        Self { told, length: None }
    }
}

fn wrong_with(
    types: &InputTypes,
    limits: &Limits,
    definition: &VariableDefinition,
    variables: &Variables,
) -> Option<Wrong> {
    let ty = &definition.var_type.node;
    match variables.get(&definition.name.node) {
        Some(value) => {
            let mut path = Path::default();
            let Wrong { told, length } = Check { types, limits }.mismatch(ty, value, &mut path)?;
            let place = match path.0.as_str() {
                "" => String::new(),
                path => format!(" at {path}"),
            };
            let told = format!("of type \"{ty}\" got a value that is not right{place}: {told}.");
            Some(Wrong { told, length })
        }
        None if ty.nullable || definition.default_value.is_some() => None,
        None => Some(format!("of required type \"{ty}\" was not provided.").into()),
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

struct Check<'a> {
    types: &'a InputTypes,
    limits: &'a Limits,
}

impl Check<'_> {
    /// What would be right, if the value is not of the type. The value itself is not repeated: it
    /// may be a code or token.
    fn mismatch(&self, ty: &Type, value: &Value, path: &mut Path) -> Option<Wrong> {
        if matches!(value, Value::Null) {
            return (!ty.nullable).then(|| format!("expected \"{ty}\", not null").into());
        }
        match (&ty.base, value) {
            (BaseType::List(_), Value::List(values)) if values.len() > self.limits.list => {
                let (most, length) = (self.limits.list, values.len());
                Some(Wrong {
                    told: format!("expected at most {most} values, not {length}"),
                    length: Some(length),
                })
            }
            (BaseType::List(item), Value::List(values)) => {
                values.iter().enumerate().find_map(|(index, value)| {
                    path.under(&format!("[{index}]"), |path| {
                        self.mismatch(item, value, path)
                    })
                })
            }
            // One value stands for a list of one.
            (BaseType::List(item), value) => self.mismatch(item, value, path),
            (BaseType::Named(name), value) => self.mismatch_named(name, value, path),
        }
    }

    fn mismatch_named(&self, name: &Name, value: &Value, path: &mut Path) -> Option<Wrong> {
        match self.types.get(name)? {
            InputType::Scalar => expected_scalar(name, value).map(|it| it.to_owned().into()),
            InputType::Enum(values) => {
                let is_one =
                    matches!(value, Value::String(text) if values.iter().any(|it| it == text));
                let names: Vec<&str> = values.iter().map(Name::as_str).collect();
                (!is_one).then(|| format!("expected one of {}", names.join(", ")).into())
            }
            InputType::Object { fields, is_one_of } => {
                let Value::Object(sent) = value else {
                    return Some(format!("expected an object, \"{name}\"").into());
                };
                if *is_one_of && (sent.len() != 1 || sent.values().any(|it| *it == Value::Null)) {
                    return Some(format!("expected exactly one field of \"{name}\"").into());
                }
                if let Some(unknown) = sent.keys().find(|key| !fields.contains_key(*key)) {
                    // What is no name may be anything, and is not repeated.
                    let named = is_name(unknown).then(|| format!(" \"{unknown}\""));
                    let named = named.unwrap_or_default();
                    return Some(format!("\"{name}\" has no field{named}").into());
                }
                fields.iter().find_map(|(key, field)| match sent.get(key) {
                    Some(value) => path.under(key, |path| self.mismatch(&field.ty, value, path)),
                    None if field.ty.nullable || field.has_default => None,
                    None => Some(format!("the field \"{key}\" is required").into()),
                })
            }
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
