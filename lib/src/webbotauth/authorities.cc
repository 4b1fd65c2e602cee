#include <algorithm>
#include <new>
#include <string>
#include <vector>

#include <wba/authorities.h>
#include <wba/http/host.h>

#include "base/words.h"
#include "http/authority.h"

namespace wba {
namespace {

struct Entry {
  std::string host;
  std::uint16_t port = 0;  // 0: the default port of the request's scheme

  friend auto operator<=>(const Entry&, const Entry&) = default;
};

// Entries are sorted by host, for a server may have thousands of names.
using Entries = std::vector<Entry>;

bool has(const Entries& entries, std::string_view host, std::uint16_t port,
         std::uint16_t default_port) noexcept {
  auto entry = std::ranges::lower_bound(entries, host, std::less<>(),
                                        [](const Entry& e) { return std::string_view(e.host); });
  for (; entry != entries.end() && entry->host == host; ++entry) {
    if ((entry->port == 0 ? default_port : entry->port) == port) return true;
  }
  return false;
}

// is_usual_spelling: letters in lower case, digits, hyphens and dots between them. Such a text is
// the one spelling of a host, or of none: nothing has to be copied to compare it.
bool is_usual_spelling(std::string_view host) noexcept {
  const bool usual = !words::any(host, [](std::uint64_t word) {
    return words::tops & ~(words::between(word, 'a', 'z') | words::between(word, '0', '9') |
                           words::between(word, '-', '.'));
  });
  return usual && host.front() != '.' && host.back() != '.' &&
         host.find("..") == std::string_view::npos;
}

void sort(Entries& entries) {
  std::ranges::sort(entries);
  const auto same = std::ranges::unique(entries);
  entries.erase(same.begin(), same.end());
}

}  // namespace

struct Authorities::State {
  Entries exact;
  Entries below;  // of "*.shop.example": "shop.example"

  // add returns false if `pattern` is none.
  bool add(std::string_view pattern) {
    constexpr std::string_view kWildcard = "*.";
    const bool wildcard = pattern.starts_with(kWildcard);
    if (wildcard) pattern.remove_prefix(kWildcard.size());
    http::AuthorityParts parts;
    if (!http::split_authority(pattern, parts)) return false;
    if (!parts.port.empty() && parts.port_number == 0) return false;
    std::string host;
    const auto kind = http::append_host(parts.host, host);
    // Below an address there is nothing.
    if (!kind || (wildcard && *kind != http::HostKind::name)) return false;
    (wildcard ? below : exact).push_back({.host = std::move(host), .port = parts.port_number});
    return true;
  }

  [[nodiscard]] bool contains(std::string_view host, std::uint16_t port,
                              std::uint16_t default_port) const noexcept {
    if (has(exact, host, port, default_port)) return true;
    if (below.empty()) return false;
    for (auto dot = host.find('.'); dot != std::string_view::npos; dot = host.find('.', dot + 1)) {
      if (has(below, host.substr(dot + 1), port, default_port)) return true;
    }
    return false;
  }
};

Authorities::Authorities(std::shared_ptr<const State> state) noexcept : state_(std::move(state)) {}

Result<Authorities> Authorities::of(std::span<const std::string_view> patterns) {
  if (patterns.empty()) return std::unexpected(Error{ErrorCode::argument_invalid});
  try {
    auto state = std::make_shared<State>();
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      if (!state->add(patterns[i])) {
        return std::unexpected(Error{ErrorCode::authority_invalid, static_cast<std::uint32_t>(i)});
      }
    }
    sort(state->exact);
    sort(state->below);
    return Authorities(std::move(state));
  } catch (const std::bad_alloc&) {
    return std::unexpected(Error{ErrorCode::out_of_memory});
  }
}

Result<Authorities> Authorities::of(std::initializer_list<std::string_view> patterns) {
  return of(std::span(patterns.begin(), patterns.size()));
}

Authorities Authorities::any() noexcept { return Authorities(nullptr); }

bool Authorities::contains(std::string_view scheme, std::string_view authority) const noexcept {
  if (state_ == nullptr) return true;
  const std::uint16_t default_port = http::default_port(scheme);
  if (default_port == 0) return false;
  // Nearly always the name comes as it was given, without a port.
  if (has(state_->exact, authority, default_port, default_port)) return true;
  http::AuthorityParts parts;
  if (!http::split_authority(authority, parts)) return false;
  const std::uint16_t port = parts.port.empty() ? default_port : parts.port_number;
  if (parts.host.empty() || port == 0) return false;
  if (is_usual_spelling(parts.host)) return state_->contains(parts.host, port, default_port);
  const auto host = http::normalise_host(parts.host);
  return host && state_->contains(*host, port, default_port);
}

bool operator==(const Authorities& a, const Authorities& b) noexcept {
  if (a.state_ == nullptr || b.state_ == nullptr) return a.state_ == b.state_;
  return a.state_->exact == b.state_->exact && a.state_->below == b.state_->below;
}

}  // namespace wba
