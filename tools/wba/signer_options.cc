#include "signer_options.h"

#include <utility>

#include <wba/key.h>

#include "files.h"

namespace wba::cli {

Outcome<KeySigner> read_signer(const std::string& file) {
  auto text = read_input(file);
  if (!text) return std::unexpected(text.error());
  auto key = PrivateKey::from_text(text->text());
  if (!key) {
    auto failed = failure("key in " + escape(file), key.error());
    if (key.error().code == ErrorCode::key_not_private) {
      failed.hint = "sign with the private key; `wba key new` makes one";
    }
    return std::unexpected(std::move(failed));
  }
  auto signer = KeySigner::create(*std::move(key));
  if (!signer) return std::unexpected(failure("key in " + escape(file), signer.error()));
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
