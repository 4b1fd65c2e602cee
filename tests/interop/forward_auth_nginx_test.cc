// What nginx does of its own with a site, against wba-authd: caches and large bodies.

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
};

INSTANTIATE_TEST_SUITE_P(Proxies, NginxSiteTest, testing::Values(proxies[0]),
                         [](const auto& test) { return test.param.name; });

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
