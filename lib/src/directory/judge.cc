#include "directory/judge.h"

#include <wba/agent_identity.h>

#include "directory/possession.h"

namespace wba::directory {
namespace {

constexpr std::string_view directory_media_type =
    "application/http-message-signatures-directory+json";

std::string_view view(const std::optional<std::string>& value) {
  return value ? std::string_view(*value) : std::string_view();
}

// proven drops the keys that the rule does not let through. The body came over TLS, so that a proof
// need not cover it, as many do not.
Judged proven(const FetchResult& result, const JudgeContext& context,
              std::vector<DirectoryKey> keys) {
  const auto possessions = check_possession({.url = context.url,
                                             .body = result.body,
                                             .content_digest = result.content_digest,
                                             .signature_input = result.signature_input,
                                             .signature = result.signature,
                                             .content_type = view(result.fields.content_type),
                                             .cache_control = view(result.fields.cache_control)},
                                            keys, false, context.now);
  Judged judged;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const Possession& possession = possessions[i];
    const bool good = context.proofs == ProofRule::required ? possession.proven_until.has_value()
                                                            : !possession.refuted;
    if (good) judged.keys.push_back(std::move(keys[i]));
  }
  if (!keys.empty() && judged.keys.empty()) judged.failure = Reason::directory_proof_missing;
  return judged;
}

// has_media_type applies draft -01 to the well-known path, whatever was looked for there. Elsewhere
// it asks for JSON: a host may let others upload images and texts, and means no key set by them.
bool has_media_type(std::string_view content_type, bool well_known) {
  return well_known ? media_type_is(content_type, directory_media_type)
                    : media_type_is_json(content_type);
}

}  // namespace

Judged judge(const FetchResult& result, const JudgeContext& context) {
  if (result.failure != Reason::none) return {.failure = result.failure};
  if (result.status == 304 && context.revalidating) return {.not_modified = true};
  if (result.status != 200) return {.failure = Reason::directory_bad_status};
  KeyDocumentRules rules{.well_known = is_well_known_document(context.url),
                         .well_known_kid = context.well_known_kid,
                         .bytes = context.limits.body_bytes,
                         .keys = context.limits.keys};
  if (!has_media_type(view(result.fields.content_type), rules.well_known)) {
    return {.failure = Reason::directory_wrong_media_type};
  }
  if (context.kind == FetchedKind::metadata) {
    rules.well_known = false;
    auto metadata = parse_client_metadata(result.body, context.url, rules);
    if (!metadata) return {.failure = metadata.error()};
    if (metadata->jwks_uri.empty()) return proven(result, context, std::move(metadata->keys));
    return {.jwks_uri = std::move(metadata->jwks_uri), .jwks_host = std::move(metadata->jwks_host)};
  }
  auto keys = parse_key_document(result.body, rules);
  if (!keys) return {.failure = keys.error()};
  return proven(result, context, std::move(*keys));
}

}  // namespace wba::directory
