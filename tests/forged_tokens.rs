//! Forged tokens, by section of RFC 8725 (JSON Web Token Best Current Practices): gateways with a
//! shared secret and gateways with published keys refuse each of them.

use std::io::Write;

use axum::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use invite_gateway::auth::{AuthError, Authenticator, InvalidToken};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::support::{
    Gateway, SECRET, any_database, data,
    signer::{Signer, base64, key_set},
    tokens::{
        AUDIENCE, ISSUER, LEEWAY, authenticator, changed, claims, now, reason, refusal, with_keys,
        with_secret,
    },
};

/// Longest accepted token, in bytes.
const MAX_LENGTH: usize = 8 * 1024;

/// Returns an authenticator that trusts these published keys.
fn publishing(gateway: &Gateway, keys: &[Value]) -> (Authenticator, NamedTempFile) {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(key_set(keys).as_bytes()).expect("written");
    let path = file.path().to_str().expect("a path");
    (authenticator(gateway, with_keys(path)), file)
}

/// The keys.
struct Signers {
    /// The shared secret.
    secret: Signer,
    /// Published under [`RSA`], [`P256`] and [`ED25519`].
    rsa: Signer,
    p256: Signer,
    ed25519: Signer,
    /// The forger's key.
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

    /// Returns a valid token of the secret, with changes of its header.
    fn headed(&self, changes: Value) -> String {
        let header = changed(self.secret.header(None), changes);
        self.secret.token(&header, &claims(json!({})))
    }

    /// Returns a valid token of the secret, with changes of its claims.
    fn claiming(&self, changes: Value) -> String {
        let header = self.secret.header(None);
        self.secret.token(&header, &claims(changes))
    }

    /// Returns a token of the secret with exactly those claims.
    fn saying(&self, claims: impl AsRef<[u8]>) -> String {
        let header = self.secret.header(None).to_string();
        self.secret.raw(header, claims)
    }
}

/// Returns a token with valid claims.
fn signed(signer: &Signer, header: Value) -> String {
    signer.token(&header, &claims(json!({})))
}

/// Returns claims as text, after other members, so that a name may occur twice.
fn after(members: &str, good: &Value) -> String {
    format!("{{{members},{}", &good.to_string()[1..])
}

/// Keys of the gateway that receives a forgery.
#[derive(Clone, Copy, Debug)]
enum Trust {
    Secret,
    Published,
}
use Trust::{Published, Secret};

/// A forgery: its receiver, its name, the token, and the reason for the refusal.
type Forgery = (Trust, String, String, InvalidToken);

fn forgery(trust: Trust, name: &str, token: String, wrong: InvalidToken) -> Forgery {
    (trust, name.to_owned(), token, wrong)
}

/// Returns forgeries for the same receiver.
fn table<const N: usize>(trust: Trust, rows: [(&str, String, InvalidToken); N]) -> Vec<Forgery> {
    rows.map(|(name, token, wrong)| forgery(trust, name, token, wrong))
        .into()
}

