#include "directory/text.h"

#include <array>
#include <cstdio>
#include <utility>

namespace wba::directory {

std::string quote(std::string_view bytes, std::size_t most) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "\"";
  for (std::size_t i = 0; i < bytes.size() && i < most; ++i) {
    const auto octet = static_cast<unsigned char>(bytes[i]);
    if (octet >= 0x20 && octet < 0x7f && octet != '"' && octet != '\\') {
      out += bytes[i];
    } else {
      out += "\\x";
      out += digits[octet >> 4];
      out += digits[octet & 15];
    }
  }
  out += bytes.size() > most ? "...\"" : "\"";
  return out;
}

std::string utc_time(Time time) {
  // 0000-01-01T00:00:00Z and 10000-01-01T00:00:00Z; beyond them the calendar's year overflows.
  constexpr std::int64_t first = -62167219200;
  constexpr std::int64_t end = 253402300800;
  const std::int64_t count = time.time_since_epoch().count();
  if (count < first || count >= end) return std::to_string(count);
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 32> out{};
  const int size = std::snprintf(
      out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  return std::string(out.data(), static_cast<std::size_t>(size));
}

std::string duration_text(std::chrono::seconds duration) {
  static constexpr std::array<std::pair<std::int64_t, std::string_view>, 4> units = {
      {{86400, " d"}, {3600, " h"}, {60, " min"}, {1, " s"}}};
  std::int64_t rest = duration.count();
  if (rest < 0) return std::to_string(rest) + " s";
  std::string out;
  int parts = 0;
  for (const auto& [size, name] : units) {
    if (rest < size || parts == 2) continue;
    if (!out.empty()) out += ' ';
    out += std::to_string(rest / size);
    out += name;
    rest %= size;
    ++parts;
  }
  return out.empty() ? "0 s" : out;
}

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view trimmed(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace wba::directory
