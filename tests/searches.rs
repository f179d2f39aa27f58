//! Text search and filters: matches, and wildcards as plain text.

use invite_gateway::email;

use crate::support::{Gateway, Viewer, data, each_database};

const STAFF: Viewer<'static> = Viewer::Staff(1);

/// Returns the keys of a list's rows, oldest first. The total must equal their number.
async fn found(gateway: &Gateway, list: &str, filter: &str) -> Vec<String> {
    let order = "orderBy: { field: CREATED_AT, direction: ASC }";
    let document = format!(
        "{{ list: {list}({order}, filter: {{ {filter} }}) {{ totalCount nodes {{ databaseId }} }} }}"
    );
    let data = gateway.data(STAFF, &document).await;
    let nodes = data["list"]["nodes"].as_array().expect("nodes");
    assert_eq!(data["list"]["totalCount"], nodes.len(), "{filter}");
    let id = |node: &serde_json::Value| node["databaseId"].as_str().expect("an id").to_owned();
    nodes.iter().map(id).collect()
}

/// Returns a code for a person with that name and address.
fn code_for(id: i64, name: &str, address: &str) -> entity::invite_code::Model {
    entity::invite_code::Model {
        name: Some(name.to_owned()),
        email: Some(address.to_owned()),
        email_norm: email::normalize(address),
        ..data::invite_code(id, &format!("CODE-{id}"))
    }
}

each_database! {
    async fn invite_codes_are_searched_by_name_and_address(gateway) {
        gateway.add(data::user(1, "staff")).await;
        gateway.add_all([
            code_for(1, "Jane Doe", "Jane.Doe@Home.Example"),
            code_for(2, "Janet", "other@home.example"),
            code_for(3, "100%_\\", "percent@home.example"),
            data::invite_code(4, "JANE-IN-THE-CODE"),
        ]).await;
        for (search, expected) in [
            ("jane", vec!["1", "2"]),
            ("JANE", vec!["1", "2"]),
            (" doe@ ", vec!["1"]),
            ("home.example", vec!["1", "2", "3"]),
            ("%", vec!["3"]),
            ("_", vec!["3"]),
            ("\\\\", vec!["3"]),
            ("0%_", vec!["3"]),
            ("j_ne", vec![]),
            ("j%e", vec![]),
            ("'", vec![]),
            ("", vec!["1", "2", "3", "4"]),
        ] {
            let filter = format!("search: \"{search}\"");
            assert_eq!(found(&gateway, "inviteCodes", &filter).await, expected, "{search}");
        }
        for (address, expected) in [
            ("jane.doe@home.example", vec!["1"]),
            (" JANE.DOE@HOME.EXAMPLE ", vec!["1"]),
            ("jane@home.example", vec![]),
            ("jane%@home.example", vec![]),
        ] {
            let filter = format!("email: \"{address}\"");
            assert_eq!(found(&gateway, "inviteCodes", &filter).await, expected, "{address}");
        }
    }

    async fn workspace_invites_are_searched_by_address_and_message(gateway) {
        gateway.add(data::user(1, "staff")).await;
        gateway.add(data::workspace(1)).await;
        for (id, message) in [(1, Some("Welcome, 50% off_here")), (2, Some("Hello")), (3, None)] {
            gateway.add(entity::workspace_invite::Model {
                message: message.map(str::to_owned),
                ..data::workspace_invite(id, 1)
            }).await;
        }
        for (search, expected) in [
            ("welcome", vec!["1"]),
            ("INVITEE2@", vec!["2"]),
            ("example.org", vec!["1", "2", "3"]),
            ("50%", vec!["1"]),
            ("5%off", vec![]),
            ("f_h", vec!["1"]),
            ("l_o", vec![]),
        ] {
            let filter = format!("search: \"{search}\"");
            assert_eq!(found(&gateway, "workspaceInvites", &filter).await, expected, "{search}");
        }
        assert_eq!(found(&gateway, "workspaceInvites", "role: [\"member\"]").await.len(), 3);
        assert_eq!(found(&gateway, "workspaceInvites", "role: [\"Member\"]").await.len(), 0);
    }

    async fn invitees_are_searched_by_username_and_full_name_and_not_by_address(gateway) {
        gateway.add(data::user(1, "staff")).await;
        gateway.add(data::course(1, "course", 1)).await;
        for (id, name) in [(2, "wanda"), (3, "vision")] {
            gateway.add(entity::user::Model {
                full_name: format!("Mx {name}_Maximoff"),
                ..data::user(id, name)
            }).await;
            gateway.add(data::course_invite(id, 1, id)).await;
        }
        for (search, expected) in [
            ("WAND", vec!["2"]),
            ("maximoff", vec!["2", "3"]),
            ("wanda_max", vec!["2"]),
            ("wanda__max", vec![]),
            // Managers cannot search for addresses that they may not see.
            ("example.com", vec![]),
            ("ext-2", vec![]),
        ] {
            let document = format!(
                "{{ course(id: \"1\") {{ list: invitees(filter: {{ search: \"{search}\" }}) {{ totalCount nodes {{ databaseId }} }} }} }}"
            );
            let data = gateway.data(STAFF, &document).await;
            let list = &data["course"]["list"];
            let ids: Vec<_> = list["nodes"].as_array().expect("nodes").iter()
                .map(|node| node["databaseId"].as_str().expect("an id")).collect();
            assert_eq!(ids, expected, "{search}");
            assert_eq!(list["totalCount"], ids.len(), "{search}");
        }
    }
}
