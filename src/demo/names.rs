//! Ids, codes, slugs and tokens of rows in `examples/data` to which the code refers.

/// Users.
pub mod people {
    /// Amara Okafor, course manager: created the big course and most invite codes.
    pub const AMARA: i64 = 1;
    /// Noor Haddad, group manager.
    pub const NOOR: i64 = 2;
    /// Ingrid Sørensen, workspace admin.
    pub const INGRID: i64 = 3;
    /// Sam Rivera, staff by the scope of the token alone.
    pub const SAM: i64 = 4;
    /// Nadia Kowalska: signed in, but neither member, invitee nor inviter of anything.
    pub const NADIA: i64 = 5;
    /// 田中 芽衣 (Mei Tanaka), invited to nearly everything, by user and by verified address.
    pub const MEI: i64 = 6;
    /// Leo Marchetti, whose address is not verified.
    pub const LEO: i64 = 7;
    /// Priya Raman, staff by `users.is_staff`.
    pub const PRIYA: i64 = 8;
    /// 佐藤 由紀 (Yuki Sato), manager of the big course by membership.
    pub const YUKI: i64 = 13;
    /// דניאל כהן (Daniel Cohen), plain member of a group.
    pub const DANIEL: i64 = 17;
    /// Liam O’Connor, who accepted a course invite.
    pub const LIAM: i64 = 19;
    /// chloe.dubois, who has neither a full name, a picture nor an `ext_id`.
    pub const CHLOE: i64 = 22;
}

/// Invite codes.
pub mod codes {
    use chrono::TimeDelta;

    /// Pending, with every field of the contract except those set by use.
    pub const PENDING: &str = "WELCOME-2026";
    /// Id of [`PENDING`].
    pub const PENDING_ID: i64 = 1;
    /// Used, with a user, tags and the instant of use.
    pub const USED: &str = "USED-2026";
    /// Its inviter's account is deleted.
    pub const INVITER_DELETED: &str = "INVITER-DELETED";
    /// Without an inviter.
    pub const NO_INVITER: &str = "NO-INVITER";
    /// Without a name and address: for any holder.
    pub const NO_EMAIL: &str = "NO-EMAIL";
    /// Its user's account is deleted.
    pub const USER_DELETED: &str = "USER-DELETED";
    /// Not sent, and without an expiry and role.
    pub const NEVER_EXPIRES: &str = "NEVER-EXPIRES";
    /// Expires [`EXPIRES_SOON_AFTER`] after the start of the demo.
    pub const EXPIRES_SOON: &str = "EXPIRES-SOON";

    /// Time from the start of the demo until [`EXPIRES_SOON`] expires.
    pub const EXPIRES_SOON_AFTER: TimeDelta = TimeDelta::minutes(2);
}

/// Workspaces.
pub mod workspaces {
    /// A workspace without a logo, with several pages of invites.
    pub const TIDEWATER: i64 = 2;
}

/// Workspace invites, by their tokens.
pub mod workspace_invites {
    use uuid::{Uuid, uuid};

    /// Pending, with every field of the contract.
    pub const PENDING: Uuid = uuid!("d0000000-0000-4000-8000-000000000001");
    /// Accepted.
    pub const ACCEPTED: Uuid = uuid!("d0000000-0000-4000-8000-000000000002");
    /// Cancelled.
    pub const CANCELLED: Uuid = uuid!("d0000000-0000-4000-8000-000000000003");
    /// Stored as expired.
    pub const EXPIRED: Uuid = uuid!("d0000000-0000-4000-8000-000000000004");
    /// Stored as pending, but past its expiry.
    pub const PENDING_PAST_EXPIRY: Uuid = uuid!("d0000000-0000-4000-8000-000000000005");
    /// Its inviter's account is deleted.
    pub const INVITER_DELETED: Uuid = uuid!("d0000000-0000-4000-8000-000000000006");
    /// Without an inviter.
    pub const NO_INVITER: Uuid = uuid!("d0000000-0000-4000-8000-000000000007");
    /// Gives a role without a display name.
    pub const UNKNOWN_ROLE: Uuid = uuid!("d0000000-0000-4000-8000-000000000008");
    /// Of a deleted workspace.
    pub const WORKSPACE_DELETED: Uuid = uuid!("d0000000-0000-4000-8000-000000000009");
    /// Of a workspace without logo and description.
    pub const NO_LOGO: Uuid = uuid!("d0000000-0000-4000-8000-000000000010");
    /// Without a message.
    pub const NO_MESSAGE: Uuid = uuid!("d0000000-0000-4000-8000-000000000011");
    /// Accepted before its expiry, which has passed.
    pub const ACCEPTED_THEN_EXPIRED: Uuid = uuid!("d0000000-0000-4000-8000-000000000014");
}

/// Groups, by their slugs.
pub mod groups {
    /// The group in the contract's example.
    pub const STUDIO: &str = "research-studio";
    /// A group without an invite code.
    pub const NO_CODE: &str = "open-lab";
    /// A deleted group, whose code is not found.
    pub const DELETED: &str = "old-guild";
    /// A group with a code and another manager.
    pub const OTHERS: &str = "night-shift";
}

/// Courses, by their slugs and ids.
pub mod courses {
    /// The open course that has [`INVITEES`] invitees.
    pub const BIG: &str = "rust-from-zero";
    /// Id of [`BIG`].
    pub const BIG_ID: i64 = 1;
    /// Number of invitees of [`BIG`]: invited, and not yet members.
    pub const INVITEES: i64 = 2_000;
    /// A secret course, which the course manager cannot see.
    pub const SECRET: &str = "night-watch";
    /// Id of [`SECRET`].
    pub const SECRET_ID: i64 = 3;
    /// Id of a course that is not published.
    pub const DRAFT_ID: i64 = 4;
}
