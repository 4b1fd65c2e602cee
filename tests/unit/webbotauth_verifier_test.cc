// The verifier's rules, each with what it accepts and what it refuses.

#include <gtest/gtest.h>

#include <wba/content_digest.h>
#include <wba/verifier.h>

#include "support/signed_request.h"

namespace wba::test {
namespace {

using std::chrono::seconds;

constexpr std::string_view kAgent = "https://agent.test";
const std::vector<std::string_view> kCover{"@authority", "@method", "@path",
                                           "signature-agent;key=\"sig1\""};

// Signature fields of other kinds than RFC 9421's.
const std::vector<std::string_view> kForeign{
    R"(keyId="https://social.test/u#main-key",algorithm="hs2019",headers="host date",signature="AwM=")",
    "t=1795874343,v1=5257a869e7ecebeda32affa62cdca3fa",
    "t=1795874343, v1=abc",
    "YWJj",
    "%",
    "(",
    "a=:AAA:"};

class Verify : public testing::Test {
 protected:
  Verify() {
    resolver_ = std::make_shared<StaticResolver>();
    EXPECT_TRUE(resolver_->add_directory(kAgent, jwks_of(signer_)));
  }

  static Authorities ours() {
    return Authorities::of({"example.com", "example.com:8443", "example.org"}).value();
  }
  static Policy policy() {
    return {.required = RequiredComponents::profile_only(), .authorities = ours()};
  }

  Reason judge(const RequestBuilder& built, const Policy& policy, Time now = kNow) {
    verifier_.emplace(Verifier::create(policy, resolver_).value());
    session_.emplace(verifier_->session());
    verdict_ = &session_->verify(built.request, now);
    EXPECT_EQ(verdict_->outcome(), outcome_of(verdict_->reason()));
    return verdict_->reason();
  }
  Reason judge(const RequestBuilder& built) { return judge(built, policy()); }

  // A request that verifies.
  void make_good(RequestBuilder& built) {
    built.add("Signature-Agent", "sig1=\"https://agent.test\"");
    built.sign(signer_, "sig1", kCover, good_parameters(signer_));
  }

  // The same with other parameters or components.
  Reason judge_signed(const std::vector<std::string_view>& cover,
                      const std::vector<sf::Parameter>& parameters) {
    RequestBuilder built;
    built.add("Signature-Agent", "sig1=\"https://agent.test\"");
    built.sign(signer_, "sig1", cover, parameters);
    return judge(built);
  }

