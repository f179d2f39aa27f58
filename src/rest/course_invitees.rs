//! `GET /api/v2/course/{id}/invite/` of SelfCommunity: users invited to a course, for its managers.

use std::ops::RangeInclusive;

use serde::Serialize;
use url::form_urlencoded;
use utoipa::ToSchema;

use super::{
    Endpoint, ErrorFormat, Request, RestSettings,
    community_user::CommunityUser,
    described_errors::ManagerErrors,
    error::{ParameterErrors, RestError},
    id, route,
};
use crate::{
    access::{NO_ID, SlugKey},
    loader::course_invite::{CourseInviteFilter, CourseInviteSort},
    paging::{End, Page},
};

pub(super) const ENDPOINT: Endpoint = Endpoint {
    path: PATH,
    format: ErrorFormat::Drf,
    route: |format| route(format, find),
};

const PATH: &str = "/api/v2/course/{id}/invite/";

const LIMIT: &str = "limit";
const OFFSET: &str = "offset";
const DEFAULT_LIMIT: u64 = 25;
const LIMITS: RangeInclusive<u64> = 1..=100;
const OFFSETS: RangeInclusive<u64> = 0..=1_000_000_000;

/// Limit and offset of a page.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct LimitOffset {
    /// Number of results to return per page
    #[param(required = false, minimum = 1, maximum = 100, default = 25)]
    limit: u64,
    /// The initial index from which to return the results
    #[param(required = false, minimum = 0, maximum = 1_000_000_000, default = 0)]
    offset: u64,
}

impl LimitOffset {
    /// Parses a query string. Unknown parameters are ignored.
    fn read(query: &str) -> Result<Self, ParameterErrors> {
        let mut errors = ParameterErrors::default();
        let mut read = |name: &str, default, allowed: RangeInclusive<u64>| {
            whole_number(query, name, default, &allowed).unwrap_or_else(|()| {
                let message = format!(
                    "Must be a whole number from {} to {}, given at most once.",
                    allowed.start(),
                    allowed.end()
                );
                errors.0.insert(name.to_owned(), vec![message]);
                default
            })
        };
        let window = Self {
            limit: read(LIMIT, DEFAULT_LIMIT, LIMITS),
            offset: read(OFFSET, 0, OFFSETS),
        };
        if errors.0.is_empty() {
            Ok(window)
        } else {
            Err(errors)
        }
    }

    fn next(&self, count: u64) -> Option<Self> {
        let offset = self.offset + self.limit;
        (offset < count).then_some(Self {
            limit: self.limit,
            offset,
        })
    }

    fn previous(&self) -> Option<Self> {
        (self.offset > 0).then_some(Self {
            limit: self.limit,
            offset: self.offset.saturating_sub(self.limit),
        })
    }

    fn page(&self) -> Page {
        Page {
            end: End::First,
            limit: self.limit,
            skip: self.offset,
            after: None,
            before: None,
            descending: false,
            with_total: true,
            with_page_info: false,
        }
    }

    fn url(&self, settings: &RestSettings, course_id: i64) -> String {
        let mut url = settings.url(PATH, course_id);
        let mut query = url.query_pairs_mut();
        query.append_pair(LIMIT, &self.limit.to_string());
        if self.offset > 0 {
            query.append_pair(OFFSET, &self.offset.to_string());
        }
        drop(query);
        url.into()
    }
}

/// Parses a parameter that consists of decimal digits only.
///
/// # Errors
/// If the parameter is repeated, is not a number, or is outside of `allowed`.
fn whole_number(
    query: &str,
    name: &str,
    default: u64,
    allowed: &RangeInclusive<u64>,
) -> Result<u64, ()> {
    let mut values = form_urlencoded::parse(query.as_bytes())
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value);
    let Some(value) = values.next() else {
        return Ok(default);
    };
    if values.next().is_some() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(());
    }
    let number = value.parse().map_err(drop)?;
    if allowed.contains(&number) {
        Ok(number)
    } else {
        Err(())
    }
}

/// A page of the users invited to a course.
#[derive(Serialize, ToSchema)]
pub(super) struct CourseInvitees {
    /// Total results count
    count: u64,
    /// Next page url; null at the end
    #[schema(required, format = "uri")]
    next: Option<String>,
    /// Previous page url; null at the start
    #[schema(required, format = "uri")]
    previous: Option<String>,
    /// List of results, in the order in which they were invited
    results: Vec<CommunityUser>,
}

/// Get Course Invited Users
///
/// This endpoint retrieves the list of all invited users to the course identified by `{id}`: those
/// who have neither accepted nor joined. This operation requires the course creator or manager
/// role.
#[utoipa::path(
    get,
    path = PATH,
    operation_id = "getCourseInvitedUsers",
    tag = "Course invitees",
    params(
        ("id" = i64, Path, example = 1, description = "A unique integer value identifying this course"),
        LimitOffset
    ),
    responses(
        (status = 200, description = "A page of the invited users.", body = CourseInvitees,
        example = json!({
            "count": 2000,
            "next": "https://invites.example.com/api/v2/course/1/invite/?limit=1&offset=2",
            "previous": "https://invites.example.com/api/v2/course/1/invite/?limit=1",
            "results": [{
                "id": 12,
                "username": "omar.farouk",
                "real_name": "Omar Farouk",
                "ext_id": "P-0012",
                "avatar": "https://avatars.example.com/12.png"
            }]
        })),
        (status = 400, description = "A parameter is not valid.", body = ParameterErrors,
        example = json!({
            "limit": ["Must be a whole number from 1 to 100, given at most once."]
        })),
        ManagerErrors
    ),
    security(("bearer" = []))
)]
pub(super) async fn find(request: Request) -> Result<CourseInvitees, RestError> {
    request.require_account()?;
    let access = &request.access;
    let window = LimitOffset::read(&request.query).map_err(RestError::Parameters)?;
    let key = SlugKey::Id(id(&request.parameter).unwrap_or(NO_ID));
    let course = access.course(key).await?.ok_or(RestError::NotFound)?;
    let manager = access.course_manager(&course).await?;
    let slice = access
        .course_invitees(
            &manager,
            CourseInviteFilter::default(),
            CourseInviteSort::CreatedAt,
            window.page(),
        )
        .await?;
    let count = slice.total.unsigned_abs();
    let url = |window: LimitOffset| window.url(&request.settings, course.id);
    Ok(CourseInvitees {
        count,
        next: window.next(count).map(url),
        previous: window.previous().map(url),
        results: slice
            .rows
            .into_iter()
            .map(|(_, (user, _))| user.into())
            .collect(),
    })
}
