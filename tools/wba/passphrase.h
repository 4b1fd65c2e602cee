#ifndef WBA_TOOLS_PASSPHRASE_H_
#define WBA_TOOLS_PASSPHRASE_H_

// Passphrases: from a file, or from whoever sits at the terminal. Never from an argument or the
// environment, which other programs can read.

#include <string>

#include <CLI/CLI.hpp>

#include "context.h"
#include "files.h"

namespace wba::cli {

// add_passphrase_option adds --passphrase-file, of the key that a command reads.
void add_passphrase_option(CLI::App& command, std::string& file);

// read_passphrase takes the octets of `file` less one line break at their end: a passphrase, or
// random octets (a key file). It must be its owner's alone, or a pipe. Where `file` is empty, the
// terminal is asked for the passphrase of `shown`, without echo.
[[nodiscard]] Outcome<InputText> read_passphrase(const std::string& file, const std::string& shown);

// read_new_passphrase is the same for a key that is to be encrypted: asked twice, and at least
// eight octets long.
[[nodiscard]] Outcome<InputText> read_new_passphrase(const std::string& file,
                                                     const std::string& shown);

}  // namespace wba::cli

#endif  // WBA_TOOLS_PASSPHRASE_H_
