//! Validation of values in a document, where apollo-compiler does not validate them: values of custom
//! scalars (specification, section 3.5), duplicate fields of an input object (5.6.3), and types of
//! variables within lists and objects, or with null as their default (5.8.5).

use std::collections::{HashMap, HashSet};

use apollo_compiler::{
    ExecutableDocument, Name, Node, Schema,
    ast::{Type, Value, VariableDefinition},
    executable::{Selection, SelectionSet},
    parser::SourceSpan,
};

/// An invalid value.
#[derive(PartialEq, Eq)]
pub(super) struct Mismatch {
    pub(super) location: Option<SourceSpan>,
    pub(super) message: String,
}

/// Returns the first `most` invalid values of an otherwise valid document.
pub(super) fn mismatches(
    schema: &Schema,
    document: &ExecutableDocument,
    most: usize,
) -> Vec<Mismatch> {
    let mut found = Vec::new();
    for operation in document.operations.iter() {
        let mut walk = Walk {
            schema,
            document,
            variables: operation
                .variables
                .iter()
                .map(|it| (&it.name, &**it))
                .collect(),
            seen: HashSet::new(),
            most,
            found: &mut found,
        };
        for variable in &operation.variables {
            if let Some(default) = &variable.default_value {
                walk.value(&variable.ty, default);
            }
        }
        walk.selection(&operation.selection_set);
    }
    found
}

struct Walk<'a, 'f> {
    schema: &'a Schema,
    document: &'a ExecutableDocument,
    variables: HashMap<&'a Name, &'a VariableDefinition>,
    /// Fragments that were walked for this operation.
    seen: HashSet<&'a Name>,
    most: usize,
    found: &'f mut Vec<Mismatch>,
}

impl<'a> Walk<'a, '_> {
    fn selection(&mut self, set: &'a SelectionSet) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    for argument in &field.arguments {
                        if let Some(input) = field.definition.argument_by_name(&argument.name) {
                            let has_default = input.default_value.is_some();
                            self.variable(&input.ty, has_default, &argument.value);
                            self.value(&input.ty, &argument.value);
                        }
                    }
                    self.selection(&field.selection_set);
                }
                Selection::InlineFragment(fragment) => self.selection(&fragment.selection_set),
                Selection::FragmentSpread(spread) => {
                    if self.seen.insert(&spread.fragment_name)
                        && let Some(fragment) = self.document.fragments.get(&spread.fragment_name)
                    {
                        self.selection(&fragment.selection_set);
                    }
                }
            }
        }
    }

    fn value(&mut self, ty: &Type, value: &Node<Value>) {
        match &**value {
            Value::List(values) if ty.is_list() => {
                for value in values {
                    self.variable(ty.item_type(), false, value);
                    self.value(ty.item_type(), value);
                }
            }
            Value::Object(fields) => self.object(ty, fields, value),
            Value::Null | Value::Variable(_) => {}
            _ => self.scalar(ty, value),
        }
    }

    fn object(&mut self, ty: &Type, fields: &[(Name, Node<Value>)], whole: &Node<Value>) {
        let mut names = HashSet::new();
        for (name, twice) in fields {
            if !names.insert(name) {
                let message = format!("there can be only one field `{name}`");
                self.report(twice, message);
            }
        }
        let Some(object) = self.schema.get_input_object(ty.inner_named_type()) else {
            return self.scalar(ty, whole);
        };
        for (name, value) in fields {
            if let Some(input) = object.fields.get(name) {
                self.variable(&input.ty, input.default_value.is_some(), value);
                self.value(&input.ty, value);
            }
        }
    }

    /// `has_default`: whether the schema has a default for this position.
    fn variable(&mut self, expected: &Type, has_default: bool, value: &Node<Value>) {
        let Value::Variable(name) = &**value else {
            return;
        };
        let Some(variable) = self.variables.get(name) else {
            return;
        };
        let ty = &*variable.ty;
        let default = variable.default_value.as_ref();
        let is_filled = has_default || default.is_some_and(|default| !default.is_null());
        let fits = if expected.is_non_null() && !ty.is_non_null() {
            is_filled && ty.is_assignable_to(&expected.clone().nullable())
        } else {
            ty.is_assignable_to(expected)
        };
        if !fits {
            let message = format!(
                "variable `${name}` of type `{ty}` cannot be used where `{expected}` is expected"
            );
            self.report(value, message);
        }
    }

    fn scalar(&mut self, ty: &Type, value: &Node<Value>) {
        let name = ty.inner_named_type();
        let is_text = matches!(&**value, Value::String(_));
        let is_integer = matches!(&**value, Value::Int(_));
        let (is_right, expected) = match name.as_str() {
            "DateTime" | "UUID" => (is_text, "a string"),
            "BigInt" => (is_text || is_integer, "a string or an integer"),
            _ => return,
        };
        if !is_right {
            self.report(
                value,
                format!("expected {expected} as value of type {name}"),
            );
        }
    }

    fn report(&mut self, value: &Node<Value>, message: String) {
        let mismatch = Mismatch {
            location: value.location(),
            message,
        };
        // Several operations may spread the same fragment.
        if self.found.len() < self.most && !self.found.contains(&mismatch) {
            self.found.push(mismatch);
        }
    }
}
