#ifndef WBA_SRC_KEY_JWK_JSON_H_
#define WBA_SRC_KEY_JWK_JSON_H_

// The JSON of a JWK or JWK Set, flat: the members of the object and, where it has "keys", those of
// the objects in it. Values of the members that can hold a secret are kept away from the JSON
// parser, whose buffers nobody wipes: they are views into the text.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wba/error.h>

namespace wba {

struct JsonValue {
  enum class Kind : std::uint8_t {
    string,
    secret,   // a string under a secret member's name: `secret` views it in the text
    integer,  // that fits
    real,     // any other number
    strings,  // an array of nothing but strings
    other,
  };
  Kind kind = Kind::other;
  std::string text = {};
  std::string_view secret = {};
  std::int64_t integer = 0;
  double real = 0;
  std::vector<std::string> strings = {};
};

struct JsonObject {
  bool is_object = true;
  std::vector<std::pair<std::string, JsonValue>> members = {};

  // find gives the first member of this name, or nullptr.
  [[nodiscard]] const JsonValue* find(std::string_view name) const noexcept;
  [[nodiscard]] bool has_duplicates() const;
};

struct JwkDocument {
  JsonObject top;
  bool has_key_list = false;  // "keys" is an array
  std::vector<JsonObject> keys = {};
};

// is_secret_name says whether a member of this name belongs to a private key and holds a string.
[[nodiscard]] bool is_secret_name(std::string_view name) noexcept;

// read_jwk_json reads `text`, which must outlive the result. Nesting is bounded by 16.
// Errors: key_too_large (over `max_bytes`), key_json_invalid, key_set_too_many (over `max_keys`).
[[nodiscard]] Result<JwkDocument> read_jwk_json(std::string_view text, std::size_t max_bytes,
                                                std::size_t max_keys);

}  // namespace wba

#endif  // WBA_SRC_KEY_JWK_JSON_H_
