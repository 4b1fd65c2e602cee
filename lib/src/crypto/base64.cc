#include "crypto/base64.h"

#include <array>

#include <sodium.h>

namespace wba::crypto {
namespace {

constexpr std::uint8_t not_base64 = 0x80;

constexpr std::array<char, 64> make_alphabet(std::string_view last_two) {
  std::array<char, 64> alphabet{};
  std::size_t value = 0;
  for (const auto& [first, last] :
       {std::pair{'A', 'Z'}, std::pair{'a', 'z'}, std::pair{'0', '9'}}) {
    for (char c = first; c <= last; ++c) alphabet[value++] = c;
  }
  for (const char c : last_two) alphabet[value++] = c;
  return alphabet;
}

constexpr std::array<std::uint8_t, 256> make_table(const std::array<char, 64>& alphabet) {
  std::array<std::uint8_t, 256> table{};
  table.fill(not_base64);
  std::uint8_t value = 0;
  for (const char c : alphabet) table[static_cast<unsigned char>(c)] = value++;
  return table;
}

constexpr std::array<char, 64> standard_alphabet = make_alphabet("+/");
constexpr std::array<char, 64> url_alphabet = make_alphabet("-_");
constexpr std::array<std::uint8_t, 256> standard_table = make_table(standard_alphabet);
constexpr std::array<std::uint8_t, 256> url_table = make_table(url_alphabet);

int sodium_variant(Base64 variant) noexcept {
  return variant == Base64::standard ? sodium_base64_VARIANT_ORIGINAL
                                     : sodium_base64_VARIANT_URLSAFE_NO_PADDING;
}

}  // namespace

namespace {

enum class PadBits : std::uint8_t { zero, any };

std::string_view without_padding(std::string_view encoded) noexcept {
  if (encoded.ends_with('=')) encoded.remove_suffix(1);
  if (encoded.size() % 4 == 3 && encoded.ends_with('=')) encoded.remove_suffix(1);
  return encoded;
}

// By table, because a verifier decodes the signature of every request: for the 88 characters of an
// Ed25519 signature libsodium 1.0.18, which hides what it decodes, takes 11 times as long (450 ns
// to 39 ns, bench base64/).
std::optional<std::size_t> decode(std::string_view encoded,
                                  const std::array<std::uint8_t, 256>& table, PadBits pad_bits,
                                  std::span<std::byte> out) noexcept {
  const std::size_t tail = encoded.size() % 4;
  const std::size_t size = encoded.size() / 4 * 3 + (tail == 0 ? 0 : tail - 1);
  if (tail == 1 || size > out.size()) return std::nullopt;

  const auto value = [&table](char c) -> std::uint32_t {
    return table[static_cast<unsigned char>(c)];
  };
  const char* in = encoded.data();
  const char* const whole = in + (encoded.size() - tail);
  std::byte* to = out.data();
  std::uint32_t seen = 0;
  for (; in != whole; in += 4, to += 3) {
    const std::uint32_t a = value(in[0]);
    const std::uint32_t b = value(in[1]);
    const std::uint32_t c = value(in[2]);
    const std::uint32_t d = value(in[3]);
    seen |= a | b | c | d;
    const std::uint32_t bits = a << 18 | b << 12 | c << 6 | d;
    to[0] = static_cast<std::byte>(bits >> 16);
    to[1] = static_cast<std::byte>(bits >> 8);
    to[2] = static_cast<std::byte>(bits);
  }
  if (tail != 0) {
    const std::uint32_t a = value(in[0]);
    const std::uint32_t b = value(in[1]);
    const std::uint32_t c = tail == 3 ? value(in[2]) : 0;
    seen |= a | b | c;
    const std::uint32_t bits = a << 18 | b << 12 | c << 6;
    // What is left over of the last character are pad bits.
    if (pad_bits == PadBits::zero && (bits & (tail == 2 ? 0xffffU : 0xffU)) != 0) {
      return std::nullopt;
    }
    to[0] = static_cast<std::byte>(bits >> 16);
    if (tail == 3) to[1] = static_cast<std::byte>(bits >> 8);
  }
  if ((seen & not_base64) != 0) return std::nullopt;
  return size;
}

}  // namespace

std::optional<std::size_t> base64_decode(std::string_view encoded, Base64 variant,
                                         std::span<std::byte> out) noexcept {
  if (variant == Base64::url_no_padding) return decode(encoded, url_table, PadBits::zero, out);
  if (encoded.size() % 4 != 0) return std::nullopt;
  return decode(without_padding(encoded), standard_table, PadBits::zero, out);
}

std::optional<std::size_t> base64_decode_tolerant(std::string_view encoded,
                                                  std::span<std::byte> out) noexcept {
  if (encoded.size() % 4 == 0) encoded = without_padding(encoded);
  return decode(encoded, standard_table, PadBits::any, out);
}

std::optional<std::size_t> base64_decode_secret(std::string_view encoded, Base64 variant,
                                                std::span<std::byte> out) noexcept {
  // libsodium 1.0.18 takes some octets above 127 for base64 characters, for it reads them as
  // negative numbers.
  unsigned seen = 0;
  for (const char c : encoded) seen |= static_cast<unsigned char>(c);
  if (seen > 0x7f) return std::nullopt;
  if (encoded.empty()) return 0;
  if (out.empty()) return std::nullopt;
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), encoded.data(),
                        encoded.size(), nullptr, &size, &end, sodium_variant(variant)) != 0 ||
      end != encoded.data() + encoded.size()) {
    return std::nullopt;
  }
  return size;
}

