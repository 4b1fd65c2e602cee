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

// read_public_key reads a public or private key, PEM or JWK, and gives its public half.
[[nodiscard]] Outcome<PublicKey> read_public_key(const std::string& path);

// read_signers reads private keys.
[[nodiscard]] Outcome<std::vector<KeySigner>> read_signers(const std::vector<std::string>& paths);

}  // namespace wba::cli

#endif  // WBA_TOOLS_DIRECTORY_FILES_H_
