#ifndef WBA_TESTS_INTEROP_FORWARD_AUTH_SUPPORT_H_
#define WBA_TESTS_INTEROP_FORWARD_AUTH_SUPPORT_H_

// What the tests of wba-authd behind real proxies share: a backend, the daemon, a client.

#include <cctype>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include "authd.h"
#include "paths.h"
#include "support/child_process.h"
#include "support/file_contents.h"
#include "support/test_ca.h"
#include "unit/guard_support.h"

namespace wba::forward_auth {

using guard::Guard;
using test::Agent;
using test::OwnedRequest;

inline guard::Now wall_clock() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

// Backend notes what reaches it.
class Backend {
 public:
  Backend() {
    const auto note = [this](const httplib::Request& request, httplib::Response& response) {
      const std::lock_guard lock(mutex_);
      ++count_;
      last_ = request;
      response.set_content("from the backend", "text/plain");
    };
    for (const auto method : {&httplib::Server::Get, &httplib::Server::Delete}) {
      (server_.*static_cast<httplib::Server& (
                    httplib::Server::*)(const std::string&, httplib::Server::Handler)>(method))(
          ".*", note);
    }
    server_.Post(".*", httplib::Server::Handler(note));
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
  }
  ~Backend() {
    while (!server_.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    server_.stop();
    thread_.join();
  }
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] int count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }
  [[nodiscard]] httplib::Request last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
  mutable std::mutex mutex_;
  int count_ = 0;
  httplib::Request last_;
};

struct Reply {
  long status = 0;
  long version = 0;  // of HTTP, as libcurl's CURLOPT_HTTP_VERSION names it
  std::string headers;
  std::string body;
};

inline void replace_all(std::string& text, std::string_view name, std::string_view value) {
  for (auto at = text.find(name); at != std::string::npos;
       at = text.find(name, at + value.size())) {
    text.replace(at, name.size(), value);
  }
}

// ProxyTest runs a backend, the daemon and, in SetUp of a derived class, a proxy between them.
class ProxyTest : public testing::Test {
 protected:
  ProxyTest() {
    ca_.write_server_files(folder_.path(), {"shop.example"});
    std::ofstream both(folder_.path() / "both.pem");
    for (const auto* name : {"certificate.pem", "key.pem"}) {
      both << test::contents(folder_.path() / name);
    }
  }

