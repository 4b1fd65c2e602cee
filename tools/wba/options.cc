#include "options.h"

#include <charconv>
#include <cstdint>

namespace wba::cli {
namespace {

std::optional<std::int64_t> read_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

}  // namespace

Outcome<std::chrono::seconds> read_duration(std::string_view option, std::string_view text) {
  std::string_view digits = text;
  std::int64_t unit = 1;
  if (!digits.empty()) {
    const char last = digits.back();
    unit = last == 's' ? 1 : last == 'm' ? 60 : last == 'h' ? 3600 : last == 'd' ? 86400 : 0;
    if (unit != 0) digits.remove_suffix(1);
    if (unit == 0) unit = 1;
  }
  const auto number = read_number(digits);
  if (!number || *number > 999'999'999'999'999 / unit) {
    return std::unexpected(
        Failure{.message = std::string(option) + " '" + escape(text, 40) + "' is no duration",
                .hint = "give seconds, or a number with a unit: 90, 60s, 5m, 24h, 7d"});
  }
  return std::chrono::seconds(*number * unit);
}

Outcome<Time> read_time(std::string_view option, std::string_view text) {
  constexpr std::int64_t kYear5138 = 100'000'000'000;
  const auto number = read_number(text);
  if (!number || *number > 999'999'999'999'999) {
    return std::unexpected(
        Failure{.message = std::string(option) + " '" + escape(text, 40) + "' is no time",
                .hint = "give seconds since the Unix epoch, as `date +%s` prints them"});
  }
  if (*number >= kYear5138) {
    return std::unexpected(Failure{.message = std::string(option) + " is in milliseconds",
                                   .hint = "give seconds: the same without the last three digits"});
  }
  return Time(std::chrono::seconds(*number));
}

Outcome<Time> time_or_now(std::string_view option, std::string_view text) {
  if (!text.empty()) return read_time(option, text);
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::vector<std::string_view> views(const std::vector<std::string>& strings) {
  return {strings.begin(), strings.end()};
}

}  // namespace wba::cli
