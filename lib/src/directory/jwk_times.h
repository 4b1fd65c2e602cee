#ifndef WBA_DIRECTORY_JWK_TIMES_H_
#define WBA_DIRECTORY_JWK_TIMES_H_

// `nbf` and `exp` of a key in a directory: seconds since the epoch, which some operators write in
// milliseconds.

#include <cstdint>

#include <wba/key_resolver.h>

#include "directory/json.h"

namespace wba::directory {

enum class JwkTimeKind : std::uint8_t {
  seconds,
  milliseconds,  // a number that is a plausible time only when read as milliseconds
  invalid,       // no whole number, or one below zero
};

// JwkTime is what such a member says; `time` is in seconds in both of the first two kinds.
struct JwkTime {
  JwkTimeKind kind = JwkTimeKind::invalid;
  Time time{};
};

// read_jwk_time reads one such member. 10^11 seconds is the year 5138, 10^11 milliseconds is 1973:
// what is larger was written in milliseconds.
[[nodiscard]] JwkTime read_jwk_time(const Json& value);

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_JWK_TIMES_H_
