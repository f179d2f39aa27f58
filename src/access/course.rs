//! Courses: `open` and `private` ones are known to signed-in viewers, `secret` and `draft` ones to
//! those who are in them or invited. Their invitees are for who manages them.

use entity::course::{CoursePrivacy, Model};

use super::{
    Access, AccessError, CourseInviteView, NO_ID, findable, id_of_digits, proof::CourseManager,
};
use crate::{
    invite::MANAGES_COURSE,
    loader::{LoadError, role::Target},
    paging::{Page, Slice},
};

/// What names a course.
#[derive(Clone, Copy, Debug)]
pub enum CourseKey<'a> {
    /// Key in the source.
    Id(i64),
    /// Name in URLs.
    Slug(&'a str),
}

impl<'a> CourseKey<'a> {
    /// Reads an id or a slug. Digits alone are an id.
    pub fn from_text(text: &'a str) -> Self {
        id_of_digits(text).map_or(Self::Slug(text), Self::Id)
    }

    /// The place to ask about where no course has this key.
    fn absent_target(self) -> Target {
        Target::Course(match self {
            Self::Id(id) => id,
            Self::Slug(_) => NO_ID,
        })
    }
}

/// A course's profile.
#[derive(Clone, Debug)]
pub struct CourseView {
    /// Key in the source.
    pub id: i64,
    /// Name in URLs.
    pub slug: String,
    /// Name to show.
    pub name: String,
    /// What the course is about; may be empty.
    pub description: String,
    /// Who may know of it.
    pub privacy: CoursePrivacy,
    /// Who made it.
    pub created_by_id: i64,
}

impl From<Model> for CourseView {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            slug: row.slug,
            name: row.name,
            description: row.description,
            privacy: row.privacy,
            created_by_id: row.created_by_id,
        }
    }
}

impl Access {
    /// The course of that id or slug, if the viewer may know of it.
    pub async fn course(&self, key: CourseKey<'_>) -> Result<Option<CourseView>, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        let row = match key {
            CourseKey::Id(id) => self.reads().course(id).await?,
            CourseKey::Slug(slug) => self.reads().course_by_slug(findable(slug)).await?,
        };
        let Some(row) = row else {
            self.as_if_hidden(key.absent_target()).await?;
            return Ok(None);
        };
        let known_to_all = match row.peek().privacy {
            CoursePrivacy::Open | CoursePrivacy::Private => true,
            CoursePrivacy::Secret | CoursePrivacy::Draft => false,
        };
        if !known_to_all && !self.viewer.is_staff() {
            let membership = self.membership(Target::Course(row.peek().id)).await?;
            if membership.role.is_none() && !membership.is_invited {
                return Ok(None);
            }
        }
        Ok(Some(row.take().into()))
    }

    /// The course that the invite leads to, unless deleted. Once the invite is settled, only for
    /// viewers who may know of the course without it.
    pub async fn course_reached(
        &self,
        invite: &CourseInviteView,
    ) -> Result<Option<CourseView>, LoadError> {
        if !invite.shows_course() {
            return self.course(CourseKey::Id(invite.course_id)).await;
        }
        let row = self.reads().course(invite.course_id).await?;
        Ok(row.map(|row| row.take().into()))
    }

    /// The viewer's role in the course.
    pub async fn course_role(&self, id: i64) -> Result<Option<String>, LoadError> {
        Ok(self.membership(Target::Course(id)).await?.role)
    }

    /// Proof that the viewer manages the course.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::Forbidden`].
    pub async fn course_manager(&self, course: &CourseView) -> Result<CourseManager, AccessError> {
        if self
            .manages(Target::Course(course.id), &MANAGES_COURSE)
            .await?
        {
            Ok(CourseManager::new(course.id))
        } else {
            Err(self.denied())
        }
    }

    /// A page of the courses that the viewer manages, by id; for staff: of all.
    pub async fn courses(&self, page: &Page) -> Result<Slice<CourseView>, AccessError> {
        let slice = self
            .reads()
            .courses(&self.managed()?, page, self.now, &self.client)
            .await?;
        Ok(slice.map(|row| row.take().into()))
    }
}
