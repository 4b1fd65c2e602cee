#ifndef WBA_DIRECTORY_JSON_H_
#define WBA_DIRECTORY_JSON_H_

// JSON texts of directories and cards, read within bounds.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include <wba/error.h>

namespace wba::directory {

// Json keeps the members of an object in their order.
using Json = nlohmann::ordered_json;

struct JsonLimits {
  std::size_t bytes = 1U << 20U;
  std::size_t depth = 16;
};

// read_json reads one whole JSON text in UTF-8. An object with the same member twice is refused:
// readers differ in which one they see, so that two verifiers could see two key sets.
// Errors: directory_too_large, directory_not_json (with the byte offset), directory_too_deep,
// directory_member_duplicate, out_of_memory. RFC 8259.
[[nodiscard]] Result<Json> read_json(std::string_view text, const JsonLimits& limits = {});

// member gives an object's member, or nullptr where there is none or `object` is no object.
[[nodiscard]] const Json* member(const Json& object, std::string_view name);

// text_member gives an object's member where it is a string; nullopt elsewhere. The view lives as
// long as the object.
[[nodiscard]] std::optional<std::string_view> text_member(const Json& object,
                                                          std::string_view name);

// whole_number gives a JSON number that is a whole one within 64 bits, 1.5e3 included.
[[nodiscard]] std::optional<std::int64_t> whole_number(const Json& value);

// private_member names the first member of a JWK that holds secret key material: "d", a prime, or
// the "k" of a symmetric key. Empty where there is none. RFC 7518 §6.2.2, §6.3.2, §6.4; RFC 8037
// §2.
[[nodiscard]] std::string_view private_member(const Json& jwk);

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_JSON_H_
