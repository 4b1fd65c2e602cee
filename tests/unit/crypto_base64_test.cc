// Base64: the table decoder and encoder against RFC 4648 and, octet for octet, against libsodium.

#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/base64.h"
#include "support/exact_buffer.h"

namespace wba::crypto {
namespace {

using Decoder = decltype(&base64_decode);

// decode gives what `decoder` makes of a copy of `encoded` with as much room as it can need, both
// of exactly their sizes.
std::optional<std::string> decode(Decoder decoder, std::string_view encoded, Base64 variant) {
  const test::ExactBuffer copy(encoded);
  std::vector<std::byte> out(base64_decoded_capacity(encoded.size()));
  const auto size = decoder(copy.view(), variant, out);
  if (!size) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(out.data()), *size);
}

// encode gives what both encoders make of a copy of `octets` of exactly its size.
std::string encode(std::string_view octets, Base64 variant) {
  const test::ExactBuffer copy(octets);
  std::string out;
  base64_append(std::as_bytes(std::span(copy.view())), variant, out);
  std::string secret;
  base64_append_secret(std::as_bytes(std::span(copy.view())), variant, secret);
  EXPECT_EQ(out, secret);
  return out;
}

// RFC 4648 §10.
TEST(Base64, Rfc4648TestVectors) {
  for (const auto& [octets, encoded] : {std::pair<std::string_view, std::string_view>{"", ""},
                                        {"f", "Zg=="},
                                        {"fo", "Zm8="},
                                        {"foo", "Zm9v"},
                                        {"foob", "Zm9vYg=="},
                                        {"fooba", "Zm9vYmE="},
                                        {"foobar", "Zm9vYmFy"}}) {
    const std::string_view bare = encoded.substr(0, encoded.find('='));
    for (const Decoder decoder : {base64_decode, base64_decode_secret}) {
      EXPECT_EQ(decode(decoder, encoded, Base64::standard), octets);
      EXPECT_EQ(decode(decoder, bare, Base64::url_no_padding), octets);
      if (bare != encoded) {
        EXPECT_EQ(decode(decoder, bare, Base64::standard), std::nullopt);
        EXPECT_EQ(decode(decoder, encoded, Base64::url_no_padding), std::nullopt);
      }
    }
    EXPECT_EQ(encode(octets, Base64::standard), encoded);
    EXPECT_EQ(encode(octets, Base64::url_no_padding), bare);
  }
}

TEST(Base64, TheLastTwoCharactersDifferByVariant) {
  const std::string_view octets = "\xfb\xff";
  EXPECT_EQ(encode(octets, Base64::standard), "+/8=");
  EXPECT_EQ(encode(octets, Base64::url_no_padding), "-_8");
  EXPECT_EQ(decode(base64_decode, "+/8=", Base64::standard), octets);
  EXPECT_EQ(decode(base64_decode, "-_8", Base64::url_no_padding), octets);
  EXPECT_EQ(decode(base64_decode, "-_8=", Base64::standard), std::nullopt);
  EXPECT_EQ(decode(base64_decode, "+/8", Base64::url_no_padding), std::nullopt);
}

TEST(Base64, OnlyStrictSpellingsDecode) {
  for (const std::string_view wrong :
       {"=",    "==",       "===",  "====",  "A",     "A=",      "A==",    "A===",      "AA",
        "AA=",  "AB==",     "AAB=", "AAA",   "AA==A", "AAAA=",   "AAAA==", "AAAA====",  "A=AA",
        "AA=A", "AA==AAAA", "AA A", "AAA\n", "\nAAA", "AAA\xff", "AAA:",   "AA\xc3\xbc"}) {
    EXPECT_EQ(decode(base64_decode, wrong, Base64::standard), std::nullopt) << wrong;
    EXPECT_EQ(decode(base64_decode_secret, wrong, Base64::standard), std::nullopt) << wrong;
  }
  for (const std::string_view wrong : {"=", "A", "AA==", "AB", "AAB", "AAAAA", "AA A", "AAA\n"}) {
    EXPECT_EQ(decode(base64_decode, wrong, Base64::url_no_padding), std::nullopt) << wrong;
    EXPECT_EQ(decode(base64_decode_secret, wrong, Base64::url_no_padding), std::nullopt) << wrong;
  }
}

std::optional<std::string> decode_tolerant(std::string_view encoded) {
  return decode([](std::string_view text, Base64,
                   std::span<std::byte> out) noexcept { return base64_decode_tolerant(text, out); },
                encoded, Base64::standard);
}

TEST(Base64, TolerantDecoderTakesMissingPaddingAndAnyPadBits) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t last = 0; last < alphabet.size(); ++last) {
    for (const std::string_view front : {"Z", "Zm", "Zm9"}) {
      for (const std::size_t whole : {0U, 4U}) {
        const std::string bare =
            std::string("Zm9v").substr(0, whole) + std::string(front) + alphabet[last];
        const std::string padded = bare + std::string((4 - bare.size() % 4) % 4, '=');
        // The strict decoder's octets of the spelling with zero pad bits.
        const std::size_t pad_bits = front.size() == 1 ? 4 : front.size() == 2 ? 2 : 0;
        std::string strict = bare;
        strict.back() = alphabet[last >> pad_bits << pad_bits];
        EXPECT_EQ(decode_tolerant(bare), decode_tolerant(padded)) << bare;
        strict += padded.substr(bare.size());
        EXPECT_EQ(decode_tolerant(bare), decode(base64_decode, strict, Base64::standard)) << bare;
      }
    }
  }
}

