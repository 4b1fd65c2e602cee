#include <algorithm>
#include <set>

#include <wba/agent_card.h>
#include <wba/agent_identity.h>

#include "base/byte_order_mark.h"
#include "base/utf8.h"
#include "directory/text.h"

namespace wba::directory {
namespace {

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return (octet < 0x20 && c != '\t') || octet == 0x7f;
  });
}

// Reader reads a registry line by line.
class Reader {
 public:
  explicit Reader(const RegistryLimits& limits) : limits_(limits) {}

  Registry read(std::string_view text) {
    if (text.size() > limits_.bytes) {
      add(Level::fail, "size", 0, "more than " + std::to_string(limits_.bytes) + " bytes",
          "split the registry");
      return std::move(registry_);
    }
    // It is no part of the first URL.
    if (const auto bare = without_byte_order_mark(text); bare.size() != text.size()) {
      add(Level::warn, "encoding", 1, "begins with a byte order mark", "save it as plain UTF-8");
      text = bare;
    }
    std::size_t number = 0;
    while (!text.empty() && !full_) {
      const auto end = std::min(text.find_first_of("\r\n"), text.size());
      line(text.substr(0, end), ++number);
      const bool crlf = text.substr(end).starts_with("\r\n");
      text.remove_prefix(std::min(end + (crlf ? 2 : 1), text.size()));
    }
    if (registry_.entries.empty()) {
      add(Level::warn, "entries", 0, "no entry", "write one https URL of a card a line");
    } else {
      add(Level::ok, "entries", 0,
          std::to_string(registry_.entries.size()) +
              (registry_.entries.size() == 1 ? " entry" : " entries"));
    }
    return std::move(registry_);
  }

 private:
  void add(Level level, std::string_view check, std::size_t line, std::string message,
           std::string advice = {}) {
    if (registry_.findings.size() >= limits_.findings) return;
    registry_.findings.push_back({.level = level,
                                  .check = check,
                                  .subject = line == 0 ? "" : "line " + std::to_string(line),
                                  .message = std::move(message),
                                  .advice = std::move(advice)});
  }

  void line(std::string_view whole, std::size_t number) {
    if (!is_utf8(whole)) {
      add(Level::fail, "encoding", number, "is not UTF-8", "save the file as UTF-8");
      return;
    }
    if (has_control(whole)) {
      add(Level::fail, "encoding", number, "holds a control character: " + quote(whole),
          "take it out");
      return;
    }
    // An https URL of a registry has no fragment, so that every "#" begins a comment.
    const std::string_view url = trimmed(whole.substr(0, whole.find('#')));
    if (url.empty()) return;
    if (ascii_lower(url.substr(0, 5)) == "data:") {
      add(Level::warn, "entry", number, "an inlined card, which few readers take",
          "serve the card and list its https URL");
      return;
    }
    const auto normal = normalise_agent_url(url);
    if (!normal) {
      add(Level::fail, "entry", number,
          quote(url, 200) + ": " + std::string(describe(normal.error().code)),
          "write one absolute https URL a line");
      return;
    }
    if (!seen_.insert(*normal).second) {
      add(Level::warn, "duplicate", number, quote(url, 200) + " is listed already",
          "list each card once");
      return;
    }
    if (registry_.entries.size() == limits_.entries) {
      full_ = true;
      add(Level::fail, "size", number, "more than " + std::to_string(limits_.entries) + " entries",
          "split the registry");
      return;
    }
    registry_.entries.push_back({.url = std::string(url), .line = number});
  }

  const RegistryLimits& limits_;
  Registry registry_;
  std::set<std::string, std::less<>> seen_;
  bool full_ = false;
};

}  // namespace

Registry read_registry(std::string_view text, const RegistryLimits& limits) {
  return Reader(limits).read(text);
}

}  // namespace wba::directory
