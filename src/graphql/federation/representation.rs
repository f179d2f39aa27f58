//! Representations: a router's references to objects, by type and key.

use async_graphql::{ScalarType, Value};

use super::super::{
    error::Failure,
    id::{Named, NodeKind, parse_global_id},
    scalar::BigInt,
};
use crate::loader::external_key::ExternalKey;

/// The keys. Each identifies an object of its type by itself.
pub(super) const KEYS: [&str; 3] = [ID, DATABASE_ID, "source externalId"];
const ID: &str = "id";
const DATABASE_ID: &str = "databaseId";
const SOURCE: &str = "source";
const EXTERNAL_ID: &str = "externalId";

/// The object that a representation identifies, by one or both.
pub(super) struct Represented {
    pub(super) kind: NodeKind,
    /// The object with this id.
    pub(super) named: Option<Named>,
    /// The object with this id in a source.
    pub(super) external: Option<ExternalKey>,
}

/// Returns the object of a representation. Returns `None` if it is well formed and identifies none:
/// text that is not a global id, the id of another kind, or two keys of different objects.
pub(super) fn read(sent: &Value) -> Result<Option<Represented>, Failure> {
    let Value::Object(fields) = sent else {
        return Err(refused("must be objects with a __typename and a key"));
    };
    let kind = match fields.get("__typename") {
        Some(Value::String(name)) => NodeKind::of(name),
        _ => None,
    };
    let Some(kind) = kind else {
        let names: Vec<_> = NodeKind::ALL.map(NodeKind::type_name).into();
        let allowed = format!("must have a __typename of {}", names.join(", "));
        return Err(refused(allowed));
    };
    // Routers may send null for keys without a value.
    let key = |name| fields.get(name).filter(|value| **value != Value::Null);
    let with_key = |id| Named {
        kind,
        id,
        target: None,
    };
    let external = match (key(SOURCE), key(EXTERNAL_ID)) {
        (Some(Value::String(source)), Some(Value::String(id))) => Some(ExternalKey {
            source: source.clone(),
            external_id: id.clone(),
        }),
        (Some(_), Some(_)) => return Err(refused("must have strings as source and externalId")),
        _ => None,
    };
    let named = match (key(ID), key(DATABASE_ID)) {
        (None, None) if external.is_none() => {
            let allowed = format!(
                "must have id, databaseId, or source and externalId where __typename is {}",
                kind.type_name()
            );
            return Err(refused(allowed));
        }
        (None, None) => None,
        (Some(global), None) => Some(by_global_id(kind, global)?),
        (None, Some(database)) => Some(Some(with_key(by_database_id(database)?))),
        (Some(global), Some(database)) => {
            let database = by_database_id(database)?;
            Some(by_global_id(kind, global)?.filter(|named| named.id == database))
        }
    };
    Ok(match named {
        Some(None) => None,
        named => Some(Represented {
            kind,
            named: named.flatten(),
            external,
        }),
    })
}

fn by_global_id(kind: NodeKind, sent: &Value) -> Result<Option<Named>, Failure> {
    let Value::String(text) = sent else {
        return Err(refused("must have a string as id"));
    };
    Ok(parse_global_id(text).filter(|named| named.kind == kind))
}

fn by_database_id(sent: &Value) -> Result<i64, Failure> {
    match BigInt::parse(sent.clone()) {
        Ok(BigInt(id)) => Ok(id),
        Err(_) => Err(refused("must have a 64-bit integer as databaseId")),
    }
}

fn refused(allowed: impl Into<String>) -> Failure {
    Failure::bad_input("representations", allowed)
}
