//! The many people whom the big course invites: made up in bulk, the same ones every time.

use chrono::TimeDelta;
use entity::user;

use super::instants::at;

/// The id of the first learner; the others follow without a gap.
pub(super) const FIRST: i64 = 1_001;

/// How many learners there are: with three of the hand-written people, 2,000 invitees.
pub(super) const COUNT: i64 = 1_997;

/// A way of naming people: parts as they are shown and as they are typed.
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

/// The learners, by id.
pub(super) fn rows() -> impl Iterator<Item = user::Model> {
    (FIRST..FIRST + COUNT).zip(0_usize..).map(|(id, index)| {
        // The three strides share no factor, so that neighbours have little in common.
        let names = &NAMES[index % NAMES.len()];
        let (given, typed_given) = names.given[index / 5 % names.given.len()];
        let (family, typed_family) = names.family[index / 7 % names.family.len()];
        // Namesakes are told apart by the id, as people do by a number.
        let username = format!("{typed_given}.{typed_family}.{id}");
        let email = format!("{username}@learners.example");
        user::Model {
            id,
            full_name: if names.family_first {
                format!("{family} {given}")
            } else {
                format!("{given} {family}")
            },
            email_norm: crate::email::normalize(&email).unwrap_or_default(),
            email,
            avatar_url: (index % 2 == 0).then(|| format!("https://avatars.example.com/{id}.png")),
            is_verified: index % 10 != 0,
            ext_id: (index % 3 != 0).then(|| format!("L-{id:05}")),
            is_staff: false,
            created_at: at(2025, 10, 1, 8, 0) + TimeDelta::minutes(id),
            deleted_at: None,
            username,
        }
    })
}
