//! The subgraph's schema: the public one with keys and without what another subgraph owns.
//!
//! async-graphql's exporter prints it after the registered types are changed. The changes here are
//! those that depend on settings, and the keys, which would make async-graphql resolve `_entities`
//! itself. The types declare `@shareable` and `@tag`.

use std::{borrow::Cow, marker::PhantomData, sync::OnceLock};

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, Value,
    parser::types::Field,
    registry::{MetaDirectiveInvocation, MetaField, MetaType, Registry},
};

use super::{
    super::{
        SchemaSettings, SubgraphSdl,
        id::NodeKind,
        json::{Json, Leaf},
        subgraph_sdl,
    },
    representation::KEYS,
};

/// Tag of the fields that return `UNAUTHENTICATED` to anonymous viewers.
const SIGNED_IN: &str = "signed-in";

/// The specification that the subgraph follows.
const SPECIFICATION: &str = "https://specs.apollo.dev/federation/v2.5";

/// The directive that [`Authenticated`] adds.
const AUTHENTICATED: &str = "authenticated";

/// Start of the link to the specification, which the exporter writes last.
const LINK: &str = "extend schema @link(";

/// Data of the schema: the text of `_service`, printed when it is first selected.
pub(in crate::graphql) struct Served {
    settings: SchemaSettings,
    written: OnceLock<Written>,
}

/// A `String` of the schema, as JSON; cheap to clone.
#[derive(Clone)]
pub(super) struct Written(Value);

impl OutputType for Written {
    fn type_name() -> Cow<'static, str> {
        <String as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <String as OutputType>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        _ctx: &ContextSelectionSet<'_>,
        _field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        Ok(self.0.clone())
    }
}

impl Served {
    pub(in crate::graphql) fn with(settings: SchemaSettings) -> Self {
        Self {
            settings,
            written: OnceLock::new(),
        }
    }

    /// Requires a bearer token.
    pub(super) fn is_for_signed_in(&self) -> bool {
        self.settings.subgraph_sdl == SubgraphSdl::SignedIn
    }

    pub(super) fn written(&self) -> Written {
        let write = || {
            let mut json = Json::default();
            subgraph_sdl(self.settings).write(&mut json);
            Written(json.into_value())
        };
        self.written.get_or_init(write).clone()
    }
}

/// A change of the registered types.
pub(in crate::graphql) trait Change: Send + Sync {
    fn change(registry: &mut Registry);
}

/// Applies a change when types register themselves. No field has this type.
pub(in crate::graphql) struct Changed<C>(PhantomData<C>);

impl<C: Change> OutputType for Changed<C> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("")
    }

    fn create_type_info(registry: &mut Registry) -> String {
        C::change(registry);
        String::new()
    }

    async fn resolve(
        &self,
        _ctx: &ContextSelectionSet<'_>,
        _field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        Ok(Value::Null)
    }
}

/// Removes the root fields that look up objects of every kind.
pub(in crate::graphql) struct WithoutNode;

impl Change for WithoutNode {
    fn change(registry: &mut Registry) {
        remove_root_fields(registry, &["node", "nodes"]);
    }
}

/// Removes the mutations. Their types are then unused.
pub(in crate::graphql) struct WithoutMutations;

impl Change for WithoutMutations {
    fn change(registry: &mut Registry) {
        registry.mutation_type = None;
        registry.remove_unused_types();
    }
}

/// Removes the fields and types for routers.
pub(in crate::graphql) struct Unfederated;

impl Change for Unfederated {
    fn change(registry: &mut Registry) {
        remove_root_fields(registry, &["_entities", "_service"]);
        for name in ["_Any", "_Entity", "_Service"] {
            registry.types.remove(name);
        }
    }
}

/// Adds the keys of every kind.
pub(in crate::graphql) struct Keyed;

impl Change for Keyed {
    fn change(registry: &mut Registry) {
        for kind in NodeKind::ALL {
            for key in KEYS {
                registry.add_keys(kind.type_name(), key);
            }
        }
    }
}

/// Adds `@authenticated` to the tagged fields.
pub(in crate::graphql) struct Authenticated;

impl Change for Authenticated {
    fn change(registry: &mut Registry) {
        for ty in registry.types.values_mut() {
            let MetaType::Object { fields, .. } = ty else {
                continue;
            };
            let is_tagged = |field: &&mut MetaField| field.tags.iter().any(|tag| tag == SIGNED_IN);
            for field in fields.values_mut().filter(is_tagged) {
                field.directive_invocations.push(MetaDirectiveInvocation {
                    name: AUTHENTICATED.to_owned(),
                    args: Default::default(),
                });
            }
        }
    }
}

/// Returns the exported schema with another link: the exporter imports a fixed list of directives
/// that lacks `@authenticated`.
pub(in crate::graphql) fn linked(exported: &str, auth_directives: bool) -> String {
    let types = exported
        .rfind(LINK)
        .map_or(exported, |link| &exported[..link]);
    let mut imports = vec!["key", "shareable", "tag"];
    if auth_directives {
        imports.push(AUTHENTICATED);
    }
    let imports: Vec<_> = imports.iter().map(|name| format!("\"@{name}\"")).collect();
    let imports = imports.join(", ");
    format!("{types}{LINK}\n  url: \"{SPECIFICATION}\",\n  import: [{imports}]\n)\n")
}

fn remove_root_fields(registry: &mut Registry, names: &[&str]) {
    if let Some(MetaType::Object { fields, .. }) = registry.types.get_mut(&registry.query_type) {
        fields.retain(|name, _| !names.contains(&name.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::linked;

    #[test]
    fn the_link_is_ours_whatever_the_exporter_writes() {
        let expected = "type Tag\nextend schema @link(\n  url: \"https://specs.apollo.dev/federation/v2.5\",\n  \
                        import: [\"@key\", \"@shareable\", \"@tag\", \"@authenticated\"]\n)\n";
        for exported in [
            "type Tag\n",
            "type Tag\nextend schema @link(\n  import: [\"@key\"]\n)\n",
        ] {
            assert_eq!(linked(exported, true), expected);
        }
        assert!(!linked("type Tag\n", false).contains("authenticated"));
    }
}
