#ifndef WBA_TOOLS_KEY_ENCRYPTION_H_
#define WBA_TOOLS_KEY_ENCRYPTION_H_

#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "context.h"

namespace wba::cli {

// encrypt_text encrypts the text of a private key under the passphrase of `passphrase_file`, or one
// that is asked for.
[[nodiscard]] Outcome<std::string> encrypt_text(std::string_view text,
                                                const std::string& passphrase_file,
                                                const std::string& shown);

// add_key_encrypt and add_key_decrypt add these subcommands of `wba key`.
void add_key_encrypt(CLI::App& key);
void add_key_decrypt(CLI::App& key);

}  // namespace wba::cli

#endif  // WBA_TOOLS_KEY_ENCRYPTION_H_
