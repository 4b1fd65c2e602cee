#include "proxy_authority.h"

#include "authority.h"

namespace wba::agent {

std::expected<std::string, Refused> read_proxy_authority(std::string_view scheme,
                                                         std::string_view written) {
  auto authority = normalised_authority(scheme, written);
  if (!authority) return std::unexpected(Refused{.status = 400, .reason = "target-invalid"});
  return *std::move(authority);
}

}  // namespace wba::agent
