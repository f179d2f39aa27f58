//! Courses: `open` and `private` ones are known to signed-in viewers, `secret` and `draft` ones to
//! those who are in them or invited. Their invitees are for who manages them.

use entity::course::{CoursePrivacy, Model};

use super::{Access, AccessError, findable, proof::CourseManager};
use crate::loader::{LoadError, Page, Slice, course::MANAGES_COURSE, role::Place};

/// What names a course.
#[derive(Clone, Copy, Debug)]
pub enum CourseKey<'a> {
    /// Key in the source.
    Id(i64),
    /// Name in URLs.
    Slug(&'a str),
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
            CourseKey::Id(id) => self.loaders.course(id).await?,
            CourseKey::Slug(slug) => self.loaders.course_by_slug(findable(slug)).await?,
        };
        let Some(row) = row else {
            return Ok(None);
        };
        let known_to_all = match row.peek().privacy {
            CoursePrivacy::Open | CoursePrivacy::Private => true,
            CoursePrivacy::Secret | CoursePrivacy::Draft => false,
        };
        if !known_to_all && !self.viewer.is_staff() {
            let standing = self.standing(Place::Course(row.peek().id)).await?;
            if standing.role.is_none() && !standing.is_invited {
                return Ok(None);
            }
        }
        Ok(Some(row.take().into()))
    }

    /// The course of that id, or else of that slug: text that clients send may be read as either.
    pub async fn course_named(
        &self,
        id: Option<i64>,
        slug: &str,
    ) -> Result<Option<CourseView>, LoadError> {
        if let Some(id) = id
            && let Some(found) = self.course(CourseKey::Id(id)).await?
        {
            return Ok(Some(found));
        }
        self.course(CourseKey::Slug(slug)).await
    }

    /// The course that an invite which the viewer sees leads to, unless deleted.
    pub async fn course_reached(&self, id: i64) -> Result<Option<CourseView>, LoadError> {
        let row = self.loaders.course(id).await?;
        Ok(row.map(|row| row.take().into()))
    }

    /// The viewer's role in the course.
    pub async fn course_role(&self, id: i64) -> Result<Option<String>, LoadError> {
        Ok(self.standing(Place::Course(id)).await?.role)
    }

    /// Proof that the viewer manages the course.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::Forbidden`].
    pub async fn course_manager(&self, course: &CourseView) -> Result<CourseManager, AccessError> {
        if self
            .manages(Place::Course(course.id), &MANAGES_COURSE)
            .await?
        {
            Ok(CourseManager::of(course.id))
        } else {
            Err(self.denied())
        }
    }

    /// A page of the courses that the viewer manages, by id; for staff: of all.
    pub async fn courses(&self, page: &Page) -> Result<Slice<CourseView>, AccessError> {
        let slice = self
            .loaders
            .courses(&self.managed()?, page, self.now, &self.client)
            .await?;
        Ok(slice.map(|row| row.take().into()))
    }
}
