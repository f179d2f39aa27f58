//! Parameters of an import: the options of the command, in the query of the URL.

use std::{fmt::Display, str::FromStr};

use crate::import::{
    DateFormat, Kind, MappedValue, MaxWithdrawn, Options, Preset, Renamed, Replacement, Scope,
    SetField, Source,
};

/// Reads the parameters of a request.
///
/// # Errors
/// A parameter is wrong. The error is the message.
pub(super) fn options(kind: Kind, query: &str) -> Result<Options, String> {
    let mut options = Options::default();
    let (mut scope, mut max_withdrawn) = (None, None);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let wrong = |reason: &dyn Display| format!("{name}: {reason}");
        let flag = || match &*value {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(wrong(&"expected true or false")),
        };
        match &*name {
            "strict" => options.strict = flag()?,
            "dry_run" => options.dry_run = flag()?,
            "delete" => options.delete = flag()?,
            "events" => options.events = flag()?,
            "source" => {
                let source = Source::from_str(&value).map_err(|error| wrong(&error))?;
                options.source = Some(source);
            }
            "replace" => {
                let named = Scope::named(&value);
                let named =
                    named.ok_or_else(|| wrong(&"expected all, workspace, group or course"))?;
                kind.check_scope(named)
                    .map_err(|reason| format!("replace={reason}"))?;
                scope = Some(named);
            }
            "max_withdrawn" => {
                let most = MaxWithdrawn::from_str(&value).map_err(|error| wrong(&error))?;
                max_withdrawn = Some(most);
            }
            "from" => {
                let preset = Preset::named(&value);
                let preset =
                    preset.ok_or_else(|| wrong(&"expected clerk, workos, auth0 or github"))?;
                preset
                    .check(kind)
                    .map_err(|reason| format!("from={reason}"))?;
                options.fields.preset = Some(preset);
            }
            "set" => {
                let set = SetField::from_str(&value).map_err(|error| wrong(&error))?;
                options.fields.set.push(set);
            }
            "map" => {
                let renamed = Renamed::from_str(&value).map_err(|error| wrong(&error))?;
                options.fields.renamed.push(renamed);
            }
            "map_value" => {
                let mapped = MappedValue::from_str(&value).map_err(|error| wrong(&error))?;
                options.fields.values.push(mapped);
            }
            "date_format" => {
                let format = DateFormat::from_str(&value).map_err(|error| wrong(&error))?;
                options.fields.date_format = Some(format);
            }
            _ => {
                return Err(
                    "unknown parameter; expected strict, dry_run, delete, events, source, \
                            replace, max_withdrawn, from, set, map, map_value or date_format"
                        .to_owned(),
                );
            }
        }
    }
    if options.delete && scope.is_some() {
        return Err("replace: not together with delete".to_owned());
    }
    if max_withdrawn.is_some() && scope.is_none() {
        return Err("max_withdrawn: only together with replace".to_owned());
    }
    options.replace = scope.map(|scope| Replacement {
        scope,
        max_withdrawn: max_withdrawn.unwrap_or_default(),
    });
    Ok(options)
}
