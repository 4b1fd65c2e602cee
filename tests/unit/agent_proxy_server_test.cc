// The forward proxy beside its daemon's other callers: threads that share policy, keys and log.

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <curl/curl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "agent/proxy_server.h"
#include "agent/service.h"
#include "support/origin.h"

namespace wba::agent {
namespace {

using namespace std::chrono_literals;

class ProxyInProcess : public testing::Test {
 protected:
  SigningService make_service() {
    const std::string text =
        "log = \"unused\"\n[[key]]\nname = \"main\"\nfile = \"main\"\nagent = \"" + agent.url +
        "\"\n[[rule]]\nname = \"all\"\nusers = [" + std::to_string(::getuid()) +
        "]\nkeys = [\"main\"]\nauthorities = [\"a.test:" + port() + "\"]\n";
    return SigningService::create(
               read_policy(text, "policy").value(),
               [this](const KeyEntry&)
                   -> std::expected<std::shared_ptr<const KeySigner>, std::string> {
                 return std::make_shared<const KeySigner>(
                     KeySigner::create(PrivateKey::from_pem(pem).value()).value());
               })
        .value();
  }

  [[nodiscard]] std::string port() const {
    const std::string url = origin->url("");
    return url.substr(url.rfind(':') + 1);
  }

  ProxyInProcess() {
    auto key = PrivateKey::generate(KeyType::ed25519).value();
    pem = key.export_pem().value().text();
    agent = test::TestAgent(std::move(key));
    origin.emplace(ca, agent, "a.test");
  }

  std::unique_ptr<ProxyServer> start() {
    service.emplace(make_service());
    auto server = ProxyServer::start("127.0.0.1:0",
                                     ProxyPolicy(lock, *service,
                                                 [this](const std::string&) {
                                                   ++lines;
                                                   return true;
                                                 }),
                                     {.ca = ca.file().string(),
                                      .resolve = {origin->resolve()},
                                      .allowed = {AddressRange::parse("127.0.0.0/8").value()}});
    return *std::move(server);
  }

  // get fetches through the proxy and gives the body.
  [[nodiscard]] std::string get(CURL* easy, std::uint16_t proxy, const std::string& target) const {
    std::string body;
    const std::string url = "http://a.test:" + port() + target;
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROXY, ("http://127.0.0.1:" + std::to_string(proxy)).c_str());
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 60000L);
    curl_easy_setopt(
        easy, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t, std::size_t size, void* out) {
          static_cast<std::string*>(out)->append(data, size);
          return size;
        });
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
    return curl_easy_perform(easy) == CURLE_OK ? body : "failed";
  }

  test::TestCa ca;
  test::TestAgent agent;
  std::string pem;
  std::optional<test::Origin> origin;
  std::mutex lock;
  std::optional<SigningService> service;
  int lines = 0;  // of the log
};

TEST_F(ProxyInProcess, SharesTheServiceWithOtherThreads) {
  auto server = start();
  std::atomic<int> good{0};
  std::atomic<bool> done{false};
  std::jthread other([&] {
    // As the daemon's own thread does: it answers, and takes up a new policy now and then.
    for (int i = 0; !done; ++i) {
      const std::lock_guard guard(lock);
      if (i % 10 == 9) *service = make_service();
      const auto answer =
          service->answer({.method = "GET", .target = "/keys", .body = "", .user = ::getuid()}, {},
                          [](const std::string&) { return true; });
      EXPECT_EQ(answer.status, 200);
    }
  });
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back([&, i] {
        CURL* easy = curl_easy_init();
        for (int j = 0; j < 25; ++j) {
          if (get(easy, server->port(), "/" + std::to_string(i)) == "none") ++good;
        }
        curl_easy_cleanup(easy);
      });
    }
  }
  done = true;
  other.join();
  EXPECT_EQ(good, 100);
  server.reset();
  EXPECT_EQ(lines, 100);
}

TEST_F(ProxyInProcess, EndsWhileClientsAreConnected) {
  auto server = start();
  CURL* easy = curl_easy_init();
  EXPECT_EQ(get(easy, server->port(), "/"), "none");  // and keeps its connection
  const auto port = server->port();
  server.reset();
  EXPECT_EQ(get(easy, port, "/"), "failed");
  curl_easy_cleanup(easy);
}

}  // namespace
}  // namespace wba::agent
