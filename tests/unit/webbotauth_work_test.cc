// What a request may cost: counted in octets and field lines that are read and written.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wba/component.h>
#include <wba/verifier.h>

#include "support/signed_request.h"

namespace wba::test {
namespace {

// Covered evaluates components of one request, as all its signatures would.
class Covered {
 public:
  explicit Covered(const Request& request) : request_(request) {}

  std::string value(const ComponentIdentifier& id) {
    std::string out;
    const auto done = append_component_value(request_, id, {}, scratch_, out);
    return done ? out : std::string(to_string(done.error().code));
  }
  std::string parameter(std::string_view name) {
    return value({.kind = ComponentKind::query_param, .name = "@query-param", .key = name});
  }
  std::string member(std::string_view field, std::string_view key) {
    return value({.name = field, .has_key = true, .key = key});
  }
  std::string field(std::string_view name) { return value({.name = name, .key = {}}); }

  [[nodiscard]] std::size_t work() const { return scratch_.work(); }

 private:
  const Request& request_;
  ComponentScratch scratch_;
};

std::string numbered(std::string_view name, int number) {
  return std::string(name).append(std::to_string(number));
}

TEST(Work, QueryIsReadOnceForAllParametersOfAllSignatures) {
  std::string target = "/x?";
  for (int i = 0; i < 60; ++i) target.append(numbered("p", i)).append("=1&");
  for (int i = 0; i < 900; ++i) target.append("%41%42%43%44%45%46%47%48%49%4A&");
  const Request request{.method = "GET", .authority = "a.test", .target = target};
  Covered covered(request);
  for (int signature = 0; signature < 4; ++signature) {
    for (int i = 0; i < 60; ++i) ASSERT_EQ(covered.parameter(numbered("p", i)), "1");
    ASSERT_EQ(covered.parameter("ABCDEFGHIJ"), "component-query-param-repeated");
    ASSERT_EQ(covered.parameter("absent"), "component-query-param-missing");
  }
  EXPECT_LE(covered.work(), 2 * target.size() + 240);
}

TEST(Work, QueryOfMoreParametersThanAreReadCannotBeCoveredByParameter) {
  const auto parameter_of = [](int count) {
    std::string target = "/x?a=1";
    for (int i = 1; i < count; ++i) target.append("&~");
    const Request request{.method = "GET", .authority = "a.test", .target = target};
    return Covered(request).parameter("a");
  };
  EXPECT_EQ(parameter_of(1024), "1");
  EXPECT_EQ(parameter_of(1025), "signature-base-too-long");
}

TEST(Work, DictionaryIsParsedOnceThoughMembersOfSeveralAreCoveredInTurn) {
  std::string first;
  for (int i = 0; i < 1000; ++i) first.append(i == 0 ? "" : ", ").append(numbered("k", i));
  const std::string second = first + ";p";
  const FieldLine lines[] = {{"aa", first}, {"bb", second}};
  const Request request{.method = "GET", .authority = "a.test", .fields = lines};
  Covered covered(request);
  for (int i = 0; i < 120; ++i) {
    ASSERT_EQ(covered.member("aa", numbered("k", i)), "?1");
    ASSERT_EQ(covered.member("bb", "k999"), "?1;p");
  }
  EXPECT_LE(covered.work(), first.size() + second.size() + 2000);
}

TEST(Work, MalformedFieldIsParsedOnce) {
  const std::string junk = std::string(5000, 'a') + " (";
  const FieldLine lines[] = {{"aa", junk}};
  const Request request{.method = "GET", .authority = "a.test", .fields = lines};
  Covered covered(request);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(covered.member("aa", "a"), "component-field-malformed");
  EXPECT_LE(covered.work(), junk.size() + 10);
}

TEST(Work, StructuredFieldsOfAMessageAreBounded) {
  std::vector<std::string> names;
  for (int i = 0; i < 17; ++i) names.push_back(numbered("d", i));
  std::vector<FieldLine> lines;
  for (const auto& name : names) lines.push_back({name, "k=1"});
  const Request request{.method = "GET", .authority = "a.test", .fields = lines};
  Covered covered(request);
  for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(covered.member(names[i], "k"), "1");
  EXPECT_EQ(covered.member("d16", "k"), "signature-base-too-long");
  EXPECT_EQ(covered.member("d0", "k"), "1");
}

TEST(Work, FieldLinesAreGoneThroughABoundedNumberOfTimes) {
  std::vector<std::string> names;
  for (int i = 0; i < 1500; ++i) names.push_back(numbered("Z", i));
  std::vector<FieldLine> lines;
  for (const auto& name : names) lines.push_back({name, "v"});
  const Request request{.method = "GET", .authority = "a.test", .fields = lines};
  Covered covered(request);
  for (int i = 0; i < 240; ++i) ASSERT_EQ(covered.field(numbered("z", 1499 - i)), "v");
  EXPECT_LE(covered.work(), 9 * lines.size() + 5 * names.size() + 240);
}

// Sorting must not change what is found.
TEST(Work, LinesOfAFieldKeepTheirOrderHoweverOftenTheyAreLookedUp) {
  std::vector<FieldLine> lines;
  for (const auto* name : {"b", "A", "a", "ab", "B", "a", "c", "d", "e", "f", "g", "h", "i", "j",
                           "k", "l", "m", "A", "n"}) {
    lines.push_back({name, name});
  }
  const Request request{.method = "GET", .authority = "a.test", .fields = lines};
  Covered covered(request);
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(covered.field("a"), "A, a, a, A") << i;
    ASSERT_EQ(covered.field("b"), "b, B") << i;
    ASSERT_EQ(covered.field("ab"), "ab") << i;
    ASSERT_EQ(covered.field("absent"), "component-field-missing") << i;
  }
}

class WorkOfARequest : public testing::Test {
 protected:
  static constexpr std::string_view kAgent = "signature-agent;key=\"sig1\"";

