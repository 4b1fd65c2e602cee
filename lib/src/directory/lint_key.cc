#include "directory/jwk_times.h"
#include "directory/lint_parts.h"
#include "directory/text.h"
#include "key/thumbprint.h"

namespace wba::directory {
namespace {

// Times are the `nbf` and `exp` of a key as a verifier understands them, and whether the key can be
// used at the time of the check.
struct Times {
  bool usable = true;
  std::optional<Time> not_before;
  std::optional<Time> expires;
};

std::string type_name(const Json& jwk) {
  const auto kty = text_member(jwk, "kty");
  const auto crv = text_member(jwk, "crv");
  if (!kty) return {};
  return quote(*kty, 24) + (crv ? " " + quote(*crv, 24) : std::string());
}

void lint_time(Lint& lint, const Json& jwk, std::string_view name, const std::string& subject,
               Times& times) {
  const Json* value = member(jwk, name);
  if (value == nullptr) return;
  const bool begins = name == "nbf";
  const JwkTime time = read_jwk_time(*value);
  const std::string label(name);
  switch (time.kind) {
    case JwkTimeKind::invalid:
      lint.add(Level::fail, name, subject, label + " is no whole number of seconds",
               "write seconds since 1970, as in RFC 7519: " +
                   std::to_string(lint.now.time_since_epoch().count()));
      times.usable = false;
      return;
    case JwkTimeKind::milliseconds:
      lint.add(Level::fail, name, subject,
               label + " is in milliseconds (" + utc_time(time.time) + "): read as seconds, " +
                   (begins ? "the key never begins to be valid" : "the key never expires"),
               "write seconds: " + std::to_string(time.time.time_since_epoch().count()));
      if (begins) times.usable = false;
      return;
    case JwkTimeKind::seconds:
      break;
  }
  if (begins) {
    times.not_before = time.time;
    if (time.time > lint.now) {
      times.usable = false;
      lint.add(
          Level::warn, name, subject,
          "not valid before " + utc_time(time.time) + ", in " + duration_text(time.time - lint.now),
          "sign nothing with it until then");
      return;
    }
  } else {
    times.expires = time.time;
    if (time.time <= lint.now) {
      times.usable = false;
      lint.add(Level::warn, name, subject, "expired at " + utc_time(time.time),
               "take it out, or give it a later exp if it still signs");
      return;
    }
  }
  lint.add(Level::ok, name, subject, (begins ? "since " : "until ") + utc_time(time.time));
}

Times lint_times(Lint& lint, const Json& jwk, const std::string& subject) {
  Times times;
  lint_time(lint, jwk, "nbf", subject, times);
  lint_time(lint, jwk, "exp", subject, times);
  if (times.not_before && times.expires && *times.expires <= *times.not_before) {
    times.usable = false;
    lint.add(Level::fail, "exp", subject, "exp is not after nbf: the key is never valid",
             "give it an exp after its nbf");
  }
  return times;
}

void lint_private(Lint& lint, const Json& jwk, const std::string& subject) {
  const std::string_view secret = private_member(jwk);
  if (secret.empty()) return;
  lint.add(Level::fail, "private-member", subject,
           "publishes its secret in the member \"" + std::string(secret) + "\"",
           "anybody can sign with this key now: take it out at once and make a new one");
}

// lint_use says whether `use` and `key_ops` leave the key for signatures.
bool lint_use(Lint& lint, const Json& jwk, const std::string& subject) {
  if (const Json* use = member(jwk, "use"); use != nullptr && *use != "sig") {
    lint.add(Level::fail, "use", subject, "use is not \"sig\": verifiers pass the key over",
             "set use to \"sig\"");
    return false;
  }
  const Json* operations = member(jwk, "key_ops");
  if (operations == nullptr) return true;
  if (operations->is_array()) {
    for (const Json& operation : *operations) {
      if (operation == "verify") return true;
    }
  }
  lint.add(Level::fail, "key-ops", subject, "key_ops does not hold \"verify\"",
           "leave key_ops out, or set it to [\"verify\"]");
  return false;
}

// lint_alg says whether `alg` leaves the key for its own algorithm. That of other key types is the
// key reader's to judge.
bool lint_alg(Lint& lint, const Json& jwk, const std::string& subject) {
  const Json* alg = member(jwk, "alg");
  if (alg == nullptr || text_member(jwk, "kty") != "OKP") return true;
  const auto text = text_member(jwk, "alg");
  if (text == "EdDSA" || text == "Ed25519") return true;
  const bool only_case = text && (ascii_lower(*text) == "eddsa" || ascii_lower(*text) == "ed25519");
  lint.add(only_case ? Level::warn : Level::fail, "alg", subject,
           "alg is " + (text ? quote(*text, 24) : std::string("no string")) +
               (only_case ? ": the case is not that of the JOSE registry"
                          : ": not an algorithm of this key"),
           "write \"EdDSA\", or leave alg out");
  return only_case;
}

void lint_kid(Lint& lint, const Json& jwk, const std::string& subject, LintedKey& linted) {
  const auto kid = text_member(jwk, "kid");
  const std::string thumbprint(linted.key->thumbprint());
  const Level elsewhere = lint.well_known ? Level::fail : Level::ok;
  if (!kid) {
    const bool present = member(jwk, "kid") != nullptr;
    lint.add(lint.well_known || present ? Level::fail : Level::warn, "kid", subject,
             present ? "kid is no string" : "no kid", "set kid to the thumbprint: " + thumbprint);
    return;
  }
  linted.kid_is_thumbprint = *kid == thumbprint;
  if (linted.kid_is_thumbprint) {
    lint.add(Level::ok, "kid", subject, "kid is the thumbprint");
    return;
  }
  if (has_thumbprint_form(*kid)) {
    lint.add(lint.well_known || lint.is_file() ? Level::fail : Level::warn, "kid", subject,
             "kid " + quote(*kid) +
                 " looks like a thumbprint and is not this key's: kid or x is "
                 "another key's",
             "publish the JWK of the key that signs, with the kid " + thumbprint +
                 " if this is the one");
    return;
  }
  if (lint.is_file()) {
    lint.add(Level::warn, "kid", subject, "kid " + quote(*kid) + " is not the thumbprint",
             "at a well-known path it must be: " + thumbprint);
    return;
  }
  lint.add(elsewhere, "kid", subject,
           "kid " + quote(*kid) + " is not the thumbprint" +
               (lint.well_known ? "" : ", which only a well-known path asks for"),
           lint.well_known ? "set kid to " + thumbprint + " and sign with it as keyid" : "");
}

}  // namespace

void lint_key(Lint& lint, const Json& jwk, std::size_t index) {
  const std::string subject = key_name(index);
  LintedKey linted;
  CheckedKey checked;
  if (!jwk.is_object()) {
    lint.add(Level::fail, "key", subject, "not a JWK: no JSON object", "take it out");
    lint.keys.push_back(std::move(linted));
    lint.report.keys.push_back(std::move(checked));
    return;
  }
  linted.kid = text_member(jwk, "kid").value_or(std::string_view());
  checked.kid = quote(linted.kid, 100);
  checked.kid = checked.kid.substr(1, checked.kid.size() - 2);
  lint_private(lint, jwk, subject);
  const bool for_signatures = lint_use(lint, jwk, subject);
  const bool algorithm_fits = lint_alg(lint, jwk, subject);
  // `alg`, `use` and `key_ops` have findings of their own: whether the key itself can be read is
  // another question.
  Json bare = jwk;
  bare.erase("use");
  bare.erase("key_ops");
  const bool okp = text_member(jwk, "kty") == "OKP";
  if (okp) bare.erase("alg");
  auto key = PublicKey::from_jwk(bare.dump());
  if (key && key->type() == KeyType::hmac) {
    lint.add(Level::fail, "key-type", subject, "a shared secret",
             "Web Bot Auth takes no HMAC keys: make an Ed25519 key");
  } else if (!key) {
    const std::string type = type_name(jwk);
    const bool unsupported = key.error().code == ErrorCode::key_type_unsupported;
    lint.add(Level::fail, unsupported || type.empty() ? "key-type" : "key", subject,
             type.empty() ? "no kty" : type + ": " + std::string(describe(key.error().code)),
             unsupported ? "make an Ed25519 key: every verifier takes it"
                         : "write the key anew from its PEM: wba directory new");
  } else {
    linted.key = std::move(*key);
    checked.type = std::string(to_string(linted.key->type()));
    checked.thumbprint = std::string(linted.key->thumbprint());
    const bool ed25519 = linted.key->type() == KeyType::ed25519;
    lint.add(ed25519 ? Level::ok : Level::warn, "key-type", subject,
             checked.type + (ed25519 ? "" : ": some verifiers take Ed25519 only"),
             ed25519 ? "" : "publish an Ed25519 key too");
    lint_kid(lint, jwk, subject, linted);
    if (linted.key->is_published_test_key()) {
      lint.add(lint.options.allow_test_keys ? Level::warn : Level::fail, "test-key", subject,
               "a test key: its private half is printed in an RFC",
               "anybody can sign with it: take it out and make a new one");
    }
  }
  const Times times = lint_times(lint, jwk, subject);
  linted.not_before = times.not_before;
  linted.expires = times.expires;
  linted.sound = linted.key && for_signatures && algorithm_fits &&
                 (lint.options.allow_test_keys || !linted.key->is_published_test_key());
  linted.usable = linted.sound && times.usable;
  checked.usable = linted.usable;
  lint.keys.push_back(std::move(linted));
  lint.report.keys.push_back(std::move(checked));
}

}  // namespace wba::directory
