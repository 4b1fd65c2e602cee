// A request that carries signatures of two agents: neither may end up under the other's name.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wba/agent_identity.h>
#include <wba/request_signer.h>
#include <wba/verifier.h>

#include "support/test_keys.h"

namespace wba {
namespace {

using test::make_key;

constexpr Time now{std::chrono::seconds(1800000000)};

// A resolver that does no more than its contract asks: each lookup writes over what the last said.
class ForgetfulResolver final : public KeyResolver {
 public:
  void add(std::string_view url, PublicKey key) { keys_.emplace(url, std::move(key)); }

  [[nodiscard]] std::unique_ptr<Reader> reader() const override {
    return std::make_unique<ForgetfulReader>(keys_);
  }

 private:
  using Keys = std::map<std::string, PublicKey, std::less<>>;
  class ForgetfulReader final : public Reader {
   public:
    explicit ForgetfulReader(const Keys& keys) : keys_(keys) {}

    KeyLookup lookup(const AgentLink& link, std::string_view keyid, Time) noexcept override {
      const auto located = locate_agent(link, buffer_);
      const auto found = keys_.find(link.url);
      if (!located || found == keys_.end() || found->second.thumbprint() != keyid) {
        return {.reason = Reason::key_not_in_directory};
      }
      return {.reason = Reason::none,
              .key = &found->second,
              .identity = located->document,
              .domain = located->host};
    }

   private:
    const Keys& keys_;
    std::string buffer_;
  };

  Keys keys_;
};

TEST(Verifier, EachSignatureKeepsTheNameOfItsOwnAgent) {
  const auto resolver = std::make_shared<ForgetfulResolver>();
  std::vector<std::string> values;  // stable: reserved below
  values.reserve(16);
  std::vector<FieldLine> fields;
  Request request{.method = "GET", .authority = "example.com", .target = "/"};
  RequestSigner signer;
  // URLs of one length: a view into a shared buffer would read the other whole.
  const std::vector<std::string> urls = {"https://mallory.test", "https://alice-1.test"};
  for (const std::string& url : urls) {
    auto key = make_key();
    resolver->add(url, key.secret.public_key());
    const auto with = KeySigner::create(std::move(key.secret));
    ASSERT_TRUE(with);
    SignedFields made;
    ASSERT_TRUE(signer.sign(request, *with, {.profile = SignerProfile::draft_00, .agent_url = url},
                            now, made));
    const auto add = [&](std::string_view name, const std::string& value) {
      if (value.empty()) return;
      values.push_back(value);
      fields.push_back({.name = name, .value = values.back()});
    };
    add("Signature-Agent", made.signature_agent);
    add("Signature-Input", made.lines.signature_input);
    add("Signature", made.lines.signature);
    request.fields = fields;
  }
  const auto verifier = Verifier::create(
      {.required = RequiredComponents::profile_only(), .authorities = Authorities::any()},
      resolver);
  ASSERT_TRUE(verifier);
  auto session = verifier->session();
  const Verdict& verdict = session.verify(request, now);
  ASSERT_EQ(verdict.reason(), Reason::none);
  ASSERT_EQ(verdict.signatures().size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(verdict.signatures()[i].identity(), urls[i] + std::string(directory_well_known_path));
    EXPECT_EQ(verdict.signatures()[i].domain(), urls[i].substr(8));
  }
  EXPECT_EQ(verdict.decisive()->identity(), verdict.signatures()[0].identity());
}

}  // namespace
}  // namespace wba
