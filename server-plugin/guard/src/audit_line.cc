// One line of the audit log.

#include <array>
#include <charconv>
#include <ctime>

#include <wba/guard/audit_log.h>

namespace wba::guard {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::size_t kLongest = 512;  // octets of one value
constexpr std::size_t kMostCovered = 64;

// Everything but printable ASCII is escaped, so that a line is one line and is UTF-8 whatever was
// sent: an octet above it stands as the code point of the same number.
void append_string(std::string_view value, std::string& out) {
  out.push_back('"');
  for (const char c : value.substr(0, kLongest)) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (octet < 0x20 || octet > 0x7e) {
      out.append("\\u00");
      out.push_back(kDigits[octet >> 4U]);
      out.push_back(kDigits[octet & 0xfU]);
    } else {
      out.push_back(c);
    }
  }
  if (value.size() > kLongest) out.append("...");
  out.push_back('"');
}

void append_name(std::string_view name, std::string& out) {
  if (out.back() != '{') out.push_back(',');
  out.push_back('"');
  out.append(name).append("\":");
}

// What is unknown is null: an empty string would be something that was said.
void append_member(std::string_view name, std::string_view value, std::string& out) {
  append_name(name, out);
  if (value.empty()) {
    out.append("null");
  } else {
    append_string(value, out);
  }
}

void append_member(std::string_view name, std::int64_t value, std::string& out) {
  append_name(name, out);
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

// 2026-11-24T02:05:48.123Z
void append_time(Now time, std::string& out) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto days = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(seconds - days);
  const auto padded = [&](std::int64_t number, std::size_t width) {
    const std::string digits = std::to_string(number);
    if (digits.size() < width) out.append(width - digits.size(), '0');
    out.append(digits);
  };
  out.push_back('"');
  padded(static_cast<int>(date.year()), 4);
  out.push_back('-');
  padded(static_cast<unsigned>(date.month()), 2);
  out.push_back('-');
  padded(static_cast<unsigned>(date.day()), 2);
  out.push_back('T');
  padded(clock.hours().count(), 2);
  out.push_back(':');
  padded(clock.minutes().count(), 2);
  out.push_back(':');
  padded(clock.seconds().count(), 2);
  out.push_back('.');
  padded((time - seconds).count(), 3);
  out.append("Z\"");
}

void append_covered(const Record& record, std::string& out) {
  append_name("covered", out);
  out.push_back('[');
  for (std::size_t i = 0; i < record.covered.size() && i < kMostCovered; ++i) {
    if (i > 0) out.push_back(',');
    append_string(record.covered[i], out);
  }
  out.push_back(']');
}

}  // namespace

void append_audit_line(const Record& record, std::string& out) {
  out.append("{\"time\":");
  append_time(record.time, out);
  append_member("request_id", record.request_id, out);
  append_member("peer", record.peer, out);
  append_member("client", record.client, out);
  append_member("method", record.method, out);
  append_member("authority", record.authority, out);
  append_member("path", record.path, out);
  append_member("caller", to_string(record.caller), out);
  append_member("identity", record.identity, out);
  append_member("domain", record.domain, out);
  append_member("claimed", record.claimed, out);
  append_member("keyid", record.keyid, out);
  append_member("dialect", record.dialect == Dialect::none ? "" : to_string(record.dialect), out);
  append_member("label", record.label, out);
  append_member("outcome", to_string(record.outcome), out);
  append_member("reason", record.reason == Reason::none ? "" : to_string(record.reason), out);
  append_covered(record, out);
  append_member("route", record.route, out);
  append_member("rule", record.rule, out);
  append_member("mode", to_string(record.mode), out);
  append_member("action", to_string(record.action), out);
  append_member("decided", to_string(record.decided), out);
  append_member("cause", record.cause == Cause::none ? "" : to_string(record.cause), out);
  append_member("status", record.status, out);
  append_member("replay", to_string(record.replay), out);
  append_member("spent_us", record.spent.count(), out);
  out.append("}\n");
}

}  // namespace wba::guard
