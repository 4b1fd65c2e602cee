#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <wba/directory_document.h>
#include <wba/key.h>

#include "support/child_process.h"
#include "support/file_contents.h"
#include "support/run_command.h"
#include "support/test_ca.h"
#include "support/test_keys.h"

namespace wba {
namespace {

using std::chrono::milliseconds;
using test::ChildProcess;
using test::contents;
using test::TemporaryFolder;
using test::TestCa;
using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

constexpr std::string_view path = "/.well-known/http-message-signatures-directory";

void write(const std::string& file, std::string_view text) {
  std::ofstream(file, std::ios::binary) << text;
}

struct Answer {
  CURLcode code = CURLE_FAILED_INIT;
  long status = 0;
  std::string head;
  std::string body;

  // field gives the value of a field; empty where there is none.
  [[nodiscard]] std::string field(const std::string& name) const {
    std::istringstream lines(head);
    for (std::string line; std::getline(lines, line);) {
      if (line.size() <= name.size() || line[name.size()] != ':') continue;
      if (::strncasecmp(line.c_str(), name.c_str(), name.size()) != 0) continue;
      const auto first = line.find_first_not_of(' ', name.size() + 1);
      return first == std::string::npos ? "" : line.substr(first, line.find('\r') - first);
    }
    return {};
  }
};

std::size_t append(char* data, std::size_t /*one*/, std::size_t size, void* text) {
  static_cast<std::string*>(text)->append(data, size);
  return size;
}

class DirectoryServeCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    const PrivateKey key = test::key_in_new_file(key_);
    directory::Document document;
    ASSERT_TRUE(document.add(key.public_key()));
    write(file_, document.serialise());
    ca_.write_server_files(folder_.path(), {"agent.test"});
  }

  [[nodiscard]] std::vector<std::string> command(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {WBA_COMMAND,   "directory",
                                          "serve",       file_,
                                          "--key",       key_,
                                          "--cert",      folder_.file("certificate.pem"),
                                          "--tls-key",   folder_.file("key.pem"),
                                          "--authority", "agent.test"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  // start starts the server and learns its port from what it prints.
  void start(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"--listen", "127.0.0.1", "--port", "0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    server_ =
        ChildProcess(command(arguments), {.out = folder_.file("out"), .err = folder_.file("err")});
    const std::string begin = "listening on https://127.0.0.1:";
    for (int i = 0; i < 2000; ++i) {
      const std::string out = contents(folder_.file("out"));
      if (out.starts_with(begin) && out.ends_with("\n")) {
        port_ = out.substr(begin.size(), out.size() - begin.size() - 1);
        return;
      }
      std::this_thread::sleep_for(milliseconds(10));
    }
    FAIL() << contents(folder_.file("err"));
  }

  [[nodiscard]] std::string url() const {
    return "https://agent.test:" + port_ + std::string(path);
  }
  [[nodiscard]] std::string resolve() const { return "agent.test:" + port_ + ":127.0.0.1"; }

  // ask makes a request by libcurl, whose TLS and HTTP are not ours.
  // `in_line` stands in the request line in place of `target`.
  [[nodiscard]] Answer ask(const std::string& method, const std::string& target,
                           const std::vector<std::string>& headers = {},
                           const std::string& in_line = {}) const {
    Answer answer;
    CURL* easy = curl_easy_init();
    curl_slist* lines = nullptr;
    for (const std::string& header : headers) lines = curl_slist_append(lines, header.c_str());
    curl_slist* hosts = curl_slist_append(nullptr, resolve().c_str());
    const std::string at = "https://agent.test:" + port_ + target;
    curl_easy_setopt(easy, CURLOPT_URL, at.c_str());
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_.file().c_str());
    curl_easy_setopt(easy, CURLOPT_RESOLVE, hosts);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lines);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    if (!in_line.empty()) curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, in_line.c_str());
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, 120L);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &append);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &answer.head);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &append);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer.body);
    if (method == "HEAD") {
      curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else {
      curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
    }
    answer.code = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_slist_free_all(hosts);
    curl_slist_free_all(lines);
    curl_easy_cleanup(easy);
    return answer;
  }

  TestCa ca_;
  TemporaryFolder folder_;
  std::string key_ = folder_.file("agent.pem");
  std::string file_ = folder_.file("directory.json");
  ChildProcess server_;
  std::string port_;
};

