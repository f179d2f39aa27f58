//! Visits that change something: accept, decline, invite, send again, withdraw, and replace a link. Managers
//! then read the history and the numbers by status.
//!
//! They come after all other visits, and each has invites of its own.

use chrono::DateTime;
use serde_json::{Value, json};

use super::visits::{course_invite, workspace_invite};
use crate::support::invite_id;

/// Codes of refusals, and the start of the text that the person invited reads instead of the message.
/// A code that the page does not know keeps the message.
const REASONS: [(&str, &str); 9] = [
    ("WRONG_ACCOUNT", "This invite is for someone else"),
    (
        "EMAIL_NOT_VERIFIED",
        "This invite is for your e-mail address",
    ),
    ("EXPIRED", "This invite has expired in the meantime"),
    (
        "ALREADY_ACCEPTED",
        "This invite was accepted in the meantime",
    ),
    ("CANCELLED", "This invite was withdrawn in the meantime"),
    ("DECLINED", "This invite was declined in the meantime"),
    ("NOT_FOUND", "This link does not work any more."),
    ("NOT_ALLOWED", "You cannot answer this invite here."),
    ("SOMETHING_NEW", "Refused: SOMETHING_NEW"),
];

/// Addresses as a person pastes them. One is none, and one is a member's.
const PASTED: &str = "amara.okafor@example.com, priya.raman@example.com not-an-address\n\
    tomas.novak@example.com;new.person@example.org\n";

/// Returns what to do.
pub fn plan() -> Value {
    let codes: Vec<_> = REASONS.iter().map(|(code, _)| code).collect();
    json!({
        "reasons": ["/i/code/NEVER-EXPIRES", codes],
        "addresses": {
            "workspace": workspace_invite(12),
            "unverified": workspace_invite(13),
            "code": "/i/code/FOR-MEI",
            "codeForAnybody": "/i/code/NO-EMAIL",
            "course": course_invite(2, 8),
            "received": "夜警 Night Watch",
            "group": "/i/group/field-notes/field-notes-2026",
        },
        "workspace": 1,
        "invite": [PASTED, "guest", "Come and see."],
        "made": {
            "declinedBy": "amara.okafor@example.com",
            "decliner": "course-manager",
            "wrong": "group-manager",
            "withdrawnFrom": "priya.raman@example.com",
            "late": "staff-by-account",
        },
        "owner": "new.owner@example.org",
        "select": ["crew", ["crew21@example.org", "crew22@example.org", "crew23@example.org"]],
        "history": ["crew24@example.org", invite_id("WorkspaceInvite", 1, 24)],
        "course": ["rust-from-zero", "omar.farouk"],
        "courseHistory": ["rust-from-zero", "chloe.dubois"],
        "codes": ["FOR-MEI", "NO-EMAIL", "WELCOME-2026"],
        "group": "field-notes",
    })
}

/// Checks what was seen.
pub fn assert(seen: &Value) {
    assert_reasons(&seen["reasons"]);
    assert_answers(&seen["answering"]);
    assert_inviting(&seen["inviting"]);
    assert_made_invites(&seen["made"]);
    assert_owners_invite(&seen["ownersInvite"]);
    assert_selecting(&seen["selecting"]);
    assert_course_invites(&seen["courseInvites"]);
    assert_group_link(&seen["groupLink"]);
    assert_workspace_history(&seen["history"]);
    assert_other_histories(seen);
}

fn starts_with(seen: &Value, text: &str) {
    let seen = seen.as_str().unwrap_or_default();
    assert!(seen.starts_with(text), "{seen:?} begins with {text:?}");
}

fn assert_reasons(seen: &Value) {
    for (code, reason) in REASONS {
        starts_with(&seen[code], reason);
    }
}

