#include "crypto/passphrase_cipher.h"

#include <sodium/crypto_aead_xchacha20poly1305.h>
#include <sodium/crypto_pwhash_argon2id.h>

namespace wba::crypto {
namespace {

static_assert(PassphraseCipher::salt_size == crypto_pwhash_argon2id_SALTBYTES);
static_assert(PassphraseCipher::nonce_size == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(PassphraseCipher::tag_size == crypto_aead_xchacha20poly1305_ietf_ABYTES);

unsigned char* raw(std::span<std::byte> octets) noexcept {
  return reinterpret_cast<unsigned char*>(octets.data());
}

const unsigned char* raw(Octets octets) noexcept {
  return reinterpret_cast<const unsigned char*>(octets.data());
}

}  // namespace

Result<SecretBytes> PassphraseCipher::derive(std::string_view passphrase) const {
  auto key = SecretBytes::allocate(crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
  if (!key) return key;
  if (crypto_pwhash_argon2id(raw(key->writable()), key->size(), passphrase.data(),
                             passphrase.size(), raw(salt), cost.passes,
                             std::size_t{cost.memory_kib} * 1024,
                             crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
    return std::unexpected(Error{ErrorCode::out_of_memory});
  }
  key->seal();
  return key;
}

Result<void> PassphraseCipher::seal(std::string_view passphrase, Octets text,
                                    std::span<std::byte> out) const {
  if (out.size() != text.size() + tag_size) {
    return std::unexpected(Error{ErrorCode::argument_invalid});
  }
  const auto key = derive(passphrase);
  if (!key) return std::unexpected(key.error());
  if (crypto_aead_xchacha20poly1305_ietf_encrypt(raw(out), nullptr, raw(text), text.size(),
                                                 raw(header), header.size(), nullptr, raw(nonce),
                                                 raw(key->bytes())) != 0) {
    return std::unexpected(Error{ErrorCode::crypto_failure});
  }
  return {};
}

Result<SecretBytes> PassphraseCipher::open(std::string_view passphrase, Octets sealed) const {
  if (sealed.size() < tag_size) return std::unexpected(Error{ErrorCode::key_passphrase_wrong});
  const auto key = derive(passphrase);
  if (!key) return std::unexpected(key.error());
  auto text = SecretBytes::allocate(sealed.size() - tag_size);
  if (!text) return text;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          raw(text->writable()), nullptr, nullptr, raw(sealed), sealed.size(), raw(header),
          header.size(), raw(nonce), raw(key->bytes())) != 0) {
    return std::unexpected(Error{ErrorCode::key_passphrase_wrong});
  }
  text->seal();
  return text;
}

}  // namespace wba::crypto
