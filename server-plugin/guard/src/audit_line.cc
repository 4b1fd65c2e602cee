// One line of the audit log.

#include <array>
#include <charconv>

#include <wba/guard/audit_log.h>

namespace wba::guard {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

// Limits are the octets that values of a caller may take in a line.
struct Limits {
  std::size_t value;    // each
  std::size_t covered;  // the covered components together
};

// What anybody can send gets less room than what a verified agent signed.
constexpr Limits kVerified{.value = 256, .covered = 1024};
constexpr Limits kUnverified{.value = 128, .covered = 256};

constexpr Limits limits_of(const Record& record) noexcept {
  return record.caller == Caller::verified_agent ? kVerified : kUnverified;
}

// escaped_size gives the octets that append_escaped writes.
constexpr std::size_t escaped_size(char c) noexcept {
  if (c == '"' || c == '\\') return 2;
  return c < 0x20 || c > 0x7e ? 6 : 1;
}

// Everything but printable ASCII is escaped, so that a line is one line and is UTF-8 whatever was
// sent: an octet above it stands as the code point of the same number.
void append_escaped(char c, std::string& out) {
  switch (escaped_size(c)) {
    case 2:
      out.push_back('\\');
      out.push_back(c);
      return;
    case 6: {
      const auto octet = static_cast<unsigned char>(c);
      out.append("\\u00");
      out.push_back(kDigits[octet >> 4U]);
      out.push_back(kDigits[octet & 0xfU]);
      return;
    }
    default:
      out.push_back(c);
  }
}

// append_string appends a string of at most `limit` octets between its quotes; "..." marks a cut.
void append_string(std::string_view value, std::size_t limit, std::string& out) {
  out.push_back('"');
  for (const char c : value) {
    const std::size_t size = escaped_size(c);
    if (size > limit) {
      out.append("...");
      break;
    }
    append_escaped(c, out);
    limit -= size;
  }
  out.push_back('"');
}

void append_name(std::string_view name, std::string& out) {
  if (out.back() != '{') out.push_back(',');
  out.push_back('"');
  out.append(name).append("\":");
}

// What is unknown is null: an empty string would be something that was said.
void append_member(std::string_view name, std::string_view value, std::string& out,
                   std::size_t limit = kVerified.value) {
  append_name(name, out);
  if (value.empty()) {
    out.append("null");
  } else {
    append_string(value, limit, out);
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

// A list that is cut ends with "...".
void append_covered(const Record& record, std::string& out) {
  append_name("covered", out);
  out.push_back('[');
  const std::size_t end = out.size() + limits_of(record).covered;
  for (const auto& component : record.covered) {
    if (out.back() != '[') out.push_back(',');
    if (out.size() + component.size() > end) {
      out.append("\"...\"");
      break;
    }
    append_string(component, end - out.size(), out);
  }
  out.push_back(']');
}

}  // namespace

void append_audit_line(const Record& record, std::string& out) {
  const std::size_t limit = limits_of(record).value;
  const auto append_sent = [&](std::string_view name, std::string_view value) {
    append_member(name, value, out, limit);
  };
  out.append("{\"time\":");
  append_time(record.time, out);
  append_sent("request_id", record.request_id);
  append_sent("peer", record.peer);
  append_sent("client", record.client);
  append_sent("method", record.method);
  append_sent("authority", record.authority);
  append_sent("path", record.path);
  append_member("caller", to_string(record.caller), out);
  append_sent("identity", record.identity);
  append_sent("domain", record.domain);
  append_sent("claimed", record.claimed);
  append_sent("keyid", record.keyid);
  append_member("dialect", record.dialect == Dialect::none ? "" : to_string(record.dialect), out);
  append_sent("label", record.label);
  append_member("outcome", to_string(record.outcome), out);
  append_member("reason", record.reason == Reason::none ? "" : to_string(record.reason), out);
  append_covered(record, out);
  append_sent("route", record.route);
  append_sent("rule", record.rule);
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
