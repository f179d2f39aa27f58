//! `invite`: creates, cancels and resends invites, for scripts of operators.
//!
//! It runs the code of the mutations, with the rights of the account that `--as` names. Links are
//! secrets: they go to standard output alone.

mod order;
mod report;
mod session;

use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
};

use clap::{Args, Subcommand};

use super::{failed, print_error, wrong_usage};
use crate::{access::MAX_ROWS, clock::Clock, config::InviteOptions, redacted::Redacted};
use order::{Expires, Order};
use report::Report;
use session::{Session, SessionOptions};

/// Exit status if the database failed, or an outcome could not be printed.
const FAULT: u8 = 3;

/// Argument in place of rows: they are read from standard input.
const STANDARD_INPUT: &str = "-";

/// Most characters of an idempotency key. The number of the request is appended, and the result
/// may have 64.
const MAX_KEY: usize = 56;

/// Create, cancel and resend invites as an account, by the rules of the mutations.
///
/// Prints a line per row. Exits with 0 if all rows succeeded, 1 if one was refused, 2 after wrong
/// usage, and 3 if the database failed.
#[derive(Args, Clone)]
pub(super) struct InviteArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Clone)]
enum Action {
    /// Create invites, and print their links
    #[command(subcommand)]
    Create(Create),
    /// Withdraw pending invites
    Cancel {
        #[command(flatten)]
        ids: Ids,
        #[command(flatten)]
        session: SessionOptions,
    },
    /// Send invites again, and print one more link to each; renews expired workspace invites
    Resend {
        #[command(flatten)]
        ids: Ids,
        #[command(flatten)]
        session: SessionOptions,
    },
}

#[derive(Subcommand, Clone)]
enum Create {
    /// Invite people to a workspace by e-mail address
    Workspace {
        /// Addresses to invite, or `-` for one per line of standard input
        #[arg(required = true, value_name = "ADDRESS")]
        addresses: Vec<String>,
        /// Workspace: its database id or global id
        #[arg(long, value_name = "ID", value_parser = Redacted(order::workspace_id))]
        workspace: i64,
        /// Key of the role that accepting grants [default: member]
        #[arg(long, value_name = "ROLE")]
        role: Option<String>,
        /// Message to the people invited
        #[arg(long, value_name = "TEXT")]
        message: Option<String>,
        #[command(flatten)]
        expiry: Expiry,
        #[command(flatten)]
        repeat: Repeat,
        #[command(flatten)]
        session: SessionOptions,
    },
    /// Create an invite code; only for staff accounts
    Code {
        /// Name of the person invited
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// E-mail address; only an account with this verified address may then use the code
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// Key of the role that using the code grants [default: none]
        #[arg(long, value_name = "ROLE")]
        role: Option<String>,
        /// Tag that using the code grants: its database id or global id. Repeat it for several
        #[arg(long, value_name = "ID", value_parser = Redacted(order::tag_id))]
        tag: Vec<i64>,
        #[command(flatten)]
        expiry: Expiry,
        #[command(flatten)]
        repeat: Repeat,
        #[command(flatten)]
        session: SessionOptions,
    },
    /// Invite users and e-mail addresses to a course
    Course {
        /// Users to invite (their database id or global id) and addresses, or `-` for one per line of standard
        /// input
        #[arg(required = true, value_name = "USER|ADDRESS")]
        invitees: Vec<String>,
        /// Course: its database id or global id
        #[arg(long, value_name = "ID", value_parser = Redacted(order::course_id))]
        course: i64,
        #[command(flatten)]
        repeat: Repeat,
        #[command(flatten)]
        session: SessionOptions,
    },
}

/// Invites that exist.
#[derive(Args, Clone)]
struct Ids {
    /// Global ids of invites, or KIND:DATABASE_ID with the kind `workspace`, `code` or `course`, such as
    /// workspace:12; or `-` for one per line of standard input
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
}

#[derive(Args, Clone)]
struct Expiry {
    /// Time from which the invite cannot be accepted: a period such as 14d, a date (its beginning in
    /// UTC) or an RFC 3339 instant [default: after --invite-lifetime]
    #[arg(long, value_name = "WHEN", value_parser = Redacted(str::parse::<Expires>))]
    expires: Option<Expires>,
}

#[derive(Args, Clone)]
struct Repeat {
    /// Key of at most 56 characters that you choose for this command. Run again within a day with the
    /// same arguments, the command creates nothing twice, and prints the first outcome
    #[arg(long, value_name = "KEY", value_parser = Redacted(idempotency_key))]
    idempotency_key: Option<String>,
}

fn idempotency_key(text: &str) -> Result<String, &'static str> {
    match text.chars().count() {
        1..=MAX_KEY => Ok(text.to_owned()),
        _ => Err("expected 1 to 56 characters"),
    }
}

/// The reason for which a command ended before all of its rows had an outcome.
enum Stop {
    /// The command line is wrong.
    Usage(String),
    /// The database failed, or an outcome could not be printed.
    Fault(String),
}