fn assert_answers(seen: &Value) {
    let pending = "Waiting for your answer. You can accept until 31 December 2099.";
    let answers = json!(["Accept the invite", "Decline"]);
    for name in ["acceptedByWrong", "declinedByWrong"] {
        let card = &seen[name];
        assert_eq!(card["status"], pending, "{name}");
        starts_with(&card["reasons"][0], "This invite is for someone else");
        assert_eq!(
            card["buttons"],
            json!(["Sign in as someone else", "Accept the invite", "Decline"]),
            "{name}"
        );
    }
    // The reason was the account's, so it leaves with the account.
    assert_eq!(seen["signedOut"]["reasons"], json!([]));
    starts_with(
        &seen["unverified"]["reasons"][0],
        "This invite is for your e-mail address, but you have not confirmed",
    );
    assert_eq!(seen["unverified"]["buttons"], answers);

    let accepted = "You have accepted. Welcome!";
    assert_eq!(
        seen["accepted"],
        json!({
            "status": accepted,
            "reasons": [],
            "buttons": [],
            "links": ["Go to Atlas Research"],
        })
    );
    assert_eq!(seen["focused"], "status accepted");
    assert_eq!(
        seen["joined"],
        json!({ "heading": "Atlas Research", "role": "You are here as Member." })
    );
    starts_with(&seen["acceptedLater"]["status"], "Accepted on ");
    assert_eq!(seen["acceptedLater"]["buttons"], json!([]));

    assert_eq!(seen["signedOutFirst"]["heading"], "Sign in first");
    // An invite code joins nothing that has a page.
    assert_eq!(
        seen["code"],
        json!({ "status": accepted, "reasons": [], "buttons": [], "links": [] })
    );
    starts_with(&seen["codeForAnybody"]["status"], "You have declined. If");
    assert_eq!(seen["codeForAnybody"]["buttons"], json!([]));
    starts_with(&seen["course"]["status"], "You have declined.");
    assert_eq!(seen["course"]["heading"], "Data Ethics");
    assert_eq!(seen["course"]["links"], json!([]));
    assert_eq!(
        seen["received"],
        json!({ "heading": "夜警 Night Watch", "role": "You are here as Participant." })
    );
    assert_eq!(
        seen["group"],
        json!({ "heading": "Field Notes – Çayır", "role": "You are here as Member." })
    );
}

/// Returns the texts of an outcome's rows, and checks which have a link.
fn texts(outcome: &Value, has_link: impl Fn(&str) -> bool) -> Vec<&str> {
    let rows = outcome["rows"].as_array().expect("rows");
    let texts = rows.iter().map(|row| {
        let text = row["text"].as_str().expect("a text");
        assert_eq!(row["link"].is_string(), has_link(text), "{row:#}");
        text
    });
    texts.collect()
}

fn assert_inviting(seen: &Value) {
    // The workspace's admin makes no owner.
    assert_eq!(
        seen["roles"],
        json!([
            "Admin", "Manager", "Editor", "Member", "Billing", "Viewer", "Guest"
        ])
    );
    assert_eq!(seen["invited"]["heading"], "Invited: 3 of 5");
    assert_eq!(
        texts(&seen["invited"], |text| text.ends_with(" Invited")),
        [
            "amara.okafor@example.com Invited",
            "priya.raman@example.com Invited",
            "not-an-address This is no e-mail address. Look for a typing error.",
            "tomas.novak@example.com Is a member already.",
            "new.person@example.org Invited",
        ]
    );
    assert_eq!(seen["copied"], seen["invited"]["rows"][0]["link"]);
    assert_eq!(seen["left"], "not-an-address\ntomas.novak@example.com");
    // Neither sending a submission again nor a double click makes anything twice.
    assert_eq!(seen["made"], 3);
    assert_eq!(seen["keys"], 2);
    assert_eq!(seen["twice"], json!({ "left": "", "made": 1 }));
}

fn assert_made_invites(seen: &Value) {
    starts_with(&seen["before"]["status"], "Waiting for your answer.");
    starts_with(&seen["declined"]["status"], "You have declined.");
    assert_eq!(seen["declined"]["buttons"], json!([]));
    // The screen of an invite that is no longer open shows its state.
    let late = &seen["late"];
    starts_with(&late["status"], "Withdrawn before it was accepted.");
    starts_with(
        &late["reasons"][0],
        "This invite was withdrawn in the meantime",
    );
    assert_eq!(late["buttons"], json!([]));
}

fn assert_owners_invite(seen: &Value) {
    assert_eq!(
        texts(&seen["sent"], |_| false),
        ["new.owner@example.org You cannot give this role, since it is above your own."]
    );
    assert_eq!(
        texts(&seen["withdrawn"], |_| false),
        ["new.owner@example.org Withdrawn"]
    );
}

fn assert_selecting(seen: &Value) {
    assert_eq!(seen["selected"], "2 selected");
    let sent = |text: &str| text.ends_with(" Sent again");
    assert_eq!(
        texts(&seen["sent"], sent),
        [
            "crew22@example.org Sent again",
            "crew21@example.org Sent again",
        ]
    );
    let twice = texts(&seen["sentTwice"], sent);
    assert_eq!(twice[0], "crew23@example.org Sent again");
    assert!(twice[1].starts_with("crew21@example.org The invite was sent a moment ago."));
    starts_with(&seen["question"], "Withdraw 2 invites?");
    assert_eq!(
        texts(&seen["withdrawn"], |_| false),
        [
            "crew22@example.org Withdrawn",
            "crew21@example.org Withdrawn",
        ]
    );
    assert_eq!(
        seen["statuses"],
        json!(["Withdrawn", "Withdrawn", "Pending"])
    );
    // Nothing can be done with an invite that is settled.
    assert_eq!(seen["boxes"], 0);
    assert_eq!(seen["closed"], true);
}

