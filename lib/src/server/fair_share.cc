#include "server/fair_share.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include <netinet/in.h>

namespace wba::server {
namespace {

// Marks what an IPv4 address is made into: no network of global IPv6 begins so.
constexpr Holder kV4 = Holder{0xff} << 56U;

// Share is what one holder has.
struct Share {
  std::size_t count = 0;
  std::optional<std::size_t> first;  // to be closed
};

// goes_before orders the connections of one holder.
bool goes_before(const Held& a, const Held& b) noexcept {
  if (a.is_known != b.is_known) return b.is_known;
  if (a.has_begun != b.has_begun) return b.has_begun;
  return a.progress < b.progress;
}

}  // namespace

Holder holder_of(const sockaddr_storage& address) noexcept {
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return kV4 | ntohl(v4.sin_addr.s_addr);
  }
  if (address.ss_family != AF_INET6) return 0;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    std::uint32_t mapped = 0;
    std::memcpy(&mapped, &v6.sin6_addr.s6_addr[12], sizeof mapped);
    return kV4 | ntohl(mapped);
  }
  Holder network = 0;
  std::memcpy(&network, &v6.sin6_addr, sizeof network);
  return network;
}

std::optional<std::size_t> makes_room(std::span<const Held> held, Holder newcomer,
                                      const ShareLimits& limits) {
  const bool is_full = held.size() >= limits.all;
  if (!is_full && held.size() < limits.each) return std::nullopt;
  const bool all_known = std::ranges::all_of(held, &Held::is_known);
  std::unordered_map<Holder, Share> shares;
  // The newcomer counts with the one that it asks for.
  if (is_full) ++shares[newcomer].count;
  std::size_t own_count = 0;
  std::optional<std::size_t> own;
  for (std::size_t i = 0; i < held.size(); ++i) {
    if (held[i].holder == newcomer) {
      ++own_count;
      if (!own || goes_before(held[i], held[*own])) own = i;
    }
    if (held[i].is_known && !all_known) continue;
    Share& share = shares[held[i].holder];
    if (!share.first || goes_before(held[i], held[*share.first])) share.first = i;
    ++share.count;
  }
  if (own_count >= limits.each) return own;
  if (!is_full) return std::nullopt;
  Share most;
  for (const auto& [holder, share] : shares) {
    if (!share.first) continue;  // the newcomer, which has none
    const bool is_more =
        !most.first || share.count > most.count ||
        (share.count == most.count && held[*share.first].progress < held[*most.first].progress);
    if (is_more) most = share;
  }
  return most.first;
}

}  // namespace wba::server