  KeySigner signer_ = new_signer();
  std::shared_ptr<StaticResolver> resolver_;
  std::optional<Verifier> verifier_;
  std::optional<Verifier::Session> session_;
  const Verdict* verdict_ = nullptr;
};

TEST_F(Verify, SignedRequestOfAKnownAgentIsVerified) {
  RequestBuilder built;
  make_good(built);
  ASSERT_EQ(to_string(judge(built)), "none");
  EXPECT_EQ(verdict_->outcome(), Outcome::verified);
  const auto* signature = verdict_->decisive();
  ASSERT_NE(signature, nullptr);
  EXPECT_EQ(signature->identity(),
            "https://agent.test/.well-known/http-message-signatures-directory");
  EXPECT_EQ(signature->claimed_url(), kAgent);
  EXPECT_EQ(signature->label(), "sig1");
  EXPECT_EQ(signature->parameters().keyid, signer_.keyid());
  EXPECT_EQ(signature->covered(),
            (std::vector<std::string>{"\"@authority\"", "\"@method\"", "\"@path\"",
                                      "\"signature-agent\";key=\"sig1\""}));
}

TEST_F(Verify, RequestWithoutSignatureIsUnsigned) {
  RequestBuilder built;
  EXPECT_EQ(judge(built), Reason::no_signature);
  EXPECT_EQ(verdict_->outcome(), Outcome::unsigned_);
  EXPECT_EQ(verdict_->decisive(), nullptr);
}

// Caddy's example took any signature for an agent's.
TEST_F(Verify, SignatureWithoutTheTagIsNotAnAgents) {
  for (const std::string_view tag : {"", "Web-Bot-Auth", "web-bot-auth2", "agent-payer-auth"}) {
    auto parameters = good_parameters(signer_);
    parameters.back() = string("tag", tag);
    EXPECT_EQ(judge_signed(kCover, parameters), Reason::no_tagged_signature) << tag;
  }
  auto parameters = good_parameters(signer_);
  parameters.pop_back();
  EXPECT_EQ(judge_signed(kCover, parameters), Reason::no_tagged_signature);
}

TEST_F(Verify, TagThatIsATokenIsNotTheTag) {
  auto parameters = good_parameters(signer_);
  parameters.back().value.type = sf::Type::token;
  EXPECT_EQ(judge_signed(kCover, parameters), Reason::no_tagged_signature);
}

// GHSA-x9cc-346q-g27m: an empty list verified, so that the signature was good anywhere.
TEST_F(Verify, EmptyComponentListIsRefused) {
  EXPECT_EQ(judge_signed({}, good_parameters(signer_)), Reason::target_not_covered);
}

TEST_F(Verify, SignatureMustCoverTheTarget) {
  const auto agent = kCover.back();
  EXPECT_EQ(judge_signed({"@authority", agent}, good_parameters(signer_)), Reason::none);
  EXPECT_EQ(judge_signed({"@target-uri", agent}, good_parameters(signer_)), Reason::none);
  EXPECT_EQ(judge_signed({"@method", "@path", "@scheme", agent}, good_parameters(signer_)),
            Reason::target_not_covered);
}

TEST_F(Verify, ParametersOfTheProfileMustBeThere) {
  const auto without = [this](std::string_view key) {
    auto parameters = good_parameters(signer_);
    std::erase_if(parameters, [key](const sf::Parameter& p) { return p.key == key; });
    return judge_signed(kCover, parameters);
  };
  EXPECT_EQ(without("created"), Reason::created_missing);
  EXPECT_EQ(without("expires"), Reason::expires_missing);
  // yaronf 2026-03: a verifier that knew its key did not ask for keyid.
  EXPECT_EQ(without("keyid"), Reason::keyid_missing);
  EXPECT_EQ(without("alg"), Reason::none);
}

class VerifyTimes : public Verify {
 protected:
  Reason judge_times(std::int64_t created, std::int64_t expires, seconds skew = seconds(0)) {
    RequestBuilder built;
    built.add("Signature-Agent", "sig1=\"https://agent.test\"");
    auto parameters = good_parameters(signer_);
    parameters[0] = integer("created", at(created));
    parameters[1] = integer("expires", at(expires));
    built.sign(signer_, "sig1", kCover, parameters);
    Policy strict = policy();
    strict.skew = skew;
    return judge(built, strict);
  }
};

// CF #125, linzer 0.7.9.
TEST_F(VerifyTimes, ExpiresEqualToNowIsExpired) {
  EXPECT_EQ(judge_times(-60, 0), Reason::expired);
  EXPECT_EQ(judge_times(-60, 1), Reason::none);
  EXPECT_EQ(judge_times(-60, -9), Reason::expired);
}

TEST_F(VerifyTimes, SkewPutsExpiryOffByAsMuch) {
  EXPECT_EQ(judge_times(-60, -9, seconds(10)), Reason::none);
  EXPECT_EQ(judge_times(-60, -10, seconds(10)), Reason::expired);
}

// CF #127.
TEST_F(VerifyTimes, CreatedInTheFutureIsRefused) {
  EXPECT_EQ(judge_times(0, 60), Reason::none);
  EXPECT_EQ(judge_times(1, 60), Reason::clock_ahead);
  EXPECT_EQ(judge_times(10, 60, seconds(10)), Reason::none);
  EXPECT_EQ(judge_times(11, 60, seconds(10)), Reason::clock_ahead);
}

// pyauth #10: one second of difference between two clocks is life.
TEST_F(VerifyTimes, DefaultSkewForgivesSecondsOfDifference) {
  EXPECT_EQ(judge_times(5, 60, policy().skew), Reason::none);
}

// dhensby 1.0.6.
TEST_F(VerifyTimes, ExpiresBeforeCreatedIsRefused) {
  EXPECT_EQ(judge_times(-10, -20, seconds(60)), Reason::expires_before_created);
}

TEST_F(VerifyTimes, LifetimeIsHeldToThePolicy) {
  EXPECT_EQ(judge_times(0, 86400), Reason::none);
  EXPECT_EQ(judge_times(0, 86401), Reason::lifetime_too_long);
}

TEST_F(VerifyTimes, ExtremeTimesDoNotOverflow) {
  EXPECT_EQ(judge_times(-10, 999'999'999'999'999 - at(0)), Reason::lifetime_too_long);
  EXPECT_EQ(judge_times(-999'999'999'999'999 - at(0), 10), Reason::lifetime_too_long);
}

TEST_F(Verify, NonceIsRequiredWherePolicySays) {
  RequestBuilder without;
  make_good(without);
  Policy strict = policy();
  strict.require_nonce = true;
  EXPECT_EQ(judge(without, strict), Reason::nonce_missing);
  RequestBuilder with;
  with.add("Signature-Agent", "sig1=\"https://agent.test\"");
  auto parameters = good_parameters(signer_);
  // CF #3: base64 with "+", "/" and "=" is what agents send.
  parameters.push_back(string("nonce", "a+b/c=="));
  with.sign(signer_, "sig1", kCover, parameters);
  EXPECT_EQ(judge(with, strict), Reason::none);
  EXPECT_EQ(verdict_->decisive()->parameters().nonce, "a+b/c==");
}

TEST_F(Verify, RequiredComponentsMustBeCovered) {
  RequestBuilder built;
  make_good(built);
  const std::string_view method[] = {"@method", "@path"};
  EXPECT_EQ(
      judge(built, {.required = RequiredComponents::of(method).value(), .authorities = ours()}),
      Reason::none);
  const std::string_view query[] = {"@query"};
  EXPECT_EQ(
      judge(built, {.required = RequiredComponents::of(query).value(), .authorities = ours()}),
      Reason::missing_required_component);
}

// CountingResolver counts what is asked of another.
class CountingResolver final : public KeyResolver {
 public:
  explicit CountingResolver(std::shared_ptr<const KeyResolver> keys) : keys_(std::move(keys)) {}
  [[nodiscard]] std::unique_ptr<Reader> reader() const override {
    return std::make_unique<CountingReader>(keys_->reader(), lookups_);
  }
  [[nodiscard]] int lookups() const { return *lookups_; }

