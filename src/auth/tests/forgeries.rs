//! The ways to forge a token, section by section of RFC 8725 (JSON Web Token Best Current
//! Practices), and that each is refused: by a server with a shared secret, and by one with
//! published keys.

use std::io::Write;

use axum::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::{
    AUDIENCE, ISSUER, LEEWAY, NOW, SECRET, changed, claims, refusal, settings,
    signer::{Signer, base64, key_set},
    verifier, with_secret,
};
use crate::auth::{
    AuthError, InvalidToken, TokenSettings,
    bearer::{self, MAX_LENGTH},
    verifier::Verifier,
};

/// A verifier that trusts those published keys.
async fn publishing(keys: &[Value]) -> (Verifier, NamedTempFile) {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(key_set(keys).as_bytes()).expect("written");
    let location = file.path().to_str().expect("a path").parse();
    let settings = TokenSettings {
        jwks: Some(location.expect("a location")),
        ..settings()
    };
    (verifier(settings), file)
}

/// Who signs.
struct Signers {
    /// The shared secret.
    secret: Signer,
    /// The published keys, by their names.
    rsa: Signer,
    p256: Signer,
    ed25519: Signer,
    /// A key of the forger's.
    own: Signer,
}

const RSA: &str = "r";
const P256: &str = "e";
const ED25519: &str = "o";

impl Signers {
    fn new() -> Self {
        Self {
            secret: Signer::secret(SECRET),
            rsa: Signer::rsa(),
            p256: Signer::p256(),
            ed25519: Signer::ed25519(),
            own: Signer::rsa(),
        }
    }

