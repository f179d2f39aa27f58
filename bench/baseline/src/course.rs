//! Q2 and Q4: a course by its slug with its first invitees and their number, or its last invitees.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::HeaderMap,
};
use tokio_postgres::Row;

use crate::{
    Baseline,
    answer::Refusal,
    json::{Json, Place, User},
    token::Viewer,
};

/// Rows of a page.
const PAGE: usize = 50;

/// Who made the course, is its creator or manager, or is staff; and is there themselves.
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

/// Who is invited to `head`'s course and neither gone nor a member.
macro_rules! invitees {
    ($memberships:literal) => {
        concat!(
            "FROM course_invites invite
             JOIN users invitee ON invitee.id = invite.user_id AND invitee.deleted_at IS NULL
             WHERE invite.course_id = head.id AND invite.accepted_at IS NULL
               AND invite.cancelled_at IS NULL
               AND NOT EXISTS (
                   SELECT FROM course_members member
                   WHERE member.course_id = invite.course_id AND member.user_id = invite.user_id
                   ",
            $memberships,
            ")"
        )
    };
}

/// `OFFSET 0` has each row of a page look for its membership by itself: the planner would rather
/// read all members of the course, who may be many times a page.
macro_rules! page_of_51 {
    ($direction:literal) => {
        concat!(
            "LEFT JOIN LATERAL (
                 SELECT invite.id AS invite_id, invite.created_at, invitee.id, invitee.username,
                        invitee.full_name, invitee.avatar_url ",
            invitees!("OFFSET 0"),
            " ORDER BY invite.created_at ",
            $direction,
            ", invite.id ",
            $direction,
            " LIMIT 51
             ) page ON TRUE
             ORDER BY page.created_at ",
            $direction,
            ", page.invite_id ",
            $direction
        )
    };
}

/// One row an invitee, and one more than a page; at least one, if the course may be seen.
pub(crate) const FIRST: &str = concat!(
    "WITH course AS MATERIALIZED (SELECT course.id, course.name ",
    managed_course!(),
    "), head AS MATERIALIZED (SELECT head.id, head.name, (SELECT count(*) ",
    invitees!(""),
    ") AS total FROM course head)
     SELECT head.id, page.invite_id, page.created_at, page.id, page.username, page.full_name,
            page.avatar_url, head.name, head.total
     FROM head ",
    page_of_51!("ASC"),
);

/// The same from the other end, newest first, without number and name.
pub(crate) const LAST: &str = concat!(
    "WITH head AS MATERIALIZED (SELECT course.id ",
    managed_course!(),
    ")
     SELECT head.id, page.invite_id, page.created_at, page.id, page.username, page.full_name,
            page.avatar_url
     FROM head ",
    page_of_51!("DESC"),
);

pub(crate) async fn first_invitees(
    State(baseline): State<Arc<Baseline>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Json, Refusal> {
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
    let head = rows.first().ok_or(Refusal::Forbidden)?;
    let course: i64 = head.try_get(0)?;
    let page = invited(&rows)?;
    let mut json = Json::new();
    json.raw(r#"{"data":{"course":{"id":"#)
        .id("Course", course)
        .raw(r#","name":"#)
        .string(head.try_get(7)?)
        .raw(r#","invitees":{"totalCount":"#)
        .number(head.try_get(8)?)
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
) -> Result<Json, Refusal> {
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
    let head = rows.first().ok_or(Refusal::Forbidden)?;
    let course: i64 = head.try_get(0)?;
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

/// The rows that have an invitee: none, or all.
fn invited(rows: &[Row]) -> Result<&[Row], Refusal> {
    let is_empty = match rows.first() {
        Some(row) => row.try_get::<_, Option<i64>>(1)?.is_none(),
        None => true,
    };
    Ok(if is_empty { &[] } else { rows })
}

fn place(course: i64) -> Place<'static> {
    Place {
        kind: "course",
        parent: course,
        list: "invitees/InvitedAt/Asc",
    }
}

fn cursor(json: &mut Json, course: i64, row: Option<&Row>) -> Result<(), Refusal> {
    match row {
        Some(row) => json.cursor(place(course), row.try_get(2)?, row.try_get(1)?),
        None => json.raw("null"),
    };
    Ok(())
}

fn edges<'a>(
    json: &mut Json,
    course: i64,
    rows: impl Iterator<Item = &'a Row>,
) -> Result<(), Refusal> {
    let mut separator = "";
    for row in rows {
        json.raw(separator).raw(r#"{"cursor":"#);
        cursor(json, course, Some(row))?;
        json.raw(r#","node":"#)
            .user_or_null(User::read(row, 3)?.as_ref())
            .raw("}");
        separator = ",";
    }
    Ok(())
}
