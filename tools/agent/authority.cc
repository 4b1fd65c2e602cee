#include "authority.h"

#include <charconv>

#include <wba/http/host.h>
#include <wba/message.h>

namespace wba::agent {

std::optional<std::string> normalised_authority(std::string_view scheme, std::string_view written) {
  std::string of_scheme;
  std::string text;
  // What has no port, or http's own, is reached at the port of https.
  if (!append_normalised_authority(scheme, written, of_scheme) ||
      !append_normalised_authority("https", of_scheme, text)) {
    return std::nullopt;
  }
  std::string_view host = text;
  std::string port;
  if (const auto colon = host.rfind(':'); colon != std::string_view::npos && !host.ends_with(']')) {
    unsigned number = 0;
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), number);
    if (number == 0) return std::nullopt;  // nothing listens there
    port = ":" + std::to_string(number);
    host = host.substr(0, colon);
  }
  auto normalised = http::normalise_host(host);
  if (!normalised) return std::nullopt;
  return *std::move(normalised) + port;
}

}  // namespace wba::agent
