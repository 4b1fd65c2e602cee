#include <algorithm>

#include "directory/lint_parts.h"

namespace wba::directory {
namespace {

// First keeps the first reason that a verifier has to refuse.
struct First {
  std::string reason;
  void unless(bool holds, std::string_view text) {
    if (!holds && reason.empty()) reason = text;
  }
};

First common(const Lint& lint) {
  First no;
  no.unless(lint.https, "not https");
  no.unless(lint.answered, lint.fetched.status >= 300 && lint.fetched.status < 400
                               ? "a redirect, which is not followed"
                               : "the status is not 200");
  no.unless(!lint.too_large, "too large");
  no.unless(lint.key_set, "not a JWK Set");
  no.unless(lint.keys.size() <= lint.options.usual_keys * 10, "too many keys");
  no.unless(std::ranges::any_of(lint.keys, &LintedKey::usable), "no usable key");
  return no;
}

bool is_ed25519(const LintedKey& key) { return key.key && key.key->type() == KeyType::ed25519; }

First draft_01(const Lint& lint) {
  First no = common(lint);
  if (!lint.well_known) return no;
  no.unless(lint.media_type_right, "not the directory's media type");
  no.unless(
      std::ranges::any_of(lint.keys,
                          [](const LintedKey& key) { return key.usable && key.kid_is_thumbprint; }),
      "no usable key whose kid is its thumbprint");
  return no;
}

First cloudflare(const Lint& lint) {
  First no = common(lint);
  no.unless(lint.is_file() || lint.well_known, "not at the well-known path");
  no.unless(lint.media_type_right, "not the directory's media type");
  no.unless(std::ranges::any_of(lint.keys,
                                [](const LintedKey& key) { return key.usable && is_ed25519(key); }),
            "no usable Ed25519 key");
  for (std::size_t i = 0; i < lint.keys.size(); ++i) {
    if (lint.is_file() || !lint.keys[i].usable || !is_ed25519(lint.keys[i])) continue;
    const bool proven = std::ranges::any_of(lint.proofs, [&](const Proof& proof) {
      return proof.key == i && proof.problem == ProofProblem::none;
    });
    no.unless(proven, key_name(i) + " does not sign the response");
  }
  return no;
}

First well_known(const Lint& lint) {
  First no = common(lint);
  no.unless(lint.is_file() || lint.well_known, "not at the well-known path");
  no.unless(lint.media_type_is_json, "not a JSON media type");
  return no;
}

}  // namespace

void lint_verifiers(Lint& lint) {
  const auto judge = [&](std::string_view verifier, First no) {
    Acceptance acceptance{.verifier = verifier, .takes = Takes::no, .reason = std::move(no.reason)};
    if (acceptance.reason.empty()) {
      acceptance.takes = lint.is_file() ? Takes::unknown : Takes::yes;
      if (lint.is_file()) acceptance.reason = "the file is good; the response decides";
    }
    lint.report.verifiers.push_back(std::move(acceptance));
  };
  judge("draft-01", draft_01(lint));
  judge("cloudflare", cloudflare(lint));
  judge("well-known", well_known(lint));
}

}  // namespace wba::directory
