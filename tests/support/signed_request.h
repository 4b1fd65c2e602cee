#ifndef WBA_TESTS_SUPPORT_SIGNED_REQUEST_H_
#define WBA_TESTS_SUPPORT_SIGNED_REQUEST_H_

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <wba/key.h>
#include <wba/signature.h>
#include <wba/signer.h>
#include <wba/verifier.h>

namespace wba::test {

inline constexpr Time kNow{std::chrono::seconds(1'760'000'000)};

// new_signer makes a signer with a new key.
inline KeySigner new_signer(KeyType type = KeyType::ed25519) {
  auto key = PrivateKey::generate(type);
  EXPECT_TRUE(key);
  auto signer = KeySigner::create(*std::move(key));
  EXPECT_TRUE(signer);
  return *std::move(signer);
}

// jwks_of gives a key set with the signer's key.
inline std::string jwks_of(const KeySigner& signer) {
  return "{\"keys\":[" + signer.public_key().jwk(true).value() + "]}";
}

// RequestBuilder is a request whose parts a test changes one at a time. Its views live as long as
// it.
class RequestBuilder {
 public:
  RequestBuilder() {
    request.method = "GET";
    request.authority = "example.com";
    request.target = "/path?a=1";
  }
  RequestBuilder(const RequestBuilder&) = delete;
  RequestBuilder& operator=(const RequestBuilder&) = delete;

  RequestBuilder& add(std::string_view name, std::string_view value) {
    fields_.push_back({.name = keep(name), .value = keep(value)});
    request.fields = fields_;
    return *this;
  }

  // set replaces the first line of `name`, or adds one.
  RequestBuilder& set(std::string_view name, std::string_view value) {
    for (auto& line : fields_) {
      if (field_name_equals(line.name, name)) {
        line.value = keep(value);
        return *this;
      }
    }
    return add(name, value);
  }

  RequestBuilder& remove(std::string_view name) {
    std::erase_if(fields_,
                  [name](const FieldLine& line) { return field_name_equals(line.name, name); });
    request.fields = fields_;
    return *this;
  }

  [[nodiscard]] std::string get(std::string_view name) const {
    for (const auto& line : fields_) {
      if (field_name_equals(line.name, name)) return std::string(line.value);
    }
    return {};
  }

  // sign adds a signature over exactly these components with exactly these parameters, right or
  // wrong by the profile.
  RequestBuilder& sign(const Signer& signer, std::string_view label,
                       const std::vector<std::string_view>& components,
                       const std::vector<sf::Parameter>& parameters) {
    SigningScratch scratch;
    SignedLines lines;
    const auto done =
        sign_message(request, {.label = label, .components = components, .parameters = parameters},
                     signer, {}, scratch, lines);
    EXPECT_TRUE(done) << (done ? "" : to_string(done.error().code));
    add("Signature-Input", lines.signature_input);
    return add("Signature", lines.signature);
  }

  Request request;

 private:
  std::string_view keep(std::string_view text) { return storage_.emplace_back(text); }

  std::deque<std::string> storage_;
  std::vector<FieldLine> fields_;
};

inline sf::Parameter integer(std::string_view key, std::int64_t value) {
  return {.key = key, .value = {.type = sf::Type::integer, .number = value}};
}

inline sf::Parameter string(std::string_view key, std::string_view text) {
  return {.key = key, .value = {.type = sf::Type::string, .number = 0, .text = text}};
}

inline std::int64_t at(std::int64_t seconds_from_now) {
  return kNow.time_since_epoch().count() + seconds_from_now;
}

// good_parameters are those of a signature that the profile accepts at kNow.
inline std::vector<sf::Parameter> good_parameters(const Signer& signer) {
  return {integer("created", at(-10)), integer("expires", at(50)), string("keyid", signer.keyid()),
          string("alg", to_string(signer.algorithm())), string("tag", "web-bot-auth")};
}

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_SIGNED_REQUEST_H_