// By table as well: a signer writes a signature and a nonce for every request, each of which takes
// libsodium 300 ns.
void base64_append(std::span<const std::byte> octets, Base64 variant, std::string& out) {
  const auto& alphabet = variant == Base64::standard ? standard_alphabet : url_alphabet;
  const std::size_t tail = octets.size() % 3;
  const std::size_t padding = tail == 0 ? 0 : 3 - tail;
  const std::size_t before = out.size();
  const std::size_t size =
      before + (octets.size() + 2) / 3 * 4 - (variant == Base64::url_no_padding ? padding : 0);
  const auto write = [&](char* start, std::size_t) noexcept {
    const auto* from = reinterpret_cast<const std::uint8_t*>(octets.data());
    const auto* const whole = from + (octets.size() - tail);
    char* to = start + before;
    for (; from != whole; from += 3, to += 4) {
      const std::uint32_t bits =
          std::uint32_t{from[0]} << 16 | std::uint32_t{from[1]} << 8 | from[2];
      to[0] = alphabet[bits >> 18];
      to[1] = alphabet[bits >> 12 & 0x3f];
      to[2] = alphabet[bits >> 6 & 0x3f];
      to[3] = alphabet[bits & 0x3f];
    }
    if (tail != 0) {
      const std::uint32_t bits =
          std::uint32_t{from[0]} << 16 | (tail == 2 ? std::uint32_t{from[1]} << 8 : 0);
      *to++ = alphabet[bits >> 18];
      *to++ = alphabet[bits >> 12 & 0x3f];
      if (tail == 2) *to++ = alphabet[bits >> 6 & 0x3f];
      while (to != start + size) *to++ = '=';
    }
    return size;
  };
  out.resize_and_overwrite(size, write);
}

void base64_append_secret(std::span<const std::byte> octets, Base64 variant, std::string& out) {
  const int encoding = sodium_variant(variant);
  // One more than the characters: libsodium ends them with a NUL.
  const std::size_t room = sodium_base64_encoded_len(octets.size(), encoding);
  const std::size_t before = out.size();
  out.resize(before + room);
  sodium_bin2base64(out.data() + before, room,
                    reinterpret_cast<const unsigned char*>(octets.data()), octets.size(), encoding);
  out.resize(before + room - 1);
}

}  // namespace wba::crypto
