#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <wba/directory_document.h>
#include <wba/directory_host.h>
#include <wba/directory_lint.h>
#include <wba/directory_proof.h>

namespace wba::directory {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Time now{seconds(1'790'000'000)};
constexpr std::string_view path = "/.well-known/http-message-signatures-directory";
constexpr std::string_view url = "https://agent.test/.well-known/http-message-signatures-directory";

std::shared_ptr<const KeySigner> new_signer() {
  auto key = PrivateKey::generate(KeyType::ed25519);
  EXPECT_TRUE(key.has_value());
  auto signer = KeySigner::create(std::move(*key));
  EXPECT_TRUE(signer.has_value());
  return std::make_shared<const KeySigner>(std::move(*signer));
}

std::string document_of(const std::vector<std::shared_ptr<const KeySigner>>& signers) {
  Document document;
  for (const auto& signer : signers) EXPECT_TRUE(document.add(signer->public_key()));
  return document.serialise();
}

class DirectoryHost : public ::testing::Test {
 protected:
  DirectoryHost() : host_(make({.authorities = {"Agent.test", "agent.test:8443"}})) {
    EXPECT_TRUE(host_.load(document_of({signer_})));
  }

  [[nodiscard]] Host make(const HostOptions& options) const {
    auto host = Host::create(options, {signer_});
    EXPECT_TRUE(host.has_value());
    return std::move(*host);
  }

  HostReply get(Time at = now, std::string_view if_none_match = {},
                std::string_view authority = "agent.test") {
    const FieldLine condition{"If-None-Match", if_none_match};
    return host_.reply({.method = "GET",
                        .authority = authority,
                        .target = path,
                        .fields = std::span(&condition, if_none_match.empty() ? 0U : 1U)},
                       at);
  }

  static std::string field(const HostReply& reply, std::string_view name) {
    for (const auto& [key, value] : reply.fields) {
      if (field_name_equals(key, name)) return value;
    }
    return {};
  }

  static LintReport lint(const HostReply& reply, Time at) {
    std::vector<FieldLine> fields;
    for (const auto& [name, value] : reply.fields) fields.push_back({name, value});
    const Request request{.method = "GET", .authority = "agent.test", .target = path};
    return lint_directory({.url = url,
                           .status = reply.status,
                           .fields = fields,
                           .body = reply.body,
                           .request = &request},
                          at);
  }

  std::shared_ptr<const KeySigner> signer_ = new_signer();
  Host host_;
};

TEST_F(DirectoryHost, EveryVerifierTakesWhatItServes) {
  const LintReport report = lint(get(), now);
  for (const Finding& finding : report.findings) {
    EXPECT_EQ(finding.level, Level::ok) << finding.check << ": " << finding.message;
  }
  for (const Acceptance& acceptance : report.verifiers) EXPECT_EQ(acceptance.takes, Takes::yes);
}

TEST_F(DirectoryHost, SignatureOutlivesTheCacheAtEveryMoment) {
  for (seconds later{0}; later < hours(72); later += seconds(613)) {
    const LintReport report = lint(get(now + later), now + later);
    EXPECT_EQ(report.worst(), Level::ok) << later.count();
  }
}

TEST_F(DirectoryHost, SignatureIsReusedWhileItIsYoung) {
  const std::string first = field(get(), "signature");
  EXPECT_EQ(field(get(now + hours(1)), "signature"), first);
  EXPECT_NE(field(get(now + hours(12)), "signature"), first);
}

TEST_F(DirectoryHost, SignatureFromTheFutureIsNotUsedWhereTheClockWasSetBack) {
  ASSERT_EQ(get(now + hours(1000)).status, 200);
  EXPECT_EQ(lint(get(now), now).worst(), Level::ok);
}

TEST_F(DirectoryHost, MatchingTagGives304WithAFreshSignature) {
  const HostReply first = get();
  const std::string tag = field(first, "etag");
  const HostReply second = get(now + hours(20), tag);
  EXPECT_EQ(second.status, 304);
  EXPECT_TRUE(second.body.empty());
  EXPECT_EQ(field(second, "etag"), tag);
  EXPECT_NE(field(second, "signature"), field(first, "signature"));
  EXPECT_FALSE(field(second, "cache-control").empty());
}

TEST_F(DirectoryHost, IfNoneMatchIsAListOfTags) {
  const std::string tag = field(get(), "etag");
  EXPECT_EQ(get(now, "\"a\", " + tag).status, 304);
  EXPECT_EQ(get(now, "W/" + tag + " , \"b\"").status, 304);
  EXPECT_EQ(get(now, "*").status, 304);
  EXPECT_EQ(get(now, "\"a\"").status, 200);
  EXPECT_EQ(get(now, tag.substr(0, 5)).status, 200);
  EXPECT_EQ(get(now, tag + "x").status, 200);
}

TEST_F(DirectoryHost, NewDirectoryHasANewTagAndSignature) {
  const auto other = new_signer();
  const HostReply before = get();
  const auto loaded = host_.load(document_of({signer_, other}));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->keys, 2U);
  EXPECT_THAT(loaded->without_signer, ::testing::ElementsAre(other->keyid()));
  const HostReply after = get(now, field(before, "etag"));
  EXPECT_EQ(after.status, 200);
  EXPECT_NE(field(after, "etag"), field(before, "etag"));
  EXPECT_NE(field(after, "signature"), field(before, "signature"));
}

TEST_F(DirectoryHost, DirectoryThatIsNoneLeavesTheOldOne) {
  const HostReply before = get();
  for (const std::string_view bad : {"", "{}", "<html>", R"({"keys":[{"kty":"OKP","d":"A"}]})"}) {
    EXPECT_FALSE(host_.load(bad));
  }
  EXPECT_EQ(get().body, before.body);
}

TEST_F(DirectoryHost, KeyWithoutSignerIsServedUnsigned) {
  ASSERT_TRUE(host_.load(document_of({new_signer()})));
  const HostReply reply = get();
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(field(reply, "signature").empty());
}

// Else anybody could have these keys vouched for under a name of his own.
TEST_F(DirectoryHost, NothingIsSignedForAnotherAuthority) {
  for (const std::string_view other :
       {"evil.test", "agent.test.evil.test", "agent.test:444", "", "agent.test@evil.test"}) {
    const HostReply reply = get(now, {}, other);
    EXPECT_EQ(reply.status, 421) << other;
    EXPECT_TRUE(field(reply, "signature").empty());
  }
  EXPECT_EQ(get(now, {}, "AGENT.TEST:443").status, 200);
  EXPECT_EQ(get(now, {}, "agent.test:8443").status, 200);
}

TEST_F(DirectoryHost, EachAuthorityHasItsOwnSignature) {
  EXPECT_NE(field(get(), "signature"), field(get(now, {}, "agent.test:8443"), "signature"));
}

TEST_F(DirectoryHost, HeadHasTheFieldsOfGet) {
  const HostReply head =
      host_.reply({.method = "HEAD", .authority = "agent.test", .target = path}, now);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.fields, get().fields);
}

TEST_F(DirectoryHost, EveryAnswerSaysWhenItWasMade) {
  const Time then{seconds(1790000000)};
  for (const std::string_view method : {"GET", "HEAD", "OPTIONS", "POST"}) {
    const HostReply reply =
        host_.reply({.method = method, .authority = "agent.test", .target = path}, then);
    EXPECT_EQ(field(reply, "date"), "Mon, 21 Sep 2026 14:13:20 GMT") << method;
  }
  EXPECT_EQ(lint(get(then), then).worst(), Level::ok);
}

TEST_F(DirectoryHost, OtherMethodsAndPathsAreRefused) {
  const HostReply post =
      host_.reply({.method = "POST", .authority = "agent.test", .target = path}, now);
  EXPECT_EQ(post.status, 405);
  EXPECT_EQ(field(post, "allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(host_.reply({.method = "GET", .authority = "agent.test", .target = "/"}, now).status,
            404);
  EXPECT_EQ(host_
                .reply({.method = "GET",
                        .authority = "agent.test",
                        .target = "/.well-known/http-message-signatures-directory/x"},
                       now)
                .status,
            404);
}

TEST_F(DirectoryHost, BrowsersMayReadIt) {
  EXPECT_EQ(field(get(), "access-control-allow-origin"), "*");
  const HostReply preflight =
      host_.reply({.method = "OPTIONS", .authority = "agent.test", .target = path}, now);
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(field(preflight, "access-control-allow-methods"), "GET, HEAD");
}

TEST_F(DirectoryHost, WithoutADirectoryItIsUnavailable) {
  Host empty = make({.authorities = {"agent.test"}});
  EXPECT_EQ(empty.reply({.method = "GET", .authority = "agent.test", .target = path}, now).status,
            503);
}

TEST_F(DirectoryHost, SignatureThatEndsBeforeTheCacheDoesIsRefused) {
  const auto code = [&](const HostOptions& options) {
    const auto host = Host::create(options, {signer_});
    return host ? ErrorCode::out_of_memory : host.error().code;
  };
  EXPECT_EQ(
      code({.authorities = {"a.test"}, .signature_lifetime = hours(1), .cache_lifetime = hours(1)}),
      ErrorCode::argument_invalid);
  EXPECT_EQ(code({.authorities = {}}), ErrorCode::argument_invalid);
  EXPECT_EQ(code({.authorities = {"a b"}}), ErrorCode::authority_invalid);
}

}  // namespace
}  // namespace wba::directory
