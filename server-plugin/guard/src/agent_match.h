#ifndef WBA_GUARD_AGENT_MATCH_H_
#define WBA_GUARD_AGENT_MATCH_H_

#include <string>
#include <string_view>
#include <unordered_set>

#include <wba/guard/config.h>

namespace wba::guard {

// TextHash lets sets of strings be searched by views.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};
using TextSet = std::unordered_set<std::string, TextHash, std::equal_to<>>;

// identity_host gives host and port of a normalised identity URL: "bot.example",
// "bot.example:8443", "[2001:db8::1]". Empty for no https URL.
[[nodiscard]] std::string_view identity_host(std::string_view identity) noexcept;

// AgentMatch says whether a verified identity is one of those that a rule names: the same URL, the
// same host and port, or a host at or below a suffix on a label border. Never by substring. Hosts
// and suffixes mean the well-known directory, unless the rule has any_path: at other paths a host
// may serve what its users upload.
class AgentMatch {
 public:
  explicit AgentMatch(const Rule& rule);

  // fits takes the identity of a verified signature. An empty one fits nothing.
  [[nodiscard]] bool fits(std::string_view identity) const noexcept;

 private:
  TextSet urls_;
  TextSet hosts_;
  TextSet suffixes_;
  bool any_path_ = false;
};

}  // namespace wba::guard

#endif  // WBA_GUARD_AGENT_MATCH_H_
