//! Generates the many invitees of the big course, the same ones every time. The first of them, and
//! the first invite, are in `examples/data`.

use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};

use super::names::{courses, people};

/// Id of the first learner.
const FIRST: i64 = 1_001;

/// Ids of the other learners and of their invites. With three more people, 2,000 are invited.
const IDS: RangeInclusive<i64> = FIRST + 1..=2_997;

/// Number of consecutive invites that share an instant. It does not divide the page size of 25, so
/// that pages end between equal instants.
const PER_INSTANT: i64 = 8;

/// 2025-10-01T08:00:00Z.
const ACCOUNTS_FROM: i64 = 1_759_305_600;

/// 2026-04-01T08:00:00Z.
const INVITES_FROM: i64 = 1_775_030_400;

/// Parts of names, as displayed and as typed in a username.
struct Names {
    given: [(&'static str, &'static str); 6],
    family: [(&'static str, &'static str); 6],
    family_first: bool,
}

#[rustfmt::skip]
const NAMES: [Names; 9] = [
    Names {
        given: [("Zoë", "zoe"), ("Søren", "soren"), ("Emma", "emma"), ("Björn", "bjorn"), ("Aoife", "aoife"), ("Lukas", "lukas")],
        family: [("Müller", "muller"), ("Ångström", "angstrom"), ("Smith", "smith"), ("Lefèvre", "lefevre"), ("O’Brien", "obrien"), ("van der Berg", "vanderberg")],
        family_first: false,
    },
    Names {
        given: [("María", "maria"), ("João", "joao"), ("Lucía", "lucia"), ("Íñigo", "inigo"), ("Camila", "camila"), ("Mateo", "mateo")],
        family: [("Núñez", "nunez"), ("da Silva", "dasilva"), ("Fernández López", "fernandezlopez"), ("Gonçalves", "goncalves"), ("Reyes", "reyes"), ("Ibáñez", "ibanez")],
        family_first: false,
    },
    Names {
        given: [("Łukasz", "lukasz"), ("Žofie", "zofie"), ("Ștefan", "stefan"), ("Ondřej", "ondrej"), ("Çağla", "cagla"), ("İpek", "ipek")],
        family: [("Wiśniewski", "wisniewski"), ("Čermák", "cermak"), ("Țurcanu", "turcanu"), ("Kovács", "kovacs"), ("Yıldız", "yildiz"), ("Šimić", "simic")],
        family_first: false,
    },
    Names {
        given: [("Анна", "anna"), ("Дмитрий", "dmitry"), ("Олена", "olena"), ("Сергей", "sergey"), ("Милица", "milica"), ("Борис", "boris")],
        family: [("Иваненко", "ivanenko"), ("Шевченко", "shevchenko"), ("Ковач", "kovach"), ("Мороз", "moroz"), ("Ткач", "tkach"), ("Стојан", "stojan")],
        family_first: false,
    },
    Names {
        given: [("美咲", "misaki"), ("大翔", "hiroto"), ("葵", "aoi"), ("蓮", "ren"), ("さくら", "sakura"), ("健太", "kenta")],
        family: [("鈴木", "suzuki"), ("高橋", "takahashi"), ("渡辺", "watanabe"), ("伊藤", "ito"), ("山本", "yamamoto"), ("中村", "nakamura")],
        family_first: true,
    },
    Names {
        given: [("서연", "seoyeon"), ("민준", "minjun"), ("지우", "jiwoo"), ("하은", "haeun"), ("도윤", "doyun"), ("예준", "yejun")],
        family: [("김", "kim"), ("이", "lee"), ("박", "park"), ("최", "choi"), ("정", "jung"), ("강", "kang")],
        family_first: true,
    },
    Names {
        given: [("Ngọc Ánh", "ngocanh"), ("Minh Đức", "minhduc"), ("Thảo", "thao"), ("Quốc Bảo", "quocbao"), ("Hương", "huong"), ("Tuấn", "tuan")],
        family: [("Nguyễn", "nguyen"), ("Trần", "tran"), ("Lê", "le"), ("Phạm", "pham"), ("Đặng", "dang"), ("Võ", "vo")],
        family_first: true,
    },
    Names {
        given: [("أحمد", "ahmad"), ("ليلى", "layla"), ("يوسف", "yusuf"), ("مريم", "maryam"), ("خالد", "khalid"), ("نور", "nur")],
        family: [("منصور", "mansour"), ("حداد", "haddad"), ("العلي", "alali"), ("صالح", "saleh"), ("عباس", "abbas"), ("النجار", "alnajjar")],
        family_first: false,
    },
    Names {
        given: [("Chiamaka", "chiamaka"), ("Ọláyínká", "olayinka"), ("Kwame", "kwame"), ("Ngũgĩ", "ngugi"), ("Thandiwe", "thandiwe"), ("Abebe", "abebe")],
        family: [("Adébáyọ̀", "adebayo"), ("Nkosi", "nkosi"), ("Asante", "asante"), ("Mũthoni", "muthoni"), ("Tesfaye", "tesfaye"), ("Ọkọ́nkwọ́", "okonkwo")],
        family_first: false,
    },
];

/// Returns the learners as rows of users.
pub(super) fn users() -> String {
    lines(|id, index| {
        // The three strides share no factor, so that consecutive names differ.
        let names = &NAMES[index % NAMES.len()];
        let (given, typed_given) = names.given[index / 5 % names.given.len()];
        let (family, typed_family) = names.family[index / 7 % names.family.len()];
        // The id makes usernames unique.
        let username = format!("{typed_given}.{typed_family}.{id}");
        json!({
            "id": id,
            "full_name": if names.family_first {
                format!("{family} {given}")
            } else {
                format!("{given} {family}")
            },
            "email": format!("{username}@learners.example"),
            "avatar_url": (index % 2 == 0).then(|| format!("https://avatars.example.com/{id}.png")),
            "is_verified": index % 10 != 0,
            "ext_id": (index % 3 != 0).then(|| format!("L-{id:05}")),
            "created_at": instant(ACCOUNTS_FROM + 60 * id),
            "username": username,
        })
    })
}

/// Returns the learners' invites to the big course as rows of course invites.
pub(super) fn course_invites() -> String {
    lines(|id, index| {
        json!({
            "id": id,
            "course_id": courses::BIG_ID,
            "user_id": id,
            "invited_by_id": if index % 4 == 0 { people::YUKI } else { people::AMARA },
            "created_at": instant(INVITES_FROM + 1_800 * ((id - FIRST) / PER_INSTANT)),
        })
    })
}

/// Returns one row for each learner, made by `row` from the learner's id and index.
fn lines(row: impl Fn(i64, usize) -> Value) -> String {
    let rows = IDS.zip(1..).map(|(id, index)| row(id, index));
    rows.map(|row| format!("{row}\n")).collect()
}

/// Formats seconds since 1970 as in the rows.
fn instant(seconds: i64) -> String {
    (DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)).to_rfc3339()
}