  // reasons are those of the request's signatures.
  static std::vector<Reason> reasons(const RequestBuilder& built,
                                     const std::vector<const KeySigner*>& signers,
                                     SignatureLimits limits = {}) {
    std::string keys;
    for (const auto* signer : signers) {
      keys.append(keys.empty() ? "" : ",").append(signer->public_key().jwk(true).value());
    }
    const auto resolver = std::make_shared<StaticResolver>();
    EXPECT_TRUE(resolver->add_directory("https://agent.test", "{\"keys\":[" + keys + "]}"));
    const auto verifier = Verifier::create({.required = RequiredComponents::profile_only(),
                                            .authorities = Authorities::any(),
                                            .limits = limits},
                                           resolver)
                              .value();
    auto session = verifier.session();
    std::vector<Reason> found;
    for (const auto& signature : session.verify(built.request, kNow).signatures()) {
      found.push_back(signature.reason());
    }
    return found;
  }
};

TEST_F(WorkOfARequest, IsThatOfAllItsSignaturesTogether) {
  const KeySigner signer = new_signer();
  RequestBuilder built;
  built.add("Signature-Agent", "sig1=\"https://agent.test\"");
  built.add("X-Long", std::string(10000, 'x'));
  for (const auto* label : {"sig1", "sig2", "sig3"}) {
    built.sign(signer, label, {"@authority", "x-long", kAgent}, good_parameters(signer));
  }
  EXPECT_EQ(reasons(built, {&signer}), (std::vector{Reason::none, Reason::none, Reason::none}));
  EXPECT_EQ(reasons(built, {&signer}, {.base_work = 25000}),
            (std::vector{Reason::none, Reason::none, Reason::too_large}));
}

TEST_F(WorkOfARequest, HasABoundedNumberOfChainedSignatures) {
  const auto with = [](int count) {
    const KeySigner signer = new_signer();
    RequestBuilder built;
    built.add("Signature-Agent", "sig1=\"https://agent.test\"");
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) {
      const auto label = numbered("c", i);
      built.sign(signer, label, {"@method"}, {});
      names.push_back("signature;key=\"" + label + "\"");
      names.push_back("signature-input;key=\"" + label + "\"");
    }
    std::vector<std::string_view> cover{"@authority", "@method", kAgent};
    cover.insert(cover.end(), names.begin(), names.end());
    built.sign(signer, "sig1", cover, good_parameters(signer));
    return reasons(built, {&signer});
  };
  EXPECT_EQ(with(4), std::vector{Reason::none});
  EXPECT_EQ(with(5), std::vector{Reason::too_many_signatures});
}

TEST_F(WorkOfARequest, HasABoundedNumberOfCostlyVerifications) {
  const auto with = [](KeyType type, int count) {
    const KeySigner signer = new_signer(type);
    RequestBuilder built;
    built.add("Signature-Agent", "sig1=\"https://agent.test\"");
    for (int i = 1; i <= count; ++i) {
      built.sign(signer, numbered("sig", i), {"@authority", kAgent}, good_parameters(signer));
    }
    return reasons(built, {&signer});
  };
  const std::vector all_verified(4, Reason::none);
  EXPECT_EQ(with(KeyType::ed25519, 4), all_verified);
  EXPECT_EQ(with(KeyType::ec_p256, 4), all_verified);
  EXPECT_EQ(with(KeyType::ec_p384, 1), std::vector{Reason::none});
  EXPECT_EQ(with(KeyType::ec_p384, 2), (std::vector{Reason::none, Reason::too_many_signatures}));
}

}  // namespace
}  // namespace wba::test
