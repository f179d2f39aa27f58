//! Objects whose plain fields are resolved on the spot, one by one or in lists.
//!
//! async-graphql makes a task of each field and each element, and waits for all of them together.
//! That is right for fields that load something; for those that only read a value it costs many
//! times the value.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value,
    indexmap::IndexMap,
    parser::types::{Field, Selection, SelectionSet},
    registry::Registry,
    resolver_utils::{ContainerType, resolve_container},
};
use futures_util::{
    FutureExt,
    future::{BoxFuture, try_join_all},
};

/// An object that knows which of its fields load something.
pub(super) trait PlainFields: ContainerType {
    /// The fields that load something: what several of them want is loaded together. One that is
    /// missing here is still answered, but only after what stands ahead of it.
    const LOADING: &'static [&'static str] = &[];

    /// Whether a field loads something, it or what is asked below it.
    fn loads(_ctx: &ContextSelectionSet<'_>, field: &Field) -> bool {
        Self::LOADING.contains(&field.name.node.as_str())
    }

    /// Its type: of an interface, the one that it is.
    fn concrete_type_name(&self) -> Cow<'static, str> {
        self.introspection_type_name()
    }

    /// Resolves all that is asked of it, whatever that is.
    fn resolve_as_usual<'a>(
        &'a self,
        ctx: &ContextSelectionSet<'a>,
    ) -> impl Future<Output = ServerResult<Value>> + Send
    where
        Self: Sized,
    {
        resolve_container(ctx, self)
    }
}

/// async-graphql takes a reference to an interface for an object of its own.
impl<T: PlainFields> PlainFields for &T {
    const LOADING: &'static [&'static str] = T::LOADING;

    fn loads(ctx: &ContextSelectionSet<'_>, field: &Field) -> bool {
        T::loads(ctx, field)
    }

    fn concrete_type_name(&self) -> Cow<'static, str> {
        T::concrete_type_name(self)
    }

    fn resolve_as_usual<'a>(
        &'a self,
        ctx: &ContextSelectionSet<'a>,
    ) -> impl Future<Output = ServerResult<Value>> + Send {
        T::resolve_as_usual(self, ctx)
    }
}

/// `T`, with its plain fields resolved on the spot.
#[derive(Clone)]
pub(super) struct Eager<T>(pub(super) T);

/// Makes a `T` as `make` does, with its plain fields resolved on the spot.
pub(super) fn eager<V, T>(make: impl Fn(V) -> T) -> impl Fn(V) -> Eager<T> {
    move |value| Eager(make(value))
}

impl<T: PlainFields> OutputType for Eager<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        // Boxed, so that what resolves a field does not hold all that may be below it.
        Box::pin(async {
            let Some(plan) = Plan::of::<T>(ctx) else {
                return self.0.resolve_as_usual(ctx).await;
            };
            let mut object = plan.plain_values(ctx, &self.0).await?;
            let loaded = try_join_all(plan.loads(ctx, &self.0)).await?;
            plan.fill_in(&mut object, loaded);
            Ok(Value::Object(object))
        })
        .await
    }
}

/// A list of `T`, with their plain fields resolved on the spot.
pub(super) struct EagerList<T>(Vec<T>);

impl<T> FromIterator<T> for EagerList<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T: PlainFields> OutputType for EagerList<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<Eager<T>>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<Eager<T>>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<Eager<T>>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        Box::pin(async {
            let elements: Vec<_> = self
                .0
                .iter()
                .enumerate()
                .map(|(index, element)| (ctx.with_index(index), element))
                .collect();
            let Some(plan) = Plan::of::<T>(ctx) else {
                let resolved = elements.iter().map(|(ctx, element)| async move {
                    let resolved = element.resolve_as_usual(ctx).await;
                    resolved.map_err(|error| ctx.set_error_path(error))
                });
                return try_join_all(resolved).await.map(Value::List);
            };
            let mut objects = Vec::with_capacity(elements.len());
            let mut loads = Vec::new();
            for (ctx, element) in &elements {
                let object = plan.plain_values(ctx, *element).await;
                objects.push(object.map_err(|error| ctx.set_error_path(error))?);
                loads.extend(plan.loads(ctx, *element));
            }
            let mut loaded = try_join_all(loads).await?.into_iter();
            for object in &mut objects {
                plan.fill_in(object, loaded.by_ref());
            }
            Ok(Value::List(
                objects.into_iter().map(Value::Object).collect(),
            ))
        })
        .await
    }
}

/// Whether anything that is asked of a `T` below `field` loads something.
pub(super) fn loads_below<T: PlainFields>(ctx: &ContextSelectionSet<'_>, field: &Field) -> bool {
    let loads = |plan: Plan<'_>| plan.fields.iter().any(|field| field.how == How::Loading);
    Plan::of_set::<T>(ctx, &field.selection_set.node).is_none_or(loads)
}

/// What is asked of an object, where that is fields alone, each under a name of its own.
struct Plan<'a> {
    fields: Vec<Planned<'a>>,
}

struct Planned<'a> {
    field: &'a Positioned<Field>,
    how: How,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    TypeName,
    Plain,
    Loading,
}

type Object = IndexMap<Name, Value>;

