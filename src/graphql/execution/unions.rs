//! Fragments on unions, as fragments on their members: async-graphql takes an object for a union's
//! only where the union itself was asked for, and would leave out what it is asked for elsewhere
//! (specification, section 6.3.2).

use std::collections::HashMap;

use async_graphql::{
    Name, Pos, Positioned,
    parser::types::{
        DocumentOperations, ExecutableDocument, FragmentDefinition, FragmentSpread, InlineFragment,
        Selection, SelectionSet, TypeCondition,
    },
};

/// Replaces the fragments on unions in a valid document; `members` gives the object types of a
/// union. The document grows by as much as these hold, for each member, however they are nested.
pub(super) fn split_unions(
    document: &mut ExecutableDocument,
    members: impl Fn(&str) -> Option<Vec<Name>>,
) {
    let on_unions = document.fragments.iter().filter_map(|(name, fragment)| {
        let condition = &fragment.node.type_condition.node.on.node;
        Some((name.clone(), members(condition)?))
    });
    let mut split = Split {
        on_unions: on_unions.collect(),
        members: &members,
        fragments: HashMap::new(),
    };
    match &mut document.operations {
        DocumentOperations::Single(operation) => split.set(&mut operation.node.selection_set.node),
        DocumentOperations::Multiple(operations) => operations
            .values_mut()
            .for_each(|operation| split.set(&mut operation.node.selection_set.node)),
    }
    for fragment in document.fragments.values_mut() {
        split.set(&mut fragment.node.selection_set.node);
    }
    for (name, members) in std::mem::take(&mut split.on_unions) {
        if let Some(fragment) = document.fragments.remove(&name) {
            split.define(&name, &members, fragment.pos, &fragment.node.selection_set);
        }
    }
    document.fragments.extend(split.fragments);
}

struct Split<'a> {
    /// The fragments that have a name and are on a union, and its members.
    on_unions: HashMap<Name, Vec<Name>>,
    members: &'a dyn Fn(&str) -> Option<Vec<Name>>,
    /// What takes their places.
    fragments: HashMap<Name, Positioned<FragmentDefinition>>,
}

impl Split<'_> {
    fn set(&mut self, set: &mut SelectionSet) {
        for selection in &mut set.items {
            let pos = selection.pos;
            match &mut selection.node {
                Selection::Field(field) => self.set(&mut field.node.selection_set.node),
                Selection::InlineFragment(inline) => self.inline(&mut inline.node, pos),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(members) = self.on_unions.get(name) {
                        let inline = InlineFragment {
                            type_condition: None,
                            directives: std::mem::take(&mut spread.node.directives),
                            selection_set: spreads(name, members, pos),
                        };
                        selection.node = Selection::InlineFragment(Positioned::new(inline, pos));
                    }
                }
            }
        }
    }

    fn inline(&mut self, inline: &mut InlineFragment, pos: Pos) {
        self.set(&mut inline.selection_set.node);
        let condition = inline.type_condition.as_ref();
        let members = condition.and_then(|condition| (self.members)(&condition.node.on.node));
        if let Some(members) = members {
            // No name in a document begins with a digit.
            let name = Name::new(self.fragments.len().to_string());
            self.define(&name, &members, pos, &inline.selection_set);
            inline.type_condition = None;
            inline.selection_set = spreads(&name, &members, pos);
        }
    }

    fn define(
        &mut self,
        name: &Name,
        members: &[Name],
        pos: Pos,
        selection_set: &Positioned<SelectionSet>,
    ) {
        for member in members {
            let fragment = FragmentDefinition {
                type_condition: Positioned::new(
                    TypeCondition {
                        on: Positioned::new(member.clone(), pos),
                    },
                    pos,
                ),
                directives: Vec::new(),
                selection_set: selection_set.clone(),
            };
            self.fragments
                .insert(part(name, member), Positioned::new(fragment, pos));
        }
    }
}

/// The name of a fragment's part for a member: none that a document can have.
fn part(name: &Name, member: &Name) -> Name {
    Name::new(format!("{name} on {member}"))
}

fn spreads(name: &Name, members: &[Name], pos: Pos) -> Positioned<SelectionSet> {
    let spread = |member| {
        let spread = FragmentSpread {
            fragment_name: Positioned::new(part(name, member), pos),
            directives: Vec::new(),
        };
        Positioned::new(Selection::FragmentSpread(Positioned::new(spread, pos)), pos)
    };
    let items = members.iter().map(spread).collect();
    Positioned::new(SelectionSet { items }, pos)
}
