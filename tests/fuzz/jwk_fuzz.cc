// JWK and JWK Set: what is read is JSON, survives being written and read again, and is the same key
// whichever reader took it; a private key signs what its public half verifies.

#include <string_view>

#include <nlohmann/json.hpp>

#include <wba/jwk_set.h>
#include <wba/key.h>

#include "fuzz/fuzz_input.h"
#include "fuzz/key_properties.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using wba::fuzz::require;
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  const auto key = wba::PublicKey::from_jwk(text);
  if (key) wba::fuzz::check_public(*key);
  const auto secret = wba::PrivateKey::from_jwk(text);
  if (secret) wba::fuzz::check_private(*secret);
  if (key && secret) require(key->thumbprint() == secret->public_key().thumbprint());

  const wba::JwkSetLimits limits{.bytes = 4096, .keys = 8};
  const auto set = wba::parse_jwk_set(text, limits);
  if (key || secret || set) require(nlohmann::json::accept(text));
  if (!set) return 0;
  require(size <= limits.bytes && set->entries.size() <= limits.keys);
  if (set->is_bare_jwk) require(set->entries.size() == 1);
  for (const auto& entry : set->entries) {
    if (!entry.key) continue;
    require(entry.key->type() != wba::KeyType::hmac);
    wba::fuzz::check_public(*entry.key);
    if (set->is_bare_jwk) require(key && key->thumbprint() == entry.key->thumbprint());
  }
  return 0;
}
