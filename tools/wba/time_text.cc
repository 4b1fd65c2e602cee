#include "time_text.h"

#include <array>
#include <ctime>

namespace wba::cli {

std::string log_time(Time time) {
  const std::time_t seconds = time.time_since_epoch().count();
  std::tm parts{};
  std::array<char, 40> text{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return std::to_string(seconds);
  const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return size == 0 ? std::to_string(seconds) : std::string(text.data(), size);
}

std::string time_text(Time time) {
  return log_time(time) + " (" + std::to_string(time.time_since_epoch().count()) + ")";
}

}  // namespace wba::cli
