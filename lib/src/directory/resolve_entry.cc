#include "directory/resolve_entry.h"

#include <algorithm>
#include <string_view>

#include <wba/http/host.h>

namespace wba::directory {

std::string resolve_entry(const std::string& entry) {
  const std::string_view text = entry;
  const std::size_t colon = std::min(text.find(':'), text.size());
  auto host = http::normalise_host(text.substr(0, colon));
  if (!host) return entry;
  return std::move(host->append(text.substr(colon)));
}

}  // namespace wba::directory