    fn published(&self) -> [(&'static str, &Signer); 3] {
        [
            (RSA, &self.rsa),
            (P256, &self.p256),
            (ED25519, &self.ed25519),
        ]
    }

    fn jwks(&self) -> Vec<Value> {
        let keys = self.published().into_iter();
        keys.map(|(kid, key)| key.jwk(Some(kid))).collect()
    }

    /// A token of the secret's, good but for the changes of its header.
    fn headed(&self, changes: Value) -> String {
        let header = changed(self.secret.header(None), changes);
        self.secret.token(&header, &claims(json!({})))
    }

    /// A token of the secret's, good but for the changes of its claims.
    fn claiming(&self, changes: Value) -> String {
        let header = self.secret.header(None);
        self.secret.token(&header, &claims(changes))
    }

    /// A token of the secret's with exactly those claims.
    fn saying(&self, claims: impl AsRef<[u8]>) -> String {
        let header = self.secret.header(None).to_string();
        self.secret.raw(header, claims)
    }
}

/// A token with good claims.
fn signed(signer: &Signer, header: Value) -> String {
    signer.token(&header, &claims(json!({})))
}

/// Good claims with `{members}` put before them, as text: names may be there twice.
fn after(members: &str, good: &Value) -> String {
    format!("{{{members},{}", &good.to_string()[1..])
}

/// Which keys the server trusts that a forgery is sent to.
#[derive(Clone, Copy, Debug)]
enum Trust {
    Secret,
    Published,
}
use Trust::{Published, Secret};

/// A forgery: where it is sent, what it is, the token, and what is found wrong with it.
type Forgery = (Trust, String, String, InvalidToken);

fn forgery(trust: Trust, what: &str, token: String, wrong: InvalidToken) -> Forgery {
    (trust, what.to_owned(), token, wrong)
}

/// §3.1, Perform Algorithm Verification: a key has one algorithm, which no token chooses.
#[rustfmt::skip]
fn algorithms(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::{Malformed, Unverified};
    let good = claims(json!({})).to_string();
    let mut table = Vec::new();
    for alg in ["none", "None", "NONE", "nOnE", "none ", ""] {
        let header = json!({ "alg": alg, "typ": "JWT" }).to_string();
        let unsigned = format!("{}.{}.", base64(&header), base64(&good));
        for trust in [Secret, Published] {
            let what = format!("alg {alg:?}, unsigned");
            table.push((trust, what, unsigned.clone(), Unverified));
            let what = format!("alg {alg:?}, signed");
            table.push((trust, what, by.secret.raw(&header, &good), Unverified));
        }
    }
    for alg in [
        json!(null),
        json!("hs256"),
        json!("HS384"),
        json!("HS512"),
        json!("RS256"),
        json!("ES256"),
        json!("EdDSA"),
        json!(["HS256"]),
        json!(0),
    ] {
        let what = format!("the secret's token as alg {alg}");
        let wrong = if alg.is_null() || alg.is_string() { Unverified } else { Malformed };
        table.push((Secret, what, by.headed(json!({ "alg": alg })), wrong));
    }
    // The classic: what everybody may read, taken for a shared secret.
    for (kid, key) in by.published() {
        let jwk = key.jwk(Some(kid));
        let mut public = key.public_key_files();
        public.push(("JWK", jwk.to_string().into_bytes()));
        for member in ["n", "x"] {
            if let Some(text) = jwk[member].as_str() {
                public.push(("JWK's number", text.as_bytes().to_vec()));
            }
        }
        for (form, secret) in public {
            let confused = Signer::Secret(secret);
            for header in [
                json!({ "alg": "HS256", "kid": kid }),
                json!({ "alg": "HS256" }),
                json!({ "alg": key.algorithm(), "kid": kid }),
            ] {
                let what = format!("signed with the public {form} of {kid:?}: {header}");
                table.push((Published, what, signed(&confused, header), Unverified));
            }
        }
    }
    table.extend([
        forgery(Published, "ES256 for an RSA key", signed(&by.p256, json!({ "alg": "ES256", "kid": RSA })), Unverified),
        forgery(Published, "RS256 for an EC key", signed(&by.rsa, json!({ "alg": "RS256", "kid": P256 })), Unverified),
        forgery(
            Published,
            "Ed25519's signature for ES256",
            signed(&by.ed25519, json!({ "alg": "ES256", "kid": P256 })),
            Unverified,
        ),
        forgery(Published, "alg twice", by.rsa.raw(r#"{"alg":"none","alg":"RS256","kid":"r"}"#, &good), Unverified),
        forgery(
            Published,
            "alg twice, once in escapes",
            by.rsa
                .raw(r#"{"alg":"none","a\u006cg":"RS256","kid":"r"}"#, &good),
            Unverified,
        ),
    ]);
    table
}

/// §3.2, Use Appropriate Algorithms: what a key could be used with, but is not.
#[rustfmt::skip]
fn inappropriate(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::Unverified;
    let cases: [(&Signer, &str, &[&str]); 3] = [
        (&by.rsa, RSA, &["PS256", "PS512", "RS384", "RS512", "RSA1_5", "RSA-OAEP"]),
        (&by.p256, P256, &["ES384", "ES512", "ES256K", "ECDH-ES"]),
        (&by.ed25519, ED25519, &["Ed448", "dir", "A128KW"]),
    ];
    let mut table = Vec::new();
    for (key, kid, algorithms) in cases {
        for alg in algorithms {
            let token = signed(key, json!({ "alg": alg, "kid": kid }));
            table.push(forgery(Published, alg, token, Unverified));
        }
    }
    table
}

/// §3.3, Validate All Cryptographic Operations: what is not signed as it stands, or by another.
#[rustfmt::skip]
fn signatures(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::{Claims, Extension, Malformed, Unverified};
    let good = by.claiming(json!({}));
    let (message, signature) = good.rsplit_once('.').expect("a token");
    let (head, body) = message.split_once('.').expect("a token");
    let other_body = base64(claims(json!({ "sub": "8" })).to_string());
    let stranger = Signer::secret("another secret, also of 32 bytes or more");
    // 32 bytes leave two bits of the last letter unused: three more letters say the same.
    let last = signature.chars().last().expect("a letter");
    let next = char::from_u32(u32::from(last) + 1).expect("a letter");
    let loose = format!("{message}.{}{next}", &signature[..signature.len() - 1]);
    let published = signed(&by.rsa, by.rsa.header(Some(RSA)));
    let encrypted = base64(r#"{"alg":"dir","enc":"A128GCM","kid":"r"}"#);
    let detached = format!("{head}..{signature}");
    let unencoded = {
        let header = json!({ "alg": "HS256", "b64": false, "crit": ["b64"] }).to_string();
        let message = format!("{}.{}", base64(header), claims(json!({})));
        format!("{message}.{}", base64(by.secret.sign(message.as_bytes())))
    };
    let shared = [
        ("no signature", format!("{message}."), Unverified),
        ("half a signature", format!("{message}.{}", &signature[..20]), Unverified),
        ("a letter more", format!("{good}A"), Unverified),
        ("letters more", format!("{good}AAAA"), Unverified),
        ("a signature of zeros", format!("{message}.{}", base64([0; 32])), Unverified),
        ("loose bits after the signature", loose, Unverified),
        ("a padded signature", format!("{good}="), Malformed),
        ("another alphabet", format!("{message}.+/{}", &signature[2..]), Malformed),
        ("other claims", format!("{head}.{other_body}.{signature}"), Unverified),
        ("no claims", detached, Unverified),
        ("header and claims in each other's place", format!("{body}.{head}.{signature}"), Unverified),
        ("another secret", signed(&stranger, by.secret.header(None)), Unverified),
        ("published keys' token", published, Unverified),
        ("nothing", String::new(), Malformed),
        ("dots", "..".to_owned(), Malformed),
        ("garbage", "abc.def.ghi".to_owned(), Malformed),
        ("one part", "abc".to_owned(), Malformed),
        ("two parts", message.to_owned(), Malformed),
        ("four parts", format!("{good}.x"), Malformed),
        ("a full stop more", format!("{good}."), Malformed),
        ("two tokens", format!("{good} {good}"), Malformed),
        ("a space within", format!("{message} .{signature}"), Malformed),
        ("a giant", "A".repeat(MAX_LENGTH + 1), InvalidToken::TooLong),
        ("a giant that is signed", by.claiming(json!({ "x": "x".repeat(MAX_LENGTH) })), InvalidToken::TooLong),
        ("as long as may be", "A".repeat(MAX_LENGTH), Malformed),
        ("deep JSON", format!("{}.e30.x", base64(r#"{"x":"#.repeat(1000))), Malformed),
        ("deep claims", by.saying(format!("{}{}", "[".repeat(2000), "]".repeat(2000))), Claims),
        ("bytes after the header", by.secret.raw(r#"{"alg":"HS256"}{}"#, claims(json!({})).to_string()), Malformed),
        ("bytes after the claims", by.saying(format!("{}{{}}", claims(json!({})))), Claims),
        ("NUL after the claims", by.saying(format!("{}\0", claims(json!({})))), Claims),
        // RFC 7797: the claims are read as they stand, which a JWT forbids (§7).
        ("claims that are not encoded", unencoded, Malformed),
        ("b64 in crit", by.headed(json!({ "crit": ["b64"], "b64": false })), Extension),
        ("b64 without crit", by.headed(json!({ "b64": false })), Extension),
        ("an unknown crit", by.headed(json!({ "crit": ["exp"], "exp": 1 })), Extension),
        ("crit of nothing", by.headed(json!({ "crit": [] })), Extension),
        ("crit as text", by.headed(json!({ "crit": "exp" })), Unverified),
        // Nested: the claims of what is within are not those of what is without.
        ("a JWT in a JWT", by.secret.raw(r#"{"alg":"HS256","cty":"JWT"}"#, &good), Claims),
        ("a JWT in a JWT, as JSON", by.saying(json!(good).to_string()), Claims),
    ];
    let public = [
        ("an unknown key", signed(&by.own, by.own.header(Some(RSA))), Unverified),
        ("an unknown key without a name", signed(&by.own, by.own.header(None)), Unverified),
        ("another key's name", signed(&by.rsa, by.rsa.header(Some(P256))), Unverified),
        ("a shared secret", good.clone(), Unverified),
        ("encrypted", format!("{encrypted}..aaaa.bbbb.cccc"), Malformed),
        ("encrypted with a key", format!("{encrypted}.aaaa.bbbb.cccc.dddd"), Malformed),
    ];
    let shared = shared.map(|(what, token, wrong)| forgery(Secret, what, token, wrong));
    let public = public.map(|(what, token, wrong)| forgery(Published, what, token, wrong));
    shared.into_iter().chain(public).collect()
}

/// §3.4, Validate Cryptographic Inputs: numbers that no signature has. What published keys are held
/// to is tested in `jwk.rs`.
#[rustfmt::skip]
fn inputs(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::Unverified;
    let forged = |kid, signer: &Signer, signature: &[u8]| {
        let header = base64(signer.header(Some(kid)).to_string());
        let claims = base64(claims(json!({})).to_string());
        format!("{header}.{claims}.{}", base64(signature))
    };
    // The order of P-256 (FIPS 186-4, D.1.2.3): r and s must lie between 0 and it.
    let order = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let p256 = |signature: &[u8]| forged(P256, &by.p256, signature);
    [
        ("r and s of 0", p256(&[0; 64])),
        ("r and s of the order", p256(&[order, order].concat())),
        ("a signature in DER", p256(&[0x30, 6, 2, 1, 1, 2, 1, 1])),
        ("an RSA signature of 0", forged(RSA, &by.rsa, &[0; 256])),
        ("an RSA signature of 1", {
            let mut one = [0; 256];
            one[255] = 1;
            forged(RSA, &by.rsa, &one)
        }),
        ("an EdDSA signature of 0", forged(ED25519, &by.ed25519, &[0; 64])),
    ]
    .map(|(what, token)| forgery(Published, what, token, Unverified))
    .into()
}

/// §3.5, Ensure Cryptographic Keys Have Sufficient Entropy: secrets that are guessed. Short ones
/// are refused as a setting (`secret.rs`).
#[rustfmt::skip]
fn guesses(by: &Signers) -> Vec<Forgery> {
    let guesses = [
        "",
        "secret",
        "changeme",
        "your-256-bit-secret",
        "invite-gateway",
    ];
    let of = |secret: &str, trust| {
        let token = signed(&Signer::secret(secret), by.secret.header(None));
        let what = format!("signed with {secret:?}");
        (trust, what, token, InvalidToken::Unverified)
    };
    let tables = guesses.map(|secret| [of(secret, Secret), of(secret, Published)]);
    tables.into_iter().flatten().collect()
}

/// §3.6, Avoid Compression of Encryption Inputs: nothing is unpacked, and nothing decrypted.
#[rustfmt::skip]
fn compressed(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::Extension;
    vec![
        forgery(Secret, "zip", by.headed(json!({ "zip": "DEF" })), Extension),
        forgery(Secret, "enc", by.headed(json!({ "enc": "A128GCM" })), Extension),
    ]
}

/// §3.7, Use UTF-8: what would be read in another way by others.
#[rustfmt::skip]
fn encodings(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::{Claims, Malformed};
    let good = claims(json!({})).to_string();
    let utf_16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin_1 = [br#"{"sub":"7"#, &b"\xe9\","[..], &good.as_bytes()[1..]].concat();
    let byte_order_mark = format!("\u{feff}{good}");
    vec![
        forgery(Secret, "claims in UTF-16", by.saying(utf_16), Claims),
        forgery(Secret, "claims in Latin-1", by.saying(latin_1), Claims),
        forgery(Secret, "a byte order mark", by.saying(byte_order_mark), Claims),
        forgery(
            Secret,
            "half a surrogate",
            by.saying(after(r#""jti":"\ud800""#, &json!({ "sub": "7" }))),
            InvalidToken::NoExpiry,
        ),
        forgery(
            Secret,
            "a header in Latin-1",
            by.secret
                .raw(b"{\"alg\":\"HS256\",\"kid\":\"\xe9\"}", &good),
            Malformed,
        ),
    ]
}

/// §3.8, Validate Issuer and Subject. What subject names whom is tested in `viewers.rs`.
#[rustfmt::skip]
fn issuers(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::{Claims, Issuer};
    let twice = after(r#""iss":"https://evil.example""#, &claims(json!({})));
    [
        ("no iss", by.claiming(json!({ "iss": null })), Issuer),
        ("another iss", by.claiming(json!({ "iss": "https://evil.example" })), Issuer),
        ("an empty iss", by.claiming(json!({ "iss": "" })), Issuer),
        ("an iss that begins so", by.claiming(json!({ "iss": format!("{ISSUER}.evil.example") })), Issuer),
        ("iss with a slash more", by.claiming(json!({ "iss": format!("{ISSUER}/") })), Issuer),
        ("iss in another case", by.claiming(json!({ "iss": ISSUER.to_uppercase() })), Issuer),
        ("iss as a list", by.claiming(json!({ "iss": [ISSUER, "x"] })), Claims),
        ("two iss", by.saying(twice), Claims),
        ("two sub", by.saying(after(r#""sub":"8""#, &claims(json!({})))), Claims),
        ("two sub, one in escapes", by.saying(after(r#""s\u0075b":"8""#, &claims(json!({})))), Claims),
    ]
    .map(|(what, token, wrong)| forgery(Secret, what, token, wrong))
    .into()
}

/// §3.9, Use and Validate Audience.
#[rustfmt::skip]
fn audiences(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::{Audience, Claims};
    let twice = after(r#""aud":"others""#, &claims(json!({})));
    [
        ("no aud", by.claiming(json!({ "aud": null })), Audience),
        ("another aud", by.claiming(json!({ "aud": "others" })), Audience),
        ("an aud that begins so", by.claiming(json!({ "aud": format!("{AUDIENCE}2") })), Audience),
        ("aud in another case", by.claiming(json!({ "aud": AUDIENCE.to_uppercase() })), Audience),
        ("other auds", by.claiming(json!({ "aud": ["others", "invites2"] })), Audience),
        ("auds of nobody", by.claiming(json!({ "aud": [] })), Audience),
        ("auds in one text", by.claiming(json!({ "aud": format!("others {AUDIENCE}") })), Audience),
        ("aud as a number", by.claiming(json!({ "aud": 1 })), Claims),
        ("aud within a list", by.claiming(json!({ "aud": [[AUDIENCE]] })), Claims),
        ("two aud", by.saying(twice), Claims),
    ]
    .map(|(what, token, wrong)| forgery(Secret, what, token, wrong))
    .into()
}

/// §3.10, Do Not Trust Received Claims: keys that a token brings along, and names of keys that
/// are more than names.
#[rustfmt::skip]
fn injected_keys(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::Unverified;
    let own = |changes| signed(&by.own, changed(by.own.header(Some(RSA)), changes));
    let nowhere = "http://127.0.0.1:1/keys";
    let certificate = base64([0x30; 64]);
    let mut table: Vec<Forgery> = [
        ("jwk", json!({ "jwk": by.own.jwk(None) })),
        ("jwk by a trusted name", json!({ "jwk": by.own.jwk(Some(RSA)) })),
        ("jwk without kid", json!({ "kid": null, "jwk": by.own.jwk(None) })),
        ("jwk that is none", json!({ "jwk": { "kty": "none" } })),
        ("jku", json!({ "jku": nowhere })),
        ("jku without kid", json!({ "kid": null, "jku": nowhere })),
        ("jku of a file", json!({ "jku": "file:///dev/null" })),
        ("x5u", json!({ "x5u": nowhere })),
        ("x5c", json!({ "x5c": [certificate] })),
        ("x5t", json!({ "x5t": "AAAA", "x5t#S256": "AAAA" })),
    ]
    .map(|(what, changes)| forgery(Published, what, own(changes), Unverified))
    .into();
    for kid in [
        "x",
        "",
        " r",
        "R",
        "../../../../dev/null",
        "/dev/null",
        "r\0",
        "' UNION SELECT 'secret' --",
        "r'; DROP TABLE users; --",
        "$(id)",
        "http://127.0.0.1:1/keys",
    ] {
        // What such a name would lead a server to read: nothing, or what the forger chose.
        for guess in ["", "secret"] {
            let header = json!({ "alg": "HS256", "kid": kid });
            let what = format!("kid {kid:?} with the secret {guess:?}");
            let token = signed(&Signer::secret(guess), header);
            table.push((Published, what.clone(), token.clone(), Unverified));
            table.push((Secret, what, token, Unverified));
        }
        let what = format!("kid {kid:?} of a published key");
        let token = signed(&by.rsa, by.rsa.header(Some(kid)));
        table.push((Published, what, token, Unverified));
    }
    for kid in [json!(1), json!([RSA]), json!({ "r": RSA })] {
        let what = format!("kid {kid}");
        let token = signed(&by.rsa, json!({ "alg": "RS256", "kid": kid }));
        table.push((Published, what, token, Unverified));
    }
    let twice = r#"{"alg":"RS256","kid":"x","kid":"r"}"#;
    let twice = by.rsa.raw(twice, claims(json!({})).to_string());
    table.push(forgery(Published, "two kid", twice, Unverified));
    table
}

/// §3.11, Use Explicit Typing, and §3.12, Use Mutually Exclusive Validation Rules for Different
/// Kinds of JWTs: a JWT of another kind, though its issuer signed it.
#[rustfmt::skip]
fn other_kinds(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::{NoExpiry, Type, Unverified};
    let mut table = Vec::new();
    for typ in [
        "logout+jwt",
        "secevent+jwt",
        "dpop+jwt",
        "JOSE",
        "JWE",
        "",
        "at+jwt ",
        "text/jwt",
        "application/",
    ] {
        let what = format!("typ {typ:?}");
        table.push((Secret, what, by.headed(json!({ "typ": typ })), Type));
    }
    table.extend([
        forgery(Secret, "typ as a number", by.headed(json!({ "typ": 1 })), Unverified),
        // RFC 8417 §2.2 wants no `exp` of security events.
        forgery(Secret, "a security event", by.claiming(json!({ "exp": null, "events": {} })), NoExpiry),
    ]);
    table
}

/// RFC 7519 §4.1.4 and §4.1.5, which §2.8 of RFC 8725 and all of its rules build upon: when a
/// token counts.
#[rustfmt::skip]
fn times(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::{Claims, Expired, NoExpiry, NotYet};
    let soon = NOW + 600;
    [
        ("no exp", by.claiming(json!({ "exp": null })), NoExpiry),
        ("exp null", by.saying(r#"{"sub":"7","exp":null}"#), NoExpiry),
        ("exp as text", by.claiming(json!({ "exp": soon.to_string() })), Claims),
        ("exp as a date", by.claiming(json!({ "exp": "2999-01-01T00:00:00Z" })), Claims),
        ("exp as a list", by.claiming(json!({ "exp": [soon] })), Claims),
        ("exp true", by.claiming(json!({ "exp": true })), Claims),
        ("exp beyond all numbers", by.saying(r#"{"exp":1e999}"#), Claims),
        ("exp Infinity", by.saying(r#"{"exp":Infinity}"#), Claims),
        ("exp NaN", by.saying(r#"{"exp":NaN}"#), Claims),
        ("expired to the second", by.claiming(json!({ "exp": NOW - LEEWAY })), Expired),
        ("expired by a fraction", by.claiming(json!({ "exp": NOW as f64 - LEEWAY as f64 - 0.5 })), Expired),
        ("long expired", by.claiming(json!({ "exp": 0 })), Expired),
        ("a negative exp", by.claiming(json!({ "exp": -1e300 })), Expired),
        ("the least exp", by.claiming(json!({ "exp": i64::MIN })), Expired),
        ("two exp", by.saying(after(r#""exp":0"#, &claims(json!({})))), Claims),
        ("two exp, one in escapes", by.saying(after(r#""e\u0078p":0"#, &claims(json!({})))), Claims),
        ("not yet valid", by.claiming(json!({ "nbf": NOW + LEEWAY + 1 })), NotYet),
        ("never valid", by.claiming(json!({ "nbf": 1e300 })), NotYet),
        ("nbf as text", by.claiming(json!({ "nbf": "0" })), Claims),
        ("two nbf", by.saying(after(r#""nbf":0,"nbf":0"#, &claims(json!({})))), Claims),
        ("claims as text", by.saying(r#""x""#), Claims),
        ("claims null", by.saying("null"), Claims),
        // In the order in which the claims are declared.
        ("claims as a list", by.saying(json!([soon, null, ISSUER, AUDIENCE, "7", null, null]).to_string()), Claims),
        ("scope as a number", by.claiming(json!({ "scope": 1 })), Claims),
    ]
    .map(|(what, token, wrong)| forgery(Secret, what, token, wrong))
    .into()
}

/// What is found wrong with those `Authorization` headers; none if they are taken.
async fn wrong_with(verifier: &Verifier, sent: &[String]) -> Option<InvalidToken> {
    let mut headers = HeaderMap::new();
    for value in sent {
        let value = HeaderValue::from_str(value).expect("a header");
        headers.append(AUTHORIZATION, value);
    }
    match bearer::token(&headers) {
        Ok(token) => refusal(verifier, token.expect("a header")).await,
        Err(AuthError::Invalid(wrong)) => Some(wrong),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn every_forgery_of_rfc_8725_is_refused() {
    let by = Signers::new();
    let shared = verifier(with_secret());
    let (published, _file) = publishing(&by.jwks()).await;
    let good = format!("Bearer {}", by.claiming(json!({})));
    assert_eq!(wrong_with(&shared, std::slice::from_ref(&good)).await, None);
    let mut otherwise = Vec::new();
    for (section, table) in [
        ("3.1", algorithms(&by)),
        ("3.2", inappropriate(&by)),
        ("3.3", signatures(&by)),
        ("3.4", inputs(&by)),
        ("3.5", guesses(&by)),
        ("3.6", compressed(&by)),
        ("3.7", encodings(&by)),
        ("3.8", issuers(&by)),
        ("3.9", audiences(&by)),
        ("3.10", injected_keys(&by)),
        ("3.11, 3.12", other_kinds(&by)),
        ("2.8", times(&by)),
    ] {
        for (trust, what, token, expected) in table {
            let verifier = match trust {
                Secret => &shared,
                Published => &published,
            };
            let header = format!("Bearer {token}");
            let wrong = wrong_with(verifier, std::slice::from_ref(&header)).await;
            if wrong != Some(expected) {
                let row = format!("§{section}, {trust:?}, {what}: {wrong:?}, not {expected:?}");
                otherwise.push(row);
            }
            // Neither beside a good one: which of them counts would be a matter of taste.
            for sent in [[&header, &good], [&good, &header]] {
                let sent = sent.map(String::clone);
                let wrong = wrong_with(verifier, &sent).await;
                assert_eq!(wrong, Some(InvalidToken::SeveralHeaders), "{what}");
            }
        }
    }
    assert!(otherwise.is_empty(), "{otherwise:#?}");
}

#[tokio::test]
async fn a_shared_secret_verifies_hs256() {
    let by = Signers::new();
    let verifier = verifier(with_secret());
    for header in [
        json!({}),
        json!({ "typ": null }),
        json!({ "typ": "jwt" }),
        json!({ "typ": "AT+JWT" }),
        json!({ "typ": "application/at+jwt" }),
        // One key needs no name.
        json!({ "kid": "whatever" }),
    ] {
        let token = by.headed(header.clone());
        assert_eq!(refusal(&verifier, &token).await, None, "{header}");
    }
}

#[tokio::test]
async fn each_published_key_verifies_its_own_algorithm() {
    let by = Signers::new();
    let (verifier, _file) = publishing(&by.jwks()).await;
    for (kid, signer) in by.published() {
        // With its name, and as the only key of its algorithm.
        for kid in [Some(kid), None] {
            let token = signed(signer, signer.header(kid));
            assert_eq!(refusal(&verifier, &token).await, None, "{kid:?}");
        }
    }
}

#[tokio::test]
async fn a_token_without_a_key_id_needs_a_set_with_one_key() {
    let (one, other) = (Signer::ed25519(), Signer::ed25519());
    let (verifier, _file) = publishing(&[one.jwk(Some("a")), other.jwk(Some("b"))]).await;
    let token = |kid| one.token(&one.header(kid), &claims(json!({})));
    assert_eq!(refusal(&verifier, &token(Some("a"))).await, None);
    for kid in [None, Some("b")] {
        let refused = refusal(&verifier, &token(kid)).await;
        assert_eq!(refused, Some(InvalidToken::Unverified), "{kid:?}");
    }

    let (verifier, _file) = publishing(&[one.jwk(Some("a")), other.jwk(Some("a"))]).await;
    let refused = refusal(&verifier, &token(Some("a"))).await;
    assert_eq!(
        refused,
        Some(InvalidToken::Unverified),
        "one name, two keys"
    );
}
