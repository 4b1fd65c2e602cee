#ifndef WBA_TOOLS_SIGNER_OPTIONS_H_
#define WBA_TOOLS_SIGNER_OPTIONS_H_

// Who signs and how, as the subcommands that sign take it.

#include <string>

#include <wba/request_signer.h>
#include <wba/signer.h>

#include "context.h"
#include "key_file.h"

namespace wba::cli {

// read_signer reads a private key.
[[nodiscard]] Outcome<KeySigner> read_signer(const KeyFile& file,
                                             OpenToOthers open = OpenToOthers::hint);

// read_profile reads --profile; without one it is draft-01, which a hint tells.
[[nodiscard]] Outcome<SignerProfile> read_profile(const std::string& name);

}  // namespace wba::cli

#endif  // WBA_TOOLS_SIGNER_OPTIONS_H_
