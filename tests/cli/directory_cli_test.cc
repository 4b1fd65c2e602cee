#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <wba/directory_proof.h>
#include <wba/key.h>

#include "support/file_contents.h"
#include "support/run_command.h"
#include "support/test_keys.h"

namespace wba {
namespace {

using test::CommandResult;
using test::contents;
using test::key_in_new_file;
using test::TemporaryFolder;
using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

constexpr std::string_view now = "1790000000";

CommandResult wba_run(std::vector<std::string> arguments, std::string_view input = {}) {
  arguments.insert(arguments.begin(), WBA_COMMAND);
  return test::run_command(arguments, input);
}

CommandResult wba_directory(std::vector<std::string> arguments, std::string_view input = {}) {
  arguments.insert(arguments.begin(), "directory");
  return wba_run(std::move(arguments), input);
}

void write(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
  ::chmod(path.c_str(), 0600);
}

void expect_refused(const CommandResult& result, std::string_view part) {
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(result.err.starts_with("wba: error: ")) << result.err;
  EXPECT_THAT(result.err, HasSubstr(std::string(part)));
}

// DirectoryCommand has a folder with two private keys and a directory of the first.
class DirectoryCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    key_in_new_file(key_);
    key_in_new_file(second_);
    const auto made = wba_directory({"new", key_, "--out", file_});
    ASSERT_EQ(made.status, 0) << made.err;
  }

  [[nodiscard]] static std::string thumbprint(const std::string& path) {
    const auto key = PublicKey::from_pem(contents(path));
    EXPECT_TRUE(key);
    return std::string(key->thumbprint());
  }

  [[nodiscard]] Json document() const { return Json::parse(contents(file_)); }

  TemporaryFolder folder_;
  std::string key_ = folder_.file("key.pem");
  std::string second_ = folder_.file("second.pem");
  std::string file_ = folder_.file("directory.json");
};

TEST_F(DirectoryCommand, NewListsPublicKeysOnly) {
  const Json keys = document()["keys"];
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0]["kid"], thumbprint(key_));
  EXPECT_EQ(keys[0]["use"], "sig");
  EXPECT_FALSE(keys[0].contains("d"));
  const auto checked = wba_directory({"check", file_});
  EXPECT_EQ(checked.status, 0) << checked.out;
}

TEST_F(DirectoryCommand, NewPrintsWithoutOut) {
  const auto made = wba_directory(
      {"new", "--key", key_, "--key", second_, "--nbf", "1790000000", "--exp", "1890000000"});
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(made.err, "");
  const Json keys = Json::parse(made.out)["keys"];
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[1]["nbf"], 1'790'000'000);
  EXPECT_EQ(keys[1]["exp"], 1'890'000'000);
}

TEST_F(DirectoryCommand, NewLeavesAFileThatExists) {
  const std::string before = contents(file_);
  expect_refused(wba_directory({"new", second_, "--out", file_}), "exists");
  EXPECT_EQ(contents(file_), before);
  EXPECT_EQ(wba_directory({"new", second_, "--out", file_, "--force"}).status, 0);
  EXPECT_NE(contents(file_), before);
}

TEST_F(DirectoryCommand, FailedRunLeavesNoFile) {
  const auto before = folder_.entries();
  const std::string out = folder_.file("new.json");
  expect_refused(wba_directory({"new", folder_.file("none"), "--out", out}), "cannot open");
  expect_refused(wba_directory({"new", key_, key_, "--out", out}), "twice");
  expect_refused(wba_directory({"new", key_, "--exp", "1790000000000", "--out", out}),
                 "milliseconds");
  expect_refused(wba_directory({"new", key_, "--nbf", "2", "--exp", "1", "--out", out}),
                 "out of order");
  EXPECT_EQ(folder_.entries(), before);
}

TEST_F(DirectoryCommand, AddKeepsWhatIsThere) {
  const std::string text = contents(file_);
  ASSERT_EQ(wba_directory({"add", file_, second_}).status, 0);
  const Json keys = document()["keys"];
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0], Json::parse(text)["keys"][0]);
  EXPECT_EQ(keys[1]["kid"], thumbprint(second_));
  expect_refused(wba_directory({"add", file_, second_}), "twice");
  EXPECT_THAT(folder_.entries(), ::testing::ElementsAre("directory.json", "key.pem", "second.pem"));
}

TEST_F(DirectoryCommand, FileWithASecretIsRefused) {
  write(file_, R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"A","d":"AAAA"}]})");
  const auto refused = wba_directory({"add", file_, second_});
  expect_refused(refused, "secret");
  EXPECT_THAT(refused.err, HasSubstr("wba: hint: "));
}

