#include "key_file.h"

#include <utility>

#include <sys/stat.h>

#include "passphrase.h"

namespace wba::cli {
namespace {

std::string shown_name(const std::string& path) {
  return path == "-" ? "standard input" : escape(path);
}

// parse reads a key of a file's contents.
template <typename Key>
Outcome<Key> parse(std::string_view text, const KeyFile& file) {
  auto key = Key::from_text(text);
  if (!key) return std::unexpected(key_failure(file.path, key.error()));
  return *std::move(key);
}

template <typename Key>
Outcome<Key> decrypt(std::string_view text, const KeyFile& file) {
  const auto plain = decrypt_text(text, file);
  if (!plain) return std::unexpected(plain.error());
  return parse<Key>(plain->text(), file);
}

// Others may see an encrypted key, but not put another in its place.
Outcome<void> check_open(const KeyFile& file, const struct stat& status, bool encrypted,
                         OpenToOthers open) {
  if (open == OpenToOthers::refuse && !S_ISREG(status.st_mode)) {
    return std::unexpected(Failure{.message = "key " + escape(file.path) + " is no regular file"});
  }
  auto checked = check_private(file.path, "key", status, encrypted ? 022U : 077U);
  if (checked || open == OpenToOthers::refuse) return checked;
  if (file.path != "-" && S_ISREG(status.st_mode)) {
    hint_line(checked.error().message + ": " + checked.error().hint);
  }
  return {};
}

}  // namespace

Failure key_failure(const std::string& path, const Error& error) {
  Failure failed = failure("key in " + shown_name(path), error);
  switch (error.code) {
    case ErrorCode::key_pem_encrypted:
      failed.hint = "decrypt it first: openssl pkey -in FILE -out NEWFILE";
      break;
    case ErrorCode::key_not_private:
      failed.hint = "sign with the private key; `wba key new` makes one";
      break;
    case ErrorCode::key_unreadable:
      failed.hint = "a key is a JWK or a PEM block, private or public; `wba key new` makes one";
      break;
    default:
      break;
  }
  return failed;
}

Outcome<PrivateKey::Exported> decrypt_text(std::string_view text, const KeyFile& file) {
  const auto passphrase = read_passphrase(file.passphrase_file, shown_name(file.path));
  if (!passphrase) return std::unexpected(passphrase.error());
  auto plain = decrypt_key(text, passphrase->text());
  if (!plain) return std::unexpected(key_failure(file.path, plain.error()));
  return *std::move(plain);
}

Outcome<PrivateKey> read_private_key(const KeyFile& file, OpenToOthers open) {
  struct stat status = {};
  const auto text = read_input(file.path, max_key_file, &status);
  if (!text) return std::unexpected(text.error());
  const bool encrypted = is_encrypted_key(text->text());
  if (auto checked = check_open(file, status, encrypted, open); !checked) {
    return std::unexpected(checked.error());
  }
  return encrypted ? decrypt<PrivateKey>(text->text(), file)
                   : parse<PrivateKey>(text->text(), file);
}

Outcome<PublicKey> read_public_key(const KeyFile& file) {
  const auto text = read_input(file.path, max_key_file);
  if (!text) return std::unexpected(text.error());
  return is_encrypted_key(text->text()) ? decrypt<PublicKey>(text->text(), file)
                                        : parse<PublicKey>(text->text(), file);
}

}  // namespace wba::cli
