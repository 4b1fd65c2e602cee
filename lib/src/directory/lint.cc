#include <algorithm>

#include <wba/directory_document.h>
#include <wba/directory_lint.h>

#include "directory/lint_parts.h"
#include "directory/text.h"

namespace wba::directory {
namespace {

constexpr std::chrono::hours soon = std::chrono::days(7);

void lint_json_error(Lint& lint, const Error& error) {
  const std::string_view body = lint.fetched.body;
  const auto first = body.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) {
    lint.add(Level::fail, "json", "", "the body is empty", "serve a JWK Set: {\"keys\":[...]}");
  } else if (body[first] == '<') {
    lint.add(
        Level::fail, "json", "",
        "the body is HTML or XML, not JSON: " + quote(body.substr(first), 40),
        "serve the directory itself; a login page, an error page or bot protection came instead");
  } else if (error.code == ErrorCode::directory_member_duplicate) {
    lint.add(Level::fail, "json", "", "an object has the same member twice",
             "keep one of them: readers differ in which one they see");
  } else if (error.code == ErrorCode::directory_too_deep) {
    lint.add(Level::fail, "json", "", "the JSON is nested too deeply", "serve a plain JWK Set");
  } else if (error.code == ErrorCode::directory_not_json) {
    const std::size_t at = std::min<std::size_t>(error.offset, body.size());
    const std::string_view before = body.substr(0, at);
    const auto line = std::ranges::count(before, '\n') + 1;
    const auto line_start = before.rfind('\n');
    const std::size_t column = line_start == std::string_view::npos ? at + 1 : at - line_start;
    lint.add(
        Level::fail, "json", "",
        "the body is not JSON: line " + std::to_string(line) + ", column " + std::to_string(column),
        "correct the file there");
  } else {
    lint.add(Level::fail, "json", "",
             "the body cannot be read: " + std::string(describe(error.code)),
             "serve a plain JWK Set");
  }
}

// set_members gives the keys, or nullptr where there is nothing to look at.
const Json* set_members(Lint& lint, const Json& root, Json& bare) {
  const Json* keys = member(root, "keys");
  if (keys != nullptr && keys->is_array()) {
    lint.key_set = true;
    lint.add(Level::ok, "key-set", "", "a JWK Set");
    return keys;
  }
  if (keys != nullptr) {
    lint.add(Level::fail, "key-set", "", "the member \"keys\" is no array",
             "make it an array of JWKs");
    return nullptr;
  }
  if (member(root, "kty") != nullptr) {
    lint.add(Level::fail, "key-set", "", "a bare JWK instead of a JWK Set",
             "put it into a set: {\"keys\":[ the JWK ]}");
    bare = Json::array({root});
    return &bare;
  }
  lint.add(Level::fail, "key-set", "",
           root.is_array() ? "an array instead of a JWK Set" : "no member \"keys\": not a JWK Set",
           "serve an object with an array of JWKs: {\"keys\":[...]}");
  return nullptr;
}

void lint_count(Lint& lint, std::size_t count) {
  if (count == 0) {
    lint.add(Level::fail, "keys", "", "the set is empty", "add the key that your agent signs with");
  } else if (count > lint.options.usual_keys * 10) {
    lint.add(Level::fail, "keys", "", std::to_string(count) + " keys: more than verifiers take",
             "take out keys that no longer sign");
  } else if (count > lint.options.usual_keys) {
    lint.add(Level::warn, "keys", "",
             std::to_string(count) + " keys: more than some verifiers take",
             "take out keys that no longer sign");
  } else {
    lint.add(Level::ok, "keys", "", std::to_string(count) + (count == 1 ? " key" : " keys"));
  }
}

void lint_duplicates(Lint& lint) {
  for (std::size_t i = 0; i < lint.keys.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const LintedKey& one = lint.keys[j];
      const LintedKey& two = lint.keys[i];
      const bool both = one.key && two.key;
      const bool same_key = both && one.key->thumbprint() == two.key->thumbprint();
      if (same_key) {
        lint.add(Level::fail, "duplicate-key", key_name(i), "the same key as " + key_name(j),
                 "list each key once");
      } else if (!one.kid.empty() && one.kid == two.kid) {
        lint.add(Level::fail, "duplicate-kid", key_name(i),
                 "the same kid as " + key_name(j) + " and another key: " + quote(two.kid),
                 "make each kid the key's own thumbprint");
      } else {
        continue;
      }
      break;
    }
  }
}

