//! The command line of Invite Gateway.

fn main() {}
