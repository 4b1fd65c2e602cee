#ifndef WBA_DIRECTORY_TEXT_H_
#define WBA_DIRECTORY_TEXT_H_

// Text for people, made of bytes that came from the network.

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include <wba/key_resolver.h>

namespace wba::directory {

// quote puts `bytes` between double quotes: printable ASCII as it is, everything else, the quote
// and the backslash as \xNN; cut off behind `most` bytes with "...". Safe on a terminal.
[[nodiscard]] std::string quote(std::string_view bytes, std::size_t most = 80);

// utc_time writes a time as 2026-11-24T01:44:59Z; one outside the years 0 to 9999 as the number.
[[nodiscard]] std::string utc_time(Time time);

// duration_text writes seconds in the two largest units that say it: "36 h", "1 d 12 h", "90 s".
[[nodiscard]] std::string duration_text(std::chrono::seconds duration);

// ascii_lower gives a copy with A-Z in lower case.
[[nodiscard]] std::string ascii_lower(std::string_view text);

// trimmed cuts spaces and tabs off both ends. RFC 9110 §5.6.3.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_TEXT_H_
