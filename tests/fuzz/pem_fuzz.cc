// PEM: what is read survives being written and read again, OpenSSL reads what is written as the
// same key, a private key signs what its public half verifies, and what is encrypted is decrypted
// to what it was, within the limits on what a file may ask for.

#include <memory>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <wba/encrypted_key.h>
#include <wba/key.h>

#include "fuzz/fuzz_input.h"
#include "fuzz/key_properties.h"

namespace {

using Pkey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*context*/) { return -1; }

template <typename Read>
Pkey openssl_reads(Read* read, std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  return {read(bio.get(), nullptr, no_password, nullptr), EVP_PKEY_free};
}

constexpr std::string_view kPassphrase = "correct horse battery staple";

// Files ask for what they like: little enough for a fuzzer is computed.
constexpr wba::PassphraseLimits kLimits{.memory_kib = 64, .work_kib = 128};

void check_encrypted(std::string_view text) {
  using wba::fuzz::require;
  const auto opened = wba::decrypt_key(text, kPassphrase, kLimits);
  require(wba::is_encrypted_key(text) || (!opened && !wba::decrypt_key(text, "another", kLimits)));
  require(!opened || !wba::decrypt_key(text, "another", kLimits));
}

void check_encryption(const wba::PrivateKey& key) {
  using wba::fuzz::require;
  const auto plain = key.export_pem();
  require(plain.has_value());
  const auto encrypted =
      wba::encrypt_key(plain->text(), kPassphrase, {.memory_kib = 8, .passes = 1});
  require(encrypted && wba::is_encrypted_key(*encrypted) &&
          !wba::PrivateKey::from_text(*encrypted));
  const auto opened = wba::decrypt_key(*encrypted, kPassphrase, kLimits);
  require(opened && opened->text() == plain->text());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using wba::fuzz::require;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_encrypted(text);
  const auto key = wba::PublicKey::from_pem(text);
  const auto secret = wba::PrivateKey::from_pem(text);
  if (secret) {
    require(key && key->thumbprint() == secret->public_key().thumbprint());
    wba::fuzz::check_private(*secret);
    check_encryption(*secret);
  }
  if (!key) return 0;
  wba::fuzz::check_public(*key);
  const auto written = key->pem();
  require(written.has_value());
  const Pkey theirs = openssl_reads(PEM_read_bio_PUBKEY, *written);
  require(theirs != nullptr);
  if (secret) {
    const auto exported = secret->export_pem();
    require(exported.has_value());
    const Pkey theirs_private = openssl_reads(PEM_read_bio_PrivateKey, exported->text());
    require(theirs_private != nullptr);
    require(EVP_PKEY_eq(theirs.get(), theirs_private.get()) == 1);
  }
  ERR_clear_error();
  return 0;
}