fn assert_course_invites(seen: &Value) {
    // Course invites have no links of their own.
    assert_eq!(texts(&seen["sent"], |_| false), ["Omar Farouk Sent again"]);
    assert_eq!(
        texts(&seen["withdrawn"], |_| false),
        ["Omar Farouk Withdrawn"]
    );
}

fn assert_group_link(seen: &Value) {
    assert_eq!(seen["heading"], "Join link of Field Notes – Çayır");
    starts_with(&seen["question"], "Replace the link?");
    assert_eq!(seen["kept"], true);
    assert_eq!(seen["links"], 3);
    assert_eq!(
        seen["late"],
        json!([
            "Join Field Notes – Çayır",
            "This link no longer joins Field Notes – Çayır",
        ])
    );
    let off = seen["off"].as_str().expect("text");
    assert!(off.contains("The group has no join link now."), "{off}");
}

/// Returns the sentences of a history. The times of its events are in the reader's format, and in that of
/// machines.
fn sentences(history: &Value) -> Vec<&str> {
    for time in history["times"].as_array().expect("times") {
        let machine = time["machine"].as_str().expect("an instant");
        let at = DateTime::parse_from_rfc3339(machine).expect("an instant");
        let text = at.format("%-d %B %Y at %H:%M").to_string();
        assert_eq!(time["text"], text, "{machine}");
    }
    let sentences = history["sentences"].as_array().expect("sentences");
    sentences
        .iter()
        .map(|sentence| sentence.as_str().expect("text"))
        .collect()
}

/// Checks that one invite was withdrawn between two readings of the numbers by status.
fn assert_one_withdrawn(before: &Value, after: &Value) {
    let count = |counts: &Value, status: &str| counts[status].as_i64().expect("a number");
    for (status, change) in [
        ("Pending", -1),
        ("Accepted", 0),
        ("Expired", 0),
        ("Withdrawn", 1),
        ("Declined", 0),
    ] {
        let expected = count(before, status) + change;
        assert_eq!(count(after, status), expected, "{status}: {before}");
    }
}

fn assert_workspace_history(seen: &Value) {
    let resent = "Ingrid Sørensen resent the invite";
    let changed = "Ingrid Sørensen changed the invite: role and message";
    let withdrawn = "Ingrid Sørensen withdrew the invite";

    // The history loads when it is opened.
    assert_eq!(seen["askedBefore"], 0);
    assert_eq!(seen["expanded"], "true");
    assert_eq!(seen["unrecorded"]["says"], "No events are recorded.");
    assert_eq!(seen["closed"], 0);
    // An open history shows later changes on the page.
    assert_eq!(sentences(&seen["resent"]), [resent]);
    assert_eq!(seen["resent"]["says"], "1 of 1 shown");
    assert_eq!(sentences(&seen["page"]), [changed; 10]);
    assert_eq!(seen["page"]["says"], "10 of 12 shown");
    let all = [[changed; 11].as_slice(), &[resent]].concat();
    assert_eq!(sentences(&seen["all"]), all);
    assert_eq!(seen["all"]["says"], "12 of 12 shown");
    assert_eq!(seen["hasMore"], false);
    // The first event of the second page.
    assert_eq!(seen["focused"], 10);
    let newest = [[withdrawn].as_slice(), &[changed; 11]].concat();
    assert_eq!(sentences(&seen["withdrawn"]), newest);
    assert_one_withdrawn(&seen["countsBefore"], &seen["countsAfter"]);

    // An event of an unknown type, and one without an actor.
    assert_eq!(
        sentences(&seen["unknown"])[..3],
        [
            "Delivery failed, by Ingrid Sørensen",
            "The invite was changed: role and message",
            changed,
        ]
    );
    assert_eq!(seen["denied"], "");
    starts_with(&seen["failed"], "We cannot reach the history just now.");
    assert_eq!(seen["again"], withdrawn);
}

fn assert_other_histories(seen: &Value) {
    let course = &seen["courseHistory"];
    assert_eq!(
        sentences(&course["history"]),
        ["Amara Okafor resent the invite"]
    );
    assert_one_withdrawn(&course["countsBefore"], &course["countsAfter"]);
    assert_eq!(
        seen["codeHistory"],
        json!({
            "FOR-MEI": ["田中 芽衣 accepted the invite"],
            "NO-EMAIL": ["Nadia Kowalska declined the invite"],
            "WELCOME-2026": [],
        })
    );
    let created = "Noor Haddad created the link";
    assert_eq!(
        seen["linkHistory"],
        json!({
            "before": [created],
            "after": ["Noor Haddad replaced the link", created],
        })
    );
}