TEST_F(DirectoryCommand, RetireTellsUntilWhen) {
  ASSERT_EQ(wba_directory({"add", file_, second_}).status, 0);
  const auto retired = wba_directory({"retire", file_, "--key", thumbprint(key_), "--now",
                                      std::string(now), "--max-age", "1h", "--stale", "0",
                                      "--signature-lifetime", "10m", "--skew", "0"});
  ASSERT_EQ(retired.status, 0) << retired.err;
  // 1,790,000,000 s and an hour; and ten minutes more.
  EXPECT_THAT(retired.out, HasSubstr("2026-09-21T15:13:20Z (1790003600)"));
  EXPECT_THAT(retired.out, HasSubstr("2026-09-21T15:23:20Z (1790004200)"));
  EXPECT_EQ(document()["keys"][0]["exp"], 1'790'004'200);
  EXPECT_FALSE(document()["keys"][1].contains("exp"));
}

TEST_F(DirectoryCommand, RetireTakesAKeyFileToo) {
  ASSERT_EQ(wba_directory({"add", file_, second_}).status, 0);
  ASSERT_EQ(wba_directory({"retire", file_, key_, "--now", std::string(now)}).status, 0);
  // Three days and a minute by default.
  EXPECT_EQ(document()["keys"][0]["exp"], 1'790'259'260);
}

TEST_F(DirectoryCommand, OnlyKeyIsNotRetired) {
  const std::string before = contents(file_);
  const auto refused = wba_directory({"retire", file_, key_});
  expect_refused(refused, "no other key");
  EXPECT_THAT(refused.err, HasSubstr("wba directory add"));
  expect_refused(wba_directory({"retire", file_, "nobody"}), "no key");
  expect_refused(wba_directory({"retire", file_}), "no key to retire");
  EXPECT_EQ(contents(file_), before);
}

TEST_F(DirectoryCommand, CompromisedKeyIsTakenOutAtOnce) {
  const auto retired = wba_directory({"retire", file_, key_, "--compromised"});
  EXPECT_EQ(retired.status, 0) << retired.err;
  EXPECT_TRUE(document()["keys"].empty());
  EXPECT_THAT(retired.out, HasSubstr("publish the file at once"));
}

TEST_F(DirectoryCommand, ExpiredKeysAreTakenOut) {
  ASSERT_EQ(wba_directory({"add", file_, second_, "--exp", "1790000000"}).status, 0);
  EXPECT_EQ(wba_directory({"retire", file_, "--expired", "--now", "1789999999"}).out,
            "0 expired taken out\n");
  EXPECT_EQ(wba_directory({"retire", file_, "--expired", "--now", std::string(now)}).out,
            "1 expired taken out\n");
  EXPECT_EQ(document()["keys"].size(), 1U);
}

// The fields of `sign`, checked as a client would.
TEST_F(DirectoryCommand, SignMakesFieldsThatVerify) {
  const auto result =
      wba_directory({"sign", file_, "--key", key_, "--authority", "Agent.test", "--max-age", "1h",
                     "--created", std::string(now), "--output", "json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const Json fields = Json::parse(result.out);
  EXPECT_EQ(fields["Content-Type"], "application/http-message-signatures-directory+json");
  EXPECT_EQ(fields["Cache-Control"], "public, max-age=3600");
  std::vector<std::pair<std::string, std::string>> kept;
  for (const auto& [name, value] : fields.items()) kept.emplace_back(name, value);
  std::vector<FieldLine> lines;
  for (const auto& [name, value] : kept) lines.push_back({name, value});
  const Request request{.method = "GET", .authority = "agent.test", .target = "/"};
  const Response response{.status = 200, .fields = lines, .request = &request};
  const auto key = PublicKey::from_pem(contents(key_));
  ASSERT_TRUE(key);
  const directory::ProofKey published{.key = &*key};
  const auto proofs = directory::verify_directory(response, contents(file_), {&published, 1},
                                                  Time(std::chrono::seconds(1'790'000'000)));
  ASSERT_TRUE(proofs);
  ASSERT_EQ(proofs->size(), 1U);
  EXPECT_EQ(proofs->front().problem, directory::ProofProblem::none);
  EXPECT_THAT(result.err, HasSubstr("sign again before 2026-09-22T13:13:20Z"));
}

TEST_F(DirectoryCommand, SignRefusesALifetimeShorterThanTheCaches) {
  const auto sign = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"sign", file_,         "--key",
                                          key_,   "--authority", "agent.test"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return wba_directory(arguments);
  };
  expect_refused(sign({"--lifetime", "59m", "--max-age", "1h"}), "before caches let go");
  expect_refused(sign({"--lifetime", "59m", "--cache-control", "public, Max-Age=3600"}),
                 "before caches let go");
  expect_refused(sign({"--lifetime", "59m", "--cache-control", "max-age=60, s-maxage=\"3600\""}),
                 "before caches let go");
  expect_refused(sign({"--cache-control", "public"}), "max-age");
  EXPECT_EQ(sign({"--lifetime", "1h", "--max-age", "1h"}).status, 0);
  EXPECT_EQ(sign({"--lifetime", "1m", "--cache-control", "no-store"}).status, 0);
}

TEST_F(DirectoryCommand, SignNeedsAPrivateKeyOfTheDirectory) {
  expect_refused(wba_directory({"sign", file_, "--key", second_, "--authority", "agent.test"}),
                 "is not in");
  const auto key = PublicKey::from_pem(contents(key_));
  ASSERT_TRUE(key);
  const std::string public_file = folder_.file("public.pem");
  write(public_file, *key->pem());
  expect_refused(wba_directory({"sign", file_, "--key", public_file, "--authority", "agent.test"}),
                 "private key");
  expect_refused(wba_directory({"sign", file_, "--key", key_, "--authority", "a b"}),
                 "--authority");
}

TEST_F(DirectoryCommand, SignNamesKeysThatDoNotSign) {
  ASSERT_EQ(wba_directory({"add", file_, second_}).status, 0);
  const auto result = wba_directory({"sign", file_, "--key", key_, "--authority", "agent.test"});
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.err, HasSubstr(thumbprint(second_) + " does not sign"));
}

TEST_F(DirectoryCommand, SignWritesAnNginxBlock) {
  const auto result = wba_directory({"sign", file_, "--key", key_, "--authority", "agent.test",
                                     "--max-age", "60", "--output", "nginx"});
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.out, HasSubstr("location = /.well-known/http-message-signatures-directory {"));
  EXPECT_THAT(result.out, HasSubstr("add_header Signature-Input 'binding=(\"@authority\";req"));
  EXPECT_THAT(result.out, HasSubstr("add_header Cache-Control 'public, max-age=60' always;"));
}

TEST_F(DirectoryCommand, CheckOfAFileNamesWhatIsWrong) {
  const auto good = wba_directory({"check", file_, "--json"});
  EXPECT_EQ(good.status, 0);
  const Json report = Json::parse(good.out);
  EXPECT_EQ(report["level"], "ok");
  EXPECT_EQ(report["keys"][0]["thumbprint"], thumbprint(key_));
  EXPECT_EQ(report["verifiers"][0]["takes"], "unknown");

  const auto bad = wba_directory({"check", "-"}, R"({"keys":[]})");
  EXPECT_EQ(bad.status, 1);
  EXPECT_THAT(bad.out, HasSubstr("fail  keys"));
  EXPECT_THAT(bad.out, HasSubstr("the set is empty -> add the key"));
  EXPECT_THAT(bad.out, HasSubstr("1 failed"));
  expect_refused(wba_directory({"check", folder_.file("none")}), "cannot open");
}

TEST_F(DirectoryCommand, CheckShowsNoControlCharacters) {
  const auto shown =
      wba_directory({"check", "-"}, R"({"keys":[{"kty":"\u001b[2J\u202e","kid":"\u0007\u001b"}]})");
  EXPECT_EQ(shown.status, 1);
  EXPECT_THAT(shown.out, HasSubstr("\\x1b[2J"));
  for (const char c : shown.out) EXPECT_TRUE((c >= ' ' && c <= '~') || c == '\n');
}

TEST_F(DirectoryCommand, CardIsMadeAndChecked) {
  const std::string card = folder_.file("card.json");
  const auto made = wba_run({"card", "new", "--client-id", "https://agent.test/bot", "--name",
                             "Bot", "--contact", "mailto:bot@agent.test", "--jwks", file_,
                             "--trigger", "crawler", "--robots", "yes", "--out", card});
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(wba_run({"card", "check", card, "--url", "https://agent.test/bot"}).status, 0);
  const auto other =
      wba_run({"card", "check", card, "--url", "https://agent.test/other", "--json"});
  EXPECT_EQ(other.status, 1);
  EXPECT_EQ(Json::parse(other.out)["level"], "fail");
  expect_refused(wba_run({"card", "new", "--client-id", "http://agent.test/bot"}), "https");
  expect_refused(wba_run({"card", "new", "--client-id", "https://a.test/", "--product-token", "a/1",
                          "--out", folder_.file("x")}),
                 "card");
}

TEST_F(DirectoryCommand, RegistryIsChecked) {
  const auto good = wba_run({"registry", "check", "-", "--json"}, "# x\nhttps://a.test/card\n");
  EXPECT_EQ(good.status, 0);
  EXPECT_EQ(Json::parse(good.out)["entries"][0]["url"], "https://a.test/card");
  const auto bad = wba_run({"registry", "check", "-"}, "https://a.test/\nhttp://b.test/\n");
  EXPECT_EQ(bad.status, 1);
  EXPECT_THAT(bad.out, HasSubstr("line 2"));
}

}  // namespace
}  // namespace wba