/// §3.1, Perform Algorithm Verification: a key has one algorithm, which no token chooses.
#[rustfmt::skip]
fn algorithms(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::{Malformed, Unverified};
    let good = claims(json!({})).to_string();
    let mut forgeries = Vec::new();
    for alg in ["none", "None", "NONE", "nOnE", "none ", ""] {
        let header = json!({ "alg": alg, "typ": "JWT" }).to_string();
        let unsigned = format!("{}.{}.", base64(&header), base64(&good));
        for trust in [Secret, Published] {
            let name = format!("alg {alg:?}, unsigned");
            forgeries.push((trust, name, unsigned.clone(), Unverified));
            let name = format!("alg {alg:?}, signed");
            forgeries.push((trust, name, by.secret.raw(&header, &good), Unverified));
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
        let name = format!("the secret's token as alg {alg}");
        let wrong = if alg.is_null() || alg.is_string() { Unverified } else { Malformed };
        forgeries.push((Secret, name, by.headed(json!({ "alg": alg })), wrong));
    }
    // A public key, used as a shared secret.
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
                let name = format!("signed with the public {form} of {kid:?}: {header}");
                forgeries.push((Published, name, signed(&confused, header), Unverified));
            }
        }
    }
    forgeries.extend([
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
    forgeries
}

/// §3.2, Use Appropriate Algorithms: other algorithms of the same keys.
#[rustfmt::skip]
fn inappropriate(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::Unverified;
    let cases: [(&Signer, &str, &[&str]); 3] = [
        (&by.rsa, RSA, &["PS256", "PS512", "RS384", "RS512", "RSA1_5", "RSA-OAEP"]),
        (&by.p256, P256, &["ES384", "ES512", "ES256K", "ECDH-ES"]),
        (&by.ed25519, ED25519, &["Ed448", "dir", "A128KW"]),
    ];
    let mut forgeries = Vec::new();
    for (key, kid, algorithms) in cases {
        for alg in algorithms {
            let token = signed(key, json!({ "alg": alg, "kid": kid }));
            forgeries.push(forgery(Published, alg, token, Unverified));
        }
    }
    forgeries
}

/// §3.3, Validate All Cryptographic Operations: changed tokens, and other keys.
#[rustfmt::skip]
fn signatures(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::{Claims, Extension, Malformed, Unverified};
    let good = by.claiming(json!({}));
    let (message, signature) = good.rsplit_once('.').expect("a token");
    let (head, body) = message.split_once('.').expect("a token");
    let other_body = base64(claims(json!({ "sub": "8" })).to_string());
    let stranger = Signer::secret("another secret, also of 32 bytes or more");
    // 32 bytes leave two bits of the last letter unused: four letters decode to the same bytes.
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
        ("a giant", "A".repeat(MAX_LENGTH + 1), InvalidToken::TooLong { max_length: MAX_LENGTH }),
        ("a giant that is signed", by.claiming(json!({ "x": "x".repeat(MAX_LENGTH) })), InvalidToken::TooLong { max_length: MAX_LENGTH }),
        ("as long as may be", "A".repeat(MAX_LENGTH), Malformed),
        ("deep JSON", format!("{}.e30.x", base64(r#"{"x":"#.repeat(1000))), Malformed),
        ("deep claims", by.saying(format!("{}{}", "[".repeat(2000), "]".repeat(2000))), Claims),
        ("bytes after the header", by.secret.raw(r#"{"alg":"HS256"}{}"#, claims(json!({})).to_string()), Malformed),
        ("bytes after the claims", by.saying(format!("{}{{}}", claims(json!({})))), Claims),
        ("NUL after the claims", by.saying(format!("{}\0", claims(json!({})))), Claims),
        // RFC 7797 §7 forbids unencoded claims in a JWT.
        ("claims that are not encoded", unencoded, Malformed),
        ("b64 in crit", by.headed(json!({ "crit": ["b64"], "b64": false })), Extension),
        ("b64 without crit", by.headed(json!({ "b64": false })), Extension),
        ("an unknown crit", by.headed(json!({ "crit": ["exp"], "exp": 1 })), Extension),
        ("crit of nothing", by.headed(json!({ "crit": [] })), Extension),
        ("crit as text", by.headed(json!({ "crit": "exp" })), Unverified),
        // A nested token: its claims are not those of the outer one.
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
    [table(Secret, shared), table(Published, public)].concat()
}

/// §3.4, Validate Cryptographic Inputs: numbers that no signature has. `src/auth/jwk.rs` tests the
/// checks of published keys.
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
    .map(|(name, token)| forgery(Published, name, token, Unverified))
    .into()
}

/// §3.5, Ensure Cryptographic Keys Have Sufficient Entropy: guessed secrets. A short secret is an
/// invalid setting (`src/auth/secret.rs`).
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
        let name = format!("signed with {secret:?}");
        (trust, name, token, InvalidToken::Unverified)
    };
    let tables = guesses.map(|secret| [of(secret, Secret), of(secret, Published)]);
    tables.into_iter().flatten().collect()
}

/// §3.6, Avoid Compression of Encryption Inputs: compressed and encrypted tokens.
#[rustfmt::skip]
fn compressed(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::Extension;
    vec![
        forgery(Secret, "zip", by.headed(json!({ "zip": "DEF" })), Extension),
        forgery(Secret, "enc", by.headed(json!({ "enc": "A128GCM" })), Extension),
    ]
}

/// §3.7, Use UTF-8: other encodings.
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

/// §3.8, Validate Issuer and Subject. `authentication.rs` tests the users that subjects identify.
#[rustfmt::skip]
fn issuers(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::{Claims, Issuer};
    let twice = after(r#""iss":"https://evil.example""#, &claims(json!({})));
    table(Secret, [
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
    ])
}

/// §3.9, Use and Validate Audience.
#[rustfmt::skip]
fn audiences(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::{Audience, Claims};
    let twice = after(r#""aud":"others""#, &claims(json!({})));
    table(Secret, [
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
    ])
}

/// §3.10, Do Not Trust Received Claims: keys within tokens, and key ids that are paths, URLs or
/// code.
#[rustfmt::skip]
fn injected_keys(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::Unverified;
    let own = |changes| signed(&by.own, changed(by.own.header(Some(RSA)), changes));
    let nowhere = "http://127.0.0.1:1/keys";
    let certificate = base64([0x30; 64]);
    let mut forgeries: Vec<Forgery> = [
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
    .map(|(name, changes)| forgery(Published, name, own(changes), Unverified))
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
        // A server that reads such a path may get an empty file, or one that the forger chose.
        for guess in ["", "secret"] {
            let header = json!({ "alg": "HS256", "kid": kid });
            let name = format!("kid {kid:?} with the secret {guess:?}");
            let token = signed(&Signer::secret(guess), header);
            forgeries.push((Published, name.clone(), token.clone(), Unverified));
            forgeries.push((Secret, name, token, Unverified));
        }
        let name = format!("kid {kid:?} of a published key");
        let token = signed(&by.rsa, by.rsa.header(Some(kid)));
        forgeries.push((Published, name, token, Unverified));
    }
    for kid in [json!(1), json!([RSA]), json!({ "r": RSA })] {
        let name = format!("kid {kid}");
        let token = signed(&by.rsa, json!({ "alg": "RS256", "kid": kid }));
        forgeries.push((Published, name, token, Unverified));
    }
    let twice = r#"{"alg":"RS256","kid":"x","kid":"r"}"#;
    let twice = by.rsa.raw(twice, claims(json!({})).to_string());
    forgeries.push(forgery(Published, "two kid", twice, Unverified));
    forgeries
}

/// §3.11, Use Explicit Typing, and §3.12, Use Mutually Exclusive Validation Rules for Different
/// Kinds of JWTs: other JWTs of the same issuer.
#[rustfmt::skip]
fn other_kinds(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::{NoExpiry, Type, Unverified};
    let mut forgeries = Vec::new();
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
        let name = format!("typ {typ:?}");
        forgeries.push((Secret, name, by.headed(json!({ "typ": typ })), Type));
    }
    forgeries.extend([
        forgery(Secret, "typ as a number", by.headed(json!({ "typ": 1 })), Unverified),

        forgery(Secret, "a security event", by.claiming(json!({ "exp": null, "events": {} })), NoExpiry),
    ]);
    forgeries
}

/// §2.8, and RFC 7519 §4.1.4 and §4.1.5: tokens that have expired, or are not valid yet.
#[rustfmt::skip]
fn times(by: &Signers) -> Vec<Forgery> {
    use InvalidToken::{Claims, Expired, NoExpiry, NotYet};
    let soon = now() + 600;
    table(Secret, [
        ("no exp", by.claiming(json!({ "exp": null })), NoExpiry),
        ("exp null", by.saying(r#"{"sub":"7","exp":null}"#), NoExpiry),
        ("exp as text", by.claiming(json!({ "exp": soon.to_string() })), Claims),
        ("exp as a date", by.claiming(json!({ "exp": "2999-01-01T00:00:00Z" })), Claims),
        ("exp as a list", by.claiming(json!({ "exp": [soon] })), Claims),
        ("exp true", by.claiming(json!({ "exp": true })), Claims),
        ("exp beyond all numbers", by.saying(r#"{"exp":1e999}"#), Claims),
        ("exp Infinity", by.saying(r#"{"exp":Infinity}"#), Claims),
        ("exp NaN", by.saying(r#"{"exp":NaN}"#), Claims),
        ("expired to the second", by.claiming(json!({ "exp": now() - LEEWAY })), Expired),
        ("expired by a fraction", by.claiming(json!({ "exp": now() as f64 - LEEWAY as f64 - 0.5 })), Expired),
        ("long expired", by.claiming(json!({ "exp": 0 })), Expired),
        ("a negative exp", by.claiming(json!({ "exp": -1e300 })), Expired),
        ("the least exp", by.claiming(json!({ "exp": i64::MIN })), Expired),
        ("two exp", by.saying(after(r#""exp":0"#, &claims(json!({})))), Claims),
        ("two exp, one in escapes", by.saying(after(r#""e\u0078p":0"#, &claims(json!({})))), Claims),
        ("not yet valid", by.claiming(json!({ "nbf": now() + LEEWAY + 1 })), NotYet),
        ("never valid", by.claiming(json!({ "nbf": 1e300 })), NotYet),
        ("nbf as text", by.claiming(json!({ "nbf": "0" })), Claims),
        ("two nbf", by.saying(after(r#""nbf":0,"nbf":0"#, &claims(json!({})))), Claims),
        ("claims as text", by.saying(r#""x""#), Claims),
        ("claims null", by.saying("null"), Claims),
        // In the order in which the claims are declared.
        ("claims as a list", by.saying(json!([soon, null, ISSUER, AUDIENCE, null, "7"]).to_string()), Claims),
    ])
}

/// Returns the reason for which these `Authorization` headers are refused; none if they are accepted.
async fn refused(authenticator: &Authenticator, sent: &[&[u8]]) -> Option<InvalidToken> {
    let header = |value| {
        (
            AUTHORIZATION,
            HeaderValue::from_bytes(value).expect("a header"),
        )
    };
    let mut headers = HeaderMap::new();
    for (name, value) in sent.iter().copied().map(header) {
        headers.append(name, value);
    }
    reason(authenticator.viewer(&headers).await)
}

any_database! {
    async fn every_forgery_of_rfc_8725_is_refused(gateway) {
        gateway.add(data::user(7, "grace")).await;
        let by = Signers::new();
        let shared = authenticator(&gateway, with_secret());
        let (published, _file) = publishing(&gateway, &by.jwks());
        let good = format!("Bearer {}", by.claiming(json!({})));
        assert_eq!(refused(&shared, &[good.as_bytes()]).await, None);
        let mut unexpected = Vec::new();
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
            for (trust, name, token, expected) in table {
                let authenticator = match trust {
                    Secret => &shared,
                    Published => &published,
                };
                let header = format!("Bearer {token}");
                let wrong = as_shown(refused(authenticator, &[header.as_bytes()]).await);
                if wrong != Some(expected) {
                    let row = format!("§{section}, {trust:?}, {name}: {wrong:?}, not {expected:?}");
                    unexpected.push(row);
                }
                // Beside a valid one, neither counts.
                for sent in [[&header, &good], [&good, &header]] {
                    let wrong = refused(authenticator, &sent.map(String::as_bytes)).await;
                    assert_eq!(wrong, Some(InvalidToken::SeveralHeaders), "{name}");
                }
            }
        }
        assert!(unexpected.is_empty(), "{unexpected:#?}");
    }

    async fn a_header_holds_one_token_after_the_scheme_in_any_case(gateway) {
        use InvalidToken::{Malformed, SeveralHeaders};
        gateway.add(data::user(7, "grace")).await;
        let authenticator = authenticator(&gateway, with_secret());
        let token = Signers::new().claiming(json!({}));
        for before in ["Bearer ", "bearer ", "BEARER   "] {
            let sent = format!("{before}{token} ");
            assert_eq!(refused(&authenticator, &[sent.as_bytes()]).await, None, "{before:?}");
        }
        let cases: [(&[&[u8]], InvalidToken); 10] = [
            (&[b"Bearer"], Malformed),
            (&[b"Bearer "], Malformed),
            (&[b"Bearer a.b.c d.e.f"], Malformed),
            (&[b"Bearer a.b.c, Bearer a.b.c"], Malformed),
            (&[b"Bearer a.b.c="], Malformed),
            (&[b"Bearer a\t.b.c"], Malformed),
            (&[b"Bearer \xff\xfe"], Malformed),
            (&[b"Bearer \"a.b.c\""], Malformed),
            (&[b"Bearer a.b.c", b"Bearer a.b.c"], SeveralHeaders),
            (&[b"Basic dTpw", b"Bearer a.b.c"], SeveralHeaders),
        ];
        for (sent, expected) in cases {
            assert_eq!(refused(&authenticator, sent).await, Some(expected), "{sent:?}");
        }
        for sent in ["Basic dTpw", "Token a.b.c", "a.b.c", "Bearera.b.c", "Bearer\ta.b.c"] {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(sent))]);
            let outcome = authenticator.viewer(&headers).await;
            assert!(matches!(outcome, Err(AuthError::UnsupportedScheme)), "{sent:?}");
        }
    }

    async fn a_shared_secret_verifies_hs256(gateway) {
        gateway.add(data::user(7, "grace")).await;
        let by = Signers::new();
        let authenticator = authenticator(&gateway, with_secret());
        for header in [
            json!({}),
            json!({ "typ": null }),
            json!({ "typ": "jwt" }),
            json!({ "typ": "AT+JWT" }),
            json!({ "typ": "application/at+jwt" }),
            // A single key needs no id.
            json!({ "kid": "any" }),
        ] {
            let token = by.headed(header.clone());
            assert_eq!(refusal(&authenticator, &token).await, None, "{header}");
        }
    }

    async fn each_published_key_verifies_its_own_algorithm(gateway) {
        gateway.add(data::user(7, "grace")).await;
        let by = Signers::new();
        let (authenticator, _file) = publishing(&gateway, &by.jwks());
        for (kid, signer) in by.published() {
            // By its id, and as the only key of its algorithm.
            for kid in [Some(kid), None] {
                let token = signed(signer, signer.header(kid));
                assert_eq!(refusal(&authenticator, &token).await, None, "{kid:?}");
            }
        }
    }

    async fn keys_that_an_id_does_not_tell_apart_are_tried_in_turn(gateway) {
        gateway.add(data::user(7, "grace")).await;
        let (one, other) = (Signer::rsa(), Signer::rsa());
        let (a, b) = (Some("a"), Some("b"));
        for (published, kid, is_accepted) in [
            ([None, None], None, true),
            ([None, None], a, true),
            ([a, b], None, true),
            ([a, a], a, true),
            ([a, b], a, true),
            ([a, b], b, false),
            ([a, b], Some("c"), false),
        ] {
            let keys = [one.jwk(published[0]), other.jwk(published[1])];
            for keys in [keys.to_vec(), keys.into_iter().rev().collect()] {
                let (authenticator, _file) = publishing(&gateway, &keys);
                let refused = as_shown(refusal(&authenticator, &signed(&one, one.header(kid))).await);
                let expected = (!is_accepted).then_some(InvalidToken::Unverified);
                assert_eq!(refused, expected, "{published:?} {kid:?}");
                let forged = signed(&Signer::rsa(), one.header(kid));
                let refused = as_shown(refusal(&authenticator, &forged).await);
                assert_eq!(refused, Some(InvalidToken::Unverified), "{published:?} {kid:?}");
            }
        }
    }

    async fn at_most_eight_keys_are_tried(gateway) {
        gateway.add(data::user(7, "grace")).await;
        let signers: Vec<_> = (0..9).map(|at| Signer::named(&format!("key {at}"))).collect();
        let keys: Vec<_> = signers.iter().map(|signer| signer.jwk(None)).collect();
        let (authenticator, _file) = publishing(&gateway, &keys);
        let token = |at: usize| signed(&signers[at], signers[at].header(None));
        assert_eq!(refusal(&authenticator, &token(7)).await, None);
        assert_eq!(refusal(&authenticator, &token(8)).await, Some(InvalidToken::Unverified));
    }
}

/// Clients are not told whether a key is unknown or a signature wrong.
fn as_shown(reason: Option<InvalidToken>) -> Option<InvalidToken> {
    reason.map(|reason| match reason {
        InvalidToken::UnknownKey => {
            assert_eq!(reason.to_string(), InvalidToken::Unverified.to_string());
            InvalidToken::Unverified
        }
        reason => reason,
    })
}
