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
}

/// Invite codes.
pub mod codes {
    use chrono::TimeDelta;

    /// Pending, with every field of the contract except those set by use.
    pub const PENDING: &str = "WELCOME-2026";
    /// Id of [`PENDING`].
    pub const PENDING_ID: i64 = 1;
    /// Pending, to the verified address of Mei Tanaka.
    pub const FOR_MEI: &str = "FOR-MEI";
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
    /// Pending, to the verified address of Mei Tanaka.
    pub const FOR_MEI: Uuid = uuid!("d0000000-0000-4000-8000-000000000012");
    /// Pending, to the address of Leo Marchetti, which is not verified.
    pub const FOR_LEO: Uuid = uuid!("d0000000-0000-4000-8000-000000000013");
    /// Stored as pending, but past its expiry.
    pub const PENDING_PAST_EXPIRY: Uuid = uuid!("d0000000-0000-4000-8000-000000000005");
}

/// Groups, by their slugs.
pub mod groups {
    /// The group in the contract's example.
    pub const STUDIO: &str = "research-studio";
    /// A group without an invite code.
    pub const NO_CODE: &str = "open-lab";
    /// Id of [`NO_CODE`].
    pub const NO_CODE_ID: i64 = 2;
    /// Code of the invite of [`STUDIO`].
    pub const STUDIO_CODE: &str = "abc123xyz";
}

/// Courses, by their slugs and ids.
pub mod courses {
    /// The open course that has 2,000 invitees.
    pub const BIG: &str = "rust-from-zero";
    /// Id of [`BIG`].
    pub const BIG_ID: i64 = 1;
    /// A private course, which invites an address without an account.
    pub const PRIVATE: &str = "data-ethics";
    /// A secret course, which the course manager cannot see.
    pub const SECRET: &str = "night-watch";
}