impl Stop {
    fn usage(reason: impl Display) -> Self {
        Self::Usage(reason.to_string())
    }

    fn fault(reason: impl Display) -> Self {
        Self::Fault(reason.to_string())
    }
}

/// A command, read.
struct Request {
    order: Order,
    rows: Vec<String>,
    key: Option<String>,
    session: SessionOptions,
}

pub(super) async fn run(args: InviteArgs, clock: &Clock) -> ExitCode {
    match execute(args, clock).await {
        Ok(report) => match report.refusals() {
            None => ExitCode::SUCCESS,
            Some(refusals) => failed(refusals),
        },
        Err(Stop::Usage(reason)) => wrong_usage(reason),
        Err(Stop::Fault(reason)) => {
            print_error(reason);
            ExitCode::from(FAULT)
        }
    }
}

async fn execute(args: InviteArgs, clock: &Clock) -> Result<Report, Stop> {
    let Request {
        order,
        rows,
        key,
        session,
    } = args.action.read()?;
    if order.returns_links() {
        demand_links(&session.invites)?;
    }
    let report = Report::new(session.json, &rows);
    let session = Session::open(&session, clock).await?;
    let done = carry_out(&session, &order, &rows, key.as_deref(), report).await;
    session.close().await;
    done
}

/// Carries a command out, in as many requests as its rows need. Each prints its outcomes before the
/// next one begins, since links are returned once.
async fn carry_out(
    session: &Session,
    order: &Order,
    rows: &[String],
    key: Option<&str>,
    mut report: Report,
) -> Result<Report, Stop> {
    for (part, number) in rows.chunks(MAX_ROWS).zip(1_usize..) {
        let key = key.map(|key| (format!("{key}/{number}"), order.fingerprint(rows)));
        let outcomes = session.send(order, part, key).await.map_err(|error| {
            Stop::fault(format_args!(
                "the database failed after {} of {} rows: {error}",
                report.printed(),
                rows.len()
            ))
        })?;
        let unprinted = |error: &dyn Display| {
            Stop::fault(format_args!("the outcomes could not be printed: {error}"))
        };
        let lines = report.add(order, part, &outcomes);
        let lines = lines.map_err(|error| unprinted(&error))?;
        let written = io::stdout().lock().write_all(lines.as_bytes());
        written.map_err(|error| unprinted(&error))?;
    }
    Ok(report)
}

/// Checks that the links of new invites can be built.
fn demand_links(options: &InviteOptions) -> Result<(), Stop> {
    match options.accept_url {
        Some(_) => Ok(()),
        None => Err(Stop::usage(
            "set --accept-url (GATEWAY_ACCEPT_URL), the template of the links to invites, such as \
             https://app.example/invites/{kind}/{secret}",
        )),
    }
}

impl Action {
    /// Reads standard input, if it has the rows.
    fn read(self) -> Result<Request, Stop> {
        Ok(match self {
            Self::Create(create) => return create.read(),
            Self::Cancel { ids, session } => Request {
                order: Order::Cancel,
                rows: rows(ids.ids)?,
                key: None,
                session,
            },
            Self::Resend { ids, session } => Request {
                order: Order::Resend,
                rows: rows(ids.ids)?,
                key: None,
                session,
            },
        })
    }
}

impl Create {
    fn read(self) -> Result<Request, Stop> {
        Ok(match self {
            Self::Workspace {
                addresses,
                workspace,
                role,
                message,
                expiry,
                repeat,
                session,
            } => Request {
                order: Order::Workspace {
                    workspace,
                    role,
                    message,
                    expires: expiry.expires,
                },
                rows: rows(addresses)?,
                key: repeat.idempotency_key,
                session,
            },
            Self::Code {
                name,
                email,
                role,
                tag,
                expiry,
                repeat,
                session,
            } => Request {
                rows: vec![email.clone().or(name.clone()).unwrap_or_default()],
                order: Order::Code {
                    name,
                    email,
                    role,
                    tags: tag,
                    expires: expiry.expires,
                },
                key: repeat.idempotency_key,
                session,
            },
            Self::Course {
                invitees,
                course,
                repeat,
                session,
            } => Request {
                order: Order::Course { course },
                rows: rows(invitees)?,
                key: repeat.idempotency_key,
                session,
            },
        })
    }
}

/// Returns the rows of the command line, with the lines of standard input in place of `-`.
fn rows(arguments: Vec<String>) -> Result<Vec<String>, Stop> {
    let mut rows = Vec::new();
    for argument in arguments {
        if argument != STANDARD_INPUT {
            rows.push(argument);
            continue;
        }
        let text = io::read_to_string(io::stdin())
            .map_err(|error| Stop::usage(format_args!("cannot read standard input: {error}")))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        rows.extend(lines.map(str::to_owned));
    }
    match rows.is_empty() {
        true => Err(Stop::usage(
            "standard input has no rows; expected one per line",
        )),
        false => Ok(rows),
    }
}
