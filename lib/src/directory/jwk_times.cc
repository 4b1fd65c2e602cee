#include "directory/jwk_times.h"

namespace wba::directory {

JwkTime read_jwk_time(const Json& value) {
  constexpr std::int64_t largest_seconds = 100'000'000'000;
  const auto number = whole_number(value);
  if (!number || *number < 0) return {};
  if (*number > largest_seconds) {
    return {.kind = JwkTimeKind::milliseconds, .time = Time(std::chrono::seconds(*number / 1000))};
  }
  return {.kind = JwkTimeKind::seconds, .time = Time(std::chrono::seconds(*number))};
}

}  // namespace wba::directory
