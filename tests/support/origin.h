#ifndef WBA_TESTS_SUPPORT_ORIGIN_H_
#define WBA_TESTS_SUPPORT_ORIGIN_H_

// An HTTPS origin that verifies every request it gets, and what a test's client needs to reach it.

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <curl/curl.h>

#include <wba/curl.h>
#include <wba/key.h>
#include <wba/key_resolver.h>
#include <wba/signer.h>
#include <wba/verifier.h>

#include "support/https_server.h"

namespace wba::test {

// TestAgent is an agent with a key, known to the origins that are given its resolver.
struct TestAgent {
  explicit TestAgent(PrivateKey key = PrivateKey::generate(KeyType::ed25519).value());

  std::string url = "https://agent.test/keys";  // draft -01: the key set itself
  std::shared_ptr<const KeySigner> signer;
  std::shared_ptr<StaticResolver> resolver;
};

// Judged is a request that an origin got, and its verdict.
struct Judged {
  HttpRequest request;
  Reason reason = Reason::internal_error;
  std::vector<std::string> covered = {};
  std::string nonce = {};

  [[nodiscard]] bool verified() const { return reason == Reason::none; }
  [[nodiscard]] bool covers(std::string_view serialised) const;
  [[nodiscard]] std::size_t count(std::string_view field) const;
};

class Origin {
 public:
  using Answer = std::function<HttpReply(const Judged&)>;

  // Without `answer` everything is answered with 200 and the name of the verdict's reason.
  Origin(const TestCa& ca, const TestAgent& agent, std::string host, Answer answer = {});

  [[nodiscard]] std::string url(std::string_view target) const {
    return server_.url(host_, target);
  }
  [[nodiscard]] std::string resolve() const { return server_.resolve(host_); }
  [[nodiscard]] int connections() const { return server_.connections(); }
  [[nodiscard]] std::vector<Judged> judged() const;

 private:
  HttpReply handle(const HttpRequest& request);

  std::string host_;
  Answer answer_;
  Verifier verifier_;
  mutable std::mutex mutex_;
  std::vector<Judged> judged_;
  HttpsServer server_;
};

// judge verifies a request as its origin would, now.
[[nodiscard]] Judged judge(const Verifier& verifier, const HttpRequest& request);

[[nodiscard]] Verifier make_verifier(const TestAgent& agent);

// Handle is an easy handle that reaches origins on loopback.
class Handle {
 public:
  Handle(const TestCa& ca, std::initializer_list<const Origin*> origins);
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  [[nodiscard]] CURL* get() const { return easy_; }

  // set_up sets the same options on another handle.
  void set_up(CURL* easy) const;

 private:
  std::string ca_;
  curl_slist* resolve_ = nullptr;
  CURL* easy_;
};

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_ORIGIN_H_
