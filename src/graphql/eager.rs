//! Objects and lists of objects whose leaves are written as JSON directly.
//!
//! async-graphql makes a future and a value of each field. For fields that only read a value, this
//! costs many times the value.

use std::borrow::Cow;

use async_graphql::{
    Context, ContextSelectionSet, OutputType, Positioned, ServerResult, Value,
    parser::types::{Field, Selection, SelectionSet},
    registry::Registry,
    resolver_utils::{ContainerType, resolve_container},
};
use futures_util::{
    FutureExt,
    future::{BoxFuture, try_join_all},
};

use super::json::{Json, WrittenInParts};

/// An object whose leaves are written without async-graphql. All other fields are resolved
/// concurrently, for all elements of a list together, so that their loads share a batch.
pub(super) trait Leaves: ContainerType {
    /// Names of the fields that `leaf` writes.
    #[cfg(test)]
    const LEAVES: &'static [&'static str] = &[];

    /// Returns the index of a field that `write_leaf` writes; [`super::json::leaves`] defines both.
    fn leaf(_name: &str) -> Option<usize> {
        None
    }

    /// Appends a field's value. Returns false, with nothing written, if the resolver waits or
    /// fails. `ctx` is for resolvers whose signature has a context that they do not use.
    fn write_leaf(&self, _leaf: usize, _ctx: &Context<'_>, _json: &mut Json) -> bool {
        false
    }

    /// Writes an object within this one, if only its leaves are selected.
    fn nested<'a>(_ctx: &ContextSelectionSet<'a>, _field: &'a Field) -> Option<Nested<'a, Self>>
    where
        Self: Sized + 'a,
    {
        None
    }

    /// Returns the name of its object type, also for an interface.
    fn concrete_type_name(&self) -> Cow<'static, str> {
        self.introspection_type_name()
    }

    /// Resolves any selection by async-graphql.
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

/// async-graphql treats a reference to an interface as an object of another type.
impl<T: Leaves> Leaves for &T {
    #[cfg(test)]
    const LEAVES: &'static [&'static str] = T::LEAVES;

    fn leaf(name: &str) -> Option<usize> {
        T::leaf(name)
    }

    fn write_leaf(&self, leaf: usize, ctx: &Context<'_>, json: &mut Json) -> bool {
        T::write_leaf(self, leaf, ctx, json)
    }

    fn nested<'a>(ctx: &ContextSelectionSet<'a>, field: &'a Field) -> Option<Nested<'a, Self>>
    where
        Self: 'a,
    {
        let Nested(write) = T::nested(ctx, field)?;
        Some(Nested(Box::new(move |object: &&T, ctx, json| {
            write(object, ctx, json)
        })))
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

/// Output type of a `T` whose leaves are written directly.
#[derive(Clone)]
pub(super) struct Eager<T>(pub(super) T);

/// Resolves to the `T` of `make`, with its leaves written directly.
pub(super) fn eager<V, T>(make: impl Fn(V) -> T) -> impl Fn(V) -> Eager<T> {
    move |value| Eager(make(value))
}

impl<T: Leaves> OutputType for Eager<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        // Boxed, so that the future of a field does not contain those of its selections.
        Box::pin(async {
            let Some(plan) = Plan::<T>::of(ctx) else {
                return self.0.resolve_as_usual(ctx).await;
            };
            let resolved = try_join_all(plan.resolved(ctx, &self.0)).await?;
            let mut json = Json::of_object();
            plan.write(
                ctx,
                &ctx.with_field(field),
                &self.0,
                &mut resolved.into_iter(),
                &mut json,
            )
            .await?;
            if let Some(parts) = ctx.data_opt::<WrittenInParts>() {
                let counted = parts.count(json.fresh());
                counted.map_err(|error| ctx.set_error_path(error))?;
            }
            Ok(json.into_value())
        })
        .await
    }
}

