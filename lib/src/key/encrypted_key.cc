#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <wba/encrypted_key.h>

#include "base/guarded_call.h"
#include "crypto/passphrase_cipher.h"
#include "crypto/random.h"
#include "key/key_state.h"
#include "key/pem_block.h"

namespace wba {
namespace {

using crypto::PassphraseCipher;

constexpr std::uint8_t format_version = 1;
constexpr std::size_t memory_at = 1;
constexpr std::size_t passes_at = 5;
constexpr std::size_t salt_at = 9;
constexpr std::size_t nonce_at = salt_at + PassphraseCipher::salt_size;
constexpr std::size_t header_size = nonce_at + PassphraseCipher::nonce_size;
static_assert(header_size == 49);

// Its encrypted form in base64 fits a SecretWriter.
constexpr std::size_t max_text = std::size_t{16} << 10U;

using Header = std::array<std::byte, header_size>;

std::unexpected<Error> fail(ErrorCode code) { return std::unexpected(Error{code}); }

void put_number(Header& header, std::size_t at, std::uint32_t number) noexcept {
  for (std::size_t i = 0; i < 4; ++i) {
    header[at + i] = static_cast<std::byte>(number >> (24 - 8 * i));
  }
}

std::uint32_t get_number(const Header& header, std::size_t at) noexcept {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    number = number << 8U | std::to_integer<std::uint32_t>(header[at + i]);
  }
  return number;
}

Result<void> check_cost(const PassphraseCost& cost, const PassphraseLimits& limits) noexcept {
  if (cost.memory_kib < 8 || cost.passes < 1) return fail(ErrorCode::key_pem_invalid);
  if (cost.memory_kib > limits.memory_kib ||
      std::uint64_t{cost.memory_kib} * cost.passes > limits.work_kib) {
    return fail(ErrorCode::key_encryption_costly);
  }
  return {};
}

PassphraseCipher cipher_of(const Header& header) noexcept {
  const std::span<const std::byte, header_size> octets(header);
  return {.cost = {.memory_kib = get_number(header, memory_at),
                   .passes = get_number(header, passes_at)},
          .salt = octets.subspan<salt_at, PassphraseCipher::salt_size>(),
          .nonce = octets.subspan<nonce_at, PassphraseCipher::nonce_size>(),
          .header = octets};
}

// find_block gives the first block of the format; key_unreadable where there is none.
Result<PemBlock> find_block(std::string_view text) {
  for (;;) {
    const auto block = next_pem_block(text);
    if (!block) return std::unexpected(block.error());
    if (!*block) return fail(ErrorCode::key_unreadable);
    if ((*block)->label == encrypted_key_label) return **block;
  }
}

}  // namespace

bool is_encrypted_key(std::string_view text) noexcept { return find_block(text).has_value(); }

Result<std::string> encrypt_key(std::string_view key, std::string_view passphrase,
                                const PassphraseCost& cost) {
  return guarded_call([&]() -> Result<std::string> {
    if (passphrase.empty() || !check_cost(cost, {})) return fail(ErrorCode::argument_invalid);
    if (key.size() > max_text) return fail(ErrorCode::key_too_large);
    if (const auto read = PrivateKey::from_text(key); !read) return std::unexpected(read.error());
    Header header{};
    header[0] = std::byte{format_version};
    put_number(header, memory_at, cost.memory_kib);
    put_number(header, passes_at, cost.passes);
    const auto random = std::span(header).subspan(salt_at);
    if (const auto filled = crypto::random_bytes(random); !filled) {
      return std::unexpected(filled.error());
    }
    std::vector<std::byte> octets(header.begin(), header.end());
    octets.resize(header_size + key.size() + PassphraseCipher::tag_size);
    const auto sealed = cipher_of(header).seal(passphrase, std::as_bytes(std::span(key)),
                                               std::span(octets).subspan(header_size));
    if (!sealed) return std::unexpected(sealed.error());
    const auto text = write_pem_block(encrypted_key_label, octets);
    if (!text) return std::unexpected(text.error());
    return std::string(text->text());
  });
}

Result<PrivateKey::Exported> decrypt_key(std::string_view text, std::string_view passphrase,
                                         const PassphraseLimits& limits) {
  return guarded_call([&]() -> Result<PrivateKey::Exported> {
    if (text.size() > KeyLimits{}.bytes) return fail(ErrorCode::key_too_large);
    const auto block = find_block(text);
    if (!block) return std::unexpected(block.error());
    const auto decoded = decode_pem_body(block->body);
    if (!decoded) return std::unexpected(decoded.error());
    const auto octets = decoded->bytes();
    if (std::to_integer<std::uint8_t>(octets[0]) != format_version) {
      return fail(ErrorCode::key_encryption_unknown);
    }
    if (octets.size() <= header_size + PassphraseCipher::tag_size ||
        octets.size() > header_size + PassphraseCipher::tag_size + max_text) {
      return fail(ErrorCode::key_pem_invalid);
    }
    Header header{};
    std::ranges::copy(octets.first(header_size), header.begin());
    const PassphraseCipher cipher = cipher_of(header);
    if (const auto fits = check_cost(cipher.cost, limits); !fits) {
      return std::unexpected(fits.error());
    }
    auto key = cipher.open(passphrase, octets.subspan(header_size));
    if (!key) return std::unexpected(key.error());
    return KeyMaker::make_exported(std::move(*key));
  });
}

}  // namespace wba
