#ifndef WBA_TOOLS_DIRECTORY_FILES_H_
#define WBA_TOOLS_DIRECTORY_FILES_H_

// Key and directory files, as the subcommands of `wba directory` read them.

#include <string>
#include <vector>

#include <wba/directory_document.h>
#include <wba/key.h>
#include <wba/signer.h>

#include "context.h"

namespace wba::cli {

// read_document reads a directory file.
[[nodiscard]] Outcome<directory::Document> read_document(const std::string& path);

// document_failure says why `path` is no directory file, and what to do.
[[nodiscard]] Failure document_failure(const std::string& path, const Error& error);

// read_signers reads private keys; those that are encrypted have one passphrase.
[[nodiscard]] Outcome<std::vector<KeySigner>> read_signers(const std::vector<std::string>& paths,
                                                           const std::string& passphrase_file);

}  // namespace wba::cli

#endif  // WBA_TOOLS_DIRECTORY_FILES_H_
