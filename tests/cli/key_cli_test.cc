#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <wba/key.h>

#include "paths.h"
#include "support/file_contents.h"
#include "support/json_file.h"
#include "support/run_command.h"

namespace wba {
namespace {

using test::CommandResult;
using test::contents;
using test::TemporaryFolder;

CommandResult wba_key(std::vector<std::string> arguments, std::string_view input = {}) {
  arguments.insert(arguments.begin(), {WBA_COMMAND, "key"});
  return test::run_command(arguments, input);
}

void write(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

// rfc_key gives a PEM of RFC 9421 B.1.
std::string rfc_key(const std::string& id, const std::string& member) {
  const auto file = test::read_json_file(std::string(WBA_VECTORS_DIR) + "/rfc9421/keys-pem.json");
  for (const auto& key : file.at("keys")) {
    if (key.at("id") == id) return key.at(member).get<std::string>();
  }
  ADD_FAILURE() << id;
  return {};
}

void expect_message(const CommandResult& result, std::string_view part) {
  EXPECT_TRUE(result.err.starts_with("wba: error: ")) << result.err;
  EXPECT_TRUE(result.err.contains(part)) << result.err;
  EXPECT_EQ(result.out, "");
}

TEST(KeyCommand, NewWritesAnEd25519KeyInPemToStandardOutput) {
  const auto result = wba_key({"new"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err, "");
  const auto key = PrivateKey::from_pem(result.out);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->public_key().type(), KeyType::ed25519);
}

TEST(KeyCommand, NewKeysDiffer) { EXPECT_NE(wba_key({"new"}).out, wba_key({"new"}).out); }

TEST(KeyCommand, NewMakesEveryTypeInBothFormats) {
  for (const auto* type : {"ed25519", "ec-p256", "ec-p384", "rsa", "hmac"}) {
    for (const auto* format : {"pem", "jwk"}) {
      SCOPED_TRACE(std::string(type) + ' ' + format);
      const auto result = wba_key({"new", "--type", type, "--format", format});
      if (std::string_view(type) == "hmac" && std::string_view(format) == "pem") {
        EXPECT_EQ(result.status, 2);
        expect_message(result, "a shared secret has no PEM form");
        continue;
      }
      ASSERT_EQ(result.status, 0);
      const auto key = std::string_view(format) == "pem" ? PrivateKey::from_pem(result.out)
                                                         : PrivateKey::from_jwk(result.out);
      ASSERT_TRUE(key) << to_string(key.error().code);
      EXPECT_EQ(to_string(key->public_key().type()), type);
    }
  }
}

TEST(KeyCommand, NewFileIsReadableByItsOwnerOnly) {
  const TemporaryFolder folder;
  const mode_t before = ::umask(0);
  const auto result = wba_key({"new", "--out", folder.file("k.pem")});
  ::umask(before);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out, "");
  struct stat status = {};
  ASSERT_EQ(::stat(folder.file("k.pem").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_TRUE(PrivateKey::from_pem(contents(folder.file("k.pem"))));
  EXPECT_EQ(folder.entries(), std::vector<std::string>{"k.pem"});
}

TEST(KeyCommand, NewNeverOverwritesWithoutForce) {
  const TemporaryFolder folder;
  write(folder.file("k.pem"), "precious");
  const auto refused = wba_key({"new", "--out", folder.file("k.pem")});
  EXPECT_EQ(refused.status, 2);
  expect_message(refused, "exists and is left as it is");
  EXPECT_TRUE(refused.err.contains("wba: hint: ")) << refused.err;
  EXPECT_EQ(contents(folder.file("k.pem")), "precious");
  EXPECT_EQ(folder.entries(), std::vector<std::string>{"k.pem"});

  EXPECT_EQ(wba_key({"new", "--out", folder.file("k.pem"), "--force"}).status, 0);
  EXPECT_TRUE(PrivateKey::from_pem(contents(folder.file("k.pem"))));
  struct stat status = {};
  ASSERT_EQ(::stat(folder.file("k.pem").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_EQ(folder.entries(), std::vector<std::string>{"k.pem"});
}

TEST(KeyCommand, NewNeverReplacesWhatIsNoRegularFile) {
  const TemporaryFolder folder;
  ASSERT_EQ(::symlink("elsewhere", folder.file("link").c_str()), 0);
  for (const std::string& path : {folder.file("link"), folder.path(), std::string("/dev/null")}) {
    const auto result = wba_key({"new", "--out", path, "--force"});
    EXPECT_EQ(result.status, 2) << path;
    expect_message(result, "no regular file");
  }
  EXPECT_EQ(folder.entries(), std::vector<std::string>{"link"});
}

TEST(KeyCommand, AFailedRunLeavesNoFile) {
  const TemporaryFolder folder;
  const auto nowhere = wba_key({"new", "--out", folder.file("no/such/k.pem")});
  EXPECT_EQ(nowhere.status, 2);
  expect_message(nowhere, "no such file or directory");
  EXPECT_EQ(wba_key({"new", "--type", "dsa", "--out", folder.file("k.pem")}).status, 2);
  EXPECT_EQ(wba_key({"new", "--type", "hmac", "--out", folder.file("k.pem")}).status, 2);
  EXPECT_EQ(folder.entries(), std::vector<std::string>{});
}

TEST(KeyCommand, AFullStandardOutputIsAnError) {
  const auto result = test::run_command({"sh", "-c", "\"$0\" key new > /dev/full", WBA_COMMAND});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.err, "wba: error: cannot write to standard output\n");
}

TEST(KeyCommand, ShowGivesThePublicJwkAndTheThumbprint) {
  const TemporaryFolder folder;
  for (const auto* member : {"private_pem", "public_pem"}) {
    write(folder.file("k.pem"), rfc_key("test-key-ed25519", member));
    const auto result = wba_key({"show", folder.file("k.pem")});
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.out, R"({"crv":"Ed25519","kid":"poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U",)"
                          R"("kty":"OKP","x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"})"
                          "\nthumbprint: poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U\n");
    // Test keys are named as such.
    EXPECT_TRUE(result.err.starts_with("wba: hint: this is a published test key")) << result.err;
  }
}

TEST(KeyCommand, ShowTakesJwkAndPemOfEveryTypeFromStandardInput) {
  for (const auto* type : {"ed25519", "ec-p256", "ec-p384", "rsa"}) {
    for (const auto* format : {"pem", "jwk"}) {
      SCOPED_TRACE(std::string(type) + ' ' + format);
      const auto made = wba_key({"new", "--type", type, "--format", format});
      const auto shown = wba_key({"show", "-", "--json"}, made.out);
      ASSERT_EQ(shown.status, 0);
      EXPECT_EQ(shown.err, "");
      const auto object = nlohmann::json::parse(shown.out, nullptr, false);
      ASSERT_TRUE(object.is_object()) << shown.out;
      EXPECT_EQ(object.at("type"), type);
      EXPECT_EQ(object.at("jwk").at("kid"), object.at("thumbprint"));
      EXPECT_FALSE(object.at("published_test_key").get<bool>());
      for (const auto* member : {"d", "p", "q", "dp", "dq", "qi", "k"}) {
        EXPECT_FALSE(object.at("jwk").contains(member)) << member;
      }
      // What was shown is a public key that can be shown again, the same.
      EXPECT_EQ(wba_key({"show", "--json", "-"}, object.at("jwk").dump()).out, shown.out);
    }
  }
}

TEST(KeyCommand, ShowNeverPrintsASharedSecret) {
  const auto made = wba_key({"new", "--type", "hmac", "--format", "jwk"});
  const auto shown = wba_key({"show", "-"}, made.out);
  EXPECT_EQ(shown.status, 2);
  expect_message(shown, "a shared secret has no public half");
}

TEST(KeyCommand, ShowNamesWhatIsWrong) {
  const TemporaryFolder folder;
  const struct {
    std::string_view text;
    std::string_view message;
  } cases[] = {
      {"", "neither JWK nor PEM"},
      {"hello", "neither JWK nor PEM"},
      {"{", "not JSON"},
      {R"({"kty":"OKP","crv":"Ed25519"})", "a required JWK member is missing"},
      {R"({"kty":"OKP","crv":"X25519","x":"AA"})", "not supported"},
      {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "does not decode"},
      {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
       "an encrypted private key"},
  };
  for (const auto& bad : cases) {
    const auto result = wba_key({"show", "-"}, bad.text);
    EXPECT_EQ(result.status, 2) << bad.text;
    expect_message(result, bad.message);
  }
  const auto missing = wba_key({"show", folder.file("none.pem")});
  EXPECT_EQ(missing.status, 2);
  expect_message(missing, "no such file or directory");
  const auto huge = wba_key({"show", "-"}, std::string(1U << 20U, ' '));
  EXPECT_EQ(huge.status, 2);
  expect_message(huge, "is longer than 65536 bytes");
}

TEST(KeyCommand, InputIsNeverEchoedUnescaped) {
  const std::string evil = "k\x1b[31m\n\xc3\xa9";
  for (const auto& arguments :
       {std::vector<std::string>{"show", evil}, std::vector<std::string>{evil},
        std::vector<std::string>{"new", "--type", evil},
        std::vector<std::string>{"new", "--" + evil},
        std::vector<std::string>{"new", "--out", "/nowhere/" + evil}}) {
    const auto result = wba_key(arguments);
    EXPECT_EQ(result.status, 2);
    expect_message(result, "\\x1b[31m\\x0a\\xc3\\xa9");
    EXPECT_FALSE(result.err.contains('\x1b'));
    EXPECT_FALSE(result.err.contains('\xc3'));
  }
}

TEST(KeyCommand, UsageMistakesEndWithTwoAndAHint) {
  for (const auto& arguments :
       {std::vector<std::string>{}, std::vector<std::string>{"frobnicate"},
        std::vector<std::string>{"show"}, std::vector<std::string>{"show", "a", "b"},
        std::vector<std::string>{"new", "--format", "der"}}) {
    const auto result = wba_key(arguments);
    EXPECT_EQ(result.status, 2);
    expect_message(result, "wba: hint: see wba");
  }
  EXPECT_EQ(wba_key({"--help"}).status, 0);
}

// Messages name rules; what is secret in the input never comes out again.
TEST(KeyCommand, ErrorsHoldNoKeyBytes) {
  const std::string secret = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
  for (const std::string& text :
       {R"({"kty":"OKP","crv":"Ed25519","d":")" + secret + R"("})",
        R"({"kty":"OKP","crv":"Ed25519","x":"AA","d":")" + secret + R"("})",
        R"({"kty":"OKP","crv":"Ed25519","d":")" + secret + R"(",})",
        "-----BEGIN PRIVATE KEY-----\n" + secret + "\n-----END PRIVATE KEY-----\n"}) {
    const auto result = wba_key({"show", "-"}, text);
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    for (std::size_t i = 0; i + 6 <= secret.size(); ++i) {
      EXPECT_FALSE(result.err.contains(secret.substr(i, 6))) << result.err;
    }
  }
}

}  // namespace
}  // namespace wba