TEST(Base64, TolerantDecoderRefusesIncompletePaddingAndOtherCharacters) {
  for (const std::string_view wrong :
       {"=",     "==",    "===",   "====", "A",      "A=",       "A==",      "A===",
        "AA=",   "AAAA=", "AA==A", "AA=A", "A=AA",   "AAA==",    "AAAAA",    "AA A",
        "AAA\n", "\nAAA", "AAA:",  "AA-_", "AA\xff", "AA==AAAA", "AAAA====", "AA\xc3\xbc"}) {
    EXPECT_EQ(decode_tolerant(wrong), std::nullopt) << wrong;
  }
}

TEST(Base64, EachCharacterInEachPlaceAsLibsodiumHasIt) {
  for (const Base64 variant : {Base64::standard, Base64::url_no_padding}) {
    for (const std::string_view base : {"AAAA", "AAA=", "AA==", "AAA", "AA", "AAAAAAAA"}) {
      for (std::size_t place = 0; place < base.size(); ++place) {
        for (int c = 0; c < 256; ++c) {
          std::string encoded(base);
          encoded[place] = static_cast<char>(c);
          ASSERT_EQ(decode(base64_decode, encoded, variant),
                    decode(base64_decode_secret, encoded, variant))
              << base << " " << place << " " << c;
        }
      }
    }
  }
}

TEST(Base64, RandomInputAsLibsodiumHasIt) {
  std::mt19937 random(20261124);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same run every time
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_= \n";
  for (int round = 0; round < 20000; ++round) {
    const Base64 variant = round % 2 == 0 ? Base64::standard : Base64::url_no_padding;
    std::string octets(random() % 100, '\0');
    for (char& c : octets) c = static_cast<char>(random());
    std::string encoded = encode(octets, variant);
    ASSERT_EQ(decode(base64_decode, encoded, variant), octets);
    // Broken in one to three places, or cut.
    for (auto breaks = random() % 3 + 1; breaks != 0 && !encoded.empty(); --breaks) {
      encoded[random() % encoded.size()] = alphabet[random() % alphabet.size()];
    }
    if (random() % 4 == 0) encoded.resize(encoded.size() - random() % (encoded.size() + 1));
    ASSERT_EQ(decode(base64_decode, encoded, variant),
              decode(base64_decode_secret, encoded, variant))
        << encoded;
  }
}

TEST(Base64, TooLittleRoomIsAnError) {
  std::vector<std::byte> out(2);
  EXPECT_EQ(base64_decode("AAAA", Base64::standard, out), std::nullopt);
  EXPECT_EQ(base64_decode_secret("AAAA", Base64::standard, out), std::nullopt);
  EXPECT_EQ(base64_decode("AAA=", Base64::standard, out), 2U);
  EXPECT_EQ(base64_decode_secret("AAA=", Base64::standard, out), 2U);
  EXPECT_EQ(base64_decode("", Base64::standard, {}), 0U);
}

TEST(Base64, AppendingKeepsWhatStandsBefore) {
  for (const auto append : {base64_append, base64_append_secret}) {
    std::string out = "sig1=:";
    append(std::as_bytes(std::span(std::string_view("fo"))), Base64::standard, out);
    EXPECT_EQ(out, "sig1=:Zm8=");
  }
}

}  // namespace
}  // namespace wba::crypto
