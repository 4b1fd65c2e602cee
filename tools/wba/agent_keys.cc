#include "agent_keys.h"

#include <utility>

#include <wba/encrypted_key.h>

#include "files.h"
#include "signer_options.h"

namespace wba::cli {

Outcome<std::shared_ptr<const KeySigner>> AgentKeys::read(const agent::KeyEntry& entry) {
  const auto text = read_input(entry.file, max_key_file);
  if (!text) return std::unexpected(text.error());
  const bool encrypted = is_encrypted_key(text->text());
  const auto known = unlocked_.find(entry.file);
  if (encrypted && known != unlocked_.end() && known->second.encrypted == text->text()) {
    return known->second.signer;
  }
  if (encrypted && entry.passphrase_file.empty() && !asks_) {
    return std::unexpected(Failure{
        .message = "key " + escape(entry.file) + " is another one than at start, and encrypted",
        .hint = "start anew to be asked, or give the policy its passphrase_file"});
  }
  auto read = read_signer({.path = entry.file, .passphrase_file = entry.passphrase_file},
                          OpenToOthers::refuse);
  if (!read) return std::unexpected(read.error());
  auto signer = std::make_shared<const KeySigner>(*std::move(read));
  if (encrypted) {
    unlocked_[entry.file] = {.encrypted = std::string(text->text()), .signer = signer};
  }
  return signer;
}

}  // namespace wba::cli
