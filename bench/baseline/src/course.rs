//! Q2 and Q4: a course by slug, with its first invitees and their total, or its last invitees.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::HeaderMap,
};
use tokio_postgres::Row;

use crate::{
    Baseline,
    json::{Json, ListKey, User},
    response::RequestError,
    token::Viewer,
};

/// Rows per page.
const PAGE: usize = 50;

/// Condition on the viewer: an existing user who created or manages the course, or is staff.
macro_rules! managed_course {
    () => {
        "FROM courses course
         JOIN users viewer ON viewer.id = $2 AND viewer.deleted_at IS NULL
         WHERE course.slug = $1 AND course.deleted_at IS NULL
           AND ($3 OR viewer.is_staff OR course.created_by_id = viewer.id OR EXISTS (
               SELECT FROM course_members member
               WHERE member.course_id = course.id AND member.user_id = viewer.id
                 AND member.role IN ('creator', 'manager')))"
    };
}

/// The course, and a page of its invitees who are neither deleted nor members: one row per invitee,
/// and one more than a page. At least one row if the viewer may see the course.
macro_rules! invitees {
    (course: $course:literal, also: $also:literal, memberships: $memberships:literal, $direction:literal) => {
        concat!(
            "WITH head AS MATERIALIZED (SELECT ", $course, " ", managed_course!(), ")
             SELECT page.*, head.*
             FROM head
             LEFT JOIN LATERAL (
                 SELECT invite.id AS invite_id, invite.created_at, invitee.id, invitee.username,
                        invitee.full_name, invitee.avatar_url", $also, "
                 FROM course_invites invite
                 JOIN users invitee ON invitee.id = invite.user_id AND invitee.deleted_at IS NULL
                 WHERE invite.course_id = head.id AND invite.accepted_at IS NULL
                   AND invite.cancelled_at IS NULL
                   AND NOT EXISTS (
                       SELECT FROM course_members member
                       WHERE member.course_id = invite.course_id
                         AND member.user_id = invite.user_id ", $memberships, ")
                 ORDER BY invite.created_at ", $direction, ", invite.id ", $direction, "
                 LIMIT 51
             ) page ON TRUE
             ORDER BY page.created_at ", $direction, ", page.invite_id ", $direction
        )
    };
}

/// The first invitees. Their total reads all of them, so the same scan counts them.
pub(crate) const FIRST: &str = invitees!(
    course: "course.id, course.name",
    also: ", count(*) OVER () AS total",
    memberships: "",
    "ASC"
);

/// The last invitees, newest first. `OFFSET 0` makes the planner look up each one's membership.
/// Without it, the planner reads all members of the course.
pub(crate) const LAST: &str = invitees!(
    course: "course.id",
    also: "",
    memberships: "OFFSET 0",
    "DESC"
);

pub(crate) async fn first_invitees(
    State(baseline): State<Arc<Baseline>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Json, RequestError> {
    let viewer = baseline.tokens.viewer(&headers)?;
    let Viewer {
        id,
        has_staff_scope,
    } = viewer;
    let rows = baseline
        .database
        .rows(
            |prepared| &prepared.first_invitees,
            &[&slug, &id, &has_staff_scope],
        )
        .await?;
    let head = rows.first().ok_or(RequestError::Forbidden)?;
    let total: Option<i64> = head.try_get(6)?;
    let course: i64 = head.try_get(7)?;
    let page = invited(&rows)?;
    let mut json = Json::new();
    json.raw(r#"{"data":{"course":{"id":"#)
        .id("Course", course)
        .raw(r#","name":"#)
        .string(head.try_get(8)?)
        .raw(r#","invitees":{"totalCount":"#)
        .number(total.unwrap_or(0))
        .raw(r#","pageInfo":{"hasNextPage":"#)
        .boolean(page.len() > PAGE)
        .raw(r#","endCursor":"#);
    let page = &page[..page.len().min(PAGE)];
    cursor(&mut json, course, page.last())?;
    json.raw(r#"},"edges":["#);
    edges(&mut json, course, page.iter())?;
    json.raw("]}}}}");
    Ok(json)
}

pub(crate) async fn last_invitees(
    State(baseline): State<Arc<Baseline>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Json, RequestError> {
    let viewer = baseline.tokens.viewer(&headers)?;
    let Viewer {
        id,
        has_staff_scope,
    } = viewer;
    let rows = baseline
        .database
        .rows(
            |prepared| &prepared.last_invitees,
            &[&slug, &id, &has_staff_scope],
        )
        .await?;
    let head = rows.first().ok_or(RequestError::Forbidden)?;
    let course: i64 = head.try_get(6)?;
    let page = invited(&rows)?;
    let mut json = Json::new();
    json.raw(r#"{"data":{"course":{"id":"#)
        .id("Course", course)
        .raw(r#","invitees":{"pageInfo":{"hasPreviousPage":"#)
        .boolean(page.len() > PAGE)
        .raw(r#","startCursor":"#);
    let page = &page[..page.len().min(PAGE)];
    cursor(&mut json, course, page.last())?;
    json.raw(r#"},"edges":["#);
    edges(&mut json, course, page.iter().rev())?;
    json.raw("]}}}}");
    Ok(json)
}

/// Returns the rows that have an invitee: none, or all.
fn invited(rows: &[Row]) -> Result<&[Row], RequestError> {
    let is_empty = match rows.first() {
        Some(row) => row.try_get::<_, Option<i64>>(0)?.is_none(),
        None => true,
    };
    Ok(if is_empty { &[] } else { rows })
}

fn place(course: i64) -> ListKey<'static> {
    ListKey {
        kind: "course",
        parent: course,
        list: "invitees/InvitedAt/Asc",
    }
}

fn cursor(json: &mut Json, course: i64, row: Option<&Row>) -> Result<(), RequestError> {
    match row {
        Some(row) => json.cursor(place(course), row.try_get(1)?, row.try_get(0)?),
        None => json.raw("null"),
    };
    Ok(())
}

fn edges<'a>(
    json: &mut Json,
    course: i64,
    rows: impl Iterator<Item = &'a Row>,
) -> Result<(), RequestError> {
    let mut separator = "";
    for row in rows {
        json.raw(separator).raw(r#"{"cursor":"#);
        cursor(json, course, Some(row))?;
        json.raw(r#","node":"#)
            .user_or_null(User::read(row, 2)?.as_ref())
            .raw("}");
        separator = ",";
    }
    Ok(())
}
