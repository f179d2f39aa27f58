//! Examples and personas for the GraphiQL page. Over other data than the samples, the page has the
//! same queries with placeholders.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Description, Example, Persona, queries};

/// Examples and personas for the GraphiQL page.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Offer {
    personas: Vec<Persona>,
    examples: Vec<Example>,
}

/// Stands for the persona of an example over unknown data, which has none.
const SIGNED_IN: &str = "signed-in viewer";

impl Offer {
    /// Returns all examples and personas, for the sample data.
    pub fn from_description(description: &Description) -> Self {
        Self {
            personas: description.personas.clone(),
            examples: description.examples.clone(),
        }
    }

    /// Returns one query for each root field, for unknown data. Omits the examples' descriptions,
    /// which refer to the sample data; the page shows the schema's descriptions instead. Names no
    /// personas.
    pub fn templates() -> Self {
        let templates = queries::graphql()
            .into_iter()
            .filter(|example| queries::TEMPLATES.contains(&example.name))
            .map(|example| Example {
                shows: "",
                variables: placeholders(&example.variables),
                persona: example.persona.map(|_| SIGNED_IN),
                ..example
            });
        Self {
            personas: Vec::new(),
            examples: templates.collect(),
        }
    }
}

/// Replaces the value of each variable by its name in angle brackets.
fn placeholders(variables: &Value) -> Value {
    let named = |(name, value): (&String, &Value)| {
        let placeholder = Value::String(format!("<{name}>"));
        let value = match value {
            Value::Array(_) => Value::Array(vec![placeholder]),
            _ => placeholder,
        };
        (name.clone(), value)
    };
    let variables: Map<_, _> = variables
        .as_object()
        .into_iter()
        .flatten()
        .map(named)
        .collect();
    variables.into()
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::{parse_query, types::Selection};

    use super::{super::queries, Offer};

    #[test]
    fn a_template_has_the_name_of_its_root_field_and_no_sample_values() {
        let Offer { personas, examples } = Offer::templates();
        assert!(personas.is_empty());
        let names: Vec<_> = examples.iter().map(|example| example.name).collect();
        assert_eq!(names, queries::TEMPLATES);
        for example in examples {
            let document = parse_query(example.query).expect("GraphQL");
            let (_, operation) = document.operations.iter().next().expect("an operation");
            for selection in &operation.node.selection_set.node.items {
                let Selection::Field(field) = &selection.node else {
                    panic!("{}: a fragment at the root", example.name);
                };
                let kebab: String = (field.node.name.node.chars())
                    .flat_map(|letter| {
                        let dash = letter.is_ascii_uppercase().then_some('-');
                        dash.into_iter().chain([letter.to_ascii_lowercase()])
                    })
                    .collect();
                assert_eq!(kebab, example.name);
                let literal = field.node.arguments.iter().find(|(name, value)| {
                    matches!(name.node.as_str(), "id" | "ids" | "code" | "token")
                        && !value.node.to_string().starts_with('$')
                });
                assert!(literal.is_none(), "{}: {literal:?}", example.name);
            }
            let variables = example.variables.to_string();
            assert_eq!(
                variables.matches('<').count(),
                variables.matches(':').count()
            );
        }
    }
}
