// vectors/webbotauth/captures.json: requests that real agents sent, through the verifier.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wba/verifier.h>

#include "paths.h"
#include "support/json_file.h"
#include "support/message_vector.h"

namespace wba::test {
namespace {

using Json = nlohmann::ordered_json;

class Captures : public testing::Test {
 protected:
  void SetUp() override {
    file_ = read_json_file(WBA_VECTORS_DIR "/webbotauth/captures.json");
    ASSERT_EQ(file_.at("vectors").size(), 3U);
    for (const auto& vector : file_["vectors"]) {
      expect_known_keys(
          vector,
          {"id", "agent", "dialect", "now", "request", "directory", "expect", "signature_base"},
          "capture");
    }
  }

  static Json request_of(const Json& vector) {
    Json request = vector.at("request");
    request["type"] = "request";
    return request;
  }

  static Verifier verifier_of(const Json& vector) {
    auto resolver = std::make_shared<StaticResolver>();
    const auto added = resolver->add_directory(vector.at("directory").at("url").get<std::string>(),
                                               vector["directory"].dump());
    EXPECT_TRUE(added);
    auto verifier = Verifier::create(
        {.required = RequiredComponents::profile_only(), .authorities = Authorities::any()},
        std::move(resolver));
    EXPECT_TRUE(verifier);
    return *std::move(verifier);
  }

  static Time now_of(const Json& vector) {
    return Time(std::chrono::seconds(vector.at("now").get<std::int64_t>()));
  }

  static Reason judge(const Json& vector, const Json& request, Time now) {
    const Verifier verifier = verifier_of(vector);
    auto session = verifier.session();
    const MessageVector message(request);
    return session.verify(message.request(), now).reason();
  }

  Json file_;
};

TEST_F(Captures, VerifyAtTheirTime) {
  for (const auto& vector : file_["vectors"]) {
    SCOPED_TRACE(vector.at("id").get<std::string>());
    const Verifier verifier = verifier_of(vector);
    auto session = verifier.session();
    const MessageVector message(request_of(vector));
    const Verdict& verdict = session.verify(message.request(), now_of(vector));
    ASSERT_EQ(to_string(verdict.reason()), "none");
    ASSERT_NE(verdict.decisive(), nullptr);
    EXPECT_EQ(to_string(verdict.outcome()), vector.at("expect").get<std::string>());
    EXPECT_EQ(to_string(verdict.decisive()->dialect()), vector.at("dialect").get<std::string>());
    EXPECT_EQ(verdict.decisive()->signature_base(), vector.at("signature_base").get<std::string>());
    const auto url = vector["directory"]["url"].get<std::string>();
    EXPECT_EQ(verdict.decisive()->identity(), url);
  }
}

TEST_F(Captures, FailOnceExpiresPlusSkewHasPassed) {
  for (const auto& vector : file_["vectors"]) {
    SCOPED_TRACE(vector.at("id").get<std::string>());
    const auto& input = vector["request"]["headers"][3][1].get_ref<const std::string&>();
    const auto at = input.find("expires=");
    ASSERT_NE(at, std::string::npos);
    const Time expires{std::chrono::seconds(std::stoll(input.substr(at + 8)))};
    const auto skew =
        Policy{.required = RequiredComponents::profile_only(), .authorities = Authorities::any()}
            .skew;
    const Json request = request_of(vector);
    EXPECT_EQ(judge(vector, request, expires + skew - std::chrono::seconds(1)), Reason::none);
    EXPECT_EQ(judge(vector, request, expires + skew), Reason::expired);
  }
}

// Every byte that the signature covers, changed in every place that it comes from.
TEST_F(Captures, FailWithAnyCoveredByteChanged) {
  for (const auto& vector : file_["vectors"]) {
    SCOPED_TRACE(vector.at("id").get<std::string>());
    const Json original = request_of(vector);
    std::size_t changed = 0;
    const auto try_with = [&](const auto& mutate) {
      Json request = original;
      mutate(request);
      EXPECT_NE(judge(vector, request, now_of(vector)), Reason::none) << request.dump();
      ++changed;
    };
    const auto flip = [](std::string text, std::size_t i) {
      text[i] = static_cast<char>(text[i] ^ 1);
      return text;
    };
    for (std::size_t line = 2; line < original["headers"].size(); ++line) {
      const auto value = original["headers"][line][1].get<std::string>();
      for (std::size_t i = 0; i < value.size(); ++i) {
        try_with([&](Json& request) { request["headers"][line][1] = flip(value, i); });
      }
    }
    const auto uri = original["target_uri"].get<std::string>();
    const auto base = vector["signature_base"].get<std::string>();
    const std::size_t host = uri.find("//") + 2;
    const std::size_t path = uri.find('/', host);
    for (std::size_t i = host; i < uri.size(); ++i) {
      if (i >= path && base.find("\"@path\"") == std::string::npos) break;
      const auto other = flip(uri, i);
      if (!split_target_uri(other)) continue;
      try_with([&](Json& request) { request["target_uri"] = other; });
    }
    if (base.find("\"@method\"") != std::string::npos) {
      try_with([](Json& request) { request["method"] = "GES"; });
    }
    EXPECT_GT(changed, 300U);
  }
}

TEST_F(Captures, AreUnverifiedWithoutTheirDirectory) {
  for (const auto& vector : file_["vectors"]) {
    const auto verifier = Verifier::create(
        {.required = RequiredComponents::profile_only(), .authorities = Authorities::any()},
        std::make_shared<StaticResolver>());
    ASSERT_TRUE(verifier);
    auto session = verifier->session();
    const MessageVector message(request_of(vector));
    const Verdict& verdict = session.verify(message.request(), now_of(vector));
    EXPECT_EQ(verdict.outcome(), Outcome::unverified);
    EXPECT_EQ(verdict.reason(), Reason::no_keys_given);
  }
}

}  // namespace
}  // namespace wba::test
