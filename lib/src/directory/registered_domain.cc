#include <libpsl.h>

#include <wba/address_policy.h>
#include <wba/registered_domain.h>

namespace wba::directory {
namespace {

// The list that libpsl was built with or, where the distribution keeps a newer one, that.
const psl_ctx_t* list() noexcept {
  static const psl_ctx_t* const loaded = psl_latest(nullptr);
  return loaded;
}

}  // namespace

std::string registered_domain(std::string_view host) {
  std::string name(host);
  while (!name.empty() && name.back() == '.') name.pop_back();
  if (IpAddress::parse(name)) return name;
  const char* domain = psl_registrable_domain(list(), name.c_str());
  return domain == nullptr ? name : std::string(domain);
}

bool is_public_suffix(std::string_view host) {
  return psl_is_public_suffix(list(), std::string(host).c_str()) != 0;
}

bool registered_domains_known() noexcept { return list() != nullptr; }

}  // namespace wba::directory