  static constexpr std::string_view kConfig = R"(
[server]
trusted_proxies = ["127.0.0.1"]
[defaults]
unsigned = "challenge"
replay = true
require = { components = ["@method", "@path"] }
[[routes]]
name = "open"
paths = ["/open/*"]
unsigned = "allow"
replay = false
require = {}
[[routes]]
name = "off"
paths = ["/off"]
mode = "off"
[[routes]]
name = "limited"
paths = ["/limited"]
unsigned = "allow"
replay = false
limit = "slow"
[limits.slow]
requests = 1
per = "24h"
)";

  // start_authd starts the daemon, by itself on any port. The proxy's port stays where it is given.
  void start_authd(HeaderStyle style, RefusalStatus refusal, std::uint16_t port = 0,
                   std::uint16_t proxy_port = test::free_port()) {
    auto resolver = std::make_shared<StaticResolver>(directory::registered_domain);
    agent_.add_to(*resolver);
    port_ = proxy_port;
    auto config = guard::parse_config(kConfig);
    ASSERT_TRUE(config) << guard::to_text(config.error());
    config->server.authorities = Authorities::of({"shop.example", authority()}).value();
    // What the tests sign in the second of the start is not what they are about.
    auto created = Guard::create(
        *config, {.resolver = resolver, .started = wall_clock() - std::chrono::minutes(1)});
    ASSERT_TRUE(created) << guard::to_text(created.error());
    auto authd = Authd::start(*std::move(created),
                              {.port = port, .threads = 2, .style = style, .refusal = refusal});
    ASSERT_TRUE(authd) << authd.error();
    authd_ = *std::move(authd);
  }

  // example gives a shipped configuration with its names filled in.
  [[nodiscard]] std::string example(std::string_view name, std::uint16_t authd_port) const {
    std::string text = test::contents(
        std::string(WBA_SOURCE_DIR "/server-plugin/forward-auth/examples/").append(name));
    const auto& run = folder_.path().string();
    replace_all(text, "@RUN@", run);
    replace_all(text, "origin.example", "shop.example");
    replace_all(text, "@PORT@", std::to_string(port_));
    // HAProxy takes both in one file.
    replace_all(text, "@CERTIFICATE@",
                run + (name == "haproxy.cfg" ? "/both.pem" : "/certificate.pem"));
    replace_all(text, "@KEY@", run + "/key.pem");
    replace_all(text, "@AUTHD@", "127.0.0.1:" + std::to_string(authd_port));
    replace_all(text, "@BACKEND@", "127.0.0.1:" + std::to_string(backend_.port()));
    return text;
  }

  [[nodiscard]] std::string log() const { return test::contents(folder_.path() / "error.log"); }

  [[nodiscard]] std::string authority() const { return "shop.example:" + std::to_string(port_); }

  // send uses `request_target` on the request line in place of the request's.
  Reply send(const OwnedRequest& request, long version = CURL_HTTP_VERSION_1_1,
             const std::string& request_target = {}) {
    Reply reply;
    CURL* curl = curl_easy_init();
    const std::string url = "https://" + authority() + request.target;
    curl_slist* resolve = curl_slist_append(
        nullptr, ("shop.example:" + std::to_string(port_) + ":127.0.0.1").c_str());
    curl_slist* headers = nullptr;
    for (const auto& [name, value] : request.fields)
      headers = curl_slist_append(headers, (name + ": " + value).c_str());
    const auto write = +[](char* data, std::size_t size, std::size_t count, void* into) {
      static_cast<std::string*>(into)->append(data, size * count);
      return size * count;
    };
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    if (!request_target.empty())
      curl_easy_setopt(curl, CURLOPT_REQUEST_TARGET, request_target.c_str());
    curl_easy_setopt(curl, CURLOPT_RESOLVE, resolve);
    curl_easy_setopt(curl, CURLOPT_CAINFO, ca_.file().c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (request.body) {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body->size()));
      curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, request.body->c_str());
    }
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, version);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    if (!client_address_.empty())
      curl_easy_setopt(curl, CURLOPT_INTERFACE, client_address_.c_str());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, write);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply.body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, write);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &reply.headers);
    const CURLcode code = curl_easy_perform(curl);
    EXPECT_EQ(code, CURLE_OK) << curl_easy_strerror(code) << log();
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
    curl_easy_getinfo(curl, CURLINFO_HTTP_VERSION, &reply.version);
    // Libcurl tells the version of an answer in other numbers than it is asked for one.
    if (reply.version == CURL_HTTP_VERSION_2_0) reply.version = CURL_HTTP_VERSION_2TLS;
    curl_slist_free_all(headers);
    curl_slist_free_all(resolve);
    curl_easy_cleanup(curl);
    for (char& c : reply.headers)
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return reply;
  }

  OwnedRequest make_signed(std::string target = "/", std::string method = "GET") {
    OwnedRequest request{
        .method = std::move(method), .authority = authority(), .target = std::move(target)};
    agent_.sign(request, wall_clock());
    return request;
  }

  test::TestFolder folder_;
  test::TestCa ca_;
  Agent agent_;
  Backend backend_;
  std::unique_ptr<Authd> authd_;
  std::uint16_t port_ = 0;
  std::string client_address_;  // whence `send` sends; empty: 127.0.0.1
  test::ChildProcess proxy_;
};

}  // namespace wba::forward_auth

#endif  // WBA_TESTS_INTEROP_FORWARD_AUTH_SUPPORT_H_
