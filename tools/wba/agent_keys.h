#ifndef WBA_TOOLS_AGENT_KEYS_H_
#define WBA_TOOLS_AGENT_KEYS_H_

#include <map>
#include <memory>
#include <string>

#include <wba/signer.h>

#include "agent/policy.h"
#include "context.h"

namespace wba::cli {

// AgentKeys reads the keys of policies. A key whose file is octet for octet what it was is not read
// again: so that a daemon, which has no terminal any more, can reload a policy with a key that was
// unlocked there when it started.
class AgentKeys {
 public:
  // read gives the key, which must be its owner's alone.
  [[nodiscard]] Outcome<std::shared_ptr<const KeySigner>> read(const agent::KeyEntry& entry);

  // stop_asking: from now on the terminal is not asked for passphrases, since callers would wait.
  void stop_asking() noexcept { asks_ = false; }

 private:
  struct Unlocked {
    std::string encrypted;  // the file's contents
    std::shared_ptr<const KeySigner> signer;
  };
  std::map<std::string, Unlocked> unlocked_;  // by file
  bool asks_ = true;
};

}  // namespace wba::cli

#endif  // WBA_TOOLS_AGENT_KEYS_H_
