//! Representations: a router's references to objects, by type and key.

use async_graphql::{ScalarType, Value};

use super::super::{
    error::Failure,
    id::{Named, NodeKind, parse_global_id},
    scalar::BigInt,
};

/// Names of the key fields. Each identifies an object of its type by itself.
pub(super) const KEYS: [&str; 2] = [ID, DATABASE_ID];
const ID: &str = "id";
const DATABASE_ID: &str = "databaseId";

/// Returns the object of a representation. Returns `None` if it is well formed and identifies none:
/// text that is not a global id, the id of another kind, or two keys of different objects.
pub(super) fn read(sent: &Value) -> Result<Option<Named>, Failure> {
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
    match (key(ID), key(DATABASE_ID)) {
        (None, None) => {
            let allowed = format!(
                "must have {} where __typename is {}",
                KEYS.join(" or "),
                kind.type_name()
            );
            Err(refused(allowed))
        }
        (Some(global), None) => by_global_id(kind, global),
        (None, Some(database)) => Ok(Some(with_key(by_database_id(database)?))),
        (Some(global), Some(database)) => {
            let database = by_database_id(database)?;
            Ok(by_global_id(kind, global)?.filter(|named| named.id == database))
        }
    }
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