/// Output type of a list of `T` whose leaves are written directly.
pub(super) struct EagerList<T>(Vec<T>);

impl<T> FromIterator<T> for EagerList<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T: Leaves> OutputType for EagerList<T> {
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
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        Box::pin(async {
            let elements = || {
                let elements = self.0.iter().enumerate();
                elements.map(|(index, element)| (ctx.with_index(index), element))
            };
            let Some(plan) = Plan::<T>::of(ctx) else {
                let resolved = elements().map(|(ctx, element)| async move {
                    let resolved = element.resolve_as_usual(&ctx).await;
                    resolved.map_err(|error| ctx.set_error_path(error))
                });
                return try_join_all(resolved).await.map(Value::List);
            };
            let contexts: Vec<_> = match plan.any_resolved() {
                true => elements().collect(),
                false => Vec::new(),
            };
            let mut pending = Vec::new();
            for (ctx, element) in &contexts {
                pending.extend(plan.resolved(ctx, *element));
            }
            let mut resolved = try_join_all(pending).await?.into_iter();
            let leaf_ctx = ctx.with_field(field);
            let parts = ctx.data_opt::<WrittenInParts>();
            let mut json = Json::of_object();
            json.mark(b'[');
            for (index, (ctx, element)) in elements().enumerate() {
                if index > 0 {
                    json.mark(b',');
                }
                let (start, fresh) = (json.len(), json.fresh());
                let written = plan
                    .write(&ctx, &leaf_ctx, element, &mut resolved, &mut json)
                    .await;
                let counted = written.and_then(|()| match parts {
                    Some(parts) => parts.count(json.fresh() - fresh),
                    None => Ok(()),
                });
                counted.map_err(|error| ctx.set_error_path(error))?;
                if index == 0 {
                    json.reserve_like(start, self.0.len());
                }
            }
            json.mark(b']');
            Ok(json.into_value())
        })
        .await
    }
}

/// Writes an object within a `T`.
pub(super) struct Nested<'a, T>(WriteNested<'a, T>);

type WriteNested<'a, T> = Box<dyn Fn(&T, &Context<'_>, &mut Json) -> bool + Send + Sync + 'a>;

impl<'a, T> Nested<'a, T> {
    /// Writes the object that `get` returns. Returns `None` if it is more than leaves.
    pub(super) fn new<U: Leaves + 'a>(
        ctx: &ContextSelectionSet<'a>,
        field: &'a Field,
        get: impl for<'b> Fn(&'b T) -> &'b U + Send + Sync + 'a,
    ) -> Option<Self> {
        let plan = Plan::<U>::of_set(ctx, &field.selection_set.node)?;
        let is_leaf =
            |planned: &Planned<'_, U>| matches!(planned.how, How::TypeName | How::Leaf(_));
        if !plan.fields.iter().all(is_leaf) {
            return None;
        }
        Some(Self(Box::new(move |object, ctx, json| {
            plan.write_leaves(get(object), ctx, json)
        })))
    }
}

/// The selected fields of a `T`, if none depends on the object's type.
struct Plan<'a, T> {
    fields: Vec<Planned<'a, T>>,
}

struct Planned<'a, T> {
    field: &'a Positioned<Field>,
    how: How<'a, T>,
}

enum How<'a, T> {
    TypeName,
    /// A leaf that the object writes.
    Leaf(usize),
    /// An object within it.
    Nested(Nested<'a, T>),
    /// A field that async-graphql resolves, concurrently with the others.
    Resolved,
}

