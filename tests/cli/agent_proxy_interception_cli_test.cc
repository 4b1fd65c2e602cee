// The forward proxy with a local authority: TLS ends there, and what is inside is signed.

#include <fstream>

#include "agent_proxy_support.h"

namespace wba::test {
namespace {

class AgentProxyIntercepts : public AgentProxy {
 protected:
  AgentProxyIntercepts() {
    local.write_key(file("local-key.pem"));
    ::chmod(file("local-key.pem").c_str(), 0600);
  }

  HttpReply answer(const Judged& judged) override {
    if (judged.request.target == "/large") return {.body = large};
    return {.body = std::to_string(judged.request.body.size()) + " " +
                    std::string(to_string(judged.reason))};
  }

  [[nodiscard]] std::vector<std::string> interception() const {
    return {"--allow-address",     "127.0.0.0/8",     "--intercept-ca",
            local.file().string(), "--intercept-key", file("local-key.pem")};
  }

  [[nodiscard]] CommandResult https(std::vector<std::string> arguments,
                                    std::string_view input = {}) const {
    arguments.insert(arguments.begin(), {"--cacert", local.file().string()});
    return curl(std::move(arguments), input);
  }

  TestCa local;
  const std::string large = std::string(3'000'000, 'x') + "end";
};

TEST_F(AgentProxyIntercepts, SignsWhatIsAskedInsideTls) {
  start(interception());
  const auto result = https({a->url("/x?y"), a->url("/z")});
  EXPECT_EQ(result.out, "0 none0 none") << result.err;
  EXPECT_EQ(a->judged().at(0).request.target, "/x?y");
  EXPECT_EQ(a->judged().at(0).request.field("host"), authority(*a));
  EXPECT_EQ(logged("signed").size(), 2U);
  EXPECT_TRUE(logged("tunnelled").empty());
  EXPECT_EQ(https({"-T", "-", a->url("/")}, large).out, std::to_string(large.size()) + " none");
  EXPECT_EQ(a->judged().back().request.body, large);
  EXPECT_EQ(https({a->url("/large")}).out, large);
  EXPECT_EQ(https({"--tls-max", "1.2", a->url("/large")}).out, large);
  EXPECT_EQ(https({"-d", "hello", b->url("/may/x")}).out, "none");
  EXPECT_TRUE(b->judged().back().covers("\"content-digest\""));
  // Plain requests go on as before.
  EXPECT_EQ(curl({plain(*a, "/")}).out, "0 none");
  EXPECT_EQ(stop(), 0);
}

TEST_F(AgentProxyIntercepts, PolicyHoldsInside) {
  start(interception());
  EXPECT_EQ(https({"https://evil.test/"}).out, "{\"error\":\"authority-not-allowed\"}\n");
  EXPECT_EQ(https({b->url("/may/x")}).out, "{\"error\":\"method-not-allowed\"}\n");
  EXPECT_EQ(https({"-H", "Host: " + authority(*b), a->url("/")}).out,
            "{\"error\":\"host-of-another-connection\"}\n");
  EXPECT_EQ(https({"https://192.0.2.1/"}).out, "{\"error\":\"authority-not-allowed\"}\n");
  EXPECT_EQ(https({"https://[2001:db8::1]:8443/"}).out, "{\"error\":\"authority-not-allowed\"}\n");
  EXPECT_TRUE(a->judged().empty() && b->judged().empty());
  // One that was no request has no method in the log.
  EXPECT_EQ(logged("refused").size(), 4U);
}

TEST_F(AgentProxyIntercepts, ClientsThatDoNotTrustItOrSpeakNoTlsHurtNobody) {
  start(interception());
  constexpr int kCertificate = 60;
  EXPECT_EQ(curl({"--cacert", ca.file().string(), a->url("/")}).status, kCertificate);
  for (const auto* text :
       {"", "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "\x16\x03\x01\x40\x01 x"}) {
    RawClient client(port);
    client.send("CONNECT " + authority(*a) + " HTTP/1.1\r\nHost: x\r\n\r\n" + text);
    client.finish();
    EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 200 "));
  }
  EXPECT_EQ(https({a->url("/")}).out, "0 none");
  EXPECT_EQ(a->judged().size(), 1U);
}

TEST_F(AgentProxyIntercepts, KeysOfOthersAndCertificatesOfNoAuthorityAreRefused) {
  const auto check = [&](const std::string& certificate, const std::string& key) {
    return run_command({WBA_COMMAND, "agent", "--policy", file("policy.toml"), "--check", "--proxy",
                        "127.0.0.1:0", "--intercept-ca", certificate, "--intercept-key", key});
  };
  EXPECT_EQ(check(local.file(), file("local-key.pem")).status, 0);
  const TemporaryFolder server;
  local.write_server_files(server.path(), {"a.test"});
  ::chmod(server.file("key.pem").c_str(), 0600);
  EXPECT_TRUE(check(server.file("certificate.pem"), server.file("key.pem"))
                  .err.contains("may issue no others"));
  ca.write_key(file("other-key.pem"));
  ::chmod(file("other-key.pem").c_str(), 0600);
  EXPECT_TRUE(check(local.file(), file("other-key.pem")).err.contains("not the certificate's"));
  // A file without a private key, and one that cannot be read without a passphrase.
  EXPECT_TRUE(check(local.file(), local.file()).err.contains("--intercept-key: "));
  std::ofstream(file("encrypted.pem")) << "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
                                          "-----END ENCRYPTED PRIVATE KEY-----\n";
  ::chmod(file("encrypted.pem").c_str(), 0600);
  EXPECT_TRUE(check(local.file(), file("encrypted.pem")).err.contains("encrypted"));
  ::chmod(file("local-key.pem").c_str(), 0640);
  EXPECT_TRUE(check(local.file(), file("local-key.pem")).err.contains("chmod 600"));
  EXPECT_EQ(check(file("none"), file("other-key.pem")).status, 2);
}

}  // namespace
}  // namespace wba::test