TEST_F(DirectoryServeCommand, EveryVerifierTakesWhatIsServed) {
  start();
  const auto result =
      test::run_command({WBA_COMMAND, "directory", "check", url(), "--ca", ca_.file().string(),
                         "--resolve", resolve(), "--allow-address", "127.0.0.0/8", "--json"});
  EXPECT_EQ(result.status, 0) << result.out;
  const Json report = Json::parse(result.out);
  for (const auto& finding : report["findings"]) {
    // How long an answer takes is the machine's affair.
    if (finding["check"] == "reach") continue;
    EXPECT_EQ(finding["level"], "ok") << finding;
  }
  for (const auto& verifier : report["verifiers"]) EXPECT_EQ(verifier["takes"], "yes") << verifier;
}

TEST_F(DirectoryServeCommand, HeadHasTheLengthAndNoBody) {
  start();
  const Answer get = ask("GET", std::string(path));
  const Answer head = ask("HEAD", std::string(path));
  EXPECT_EQ(head.code, CURLE_OK);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(head.field("Content-Length"), std::to_string(get.body.size()));
  EXPECT_EQ(head.field("ETag"), get.field("ETag"));
  EXPECT_EQ(get.body, contents(file_));
  EXPECT_EQ(get.field("Access-Control-Allow-Origin"), "*");
}

TEST_F(DirectoryServeCommand, ConditionalRequestGives304) {
  start();
  const std::string tag = ask("GET", std::string(path)).field("ETag");
  const Answer same = ask("GET", std::string(path), {"If-None-Match: " + tag});
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  EXPECT_FALSE(same.field("Signature").empty());
}

// A part of the body would not have the digest that is signed.
TEST_F(DirectoryServeCommand, RangeIsNotHonoured) {
  start();
  const Answer part = ask("GET", std::string(path), {"Range: bytes=0-4"});
  EXPECT_EQ(part.status, 200);
  EXPECT_EQ(part.body, contents(file_));
}

TEST_F(DirectoryServeCommand, OtherRequestsAreRefused) {
  start();
  EXPECT_EQ(ask("GET", "/").status, 404);
  EXPECT_EQ(ask("POST", std::string(path)).status, 405);
  EXPECT_EQ(ask("OPTIONS", std::string(path)).status, 204);
  EXPECT_EQ(ask("GET", std::string(path), {"Host: evil.test"}).status, 421);
  EXPECT_EQ(ask("GET", std::string(path), {"Host: agent.test"}).status, 200);
  EXPECT_EQ(ask("GET", "/health").body, "ok\n");
}

// RFC 9112 section 3.2.2: the authority of an absolute-form target stands in place of Host's.
TEST_F(DirectoryServeCommand, AbsoluteFormIsAnsweredForItsOwnAuthority) {
  start();
  const std::string ours = "https://agent.test" + std::string(path);
  const std::string others = "https://evil.test" + std::string(path);
  const Answer answer = ask("GET", std::string(path), {}, ours);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, contents(file_));
  EXPECT_FALSE(answer.field("Signature").empty());
  EXPECT_EQ(ask("GET", std::string(path), {"Host: evil.test"}, ours).status, 200);
  EXPECT_EQ(ask("GET", std::string(path), {"Host: agent.test"}, others).status, 421);
  EXPECT_EQ(ask("GET", std::string(path), {}, "http://agent.test" + std::string(path)).status, 400);
  EXPECT_EQ(ask("GET", std::string(path), {}, "agent.test").status, 400);
  EXPECT_EQ(ask("GET", std::string(path), {"Host: agent.test", "X: y\r\nHost: evil.test"}).status,
            400);
}

TEST_F(DirectoryServeCommand, APortThatAnotherServerHasIsRefused) {
  start();
  const auto second = test::run_command(command({"--listen", "127.0.0.1", "--port", port_}));
  EXPECT_EQ(second.status, 2);
  EXPECT_EQ(second.out, "");
  EXPECT_THAT(second.err, HasSubstr("cannot listen on port " + port_));
  EXPECT_EQ(ask("GET", std::string(path)).status, 200);
}

// SlowConnections say nothing, or one octet of a TLS handshake a second, until they go.
class SlowConnections {
 public:
  SlowConnections(std::uint16_t port, std::size_t count) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (std::size_t i = 0; i < count; ++i) {
      const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (socket < 0) break;
      sockets_.push_back(socket);
      if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        ++connected_;
      }
    }
    dripping_ = std::thread([this] { drip(); });
  }
  SlowConnections(const SlowConnections&) = delete;
  SlowConnections& operator=(const SlowConnections&) = delete;
  ~SlowConnections() {
    ended_ = true;
    dripping_.join();
    for (const int socket : sockets_) ::close(socket);
  }

  [[nodiscard]] std::size_t connected() const noexcept { return connected_; }

 private:
  // The head of a record of 512 octets, and what could be in it.
  void drip() const {
    constexpr std::string_view head("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
    for (std::size_t tick = 0; !ended_; ++tick) {
      if (tick % 20 == 0) {
        const char octet = tick / 20 < head.size() ? head[tick / 20] : 'x';
        for (std::size_t i = 0; i < sockets_.size(); i += 2) {
          ::send(sockets_[i], &octet, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
      }
      std::this_thread::sleep_for(milliseconds(50));
    }
  }

  std::vector<int> sockets_;
  std::size_t connected_ = 0;
  std::atomic<bool> ended_{false};
  std::thread dripping_;
};

TEST_F(DirectoryServeCommand, SilentAndSlowConnectionsKeepNobodyOut) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_cur < 2500) GTEST_SKIP() << "too few descriptors for 2,000 connections";
  start();
  for (const std::size_t count : {66U, 500U, 2000U}) {
    const SlowConnections slow(static_cast<std::uint16_t>(std::stoul(port_)), count);
    EXPECT_EQ(slow.connected(), count);
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(ask("GET", std::string(path)).status, 200) << count << " connections, " << i;
    }
  }
}

