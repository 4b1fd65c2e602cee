#include "directory_files.h"

#include <utility>

#include "files.h"
#include "signer_options.h"

namespace wba::cli {

Failure document_failure(const std::string& path, const Error& error) {
  Failure failed = failure(escape(path), error);
  if (error.code == ErrorCode::directory_private_member) {
    failed.hint =
        "take the key for known to others: make a new one, and a directory of public keys";
  } else if (error.code == ErrorCode::directory_not_json ||
             error.code == ErrorCode::directory_not_key_set ||
             error.code == ErrorCode::directory_time_invalid ||
             error.code == ErrorCode::directory_member_duplicate) {
    failed.hint = "see what is wrong with it: wba directory check " + escape(path);
  }
  return failed;
}

Outcome<directory::Document> read_document(const std::string& path) {
  const auto file = read_input(path);
  if (!file) return std::unexpected(file.error());
  auto document = directory::Document::parse(file->text());
  if (!document) return std::unexpected(document_failure(path, document.error()));
  return std::move(*document);
}

Outcome<std::vector<KeySigner>> read_signers(const std::vector<std::string>& paths,
                                             const std::string& passphrase_file) {
  std::vector<KeySigner> signers;
  for (const std::string& path : paths) {
    auto signer = read_signer({.path = path, .passphrase_file = passphrase_file});
    if (!signer) return std::unexpected(signer.error());
    signers.push_back(*std::move(signer));
  }
  return signers;
}

}  // namespace wba::cli
