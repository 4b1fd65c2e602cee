// PEM: what is read survives being written and read again, OpenSSL reads what is written as the
// same key, and a private key signs what its public half verifies.

#include <memory>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

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

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using wba::fuzz::require;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto key = wba::PublicKey::from_pem(text);
  const auto secret = wba::PrivateKey::from_pem(text);
  if (secret) {
    require(key && key->thumbprint() == secret->public_key().thumbprint());
    wba::fuzz::check_private(*secret);
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
