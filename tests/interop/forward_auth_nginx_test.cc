// What nginx does of its own with a site, against wba-authd: internal redirects, caches, new
// locations and large bodies.

#include "forward_auth_proxies.h"

namespace wba::forward_auth {
namespace {

class NginxSiteTest : public ForwardAuthTest {
 protected:
  // restart runs nginx with another text in place of `what`. @RUN@ is the test's folder.
  void restart(std::string_view what, std::string replacement) {
    replace_all(replacement, "@RUN@", folder_.path().string());
    proxy_.stop();
    start_proxy(authd_->port(), what, replacement);
  }

  // serve_files has nginx serve a folder in place of the backend, with more lines in its location.
  void serve_files(const std::string& more) {
    const auto folder = folder_.path() / "www";
    std::filesystem::create_directory(folder);
    std::ofstream(folder / "index.html") << "the index";
    std::ofstream(folder / "missing.html") << "no such page";
    restart("proxy_pass http://backend;", "root @RUN@/www; index index.html;" + more);
  }
};

INSTANTIATE_TEST_SUITE_P(Proxies, NginxSiteTest, testing::Values(proxies[0]),
                         [](const auto& test) { return test.param.name; });

// nginx runs its checks again after an internal redirect.
TEST_P(NginxSiteTest, ARequestIsOneUseOfItsNonceOverInternalRedirects) {
  serve_files(
      "error_page 403 = @refused; error_page 404 /missing.html; error_page 405 =405 "
      "/missing.html;");
  for (const long version : kVersions) {
    const auto request = make_signed("/");
    EXPECT_EQ(send(request, version).body, "the index") << log();
    EXPECT_EQ(send(request, version).status, 429);
    const auto missing = send(make_signed("/nothing"), version);
    EXPECT_EQ(missing.status, 404) << log();
    EXPECT_EQ(missing.body, "no such page");
    // error_page makes a GET of it.
    const auto posted = send(make_signed("/index.html", "POST"), version);
    EXPECT_EQ(posted.status, 405) << log();
    EXPECT_EQ(posted.body, "no such page");
  }
}

TEST_P(NginxSiteTest, ARequestIsOneUseOfItsNonceOverTryFiles) {
  serve_files("try_files $uri /index.html;");
  for (const long version : kVersions) {
    const auto request = make_signed("/app/route");
    EXPECT_EQ(send(request, version).body, "the index") << log();
    EXPECT_EQ(send(request, version).status, 429);
  }
}

TEST_P(NginxSiteTest, ARequestIsOneOfItsRateOverInternalRedirects) {
  serve_files("try_files $uri /index.html;");
  EXPECT_EQ(send({.target = "/limited"}).status, 200) << log();
  EXPECT_EQ(send({.target = "/limited"}).status, 429);
}

// A site that caches what its backend says.
TEST_P(NginxSiteTest, ADecisionIsNotCachedWithTheSite) {
  restart("  upstream backend {",
          "  proxy_cache_path @RUN@/cache keys_zone=site:1m;\n  proxy_cache site;\n"
          "  proxy_cache_valid any 10m;\n  proxy_ignore_headers Cache-Control;\n"
          "  upstream backend {");
  EXPECT_EQ(send(make_signed("/page")).status, 200) << log();
  EXPECT_EQ(send({.target = "/page"}).status, 403);
  EXPECT_EQ(send(make_signed("/page")).status, 200);
  // The page itself is.
  EXPECT_EQ(backend_.count(), 1);
}

TEST_P(NginxSiteTest, ALocationThatIsAddedIsGuardedToo) {
  restart("    location / {", "    location /new { proxy_pass http://backend; }\n    location / {");
  EXPECT_EQ(send({.target = "/new"}).status, 403) << log();
  EXPECT_EQ(backend_.count(), 0);
  auto request = make_signed("/new");
  request.fields.emplace_back("X-Agent-Domain", "spoofed");
  EXPECT_EQ(send(request).status, 200) << log();
  EXPECT_EQ(backend_.last().get_header_value("X-Agent-Identity"), agent_.url());
  EXPECT_EQ(backend_.last().get_header_value("X-Agent-Domain"), "bot.example");
}

// nginx's own limit is 1 MB, and counts for the question unless it says otherwise.
TEST_P(NginxSiteTest, AnUploadIsAsLargeAsTheSiteAllows) {
  restart("    location / {", "    location / {\n      client_max_body_size 50m;");
  auto request = make_signed("/orders", "POST");
  request.body = std::string(2'000'000, 'b');
  request.fields.emplace_back("Content-Type", "application/octet-stream");
  EXPECT_EQ(send(request).status, 200) << log();
  EXPECT_EQ(backend_.last().body.size(), 2'000'000U);
}

}  // namespace
}  // namespace wba::forward_auth
