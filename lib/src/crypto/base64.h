#ifndef WBA_CRYPTO_BASE64_H_
#define WBA_CRYPTO_BASE64_H_

// Base64 of RFC 4648, strict in both directions but for base64_decode_tolerant: the padding is
// exactly what the variant says, pad bits are zero, and nothing else stands between. Each value has
// one spelling.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wba::crypto {

enum class Base64 : std::uint8_t {
  standard,        // RFC 4648 §4, with padding
  url_no_padding,  // RFC 4648 §5, without
};

// base64_decoded_capacity gives the room that decoding `encoded_size` characters can need.
[[nodiscard]] constexpr std::size_t base64_decoded_capacity(std::size_t encoded_size) noexcept {
  return encoded_size / 4 * 3 + (encoded_size % 4 == 0 ? 0 : 2);
}

// base64_decode writes the decoded octets to the front of `out` and gives their number; nullopt
// where `encoded` is not strict base64 or `out` has no room, with `out` then unspecified. Takes a
// time that depends on the octets: for public data only.
[[nodiscard]] std::optional<std::size_t> base64_decode(std::string_view encoded, Base64 variant,
                                                       std::span<std::byte> out) noexcept;

// base64_decode_tolerant is the same for the standard variant, and takes it without padding and
// with pad bits that are not zero too: RFC 9651 §4.2.7. Padding that is not complete is an error.
[[nodiscard]] std::optional<std::size_t> base64_decode_tolerant(std::string_view encoded,
                                                                std::span<std::byte> out) noexcept;

// base64_decode_secret is base64_decode for private keys and shared secrets: libsodium's decoder,
// which looks nothing up by them.
[[nodiscard]] std::optional<std::size_t> base64_decode_secret(std::string_view encoded,
                                                              Base64 variant,
                                                              std::span<std::byte> out) noexcept;

// base64_append appends the encoding of `octets` to `out`. Takes a time that depends on the octets:
// for public data only.
void base64_append(std::span<const std::byte> octets, Base64 variant, std::string& out);

// base64_append_secret is the same for private keys and shared secrets: libsodium's encoder.
void base64_append_secret(std::span<const std::byte> octets, Base64 variant, std::string& out);

}  // namespace wba::crypto

#endif  // WBA_CRYPTO_BASE64_H_
