//! Courses. Signed-in viewers see `open` and `private` ones; members and invitees also see `secret`
//! and `draft` ones. Managers see their invitees.

use entity::course::{CoursePrivacy, Model};

use super::{
    Access, AccessError, CourseInviteView, NO_ID, SlugKey, findable,
    proof::{CourseManager, Guarded, ManagedScope},
};
use crate::{
    loader::{LoadError, TargetFilter, TargetSort, invite_counts::InviteCounts, role::Target},
    paging::{Page, Slice},
};

/// A course's profile.
#[derive(Clone, Debug)]
pub struct CourseView {
    /// Primary key.
    pub id: i64,
    /// Name in URLs.
    pub slug: String,
    /// Display name.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// Visibility.
    pub privacy: CoursePrivacy,
    /// The creator; none if unknown.
    pub created_by_id: Option<i64>,
}

impl CourseView {
    fn new(row: Guarded<Model>) -> Self {
        let row = row.take();
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
    /// Returns the course with this id or slug, if the viewer may see it.
    pub async fn course(&self, key: SlugKey<'_>) -> Result<Option<CourseView>, LoadError> {
        let found = self.find_course(key);
        self.audit.read("course", found).await
    }

    async fn find_course(&self, key: SlugKey<'_>) -> Result<Option<CourseView>, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        let (row, id) = match key {
            SlugKey::Id(id) => (self.reads().course(id).await?, id),
            SlugKey::Slug(slug) => {
                let row = self.reads().course_by_slug(findable(slug)).await?;
                (row, NO_ID)
            }
        };
        let Some(row) = row else {
            self.load_as_if_hidden(Target::Course(id)).await?;
            return Ok(None);
        };
        let is_visible = match row.peek().privacy {
            CoursePrivacy::Open | CoursePrivacy::Private => true,
            CoursePrivacy::Secret | CoursePrivacy::Draft => {
                self.belongs_to(Target::Course(row.peek().id)).await?
            }
        };
        Ok(is_visible.then(|| CourseView::new(row)))
    }

    /// Returns the course of an invite, unless deleted. Once the invite is not pending, only viewers
    /// who may see the course itself get it.
    pub async fn course_of(
        &self,
        invite: &CourseInviteView,
    ) -> Result<Option<CourseView>, LoadError> {
        if !invite.shows_course() {
            return self.course(SlugKey::Id(invite.course_id)).await;
        }
        let row = self.reads().course(invite.course_id).await?;
        Ok(row.map(CourseView::new))
    }

    /// Proves that the viewer manages the course.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`], [`AccessError::Forbidden`].
    pub async fn course_manager(&self, course: &CourseView) -> Result<CourseManager, AccessError> {
        self.demand_manager(Target::Course(course.id)).await?;
        Ok(CourseManager::new(course.id))
    }

    /// Counts the invites to the course by status. Returns none unless the viewer manages the course.
    pub async fn course_invite_counts(
        &self,
        course: &CourseView,
    ) -> Result<Option<InviteCounts>, AccessError> {
        let target = Target::Course(course.id);
        let manages = self.manages(target).await?;
        self.audit.record_management(target, manages);
        if !manages {
            return Ok(None);
        }
        let manager = CourseManager::new(course.id);
        Ok(Some(self.lists().course_invite_counts(&manager).await?))
    }

    /// Returns a page of the courses in scope.
    pub async fn courses(
        &self,
        managed: &ManagedScope,
        filter: TargetFilter,
        sort: TargetSort,
        page: Page,
    ) -> Result<Slice<CourseView>, AccessError> {
        let slice = self.lists().courses(managed, filter, sort, page).await?;
        Ok(slice.map(CourseView::new))
    }
}
