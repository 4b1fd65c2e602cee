#include "directory/judge.h"

#include <wba/agent_identity.h>

namespace wba::directory {
namespace {

constexpr std::string_view directory_media_type =
    "application/http-message-signatures-directory+json";

}  // namespace

Judged judge(const FetchResult& result, const JudgeContext& context) {
  if (result.failure != Reason::none) return {.failure = result.failure};
  if (result.status == 304 && context.revalidating) return {.not_modified = true};
  if (result.status != 200) return {.failure = Reason::directory_bad_status};
  KeyDocumentRules rules{.well_known = is_well_known_document(context.url),
                         .well_known_kid = context.well_known_kid,
                         .bytes = context.limits.body_bytes,
                         .keys = context.limits.keys};
  if (context.kind == FetchedKind::metadata) {
    rules.well_known = false;
    auto metadata = parse_client_metadata(result.body, context.url, rules);
    if (!metadata) return {.failure = metadata.error()};
    return {.keys = std::move(metadata->keys),
            .jwks_uri = std::move(metadata->jwks_uri),
            .jwks_host = std::move(metadata->jwks_host)};
  }
  if (rules.well_known &&
      !media_type_is(result.fields.content_type.value_or(""), directory_media_type)) {
    return {.failure = Reason::directory_wrong_media_type};
  }
  auto keys = parse_key_document(result.body, rules);
  if (!keys) return {.failure = keys.error()};
  return {.keys = std::move(*keys)};
}

}  // namespace wba::directory
