#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include <wba/key.h>

#include "commands.h"
#include "context.h"
#include "files.h"
#include "key_encryption.h"
#include "key_file.h"
#include "passphrase.h"

namespace wba::cli {
namespace {

struct NewOptions {
  std::string out = "-";
  std::string format = "pem";
  std::string type = "ed25519";
  bool encrypt = false;
  std::string passphrase_file;
  bool force = false;
};

struct ShowOptions {
  std::string file;
  std::string passphrase_file;
  bool json = false;
};

constexpr KeyType key_types[] = {KeyType::ed25519, KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa,
                                 KeyType::hmac};

std::vector<std::string> type_names() {
  std::vector<std::string> names;
  for (const KeyType type : key_types) names.emplace_back(to_string(type));
  return names;
}

// write_new_key writes `text`, a private key, and wipes it.
Outcome<void> write_new_key(const NewOptions& options, std::string& text) {
  if (options.encrypt) {
    auto encrypted = encrypt_text(text, options.passphrase_file, options.out);
    wipe(text);
    if (!encrypted) return std::unexpected(encrypted.error());
    text = *std::move(encrypted);
  }
  if (options.out == "-") {
    print(text);
    wipe(text);
    return {};
  }
  auto written = write_file(options.out, text, FileMode::owner_only,
                            options.force ? Overwrite::replace : Overwrite::refuse);
  wipe(text);
  return written;
}

Outcome<Exit> make_key(const NewOptions& options) {
  const KeyType type = *std::ranges::find_if(
      key_types, [&](KeyType candidate) { return to_string(candidate) == options.type; });
  const bool is_pem = options.format == "pem";
  if (type == KeyType::hmac && is_pem) {
    return std::unexpected(Failure{.message = "a shared secret has no PEM form",
                                   .hint = "choose --format jwk for --type hmac"});
  }
  const auto key = PrivateKey::generate(type);
  if (!key) return std::unexpected(failure("cannot make a key", key.error()));
  const auto exported = is_pem ? key->export_pem() : key->export_jwk();
  if (!exported) return std::unexpected(failure("cannot write the key", exported.error()));
  std::string text;
  text.reserve(exported->text().size() + 1);
  text.append(exported->text()).append(is_pem ? "" : "\n");
  if (auto done = write_new_key(options, text); !done) return std::unexpected(done.error());
  if (options.out == "-") return Exit::done;
  hint_line("the new key's keyid is " + std::string(key->public_key().thumbprint()) +
            "; its public half: wba key show " + escape(options.out));
  return Exit::done;
}

Outcome<Exit> show_key(const ShowOptions& options) {
  const auto key =
      read_public_key({.path = options.file, .passphrase_file = options.passphrase_file});
  if (!key) return std::unexpected(key.error());
  const auto jwk = key->jwk(true);
  if (!jwk) {
    return std::unexpected(
        Failure{.message = escape(options.file) + ": a shared secret has no public half to show"});
  }
  const std::string thumbprint(key->thumbprint());
  if (options.json) {
    print(R"({"jwk":)" + *jwk + R"(,"thumbprint":")" + thumbprint + R"(","type":")" +
          std::string(to_string(key->type())) + R"(","published_test_key":)" +
          (key->is_published_test_key() ? "true" : "false") + "}\n");
  } else {
    print(*jwk + "\nthumbprint: " + thumbprint + '\n');
  }
  if (key->is_published_test_key()) {
    hint_line("this is a published test key: anybody can sign with it");
  }
  return Exit::done;
}

}  // namespace

void add_key_command(CLI::App& app) {
  CLI::App* key = app.add_subcommand("key", "make, show and encrypt keys");
  key->require_subcommand(1);

  auto new_options = std::make_shared<NewOptions>();
  CLI::App* create = key->add_subcommand("new", "make a private key");
  create->add_option("--out", new_options->out,
                     "file to write, mode 0600 (default: standard output)");
  create->add_option("--format", new_options->format, "pem (the default) or jwk")
      ->check(CLI::IsMember({"pem", "jwk"}));
  create->add_option("--type", new_options->type, "ed25519 (the default) or another")
      ->check(CLI::IsMember(type_names()));
  auto* encrypt =
      create->add_flag("--encrypt", new_options->encrypt, "encrypt it under a passphrase");
  create
      ->add_option("--passphrase-file", new_options->passphrase_file,
                   "that holds the passphrase (default: the terminal is asked)")
      ->needs(encrypt);
  create->add_flag("--force", new_options->force, "replace the file where there is one");
  on_run(*create, [new_options] { return make_key(*new_options); });

  auto show_options = std::make_shared<ShowOptions>();
  CLI::App* show = key->add_subcommand("show", "show a key's public JWK and thumbprint");
  show->add_option("FILE", show_options->file, "private or public key, JWK or PEM; - for stdin")
      ->required();
  add_passphrase_option(*show, show_options->passphrase_file);
  show->add_flag("--json", show_options->json, "print one JSON object");
  on_run(*show, [show_options] { return show_key(*show_options); });

  add_key_encrypt(*key);
  add_key_decrypt(*key);
}

}  // namespace wba::cli
