#include <algorithm>

#include "directory/lint_parts.h"
#include "directory/text.h"

namespace wba::directory {
namespace {

constexpr std::string_view sign_advice =
    "sign it with every key, by wba directory serve or wba directory sign";

std::string_view advice_of(ProofProblem problem) {
  switch (problem) {
    case ProofProblem::none:
      return "";
    case ProofProblem::keyid_missing:
    case ProofProblem::key_not_published:
      return "set keyid to the thumbprint of a key in the directory";
    case ProofProblem::created_missing:
    case ProofProblem::expires_missing:
      return "add created and expires, in seconds";
    case ProofProblem::created_in_future:
      return "set the clock of the machine that signs";
    case ProofProblem::expired:
      return "sign afresh before the old signature ends";
    case ProofProblem::authority_not_covered:
    case ProofProblem::authority_without_req:
      return "cover \"@authority\";req";
    case ProofProblem::digest_not_covered:
    case ProofProblem::digest_missing:
      return "send Content-Digest and cover it";
    case ProofProblem::digest_mismatch:
      return "compute Content-Digest over the bytes that are sent; switch off compression";
    case ProofProblem::algorithm_mismatch:
      return "leave alg out, or set it to the key's";
    case ProofProblem::base_impossible:
      return "cover \"@authority\";req and \"content-digest\", nothing else";
    case ProofProblem::signature_wrong:
      return "sign for the authority that clients use, with the key that keyid names";
  }
  return "";
}

void lint_lifetime(Lint& lint, const Proof& proof, const std::string& subject) {
  const auto left = *proof.expires - lint.now;
  if (!lint.cache_lifetime || left >= *lint.cache_lifetime) {
    lint.add(Level::ok, "proof-lifetime", subject, "good for another " + duration_text(left));
    return;
  }
  lint.add(Level::fail, "proof-lifetime", subject,
           "ends in " + duration_text(left) + ", and caches keep the response for " +
               duration_text(*lint.cache_lifetime),
           "sign for longer than Cache-Control allows, and afresh in time");
}

void lint_one(Lint& lint, const Proof& proof) {
  const std::string subject = "signature " + quote(proof.label, 40);
  if (proof.problem != ProofProblem::none) {
    lint.add(Level::fail, "proof", subject, std::string(describe(proof.problem)),
             std::string(advice_of(proof.problem)));
    return;
  }
  lint.add(Level::ok, "proof", subject, "made by " + key_name(*proof.key));
  if (!proof.covers_digest) {
    lint.add(Level::warn, "proof-digest", subject,
             "does not cover \"content-digest\": it proves nothing about the keys listed",
             "send Content-Digest and cover it");
  }
  lint_lifetime(lint, proof, subject);
}

void lint_unsigned(Lint& lint) {
  const bool any = !field_lines(lint.fetched.fields, "signature-input").empty();
  lint.add(Level::warn, "proof", "",
           any ? "no signature is tagged http-message-signatures-directory"
               : "the response is not signed, as Cloudflare asks",
           std::string(sign_advice));
}

void lint_coverage(Lint& lint) {
  for (std::size_t i = 0; i < lint.keys.size(); ++i) {
    const bool tried =
        std::ranges::any_of(lint.proofs, [&](const Proof& proof) { return proof.key == i; });
    if (tried || !lint.keys[i].usable) continue;
    lint.add(Level::warn, "proof", key_name(i), "does not sign the response, as Cloudflare asks",
             std::string(sign_advice));
  }
}

}  // namespace

void lint_proofs(Lint& lint) {
  if (lint.fetched.request == nullptr) return;
  std::vector<ProofKey> keys;
  for (const LintedKey& key : lint.keys) {
    keys.push_back({.key = key.key ? &*key.key : nullptr, .kid = key.kid});
  }
  const Response response{.status = lint.fetched.status,
                          .fields = lint.fetched.fields,
                          .request = lint.fetched.request};
  // That a signature covers the body is a finding of its own: Cloudflare's verifier does without.
  auto proofs = verify_directory(response, lint.fetched.body, keys, lint.now,
                                 {.require_digest = false, .skew = lint.options.skew});
  if (!proofs) {
    lint.add(Level::fail, "proof", "",
             "Signature-Input or Signature cannot be read: " +
                 std::string(describe(proofs.error().code)),
             "write both as Dictionaries, one label for each key");
    return;
  }
  lint.proofs = std::move(*proofs);
  if (lint.proofs.empty()) {
    lint_unsigned(lint);
    return;
  }
  for (const Proof& proof : lint.proofs) lint_one(lint, proof);
  lint_coverage(lint);
}

}  // namespace wba::directory
