// The fault server itself, seen through libcurl: a test that trusts it must be able to.

#include <string>

#include <curl/curl.h>
#include <gtest/gtest.h>

#include "support/https_server.h"

namespace {

using wba::test::Fault;
using wba::test::HttpRequest;
using wba::test::HttpsServer;
using wba::test::TestCa;

std::size_t collect(char* data, std::size_t one, std::size_t size, void* out) {
  static_cast<std::string*>(out)->append(data, size);
  return one * size;
}

struct Fetched {
  CURLcode code = CURLE_OK;
  long status = 0;
  std::string body;
};

Fetched fetch(const TestCa& ca, const HttpsServer& server, const std::string& host) {
  Fetched result;
  CURL* curl = curl_easy_init();
  curl_slist* resolve = curl_slist_append(nullptr, server.resolve(host).c_str());
  curl_easy_setopt(curl, CURLOPT_URL, server.url(host, "/").c_str());
  curl_easy_setopt(curl, CURLOPT_CAINFO, ca.file().c_str());
  curl_easy_setopt(curl, CURLOPT_RESOLVE, resolve);
  curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 3000L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &result.body);
  result.code = curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &result.status);
  curl_slist_free_all(resolve);
  curl_easy_cleanup(curl);
  return result;
}

TEST(HttpsServer, GoodAnswerArrivesOverVerifiedTls) {
  const TestCa ca;
  const HttpsServer server(ca, {"agent.test"}, [](const HttpRequest& request) {
    return wba::test::directory_reply(request.method + " " + request.target);
  });
  const Fetched got = fetch(ca, server, "agent.test");
  EXPECT_EQ(got.code, CURLE_OK) << curl_easy_strerror(got.code);
  EXPECT_EQ(got.body, "GET /");
  EXPECT_EQ(server.requests(), 1);
  EXPECT_EQ(server.last_request().field("accept"), "*/*");
}

TEST(HttpsServer, WrongHostNameAndExpiredCertificateFailTls) {
  const TestCa ca;
  const auto handler = [](const HttpRequest&) { return wba::test::directory_reply("{}"); };
  const HttpsServer other(ca, {"other.test"}, handler);
  EXPECT_EQ(fetch(ca, other, "agent.test").code, CURLE_PEER_FAILED_VERIFICATION);
  const HttpsServer expired(ca, {"agent.test"}, handler, {.expired_certificate = true});
  EXPECT_EQ(fetch(ca, expired, "agent.test").code, CURLE_PEER_FAILED_VERIFICATION);
  EXPECT_EQ(other.requests() + expired.requests(), 0);
}

TEST(HttpsServer, KeepsAConnectionAndReadsBodiesWhereAskedTo) {
  const TestCa ca;
  const HttpsServer server(
      ca, {"agent.test"},
      [](const HttpRequest& request) { return wba::test::directory_reply(request.body); },
      {.keep_alive = true});
  CURL* curl = curl_easy_init();
  curl_slist* resolve = curl_slist_append(nullptr, server.resolve("agent.test").c_str());
  curl_slist* chunked = curl_slist_append(nullptr, "Transfer-Encoding: chunked");
  std::string body;
  curl_easy_setopt(curl, CURLOPT_URL, server.url("agent.test", "/").c_str());
  curl_easy_setopt(curl, CURLOPT_CAINFO, ca.file().c_str());
  curl_easy_setopt(curl, CURLOPT_RESOLVE, resolve);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 5000L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  const std::string large(100000, 'x');
  for (const std::string& sent : {std::string("first"), large}) {
    body.clear();
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(sent.size()));
    curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, sent.c_str());
    EXPECT_EQ(curl_easy_perform(curl), CURLE_OK);
    EXPECT_EQ(body, sent);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, chunked);
  }
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(server.requests(), 2);
  curl_slist_free_all(resolve);
  curl_slist_free_all(chunked);
  curl_easy_cleanup(curl);
}

TEST(HttpsServer, GzipDecodes) {
  const TestCa ca;
  const HttpsServer server(ca, {"agent.test"}, [](const HttpRequest&) {
    return wba::test::directory_reply(wba::test::gzip_stored("hello"),
                                      {{"Content-Encoding", "gzip"}});
  });
  const Fetched got = fetch(ca, server, "agent.test");
  EXPECT_EQ(got.code, CURLE_OK) << curl_easy_strerror(got.code);
  EXPECT_EQ(got.body, "hello");
}

TEST(HttpsServer, EveryFaultIsWhatItSays) {
  const TestCa ca;
  for (const Fault kind : wba::test::all_faults) {
    const HttpsServer server(ca, {"agent.test"}, [&](const HttpRequest&) {
      return wba::test::fault(kind, R"({"keys":[{"kty":"OKP"}]})");
    });
    const Fetched got = fetch(ca, server, "agent.test");
    switch (kind) {
      case Fault::stall:
      case Fault::drip:
        EXPECT_EQ(got.code, CURLE_OPERATION_TIMEDOUT) << to_string(kind);
        break;
      case Fault::close_early:
      case Fault::no_reply:
      case Fault::long_length:
        EXPECT_NE(got.code, CURLE_OK) << to_string(kind);
        break;
      case Fault::gzip_bomb:
        EXPECT_GE(got.body.size(), 8U << 20U);
        break;
      case Fault::redirect:
        EXPECT_EQ(got.status, 302);
        break;
      case Fault::not_modified:
        EXPECT_EQ(got.status, 304);
        break;
      case Fault::not_found:
        EXPECT_EQ(got.status, 404);
        break;
      case Fault::not_acceptable:
        EXPECT_EQ(got.status, 406);
        break;
      case Fault::too_many_requests:
        EXPECT_EQ(got.status, 429);
        break;
      case Fault::server_error:
        EXPECT_EQ(got.status, 500);
        break;
      case Fault::no_content:
        EXPECT_EQ(got.status, 204);
        break;
      case Fault::short_length:
      case Fault::endless_chunks:
      case Fault::wrong_media_type:
      case Fault::html:
      case Fault::not_json:
      case Fault::empty_set:
      case Fault::many_keys:
      case Fault::deep_json:
        EXPECT_EQ(got.code, CURLE_OK) << to_string(kind);
        EXPECT_EQ(got.status, 200) << to_string(kind);
        break;
    }
    EXPECT_EQ(server.requests(), 1) << to_string(kind);
  }
}

}  // namespace
