#ifndef WBA_JWK_SET_H_
#define WBA_JWK_SET_H_

// JWK Sets, RFC 7517 §5, as key directories publish them.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wba/error.h>
#include <wba/key.h>

namespace wba {

struct JwkSetLimits {
  std::size_t bytes = 65536;  // of the text
  std::size_t keys = 128;     // members of "keys"
};

// JwkSetEntry is one element of "keys", usable or not. It owns what it holds.
struct JwkSetEntry {
  // The public key, or why there is none: the key_ codes. A set's "oct" keys are refused
  // (key_type_unsupported): a shared secret that is published is none.
  Result<PublicKey> key = std::unexpected(Error{ErrorCode::key_member_missing});
  // The members as they were written; nullopt where they are absent or of another JSON type. `kid`
  // is the operator's own label and may be anything: escape it before showing it.
  std::optional<std::string> kid = {};
  std::optional<std::string> kty = {};
  std::optional<std::string> crv = {};
  std::optional<std::string> alg = {};
  std::optional<std::string> use = {};
  // When the key begins and ceases to be valid, in the unit that was written: seconds since the
  // Unix epoch, where the operator did it right. A fraction is dropped. An `nbf` or `exp` that is
  // no number, or does not fit, makes `key` a key_member_invalid: what was limited is never taken
  // for unlimited.
  std::optional<std::int64_t> nbf = {};
  std::optional<std::int64_t> exp = {};
  // Whether it holds a member that belongs to a private key: "d", "p", "q", "dp", "dq", "qi",
  // "oth" or "k". Its key is compromised.
  bool has_private_members = false;
};

struct JwkSet {
  std::vector<JwkSetEntry> entries;  // in the order of "keys"
  bool is_bare_jwk = false;          // the text is one JWK, not a set: `entries` has that one
};

// parse_jwk_set reads a JWK Set. Unknown members are passed over; a key that cannot be used is
// listed with its error and spoils no other. A JWK where a set was expected gives a set of one.
// Errors: key_too_large, key_json_invalid (no JSON object, or nested deeper than 16),
// key_member_missing (neither "keys" nor "kty"), key_member_invalid ("keys" is no array),
// key_member_duplicate (a member of the set itself), key_set_too_many, out_of_memory.
[[nodiscard]] Result<JwkSet> parse_jwk_set(std::string_view text, const JwkSetLimits& limits = {});

}  // namespace wba

#endif  // WBA_JWK_SET_H_
