// `wba key encrypt` and `wba key decrypt`.

#include "key_encryption.h"

#include <memory>
#include <optional>

#include <wba/encrypted_key.h>

#include "files.h"
#include "key_file.h"
#include "passphrase.h"

namespace wba::cli {
namespace {

struct EncryptOptions {
  std::string file;
  std::string passphrase_file;
  std::string old_passphrase_file;
  std::string out;
  bool force = false;
};

struct DecryptOptions {
  std::string file;
  std::string passphrase_file;
  std::string out;
  bool force = false;
};

// write_key writes to `out`, or over `file` where there is no `out`.
Outcome<Exit> write_key(std::string_view text, const std::string& file, const std::string& out,
                        bool force) {
  if (out == "-" || (out.empty() && file == "-")) {
    print(text);
    return Exit::done;
  }
  const bool replace = force || out.empty();
  auto written = write_file(out.empty() ? file : out, text, FileMode::owner_only,
                            replace ? Overwrite::replace : Overwrite::refuse);
  if (!written) return std::unexpected(written.error());
  return Exit::done;
}

Outcome<Exit> encrypt(const EncryptOptions& options) {
  const auto text = read_input(options.file, max_key_file);
  if (!text) return std::unexpected(text.error());
  std::optional<PrivateKey::Exported> plain;
  if (is_encrypted_key(text->text())) {
    auto decrypted = decrypt_text(
        text->text(), {.path = options.file, .passphrase_file = options.old_passphrase_file});
    if (!decrypted) return std::unexpected(decrypted.error());
    plain = *std::move(decrypted);
  }
  const auto encrypted =
      encrypt_text(plain ? plain->text() : text->text(), options.passphrase_file, options.file);
  if (!encrypted) return std::unexpected(encrypted.error());
  return write_key(*encrypted, options.file, options.out, options.force);
}

Outcome<Exit> decrypt(const DecryptOptions& options) {
  const auto text = read_input(options.file, max_key_file);
  if (!text) return std::unexpected(text.error());
  if (!is_encrypted_key(text->text())) {
    return std::unexpected(
        Failure{.message = escape(options.file) + " is no key that `wba key encrypt` encrypted"});
  }
  const auto plain = decrypt_text(
      text->text(), {.path = options.file, .passphrase_file = options.passphrase_file});
  if (!plain) return std::unexpected(plain.error());
  return write_key(plain->text(), options.file, options.out, options.force);
}

}  // namespace

Outcome<std::string> encrypt_text(std::string_view text, const std::string& passphrase_file,
                                  const std::string& shown) {
  const auto passphrase = read_new_passphrase(passphrase_file, shown);
  if (!passphrase) return std::unexpected(passphrase.error());
  auto encrypted = encrypt_key(text, passphrase->text());
  if (!encrypted) return std::unexpected(key_failure(shown, encrypted.error()));
  return *std::move(encrypted);
}

void add_key_encrypt(CLI::App& key) {
  auto options = std::make_shared<EncryptOptions>();
  CLI::App* command = key.add_subcommand(
      "encrypt", "encrypt a private key under a passphrase, or change its passphrase");
  command->add_option("FILE", options->file, "private key, replaced unless --out names another")
      ->required();
  command->add_option("--passphrase-file", options->passphrase_file,
                      "that holds the new passphrase (default: the terminal is asked)");
  command->add_option("--old-passphrase-file", options->old_passphrase_file,
                      "that holds the passphrase of a key which is encrypted already");
  command->add_option("--out", options->out, "file to write, mode 0600; - for standard output");
  command->add_flag("--force", options->force, "replace the file that --out names");
  on_run(*command, [options] { return encrypt(*options); });
}

void add_key_decrypt(CLI::App& key) {
  auto options = std::make_shared<DecryptOptions>();
  CLI::App* command = key.add_subcommand("decrypt", "take the passphrase off a private key");
  command->add_option("FILE", options->file, "encrypted key, replaced unless --out names another")
      ->required();
  add_passphrase_option(*command, options->passphrase_file);
  command->add_option("--out", options->out, "file to write, mode 0600; - for standard output");
  command->add_flag("--force", options->force, "replace the file that --out names");
  on_run(*command, [options] { return decrypt(*options); });
}

}  // namespace wba::cli