impl<'a> Plan<'a> {
    /// None where fields have to be merged, or more is asked than fields and fragments on `T`.
    fn of<T: PlainFields>(ctx: &ContextSelectionSet<'a>) -> Option<Self> {
        Self::of_set::<T>(ctx, &ctx.item.node)
    }

    fn of_set<T: PlainFields>(
        ctx: &ContextSelectionSet<'a>,
        set: &'a SelectionSet,
    ) -> Option<Self> {
        let fields = Vec::with_capacity(set.items.len());
        let mut plan = Self { fields };
        plan.add::<T>(ctx, set).then_some(plan)
    }

    fn add<T: PlainFields>(
        &mut self,
        ctx: &ContextSelectionSet<'a>,
        set: &'a SelectionSet,
    ) -> bool {
        set.items.iter().all(|selection| match &selection.node {
            Selection::Field(field) => {
                let key = field.node.response_key();
                let is_there = |planned: &Planned<'_>| planned.field.node.response_key() == key;
                if !field.node.directives.is_empty() || self.fields.iter().any(is_there) {
                    return false;
                }
                let how = match field.node.name.node.as_str() {
                    "__typename" => How::TypeName,
                    _ if T::loads(ctx, &field.node) => How::Loading,
                    _ => How::Plain,
                };
                self.fields.push(Planned { field, how });
                true
            }
            Selection::FragmentSpread(spread) => {
                let fragment = ctx.query_env.fragments.get(&spread.node.fragment_name.node);
                spread.node.directives.is_empty()
                    && fragment.is_some_and(|fragment| {
                        let fragment = &fragment.node;
                        *fragment.type_condition.node.on.node == *T::type_name()
                            && self.add::<T>(ctx, &fragment.selection_set.node)
                    })
            }
            Selection::InlineFragment(fragment) => {
                let fragment = &fragment.node;
                let condition = fragment.type_condition.as_ref();
                fragment.directives.is_empty()
                    && condition.is_none_or(|condition| *condition.node.on.node == *T::type_name())
                    && self.add::<T>(ctx, &fragment.selection_set.node)
            }
        })
    }

    /// All fields in their order; null where something is to be loaded.
    async fn plain_values<T: PlainFields>(
        &self,
        ctx: &ContextSelectionSet<'a>,
        object: &T,
    ) -> ServerResult<Object> {
        let mut values = Object::with_capacity(self.fields.len());
        for Planned { field, how } in &self.fields {
            let value = match how {
                How::TypeName => Value::String(object.concrete_type_name().into_owned()),
                How::Plain => {
                    let ctx = ctx.with_field(field);
                    object.resolve_field(&ctx).await?.unwrap_or_default()
                }
                How::Loading => Value::Null,
            };
            values.insert(field.node.response_key().node.clone(), value);
        }
        Ok(values)
    }

    /// The values that are to be loaded, in their order.
    fn loads<'b, T: PlainFields>(
        &'b self,
        ctx: &'b ContextSelectionSet<'a>,
        object: &'b T,
    ) -> impl Iterator<Item = BoxFuture<'b, ServerResult<Value>>> {
        let loading = self
            .fields
            .iter()
            .filter(|planned| planned.how == How::Loading);
        loading.map(move |planned| {
            async move {
                let ctx = ctx.with_field(planned.field);
                let value = object.resolve_field(&ctx).await;
                Ok(value?.unwrap_or_default())
            }
            .boxed()
        })
    }

    /// Puts as many values as were to be loaded for an object where they belong.
    fn fill_in(&self, object: &mut Object, loaded: impl IntoIterator<Item = Value>) {
        let mut loaded = loaded.into_iter();
        for (planned, value) in self.fields.iter().zip(object.values_mut()) {
            if planned.how == How::Loading {
                *value = loaded.next().unwrap_or_default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            SchemaSettings, course::Course, course_invite::CourseInvite, group::Group,
            group_invite::GroupInvite, invite::Invite, invite_code::InviteCode, sdl, tag::Tag,
            user::User, workspace::Workspace, workspace_invite::WorkspaceInvite,
        },
        PlainFields,
    };

    #[test]
    fn fields_that_load_are_fields() {
        fn check<T: PlainFields>(sdl: &str) {
            let name = T::type_name();
            let starts = [format!("\ntype {name} "), format!("\ninterface {name} ")];
            let definition = starts.iter().find_map(|start| sdl.split(start).nth(1));
            let definition = definition.and_then(|rest| rest.split("\n}\n").next());
            let definition = definition.unwrap_or_else(|| panic!("no {name}"));
            for field in T::LOADING {
                let is_there = |line: &str| {
                    line.strip_prefix("  ")
                        .and_then(|line| line.strip_prefix(field))
                        .is_some_and(|rest| rest.starts_with([':', '(']))
                };
                assert!(definition.lines().any(is_there), "{name}.{field}");
            }
        }
        let sdl = sdl(SchemaSettings::default());
        check::<Course>(&sdl);
        check::<CourseInvite>(&sdl);
        check::<Group>(&sdl);
        check::<GroupInvite>(&sdl);
        check::<Invite>(&sdl);
        check::<InviteCode>(&sdl);
        check::<Tag>(&sdl);
        check::<User>(&sdl);
        check::<Workspace>(&sdl);
        check::<WorkspaceInvite>(&sdl);
    }
}