 private:
  class CountingReader final : public Reader {
   public:
    CountingReader(std::unique_ptr<Reader> keys, std::shared_ptr<int> lookups)
        : keys_(std::move(keys)), lookups_(std::move(lookups)) {}
    KeyLookup lookup(const AgentLink& link, std::string_view keyid, Time now) noexcept override {
      ++*lookups_;
      return keys_->lookup(link, keyid, now);
    }

   private:
    std::unique_ptr<Reader> keys_;
    std::shared_ptr<int> lookups_;
  };

  std::shared_ptr<const KeyResolver> keys_;
  std::shared_ptr<int> lookups_ = std::make_shared<int>(0);
};

class VerifyAuthority : public Verify {
 protected:
  // judge_at judges a request that was signed for `authority`, by a server called `ours`.
  Reason judge_at(std::string_view authority, const Authorities& ours,
                  std::string_view component = "@authority", std::string_view target = "/path") {
    RequestBuilder built;
    built.request.authority = authority;
    built.request.target = target;
    built.add("Signature-Agent", "sig1=\"https://agent.test\"");
    built.sign(signer_, "sig1", {component, "@method", kCover.back()}, good_parameters(signer_));
    return judge(built, {.required = RequiredComponents::profile_only(), .authorities = ours});
  }

  static Authorities of(std::initializer_list<std::string_view> patterns) {
    return Authorities::of(patterns).value();
  }
};

// What a site that an agent visits could send on, with its own name in Host.
TEST_F(VerifyAuthority, SignatureMadeForAnotherSiteIsInvalid) {
  for (const auto* component : {"@authority", "@target-uri"}) {
    EXPECT_EQ(judge_at("evil.example", of({"shop.example"}), component),
              Reason::authority_not_ours);
    EXPECT_EQ(verdict_->outcome(), Outcome::invalid);
    EXPECT_TRUE(verdict_->decisive()->identity().empty());
    EXPECT_EQ(judge_at("shop.example", of({"shop.example"}), component), Reason::none);
    EXPECT_EQ(judge_at("evil.example", Authorities::any(), component), Reason::none);
  }
}

TEST_F(VerifyAuthority, IsComparedAfterNormalisation) {
  for (const auto* same : {"Shop.Example", "shop.example:443", "shop.example."}) {
    EXPECT_EQ(judge_at(same, of({"shop.example"})), Reason::none) << same;
  }
  for (const auto* other : {"shop.example:8443", "shop.example:80", "www.shop.example"}) {
    EXPECT_EQ(judge_at(other, of({"shop.example"})), Reason::authority_not_ours) << other;
  }
  EXPECT_EQ(judge_at("www.shop.example", of({"*.shop.example"})), Reason::none);
}

TEST_F(VerifyAuthority, TargetInAbsoluteFormMustNameTheSameAuthority) {
  const auto ours = of({"shop.example", "www.shop.example"});
  for (const auto* component : {"@authority", "@target-uri"}) {
    EXPECT_EQ(judge_at("shop.example", ours, component, "https://SHOP.example:443/path"),
              Reason::none);
    for (const auto* target : {"https://evil.example/path", "https://www.shop.example/path",
                               "https://shop.example:8443/path", "ftp://shop.example/path",
                               "https://u@shop.example/path"}) {
      EXPECT_EQ(judge_at("shop.example", ours, component, target), Reason::authority_not_ours)
          << target;
    }
  }
  EXPECT_EQ(judge_at("shop.example", Authorities::any(), "@authority", "https://evil.example/"),
            Reason::authority_not_ours);
}

TEST_F(VerifyAuthority, IsComparedBeforeAKeyIsLookedUp) {
  RequestBuilder built;
  make_good(built);
  const auto counting = std::make_shared<CountingResolver>(resolver_);
  for (const auto& [ours, lookups] :
       {std::pair(of({"shop.example"}), 0), std::pair(of({"example.com"}), 1)}) {
    const auto verifier =
        Verifier::create({.required = RequiredComponents::profile_only(), .authorities = ours},
                         counting)
            .value();
    auto session = verifier.session();
    EXPECT_EQ(session.verify(built.request, kNow).reason(),
              lookups == 0 ? Reason::authority_not_ours : Reason::none);
    EXPECT_EQ(counting->lookups(), lookups);
  }
}

TEST_F(Verify, TargetUriStandsForItsParts) {
  RequestBuilder built;
  built.add("Signature-Agent", "sig1=\"https://agent.test\"");
  built.sign(signer_, "sig1", {"@target-uri", kCover.back()}, good_parameters(signer_));
  const std::string_view parts[] = {"@authority", "@scheme", "@path", "@query"};
  EXPECT_EQ(
      judge(built, {.required = RequiredComponents::of(parts).value(), .authorities = ours()}),
      Reason::none);
  const std::string_view method[] = {"@method"};
  EXPECT_EQ(
      judge(built, {.required = RequiredComponents::of(method).value(), .authorities = ours()}),
      Reason::missing_required_component);
}

TEST_F(Verify, ChangedCoveredComponentIsABadSignature) {
  RequestBuilder built;
  make_good(built);
  ASSERT_EQ(judge(built), Reason::none);
  built.request.method = "POST";
  EXPECT_EQ(judge(built), Reason::bad_signature);
  built.request.method = "GET";
  built.request.authority = "example.org";
  EXPECT_EQ(judge(built), Reason::bad_signature);
  built.request.authority = "example.com:443";
  EXPECT_EQ(judge(built), Reason::none);
  built.request.authority = "example.com:8443";
  EXPECT_EQ(judge(built), Reason::bad_signature);
}

TEST_F(Verify, MissingCoveredFieldIsNamed) {
  RequestBuilder built;
  built.add("Signature-Agent", "sig1=\"https://agent.test\"").add("Accept", "*/*");
  built.sign(signer_, "sig1", {"@authority", "accept", kCover.back()}, good_parameters(signer_));
  ASSERT_EQ(judge(built), Reason::none);
  built.remove("Accept");
  EXPECT_EQ(judge(built), Reason::missing_component);
}

// draft -01 §5.4, ParallaxGrain's gap: a key learned from one URL verified a request naming
// another.
TEST_F(Verify, KeyOfOneAgentDoesNotVerifyForAnother) {
  const KeySigner other = new_signer();
  ASSERT_TRUE(resolver_->add_directory("https://other.test", jwks_of(other)));
  RequestBuilder built;
  built.add("Signature-Agent", "sig1=\"https://agent.test\"");
  built.sign(other, "sig1", kCover, good_parameters(other));
  EXPECT_EQ(judge(built), Reason::key_not_in_directory);
  EXPECT_EQ(verdict_->outcome(), Outcome::unverified);
  EXPECT_EQ(verdict_->decisive()->identity(), "");
}

// CF Worker, AVA-PAY: the first key of the directory was taken, whatever keyid said.
TEST_F(Verify, KeyidPicksTheKey) {
  const KeySigner first = new_signer();
  const auto both = "{\"keys\":[" + first.public_key().jwk(true).value() + "," +
                    signer_.public_key().jwk(true).value() + "]}";
  ASSERT_TRUE(resolver_->add_directory(kAgent, both));
  RequestBuilder built;
  make_good(built);
  EXPECT_EQ(judge(built), Reason::none);
  RequestBuilder wrong;
  wrong.add("Signature-Agent", "sig1=\"https://agent.test\"");
  auto parameters = good_parameters(signer_);
  parameters[2] = string("keyid", first.keyid());
  wrong.sign(signer_, "sig1", kCover, parameters);
  EXPECT_EQ(judge(wrong), Reason::bad_signature);
}

// Google-Agent: a directory at the well-known path whose `kid`s are labels of its own.
TEST_F(Verify, KidOfTheDirectoryCountsInOlderDialectsOnly) {
  auto jwk = signer_.public_key().jwk().value();
  const auto labelled = "{\"kid\":\"k1\"," + jwk.substr(1);
  const auto other_key = new_signer().public_key().jwk().value();
  constexpr std::string_view kWellKnown =
      "https://agent.test/.well-known/http-message-signatures-directory";
  const auto judge_kid = [&](std::string_view keys, std::string_view agent) {
    EXPECT_TRUE(resolver_->add_directory(kWellKnown, "{\"keys\":[" + std::string(keys) + "]}"));
    RequestBuilder built;
    built.add("Signature-Agent", std::string("sig1=\"").append(agent).append("\""));
    auto parameters = good_parameters(signer_);
    parameters[2] = string("keyid", "k1");
    built.sign(signer_, "sig1", kCover, parameters);
    return judge(built);
  };
  EXPECT_EQ(judge_kid(labelled, kAgent), Reason::none);
  EXPECT_EQ(judge_kid(labelled, kWellKnown), Reason::key_kid_mismatch);
  EXPECT_EQ(judge_kid(other_key, kWellKnown), Reason::key_not_in_directory);
  // A label that two keys share means neither.
  const auto other = "{\"kid\":\"k1\"," + new_signer().public_key().jwk().value().substr(1);
  EXPECT_EQ(judge_kid(labelled + "," + other, kAgent), Reason::key_not_in_directory);
}

// A directory that was put together of two keys: the kid of the one, the x of the other.
TEST_F(Verify, KidThatIsAnotherKeysThumbprintMeansNoKey) {
  const KeySigner other = new_signer();
  const auto mixed = "{\"kid\":\"" + std::string(signer_.keyid()) + "\"," +
                     other.public_key().jwk().value().substr(1);
  constexpr std::string_view kWellKnown =
      "https://agent.test/.well-known/http-message-signatures-directory";
  const auto judge_signed_by = [&](const KeySigner& signer, std::string_view agent) {
    resolver_ = std::make_shared<StaticResolver>();
    EXPECT_TRUE(resolver_->add_directory(kWellKnown, "{\"keys\":[" + mixed + "]}"));
    resolver_->add_key(signer_.public_key());
    RequestBuilder built;
    built.add("Signature-Agent", std::string("sig1=\"").append(agent).append("\""));
    built.sign(signer, "sig1", kCover, good_parameters(signer_));
    return judge(built);
  };
  for (const std::string_view agent : {kAgent, kWellKnown}) {
    EXPECT_EQ(judge_signed_by(signer_, agent), Reason::key_kid_mismatch) << agent;
    EXPECT_EQ(judge_signed_by(other, agent), Reason::key_kid_mismatch) << agent;
    EXPECT_EQ(verdict_->outcome(), Outcome::unverified);
  }
}

TEST_F(Verify, AlgorithmMustBeTheKeys) {
  auto parameters = good_parameters(signer_);
  parameters[3] = string("alg", "rsa-pss-sha512");
  EXPECT_EQ(judge_signed(kCover, parameters), Reason::algorithm_forbidden);
  parameters[3] = string("alg", "ed448");
  EXPECT_EQ(judge_signed(kCover, parameters), Reason::signature_alg_unsupported);
  EXPECT_EQ(verdict_->outcome(), Outcome::unverified);
}

TEST_F(Verify, HmacIsForbidden) {
  auto parameters = good_parameters(signer_);
  parameters[3] = string("alg", "hmac-sha256");
  EXPECT_EQ(judge_signed(kCover, parameters), Reason::algorithm_forbidden);
  EXPECT_EQ(verdict_->outcome(), Outcome::invalid);
}

TEST_F(Verify, SignatureOfTheWrongLengthIsBad) {
  RequestBuilder built;
  make_good(built);
  built.set("Signature", "sig1=:AAAA:");
  EXPECT_EQ(judge(built), Reason::bad_signature);
}

// RFC 9651 §4.2.7: a signature is its octets, however they are spelled.
TEST_F(Verify, SignatureWithoutPaddingOrWithOtherPadBitsIsTheSame) {
  const auto judge_spelled = [this](std::string_view end) {
    RequestBuilder built;
    make_good(built);
    std::string value = built.get("Signature");
    EXPECT_TRUE(value.ends_with("==:"));
    // 64 octets leave four pad bits in the last character.
    const char last = value[value.size() - 4];
    value.resize(value.size() - 4);
    value += end.starts_with('+') ? static_cast<char>(last + 1) : last;
    built.set("Signature", value + std::string(end.substr(1)));
    return judge(built);
  };
  EXPECT_EQ(judge_spelled(" ==:"), Reason::none);
  EXPECT_EQ(judge_spelled(" :"), Reason::none);
  EXPECT_EQ(judge_spelled("+==:"), Reason::none);
  EXPECT_EQ(judge_spelled("+:"), Reason::none);
  EXPECT_EQ(judge_spelled(" =:"), Reason::signature_value_unreadable);
  EXPECT_EQ(judge_spelled(" ===:"), Reason::signature_value_unreadable);
}

// Neither the signature base nor what is remembered depends on the spelling.
TEST_F(Verify, CoveredSignatureIsSpelledTheOneWayInTheBase) {
  RequestBuilder built;
  built.add("Signature-Agent", "sig1=\"https://agent.test\"");
  built.sign(new_signer(), "inner", {"@authority"}, {integer("created", at(0))});
  built.sign(
      signer_, "sig1",
      {"@authority", "signature;key=\"inner\"", "signature-input;key=\"inner\"", kCover.back()},
      good_parameters(signer_));
  Policy remembering = policy();
  remembering.verified_signatures = VerifiedSignatures::create(1024).value();
  EXPECT_EQ(judge(built, remembering), Reason::none);
  const std::string base(verdict_->decisive()->signature_base());
  std::string inner = built.get("Signature");
  ASSERT_TRUE(inner.ends_with("==:"));
  built.set("Signature", inner.replace(inner.size() - 3, 2, ""));
  EXPECT_EQ(judge(built, remembering), Reason::none);
  EXPECT_EQ(verdict_->decisive()->signature_base(), base);
  std::string changed = inner;
  changed[10] = changed[10] == 'A' ? 'B' : 'A';
  built.set("Signature", changed);
  EXPECT_EQ(judge(built, remembering), Reason::bad_signature);
}

TEST_F(Verify, FieldsThatDoNotParseAreInvalid) {
  const auto with = [this](std::string_view name, std::string_view value) {
    RequestBuilder built;
    make_good(built);
    built.set(name, value);
    return judge(built);
  };
  EXPECT_EQ(with("Signature-Input", "sig1=("), Reason::signature_input_unreadable);
  EXPECT_EQ(with("Signature-Input", "sig1=1"), Reason::signature_input_unreadable);
  EXPECT_EQ(with("Signature-Input", "Sig1=()"), Reason::signature_input_unreadable);
  // vlang #27113: a tab between the components.
  EXPECT_EQ(with("Signature-Input", "sig1=(\"@method\"\t\"@path\")"),
            Reason::signature_input_unreadable);
  EXPECT_EQ(with("Signature", "sig1=AAAA"), Reason::signature_value_unreadable);
  EXPECT_EQ(with("Signature", "sig1=:AA=:"), Reason::signature_value_unreadable);
  EXPECT_EQ(with("Signature", ""), Reason::missing_fields);
}

// adcp vectors, vlang #27113: a label twice can be read in two ways.
TEST_F(Verify, DuplicateLabelIsRefused) {
  RequestBuilder built;
  make_good(built);
  built.add("Signature", built.get("Signature"));
  EXPECT_EQ(judge(built), Reason::duplicate_label);
  RequestBuilder input;
  make_good(input);
  input.add("Signature-Input", input.get("Signature-Input"));
  EXPECT_EQ(judge(input), Reason::duplicate_label);
}

// RFC 9421 §4.1, §4.2: both fields make a signature. Signature alone is of draft-cavage or a
// webhook, and its sender could as well leave it out.
TEST_F(Verify, SignatureWithoutSignatureInputIsUnsigned) {
  for (const auto& value : kForeign) {
    RequestBuilder built;
    built.add("Signature", value);
    EXPECT_EQ(judge(built), Reason::no_signature) << value;
  }
  RequestBuilder own;
  make_good(own);
  own.remove("Signature-Input");
  EXPECT_EQ(judge(own), Reason::no_signature);
}

TEST_F(Verify, ForeignSignatureLineIsPassedOver) {
  for (const auto& value : kForeign) {
    RequestBuilder behind;
    make_good(behind);
    behind.add("Signature", value);
    EXPECT_EQ(judge(behind), Reason::none) << value;
    RequestBuilder before;
    before.add("Signature", value);
    before.add("Signature-Agent", "sig1=\"https://agent.test\"");
    RequestBuilder own;
    make_good(own);
    before.add("Signature-Input", own.get("Signature-Input"));
    before.add("Signature", own.get("Signature"));
    EXPECT_EQ(judge(before), Reason::none) << value;
    before.request.method = "POST";
    EXPECT_EQ(judge(before), Reason::bad_signature) << value;
  }
}

// Where two readers could find two values for a label, the request is refused.
TEST_F(Verify, ForeignLineWithALabelOfOursIsRefused) {
  for (const auto* value : {"sig1=:AAA:", "sig1=AAAA", "keyId=\"a\", sig1=:AAAA:", "(, sig1",
                            "(,\t sig1;a=1", "sig1", "=, sig1 =:AAAA:"}) {
    RequestBuilder built;
    make_good(built);
    built.add("Signature", value);
    EXPECT_EQ(outcome_of(judge(built)), Outcome::invalid) << value;
    RequestBuilder alone;
    make_good(alone);
    alone.set("Signature", value);
    EXPECT_EQ(outcome_of(judge(alone)), Outcome::invalid) << value;
  }
  RequestBuilder twice;
  make_good(twice);
  twice.add("Signature", kForeign.front());
  twice.add("Signature", twice.get("Signature"));
  EXPECT_EQ(judge(twice), Reason::duplicate_label);
}

TEST_F(Verify, ForeignLineInPlaceOfTheValueIsUnreadable) {
  RequestBuilder built;
  make_good(built);
  built.set("Signature", kForeign.front());
  EXPECT_EQ(judge(built), Reason::signature_value_unreadable);
}

TEST_F(Verify, ForeignSignatureBesideUntaggedInputIsUnsigned) {
  RequestBuilder built;
  built.add("Signature-Input", "other=(\"@method\");created=1");
  built.add("Signature", kForeign.front());
  EXPECT_EQ(judge(built), Reason::no_tagged_signature);
}

TEST_F(Verify, SignatureInputWithoutItsValueIsInvalid) {
  RequestBuilder input;
  make_good(input);
  input.remove("Signature");
  EXPECT_EQ(judge(input), Reason::missing_fields);
  RequestBuilder label;
  make_good(label);
  label.set("Signature", "sig2" + label.get("Signature").substr(4));
  EXPECT_EQ(judge(label), Reason::missing_fields);
}

// CF #26: several lines of each field are one Dictionary.
TEST_F(Verify, SignaturesOnSeveralLinesAreRead) {
  RequestBuilder built;
  built.add("Signature-Agent", "sig1=\"https://agent.test\"");
  built.sign(new_signer(), "proxy", {"@method"}, {integer("created", at(0))});
  built.sign(signer_, "sig1", kCover, good_parameters(signer_));
  EXPECT_EQ(judge(built), Reason::none);
  EXPECT_EQ(verdict_->signatures().size(), 1U);
}

// remitly #14: the label says nothing; the tag does.
TEST_F(Verify, EachTaggedSignatureIsJudgedOnItsOwn) {
  const KeySigner other = new_signer();
  RequestBuilder built;
  built.add("Signature-Agent", "sig1=\"https://agent.test\", sig2=\"https://unknown.test\"");
  built.sign(other, "sig2", {"@authority", "signature-agent;key=\"sig2\""}, good_parameters(other));
  built.sign(signer_, "sig1", kCover, good_parameters(signer_));
  EXPECT_EQ(judge(built), Reason::none);
  ASSERT_EQ(verdict_->signatures().size(), 2U);
  EXPECT_EQ(verdict_->signatures()[0].reason(), Reason::no_keys_given);
  EXPECT_EQ(verdict_->signatures()[1].reason(), Reason::none);
  EXPECT_EQ(verdict_->decisive()->label(), "sig1");
}

TEST_F(Verify, MoreTaggedSignaturesThanTheLimitAreRefused) {
  RequestBuilder built;
  built.add("Signature-Agent", "a=\"https://agent.test\"");
  for (const std::string_view label : {"a", "b", "c", "d"}) {
    built.sign(signer_, label, {"@authority", "signature-agent;key=\"a\""},
               good_parameters(signer_));
  }
  EXPECT_EQ(judge(built), Reason::none);
  built.sign(signer_, "e", {"@authority", "signature-agent;key=\"a\""}, good_parameters(signer_));
  EXPECT_EQ(judge(built), Reason::too_many_signatures);
}

TEST_F(Verify, FieldsLargerThanTheLimitAreRefused) {
  RequestBuilder built;
  make_good(built);
  built.set("Signature-Input",
            built.get("Signature-Input") + ";x=\"" + std::string(20000, 'a') + "\"");
  EXPECT_EQ(judge(built), Reason::too_large);
  RequestBuilder many;
  std::string list = "sig1=(";
  for (int i = 0; i < 65; ++i) list += "\"f" + std::to_string(i) + "\" ";
  many.add("Signature-Input", list + ");tag=\"web-bot-auth\"").add("Signature", "sig1=:AAAA:");
  EXPECT_EQ(judge(many), Reason::too_large);
}

// HyperBEAM #622.
TEST_F(Verify, DuplicateComponentIsRefused) {
  RequestBuilder built;
  make_good(built);
  auto input = built.get("Signature-Input");
  input.replace(input.find("\"@method\""), 9, "\"@path\"");
  built.set("Signature-Input", input);
  EXPECT_EQ(judge(built), Reason::duplicate_component);
}

TEST_F(Verify, UnknownComponentsAreUndecided) {
  const auto with = [this](std::string_view component) {
    RequestBuilder built;
    make_good(built);
    auto input = built.get("Signature-Input");
    input.replace(input.find("\"@method\""), 9, component);
    built.set("Signature-Input", input);
    return judge(built);
  };
  EXPECT_EQ(with("\"@tls-binding\""), Reason::component_unsupported);
  EXPECT_EQ(with("\"@method\";foo"), Reason::component_unsupported_parameter);
  EXPECT_EQ(with("\"x-unknown\";sf"), Reason::component_unsupported_parameter);
  EXPECT_EQ(with("\"@status\""), Reason::component_malformed);
  EXPECT_EQ(with("\"@method\";req"), Reason::component_malformed);
  EXPECT_EQ(with("\"Accept\""), Reason::component_malformed);
}

// ED25519.md, RFC 9421 B.1: everybody can sign with these.
TEST_F(Verify, PublishedTestKeyIsRefusedUnlessAllowed) {
  constexpr std::string_view kJwk =
      R"({"kty":"OKP","crv":"Ed25519","d":"n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU",)"
      R"("x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"})";
  auto signer = KeySigner::create(PrivateKey::from_jwk(kJwk).value());
  ASSERT_TRUE(signer);
  ASSERT_TRUE(resolver_->add_directory(kAgent, jwks_of(*signer)));
  RequestBuilder built;
  built.add("Signature-Agent", "sig1=\"https://agent.test\"");
  built.sign(*signer, "sig1", kCover, good_parameters(*signer));
  EXPECT_EQ(judge(built), Reason::key_is_published_test_key);
  Policy lax = policy();
  lax.allow_test_keys = true;
  EXPECT_EQ(judge(built, lax), Reason::none);
}

class VerifyDigest : public Verify {
 protected:
  Reason judge_body(std::string_view signed_body, std::string_view body) {
    RequestBuilder built;
    built.add("Signature-Agent", "sig1=\"https://agent.test\"");
    built.add("Content-Digest", content_digest(signed_body));
    built.sign(signer_, "sig1", {"@authority", "content-digest", kCover.back()},
               good_parameters(signer_));
    verifier_.emplace(Verifier::create(policy(), resolver_).value());
    session_.emplace(verifier_->session());
    return session_->verify(built.request, body, kNow).reason();
  }
};

TEST_F(VerifyDigest, CoveredDigestMustBeTheBodys) {
  EXPECT_EQ(judge_body("hello", "hello"), Reason::none);
  EXPECT_EQ(judge_body("", ""), Reason::none);
  EXPECT_EQ(judge_body("hello", "hellO"), Reason::content_digest_mismatch);
  EXPECT_EQ(judge_body("hello", ""), Reason::content_digest_mismatch);
}

class VerifyUncomparedDigest : public Verify {
 protected:
  Reason judge_digest(std::string_view digest, bool needs_body, bool with_body) {
    RequestBuilder built;
    built.add("Signature-Agent", "sig1=\"https://agent.test\"");
    built.add("Content-Digest", digest);
    built.sign(signer_, "sig1", {"@authority", "content-digest", kCover.back()},
               good_parameters(signer_));
    Policy changed = policy();
    changed.digest_needs_body = needs_body;
    verifier_.emplace(Verifier::create(changed, resolver_).value());
    session_.emplace(verifier_->session());
    verdict_ = with_body ? &session_->verify(built.request, "hello", kNow)
                         : &session_->verify(built.request, kNow);
    EXPECT_EQ(verdict_->outcome(), outcome_of(verdict_->reason()));
    return verdict_->reason();
  }
};

TEST_F(VerifyUncomparedDigest, IsUnverifiedWherePolicyNeedsTheBody) {
  const std::string digest = content_digest("hello");
  EXPECT_EQ(judge_digest(digest, true, true), Reason::none);
  EXPECT_EQ(judge_digest(digest, false, false), Reason::none);
  EXPECT_EQ(judge_digest(digest, true, false), Reason::content_digest_not_compared);
  EXPECT_EQ(verdict_->outcome(), Outcome::unverified);
  EXPECT_EQ(verdict_->decisive()->identity(), "");
  // The signature itself is judged first.
  EXPECT_EQ(judge_digest(content_digest("other"), true, true), Reason::content_digest_mismatch);
}

TEST_F(VerifyUncomparedDigest, OfUnknownAlgorithmsAloneIsUnverified) {
  EXPECT_EQ(judge_digest("md5=:XUFAKrxLKna5cZ2REBfFkg==:", true, true),
            Reason::content_digest_not_compared);
  EXPECT_EQ(judge_digest("md5=:XUFAKrxLKna5cZ2REBfFkg==:, " + content_digest("hello"), true, true),
            Reason::none);
}

TEST_F(Verify, SignatureThatCoversNoDigestNeedsNoBody) {
  RequestBuilder built;
  make_good(built);
  Policy changed = policy();
  changed.digest_needs_body = true;
  EXPECT_EQ(judge(built, changed), Reason::none);
}

TEST_F(Verify, ChainedSignatureMustBeCoveredWhole) {
  RequestBuilder built;
  built.add("Signature-Agent", "sig1=\"https://agent.test\"");
  const KeySigner inner = new_signer();
  built.sign(inner, "inner", {"@method", "@authority"}, {integer("created", at(0))});
  RequestBuilder partly;
  partly.add("Signature-Agent", "sig1=\"https://agent.test\"");
  partly.add("Signature-Input", built.get("Signature-Input"));
  partly.add("Signature", built.get("Signature"));
  partly.sign(
      signer_, "sig1",
      {"@authority", "signature;key=\"inner\"", "signature-input;key=\"inner\"", kCover.back()},
      good_parameters(signer_));
  EXPECT_EQ(judge(partly), Reason::chained_component_not_covered);
  built.sign(signer_, "sig1",
             {"@authority", "@method", "signature;key=\"inner\"", "signature-input;key=\"inner\"",
              kCover.back()},
             good_parameters(signer_));
  EXPECT_EQ(judge(built), Reason::none);
}

TEST_F(Verify, PolicyWithAbsurdDurationsIsNoPolicy) {
  const auto fails = [this](auto change) {
    Policy changed = policy();
    change(changed);
    return !Verifier::create(changed, resolver_);
  };
  EXPECT_FALSE(fails([](Policy&) {}));
  EXPECT_TRUE(fails([](Policy& p) { p.skew = seconds(-1); }));
  EXPECT_TRUE(fails([](Policy& p) { p.skew = seconds(86401); }));
  EXPECT_TRUE(fails([](Policy& p) { p.max_lifetime = seconds(0); }));
  EXPECT_TRUE(fails([](Policy& p) { p.max_tagged_signatures = 0; }));
  EXPECT_FALSE(Verifier::create(policy(), nullptr));
}

template <typename Session>
concept Verifies = requires(Session session) {
  std::forward<Session>(session).verify(Request{}, Time{});
};
static_assert(Verifies<Verifier::Session&>);
// A verdict would outlive a temporary session.
static_assert(!Verifies<Verifier::Session>);

TEST_F(Verify, SessionVerifiesAfterItsVerifierMovedAndEnded) {
  RequestBuilder good;
  make_good(good);
  std::optional<Verifier> verifier(Verifier::create(policy(), resolver_).value());
  Verifier::Session session = verifier->session();
  Verifier moved = *std::move(verifier);
  verifier.reset();
  EXPECT_EQ(session.verify(good.request, kNow).reason(), Reason::none);
  moved = Verifier::create(policy(), std::make_shared<StaticResolver>()).value();
  Verifier::Session moved_session = std::move(session);
  EXPECT_EQ(moved_session.verify(good.request, kNow).reason(), Reason::none);
}

TEST_F(Verify, SessionIsHeldToThePolicyAndTheKeysOfItsOwnVerifier) {
  RequestBuilder two;
  make_good(two);
  two.sign(signer_, "second", {"@authority", "signature-agent;key=\"sig1\""},
           good_parameters(signer_));
  Policy one_signature = policy();
  one_signature.max_tagged_signatures = 1;
  const auto small = Verifier::create(one_signature, resolver_).value();
  const auto large = Verifier::create(policy(), resolver_).value();
  const auto keyless = Verifier::create(policy(), std::make_shared<StaticResolver>()).value();
  auto of_small = small.session();
  auto of_large = large.session();
  auto of_keyless = keyless.session();
  EXPECT_EQ(of_small.verify(two.request, kNow).reason(), Reason::too_many_signatures);
  EXPECT_EQ(of_large.verify(two.request, kNow).reason(), Reason::none);
  EXPECT_EQ(of_keyless.verify(two.request, kNow).outcome(), Outcome::unverified);
}

TEST_F(Verify, SessionIsGoodForManyRequests) {
  RequestBuilder good;
  make_good(good);
  RequestBuilder none;
  const auto verifier = Verifier::create(policy(), resolver_).value();
  auto session = verifier.session();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(session.verify(good.request, kNow).reason(), Reason::none);
    EXPECT_EQ(session.verify(none.request, kNow).reason(), Reason::no_signature);
    EXPECT_EQ(session.verify(none.request, kNow).signatures().size(), 0U);
  }
}

}  // namespace
}  // namespace wba::test
