#include "directory/possession.h"

#include <algorithm>

#include <wba/directory_proof.h>
#include <wba/message.h>

namespace wba::directory {

std::vector<Possession> check_possession(const DirectoryResponse& response,
                                         std::span<const DirectoryKey> keys, bool require_digest,
                                         Time now) {
  std::vector<Possession> result(keys.size());
  const auto target = split_target_uri(response.url);
  if (response.signature_input.empty() || !target) return result;
  const Request request{.method = "GET", .authority = target->authority, .target = target->target};
  std::vector<FieldLine> fields;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) fields.push_back({.name = name, .value = value});
  };
  add("content-digest", response.content_digest);
  add("signature-input", response.signature_input);
  add("signature", response.signature);
  add("content-type", response.content_type);
  add("cache-control", response.cache_control);
  std::vector<ProofKey> proof_keys;
  for (const DirectoryKey& key : keys) proof_keys.push_back({.key = &key.key, .kid = key.kid});
  const auto proofs =
      verify_directory({.status = 200, .fields = fields, .request = &request}, response.body,
                       proof_keys, now, {.require_digest = require_digest});
  if (!proofs) return result;
  for (const Proof& proof : *proofs) {
    if (!proof.key) continue;
    Possession& possession = result[*proof.key];
    if (proof.problem == ProofProblem::none) {
      possession.proven_until = std::max(possession.proven_until, proof.expires);
    } else if (proof.problem == ProofProblem::signature_wrong) {
      possession.refuted = true;
    }
  }
  for (Possession& possession : result) {
    if (possession.proven_until) possession.refuted = false;
  }
  return result;
}

}  // namespace wba::directory
