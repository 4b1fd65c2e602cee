#include "signer_options.h"

#include <utility>

namespace wba::cli {

Outcome<KeySigner> read_signer(const KeyFile& file, OpenToOthers open) {
  auto key = read_private_key(file, open);
  if (!key) return std::unexpected(key.error());
  auto signer = KeySigner::create(*std::move(key));
  if (!signer) return std::unexpected(key_failure(file.path, signer.error()));
  return *std::move(signer);
}

Outcome<SignerProfile> read_profile(const std::string& name) {
  if (name.empty()) {
    hint_line("signing for draft-01; Cloudflare in production takes --profile cloudflare");
    return SignerProfile::draft_01;
  }
  const auto profile = signer_profile_from_name(name);
  if (!profile) {
    return std::unexpected(Failure{.message = "no such profile: " + escape(name, 40),
                                   .hint = "give draft-01, draft-00 or cloudflare"});
  }
  return *profile;
}

}  // namespace wba::cli