void lint_usable(Lint& lint) {
  const auto usable = std::ranges::count_if(lint.keys, &LintedKey::usable);
  if (lint.keys.empty()) return;
  if (usable == 0) {
    lint.add(Level::fail, "usable", "", "no key can be used now", "add a key that is valid now");
    return;
  }
  lint.add(Level::ok, "usable", "",
           std::to_string(usable) + " of " + std::to_string(lint.keys.size()) + " can be used now");
}

// lint_rotation looks for the end of the last key that can be used now, and for what takes over.
void lint_rotation(Lint& lint) {
  std::optional<Time> last;
  for (const LintedKey& key : lint.keys) {
    if (!key.usable) continue;
    if (!key.expires) return;
    last = std::max(last, key.expires);
  }
  if (!last) return;
  std::optional<Time> next;
  for (const LintedKey& key : lint.keys) {
    if (key.usable || !key.sound || !key.not_before || *key.not_before <= lint.now) continue;
    if (key.expires && *key.expires <= *last) continue;
    next = next ? std::min(*next, *key.not_before) : *key.not_before;
  }
  if (next && *next > *last) {
    lint.add(Level::warn, "successor", "",
             "no key is valid from " + utc_time(*last) + " to " + utc_time(*next) +
                 ", between the last usable key and its successor",
             "let them overlap: give the successor an earlier nbf, or the other a later exp");
  } else if (!next && *last - lint.now < soon) {
    lint.add(Level::warn, "successor", "",
             "the last usable key ends at " + utc_time(*last) + ", in " +
                 duration_text(*last - lint.now),
             "add its successor now, so that caches know it in time");
  }
}

}  // namespace

std::string_view to_string(Level level) noexcept {
  switch (level) {
    case Level::ok:
      return "ok";
    case Level::warn:
      return "warn";
    case Level::fail:
      return "fail";
  }
  return "unknown";
}

std::string_view to_string(Takes takes) noexcept {
  switch (takes) {
    case Takes::yes:
      return "yes";
    case Takes::no:
      return "no";
    case Takes::unknown:
      return "unknown";
  }
  return "unknown";
}

Level LintReport::worst() const noexcept {
  Level worst = Level::ok;
  for (const Finding& finding : findings) worst = std::max(worst, finding.level);
  return worst;
}

std::string key_name(std::size_t index) { return "key " + std::to_string(index + 1); }

void lint_document(Lint& lint) {
  const std::size_t size = lint.fetched.body.size();
  if (size > lint.options.usual_bytes * 10) {
    lint.too_large = true;
    lint.add(Level::fail, "size", "", std::to_string(size) + " bytes: more than verifiers read",
             "take out keys and members that no verifier needs");
    return;
  }
  if (size > lint.options.usual_bytes) {
    lint.add(Level::warn, "size", "",
             std::to_string(size) + " bytes: more than some verifiers read",
             "stay below " + std::to_string(lint.options.usual_bytes) + " bytes");
  } else {
    lint.add(Level::ok, "size", "", std::to_string(size) + " bytes");
  }
  const auto root = read_json(lint.fetched.body, {.bytes = size});
  if (!root) {
    lint_json_error(lint, root.error());
    return;
  }
  lint.add(Level::ok, "json", "", "JSON");
  Json bare;
  const Json* keys = set_members(lint, *root, bare);
  if (keys == nullptr) return;
  lint_count(lint, keys->size());
  const std::size_t looked_at = std::min(keys->size(), lint.options.usual_keys * 10);
  for (std::size_t i = 0; i < looked_at; ++i) lint_key(lint, (*keys)[i], i);
  lint_duplicates(lint);
  lint_usable(lint);
  lint_rotation(lint);
}

LintReport lint_directory(const FetchedDirectory& fetched, Time now, const LintOptions& options) {
  Lint lint{.fetched = fetched, .now = now, .options = options, .report = {}};
  if (lint_response(lint)) {
    lint_document(lint);
    if (!lint.is_file()) lint_proofs(lint);
  }
  lint_verifiers(lint);
  return std::move(lint.report);
}

}  // namespace wba::directory