TEST_F(DirectoryServeCommand, FileIsReadAgainWhenItChanges) {
  start();
  const std::string before = ask("GET", std::string(path)).field("ETag");
  auto other = PrivateKey::generate(KeyType::ed25519);
  ASSERT_TRUE(other);
  auto document = directory::Document::parse(contents(file_));
  ASSERT_TRUE(document);
  ASSERT_TRUE(document->add(other->public_key()));
  write(file_, document->serialise());
  const Answer after = ask("GET", std::string(path), {"If-None-Match: " + before});
  EXPECT_EQ(after.status, 200);
  EXPECT_EQ(after.body, document->serialise());

  write(file_, "{\"keys\":");
  EXPECT_EQ(ask("GET", std::string(path)).body, document->serialise());
  EXPECT_EQ(ask("GET", "/health").status, 503);
  write(file_, document->serialise());
  EXPECT_EQ(ask("GET", "/health").status, 200);
  const std::string log = contents(folder_.file("err"));
  EXPECT_THAT(log, HasSubstr("the old directory stays"));
  EXPECT_THAT(log, HasSubstr("directory of 2 keys"));
}

TEST_F(DirectoryServeCommand, SignatureIsMadeAfreshBeforeItEnds) {
  start({"--lifetime", "4s", "--max-age", "1s"});
  const std::string first = ask("GET", std::string(path)).field("Signature");
  std::string second;
  for (int i = 0; i < 100; ++i) {
    second = ask("GET", std::string(path)).field("Signature");
    if (second != first) break;
    std::this_thread::sleep_for(milliseconds(100));
  }
  EXPECT_NE(second, first);
}

TEST_F(DirectoryServeCommand, RequestsAreLoggedEscaped) {
  start();
  ASSERT_EQ(ask("GET", std::string(path), {"User-Agent: a\x1b[2Jb"}).status, 200);
  // The line is written behind the answer.
  const std::string line = "\"GET " + std::string(path) + "\" 200";
  std::string log;
  for (int i = 0; i < 1000 && !log.contains(line); ++i) {
    log = contents(folder_.file("err"));
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_THAT(log, HasSubstr(line));
  EXPECT_THAT(log, HasSubstr("a\\x1b[2Jb"));
  EXPECT_EQ(log.find('\x1b'), std::string::npos);
}

TEST_F(DirectoryServeCommand, SignalsStopIt) {
  for (const int signal : {SIGTERM, SIGINT}) {
    start();
    EXPECT_EQ(ask("GET", std::string(path)).status, 200);
    const int status = server_.stop(signal);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
}

TEST_F(DirectoryServeCommand, ManyClientsAtOnceAreServed) {
  start();
  std::array<std::thread, 24> clients;
  std::array<long, 24> status{};
  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients.at(i) =
        std::thread([this, &status, i] { status.at(i) = ask("GET", std::string(path)).status; });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_THAT(status, ::testing::Each(200)) << contents(folder_.file("err"));
}

TEST_F(DirectoryServeCommand, WhatCannotBeServedIsUsage) {
  const auto refused = [&](const std::vector<std::string>& more, std::string_view part) {
    const auto result = test::run_command(command(more));
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err, HasSubstr(std::string(part)));
    EXPECT_EQ(result.out, "");
  };
  refused({"--port", "0", "--lifetime", "1h", "--max-age", "1h"}, "before caches let go");
  refused({"--port", "0", "--authority", "a b"}, "--authority");
  refused({"--port", "0", "--listen", "192.0.2.1"}, "cannot listen");
  write(file_, "{}");
  refused({"--port", "0"}, "JWK Set");
  write(folder_.file("certificate.pem"), "");
  refused({"--port", "0"}, "cannot use the certificate");
}

}  // namespace
}  // namespace wba