impl<'a, T: Leaves + 'a> Plan<'a, T> {
    /// Returns `None` if the selected fields depend on the object's type.
    fn of(ctx: &ContextSelectionSet<'a>) -> Option<Self> {
        Self::of_set(ctx, &ctx.item.node)
    }

    fn of_set(ctx: &ContextSelectionSet<'a>, set: &'a SelectionSet) -> Option<Self> {
        // Fields are collected: each occurs once, without directives.
        let fields = set.items.iter().map(|selection| match &selection.node {
            Selection::Field(field) => Some(Planned {
                field,
                how: Self::how(ctx, &field.node),
            }),
            _ => None,
        });
        fields.collect::<Option<_>>().map(|fields| Self { fields })
    }

    fn how(ctx: &ContextSelectionSet<'a>, field: &'a Field) -> How<'a, T> {
        let name = field.name.node.as_str();
        if name == "__typename" {
            How::TypeName
        } else if let Some(leaf) = T::leaf(name) {
            How::Leaf(leaf)
        } else if let Some(nested) = T::nested(ctx, field) {
            How::Nested(nested)
        } else {
            How::Resolved
        }
    }

    fn any_resolved(&self) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|planned| matches!(planned.how, How::Resolved))
    }

    /// Returns the fields that async-graphql resolves, in order.
    fn resolved<'b>(
        &'b self,
        ctx: &'b ContextSelectionSet<'a>,
        object: &'b T,
    ) -> impl Iterator<Item = BoxFuture<'b, ServerResult<Value>>> {
        let fields = self.fields.iter();
        let resolved = fields.filter(|planned| matches!(planned.how, How::Resolved));
        resolved.map(move |planned| Self::resolve(ctx, object, planned.field).boxed())
    }

    async fn resolve(
        ctx: &ContextSelectionSet<'a>,
        object: &T,
        field: &'a Positioned<Field>,
    ) -> ServerResult<Value> {
        let ctx = ctx.with_field(field);
        let value = object.resolve_field(&ctx).await?;
        Ok(value.unwrap_or_default())
    }

    /// Appends an object, with the values that were resolved.
    async fn write(
        &self,
        ctx: &ContextSelectionSet<'a>,
        leaf_ctx: &Context<'_>,
        object: &T,
        resolved: &mut (impl Iterator<Item = Value> + Send),
        json: &mut Json,
    ) -> ServerResult<()> {
        json.mark(b'{');
        for planned in &self.fields {
            json.key(&planned.field.node.response_key().node);
            if planned.write_now(object, leaf_ctx, json) {
                continue;
            }
            let value = match planned.how {
                How::Resolved => resolved.next().unwrap_or_default(),
                _ => Self::resolve(ctx, object, planned.field).await?,
            };
            json.value(&value);
        }
        json.mark(b'}');
        Ok(())
    }

    /// Appends an object of leaves only. Returns false if a leaf cannot be written.
    fn write_leaves(&self, object: &T, ctx: &Context<'_>, json: &mut Json) -> bool {
        let start = json.len();
        json.mark(b'{');
        let written = self.fields.iter().all(|planned| {
            json.key(&planned.field.node.response_key().node);
            planned.write_now(object, ctx, json)
        });
        json.mark(b'}');
        if !written {
            json.truncate(start);
        }
        written
    }
}

impl<T: Leaves> Planned<'_, T> {
    /// Appends a leaf or an inner object. Returns false, with nothing written, for other fields.
    fn write_now(&self, object: &T, ctx: &Context<'_>, json: &mut Json) -> bool {
        match &self.how {
            How::TypeName => {
                json.plain_text(&object.concrete_type_name());
                true
            }
            How::Leaf(leaf) => object.write_leaf(*leaf, ctx, json),
            How::Nested(Nested(write)) => write(object, ctx, json),
            How::Resolved => false,
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
        Leaves,
    };

    #[test]
    fn what_is_named_is_a_field() {
        fn check<T: Leaves>(sdl: &str) {
            let name = T::type_name();
            let starts = [format!("\ntype {name} "), format!("\ninterface {name} ")];
            let definition = starts.iter().find_map(|start| sdl.split(start).nth(1));
            let definition = definition.and_then(|rest| rest.split("\n}\n").next());
            let definition = definition.unwrap_or_else(|| panic!("no {name}"));
            for field in T::LEAVES {
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
