//! Values that stand in a document: whether the schema's own scalars take them, which the
//! specification leaves to each scalar (section 3.5), and whether no field is there twice (section
//! 5.6.3), which apollo-compiler leaves out.

use apollo_compiler::{
    ExecutableDocument, Node, Schema,
    ast::{Type, Value},
    executable::{Selection, SelectionSet},
    parser::SourceSpan,
};

/// A value that is not right.
pub(super) struct Mismatch {
    pub(super) location: Option<SourceSpan>,
    pub(super) message: String,
}

/// All such values in a document that is valid otherwise.
pub(super) fn mismatches(schema: &Schema, document: &ExecutableDocument) -> Vec<Mismatch> {
    let mut walk = Walk {
        schema,
        found: Vec::new(),
    };
    for operation in document.operations.iter() {
        for variable in &operation.variables {
            if let Some(default) = &variable.default_value {
                walk.value(&variable.ty, default);
            }
        }
        walk.selection(&operation.selection_set);
    }
    for fragment in document.fragments.values() {
        walk.selection(&fragment.selection_set);
    }
    walk.found
}

struct Walk<'a> {
    schema: &'a Schema,
    found: Vec<Mismatch>,
}

impl Walk<'_> {
    fn selection(&mut self, set: &SelectionSet) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    for argument in &field.arguments {
                        if let Some(input) = field.definition.argument_by_name(&argument.name) {
                            self.value(&input.ty, &argument.value);
                        }
                    }
                    self.selection(&field.selection_set);
                }
                Selection::InlineFragment(fragment) => self.selection(&fragment.selection_set),
                // Looked at where it is defined.
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn value(&mut self, ty: &Type, value: &Node<Value>) {
        match &**value {
            Value::Null | Value::Variable(_) => {}
            Value::List(values) if ty.is_list() => {
                for value in values {
                    self.value(ty.item_type(), value);
                }
            }
            Value::Object(fields) => {
                for (index, (name, twice)) in fields.iter().enumerate() {
                    if fields[..index].iter().any(|(other, _)| other == name) {
                        self.found.push(Mismatch {
                            location: twice.location(),
                            message: format!("there can be only one field `{name}`"),
                        });
                    }
                }
                let Some(object) = self.schema.get_input_object(ty.inner_named_type()) else {
                    return self.scalar(ty, value);
                };
                for (name, value) in fields {
                    if let Some(input) = object.fields.get(name) {
                        self.value(&input.ty, value);
                    }
                }
            }
            _ => self.scalar(ty, value),
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
            self.found.push(Mismatch {
                location: value.location(),
                message: format!("expected {expected} as value of type {name}"),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::graphql::{Executor, SchemaSettings};

    #[test]
    fn scalars_of_our_own_take_what_they_take_as_variables() {
        let executor = Executor::new(SchemaSettings::default(), 0).unwrap();
        let is_fine = |document: &str| executor.check(document).is_ok();
        for (field, right, wrong) in [
            (
                "workspaceInvite(token: IT) { id }",
                &["\"x\"", "\"\"\"x\"\"\""][..],
                &["1", "1.5", "true", "X", "[\"x\"]", "{ it: 1 }"][..],
            ),
            (
                "inviteCodes(filter: { createdAt: { from: IT } }) { totalCount }",
                &["\"2026-01-01T00:00:00Z\"", "null"],
                &["1", "true", "X", "{}"],
            ),
        ] {
            for value in right {
                assert!(
                    is_fine(&format!("{{ {} }}", field.replace("IT", value))),
                    "{value}"
                );
            }
            for value in wrong {
                assert!(
                    !is_fine(&format!("{{ {} }}", field.replace("IT", value))),
                    "{value}"
                );
            }
        }
        assert!(!is_fine(
            "query ($it: UUID! = 5) { workspaceInvite(token: $it) { id } }"
        ));
        assert!(!is_fine(
            "{ ...F } fragment F on Query { workspaceInvite(token: 5) { id } }"
        ));
    }
}
