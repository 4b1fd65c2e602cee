// `wba sign` by the contract that scripts rely on; what it signs `wba verify` verifies.

#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "support/run_command.h"

namespace wba::test {
namespace {

class SignCommand : public testing::Test {
 protected:
  SignCommand() : key_(folder_.file("key.pem")) {
    const auto made = run_command({WBA_COMMAND, "key", "new", "--out", key_});
    EXPECT_EQ(made.status, 0) << made.err;
    const auto shown = run_command({WBA_COMMAND, "key", "show", key_, "--json"});
    EXPECT_EQ(shown.status, 0) << shown.err;
  }

  CommandResult sign(std::vector<std::string> arguments, std::string_view input = {}) {
    arguments.insert(arguments.begin(), {WBA_COMMAND, "sign", "--key", key_});
    return run_command(arguments, input);
  }

  CommandResult verify(const std::string& message, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {WBA_COMMAND, "verify", "--keys", key_});
    return run_command(more, message);
  }

  std::string write(std::string_view name, std::string_view text) {
    const auto path = folder_.file(name);
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), 0600);
    return path;
  }

  TemporaryFolder folder_;
  std::string key_;
};

TEST_F(SignCommand, EveryProfileVerifies) {
  for (const auto* profile : {"draft-01", "draft-00", "cloudflare"}) {
    SCOPED_TRACE(profile);
    const auto made = sign({"--agent", "https://agent.test/keys", "--profile", profile, "--output",
                            "message", "GET", "https://example.com/path?a=1"});
    ASSERT_EQ(made.status, 0) << made.err;
    EXPECT_EQ(made.err, "");
    EXPECT_EQ(verify(made.out).status, 0) << verify(made.out).out;
    auto changed = made.out;
    changed.replace(changed.find("/path"), 5, "/othe");
    EXPECT_EQ(verify(changed).status, 1);
  }
}

TEST_F(SignCommand, WithoutAProfileItSaysForWhomItSigned) {
  const auto made = sign({"--agent", "https://agent.test/keys", "GET", "https://example.com/"});
  EXPECT_EQ(made.status, 0);
  EXPECT_NE(made.err.find("wba: hint: signing for draft-01"), std::string::npos) << made.err;
  EXPECT_TRUE(made.out.starts_with("Signature-Agent: sig1=\"https://agent.test/keys\"\n"));
}

TEST_F(SignCommand, OptionsStandInTheSignature) {
  const auto made = sign({"--agent",    "https://agent.test",
                          "--profile",  "cloudflare",
                          "--label",    "mine",
                          "--cover",    "@method",
                          "--cover",    "accept",
                          "--created",  "1760000000",
                          "--lifetime", "2m",
                          "--nonce",    "n1",
                          "-H",         "Accept: */*",
                          "GET",        "https://example.com/"});
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_NE(made.out.find("Signature-Input: mine=(\"@authority\" \"@method\" \"accept\" "
                          "\"signature-agent\");created=1760000000;keyid=\""),
            std::string::npos)
      << made.out;
  EXPECT_NE(made.out.find(";expires=1760000120;nonce=\"n1\";tag=\"web-bot-auth\""),
            std::string::npos);
}

TEST_F(SignCommand, BodyIsCoveredByItsDigest) {
  const auto body = write("body.json", "{\"hello\": \"world\"}\n");
  const auto made = sign({"--agent", "https://agent.test", "--profile", "cloudflare", "--body",
                          body, "--output", "message", "POST", "https://example.com/"});
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_NE(made.out.find("sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"),
            std::string::npos);
  EXPECT_EQ(verify(made.out, {"--cover", "content-digest"}).status, 0);
  auto changed = made.out;
  changed.replace(changed.find("world"), 5, "World");
  const auto verdict = verify(changed);
  EXPECT_EQ(verdict.status, 1);
  EXPECT_TRUE(verdict.out.starts_with("invalid: content-digest-mismatch\n")) << verdict.out;
}

TEST_F(SignCommand, JsonHasTheHeadersAndTheBase) {
  const auto made = sign({"--agent", "https://agent.test", "--profile", "cloudflare", "--output",
                          "json", "GET", "https://example.com/"});
  ASSERT_EQ(made.status, 0);
  const auto json = nlohmann::ordered_json::parse(made.out);
  EXPECT_EQ(json.at("method"), "GET");
  EXPECT_EQ(json.at("url"), "https://example.com/");
  EXPECT_EQ(json.at("headers").size(), 3U);
  EXPECT_EQ(json["headers"][2][0], "Signature");
  EXPECT_TRUE(json.at("signature_base")
                  .get<std::string>()
                  .starts_with("\"@authority\": example.com\n\"@method\": GET\n"));
}

TEST_F(SignCommand, CurlCommandIsQuotedForAShell) {
  const auto made = sign({"--agent", "https://agent.test", "--profile", "cloudflare", "--output",
                          "curl", "-H", "X-Quote: it's", "DELETE", "https://example.com/a'b"});
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_TRUE(made.out.starts_with("curl -X 'DELETE' --path-as-is -H 'X-Quote: it'\\''s' -H "));
  EXPECT_TRUE(made.out.ends_with(" 'https://example.com/a'\\''b'\n"));
}

TEST_F(SignCommand, BadInputIsNamed) {
  const auto error_of = [this](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--profile", "cloudflare"});
    const auto made = sign(std::move(arguments));
    EXPECT_EQ(made.status, 2);
    EXPECT_EQ(made.out, "");
    return made.err.substr(0, made.err.find('\n'));
  };
  const std::string agent = "https://agent.test";
  const std::string url = "https://example.com/";
  EXPECT_EQ(error_of({"--agent", "http://agent.test", "GET", url}),
            "wba: error: cannot sign: not https");
  EXPECT_EQ(error_of({"--agent", agent, "GET", "example.com"}),
            "wba: error: URL 'example.com': no absolute http or https URI");
  EXPECT_EQ(error_of({"--agent", agent, "--lifetime", "0", "GET", url}),
            "wba: error: --lifetime is zero");
  EXPECT_EQ(error_of({"--agent", agent, "--cover", "x-missing", "GET", url}),
            "wba: error: cannot sign: the field is not in the message");
  EXPECT_EQ(error_of({"--agent", agent, "-H", "no colon", "GET", url}),
            "wba: error: header 'no colon' has no colon");
  EXPECT_EQ(error_of({"--agent", agent, "-H", "A: b\r\nEvil: c", "GET", url}),
            "wba: error: header 'A: b\\x0d\\x0aEvil: c' has a control character in its value");
  EXPECT_EQ(error_of({"--agent", agent, "--output", "xml", "GET", url}),
            "wba: error: no such output: xml");
  EXPECT_EQ(error_of({"--agent", agent, "G T", url}), "wba: error: method 'G T' is no token");
}

TEST_F(SignCommand, PublicKeyCannotSign) {
  const auto shown = run_command({WBA_COMMAND, "key", "show", key_, "--json"});
  const auto jwk = nlohmann::json::parse(shown.out);
  const auto file = write("public.jwk", (jwk.contains("jwk") ? jwk["jwk"] : jwk).dump());
  const auto made = run_command({WBA_COMMAND, "sign", "--key", file, "--agent",
                                 "https://agent.test", "GET", "https://example.com/"});
  EXPECT_EQ(made.status, 2);
  EXPECT_NE(made.err.find("wba: hint: sign with the private key"), std::string::npos) << made.err;
}

}  // namespace
}  // namespace wba::test
