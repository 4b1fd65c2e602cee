// How the guard reads paths, and what it does where servers read them in their own ways.

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wba/http/path_pattern.h>

#include "guard_support.h"

namespace wba::guard {
namespace {

using test::Agent;
using test::GuardUnderTest;
using test::OwnedRequest;

struct PathCase {
  std::string_view pattern;
  std::string_view path;
  bool literal;
  bool decoded;
};

TEST(GuardPath, PatternsFitOnSegmentBordersInEitherReading) {
  constexpr PathCase cases[] = {
      {"/a", "/a", true, true},
      {"/a", "/a/", false, false},
      {"/a", "/ab", false, false},
      {"/a/*", "/a", true, true},
      {"/a/*", "/a/", true, true},
      {"/a/*", "/a/b/c", true, true},
      {"/a/*", "/ab", false, false},
      {"/*", "/", true, true},
      {"/*", "*", true, true},
      {"/", "/", true, true},
      // the encoding of an unreserved character means nothing
      {"/admin/*", "/%61dmin/x", true, true},
      {"/caf%C3%A9", "/caf%c3%a9", true, true},
      // what one server decodes and another does not
      {"/admin/*", "/admin%2Fx", false, true},
      {"/admin/*", "//admin/x", false, true},
      {"/admin/*", "/./admin/x", false, true},
      {"/admin/*", "/public/../admin", false, true},
      {"/admin/*", "/public/%2e%2e/admin", false, true},
      {"/admin/*", "/../../admin", false, true},
      {"/admin/*", "/admin\\x", false, true},
      {"/admin/*", "/admin;x=1/y", false, true},
      {"/admin/*", "/admin%3bx=1/y", false, true},
      {"/admin/*", "/%2561dmin", false, false},
  };
  for (const auto& c : cases) {
    ASSERT_TRUE(http::is_path_pattern(c.pattern)) << c.pattern;
    const http::PathPattern pattern(c.pattern);
    http::PathReadings path;
    path.read(c.path);
    EXPECT_FALSE(path.ambiguous) << c.path;
    EXPECT_EQ(pattern.fits_literal(path.literal), c.literal) << c.pattern << " " << c.path;
    EXPECT_EQ(pattern.fits_decoded(path.decoded), c.decoded) << c.pattern << " " << c.path;
  }
}

TEST(GuardPath, APathThatEachServerReadsInItsOwnWayIsAmbiguous) {
  constexpr std::string_view ambiguous[] = {
      // it ends at "#", or does not
      "/x#/../admin/secret", "/x#", "#",
      // no escape
      "/%u0061dmin/secret", "/admin%u002fsecret", "/a/b%zz", "/a%", "/a%2", "/a%/b", "/%2%35",
      // a control octet
      "/admin/secret%00", "/admin/secret%00.png", "/a%0d%0ab", "/a%7F", "/a%09b", "/a\x01", "/\x7f",
      // what ".." takes away
      "/x/../admin/;y/../secret", "/x/../admin//../secret", "/x/../admin/\\y/../../admin2",
      "/public%2F..%2Fadmin/x", "/admin/..%2Fpublic", "/public/..\\admin", "/admin/..;/public",
      "/admin/..;", "/a;x/..", "/a%3Bx/%2e%2E/b", "/a%5C..", "/a%5c%2e%2e", "//..", "/a//.",
      "/.//a", "..;/a", "%2f..",
      // whether the slash is in the parameter
      "/a;x%2Fsecret", "/a;x\\secret", "/a%3Bx%5csecret", "/admin;%2Fx"};
  for (const auto text : ambiguous) {
    http::PathReadings path;
    path.read(text);
    EXPECT_TRUE(path.ambiguous) << text;
    path.read("/plain");
    EXPECT_FALSE(path.ambiguous);
    EXPECT_TRUE(path.same);
  }
  constexpr std::string_view usual[] = {"/",
                                        "*",
                                        "/a",
                                        "/a/",
                                        "/a/b.c",
                                        "/.well-known/x",
                                        "/a/..b",
                                        "/a/...",
                                        "/a..",
                                        "/a.;x",
                                        "/a%20b",
                                        "/a%2Fb",
                                        "/%2f",
                                        "/a//b",
                                        "//",
                                        "//a%2Fb",
                                        "/a;x=1/b",
                                        "/a;",
                                        "/;..x",
                                        "/a%3Bb",
                                        "/a;x//b",
                                        "/a;b/c%2Fd",
                                        "/a\\b",
                                        "/a%5Cb//c;d",
                                        "/a/../b",
                                        "/a/./b",
                                        "/%2e%2e/a",
                                        "/a/%2E",
                                        "/..",
                                        ".",
                                        "/caf%C3%A9/../%20",
                                        "/caf\xc3\xa9",
                                        "/a%25b",
                                        "/%2561",
                                        "/a+b",
                                        "/a%23b",
                                        "/a%3Fb",
                                        "/~a%7Eb"};
  for (const auto text : usual) {
    http::PathReadings path;
    path.read(text);
    EXPECT_FALSE(path.ambiguous) << text;
  }
}

// Server is one way to find out what a path names, of those that servers have.
struct Server {
  enum class Decodes : std::uint8_t { unreserved, first, last };
  enum class Drops : std::uint8_t { nothing, parameters, decoded_parameters };
  Decodes decodes;
  Drops drops;
  bool merges;
  bool knows_backslash;
  bool resolves;

  [[nodiscard]] std::string read(std::string_view path) const {
    std::string text(path);
    if (drops == Drops::parameters) drop_parameters(text);
    if (decodes == Decodes::first) {
      test_decode(text);
    } else {
      replace_all(text, "%2e", ".");
    }
    if (drops == Drops::decoded_parameters) drop_parameters(text);
    if (knows_backslash) replace_all(text, "\\", "/");
    if (merges) {
      for (auto at = text.find("//"); at != std::string::npos; at = text.find("//"))
        text.erase(at, 1);
    }
    if (resolves) text = resolved(text);
    if (decodes == Decodes::last) test_decode(text);
    return text;
  }

  // RFC 3986 section 5.2.4.
  static std::string resolved(std::string_view text) {
    std::vector<std::string_view> segments;
    bool ends_in_slash = false;
    while (!text.empty()) {
      text.remove_prefix(1);
      const auto segment = text.substr(0, text.find('/'));
      text.remove_prefix(segment.size());
      ends_in_slash = segment == "." || segment == "..";
      if (segment == "..") {
        if (!segments.empty()) segments.pop_back();
      } else if (segment != ".") {
        segments.push_back(segment);
      }
    }
    std::string out;
    for (const auto segment : segments) out.append("/").append(segment);
    if (ends_in_slash) out.append("/");
    return out;
  }
  static void drop_parameters(std::string& text) {
    for (auto at = text.find(';'); at != std::string::npos; at = text.find(';', at)) {
      text.erase(at, std::min(text.find('/', at), text.size()) - at);
    }
  }
  static void test_decode(std::string& text) {
    replace_all(text, "%2e", ".");
    replace_all(text, "%2F", "/");
    replace_all(text, "%5C", "\\");
    replace_all(text, "%3B", ";");
  }
  static void replace_all(std::string& text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
      text.replace(at, what.size(), by);
    }
  }
};

std::vector<Server> servers() {
  std::vector<Server> all;
  for (const auto decodes :
       {Server::Decodes::unreserved, Server::Decodes::first, Server::Decodes::last}) {
    for (const auto drops :
         {Server::Drops::nothing, Server::Drops::parameters, Server::Drops::decoded_parameters}) {
      for (int bits = 0; bits < 8; ++bits) {
        all.push_back({decodes, drops, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0});
      }
    }
  }
  return all;
}

// Every path of up to five such pieces, every such server: where both readings lead to one route,
// there is none that another leads to.
TEST(GuardPath, NoServerReadsAClearPathAsAnothersRoute) {
  const std::vector<std::vector<http::PathPattern>> routes = {
      {http::PathPattern("/a/b"), http::PathPattern("/b/a/*")},
      {http::PathPattern("/a/*"), http::PathPattern("/b")},
      {http::PathPattern("/b/*")},
      {http::PathPattern("/*")}};
  const auto first = [&](auto fits) {
    return std::ranges::find_if(
        routes, [&](const auto& patterns) { return std::ranges::any_of(patterns, fits); });
  };
  constexpr std::string_view pieces[] = {"/a", "/b", "/..", "/.",  "/",   "a",  "..",
                                         ";",  "\\", "%2F", "%2e", "%5C", "%3B"};
  const auto all = servers();
  std::size_t clear = 0;
  std::size_t unlike_the_rest = 0;
  const auto check = [&](const std::string& text) {
    http::PathReadings path;
    path.read(text);
    if (path.ambiguous) return;
    const auto literal = first([&](const auto& p) { return p.fits_literal(path.literal); });
    const auto decoded = first([&](const auto& p) { return p.fits_decoded(path.decoded); });
    if (literal != decoded) return;
    ++clear;
    for (const auto& server : all) {
      const auto read = server.read(text);
      if (read != path.literal && read != path.decoded) ++unlike_the_rest;
      const auto found = first([&](const auto& p) { return p.fits_decoded(read); });
      ASSERT_EQ(found - routes.begin(), literal - routes.begin())
          << text << " is " << read << " for one that decodes " << int(server.decodes) << " drops "
          << int(server.drops) << " merges " << server.merges << " knows backslash "
          << server.knows_backslash << " resolves " << server.resolves;
    }
  };
  const auto grow = [&](const auto& self, const std::string& text, int depth) -> void {
    if (!text.empty() && text.front() == '/') check(text);
    if (depth == 0 || testing::Test::HasFatalFailure()) return;
    for (const auto piece : pieces) self(self, text + std::string(piece), depth - 1);
  };
  grow(grow, "", 5);
  EXPECT_GT(clear, 10'000U);
  EXPECT_GT(unlike_the_rest, 10'000U);  // the two readings are not all there are
}

TEST(GuardPath, WhatCannotFitIsNoPattern) {
  for (const std::string_view text :
       {"",      "a",      "*",      "/a*",    "/*/a",   "/a?b",     "/a b",
        "/a//b", "/a/./b", "/a/..",  "/a%2Fb", "/a%5cb", "/a%00",    "/a%",
        "/a%zz", "/a;b",   "/a%3Bb", "/a%7f",  "/a\\b",  "/\xc3\xa9"}) {
    EXPECT_FALSE(http::is_path_pattern(text)) << text;
  }
}

TEST(GuardPath, ThePathOfEachFormOfTarget) {
  EXPECT_EQ(http::request_path("/a?b"), "/a");
  EXPECT_EQ(http::request_path(""), "/");
  EXPECT_EQ(http::request_path("?b"), "/");
  EXPECT_EQ(http::request_path("https://a.example/b/c?d"), "/b/c");
  EXPECT_EQ(http::request_path("https://a.example?d"), "/");
  EXPECT_EQ(http::request_path("*"), "*");
  // No target has a fragment: what follows "#" is left to see.
  EXPECT_EQ(http::request_path("/a#/../b?c"), "/a#/../b");
  EXPECT_EQ(http::request_path("/a?b#c"), "/a");
  EXPECT_EQ(http::request_path("https://a.example#/b"), "#/b");
  EXPECT_EQ(http::request_path("https://a.example\\b/c"), "\\b/c");
}

// Servers do not agree on what these are. See path_pattern.h.
constexpr const char* kAmbiguous[] = {
    "/x/../admin/;y/../secret", "/x/../admin//../secret", "/x/../admin/\\y/../../admin2",
    "/x#/../admin/secret",      "/%u0061dmin/secret",     "/admin%u002fsecret",
    "/admin/secret%00",         "/admin/secret%00.png",   "/x/..%2Fadmin/secret",
};

TEST(GuardAmbiguousPath, IsRefusedWhereARouteHasPaths) {
  const Agent agent;
  GuardUnderTest guard(R"(
[defaults]
unsigned = "allow"
[[routes]]
name = "admin"
paths = ["/admin/*"]
unsigned = "challenge"
)",
                       {&agent});
  for (const auto* target : kAmbiguous) {
    for (const bool is_signed : {false, true}) {
      OwnedRequest request{.target = target};
      if (is_signed) agent.sign(request);
      const auto& decision = guard.decide(request);
      EXPECT_EQ(decision.action, Action::refuse) << target;
      EXPECT_EQ(decision.status, 400) << target;
      EXPECT_EQ(decision.record.cause, Cause::path_unclear) << target;
      EXPECT_EQ(decision.record.route, "") << target;
      EXPECT_FALSE(decision.is_verified());
    }
  }
  for (const auto* target :
       {"/a%2Fb", "/a//b", "/a;x=1/b", "/a%20b", "/x?a#b", "/x/../y", "/a\\b"}) {
    OwnedRequest request{.target = target};
    const auto& decision = guard.decide(request);
    EXPECT_EQ(decision.action, Action::pass) << target;
    EXPECT_EQ(decision.record.route, "default") << target;
  }
}

TEST(GuardAmbiguousPath, IsRecordedAsUnclearWhereItIsOnlyObserved) {
  GuardUnderTest guard(R"(
[defaults]
unsigned = "allow"
mode = "observe"
[[routes]]
name = "admin"
paths = ["/admin/*"]
)",
                       {});
  for (const auto* target : kAmbiguous) {
    OwnedRequest request{.target = target};
    const auto& decision = guard.decide(request);
    EXPECT_EQ(decision.action, Action::pass) << target;
    EXPECT_EQ(decision.status, 200) << target;
    EXPECT_EQ(decision.record.mode, Mode::observe) << target;
    EXPECT_EQ(decision.record.decided, Action::refuse) << target;
    EXPECT_EQ(decision.record.cause, Cause::path_unclear) << target;
    EXPECT_EQ(decision.record.route, "") << target;
  }
}

// The last of the routes counts too, and none that is for other methods.
TEST(GuardAmbiguousPath, IsTreatedByTheStrictestOfItsRoutes) {
  GuardUnderTest guard(R"(
[defaults]
unsigned = "allow"
mode = "off"
[[routes]]
name = "off"
paths = ["/off"]
mode = "off"
[[routes]]
name = "deleted"
methods = ["DELETE"]
mode = "off"
[[routes]]
name = "posted"
paths = ["/posted/*"]
methods = ["POST", "DELETE"]
mode = "enforce"
[[routes]]
name = "put"
paths = ["/put"]
methods = ["PUT"]
mode = "observe"
)",
                       {});
  struct Case {
    const char* method;
    Mode mode;
    Action action;
    Cause cause;
  };
  for (const auto& c : {Case{"GET", Mode::off, Action::pass, Cause::none},
                        Case{"DELETE", Mode::off, Action::pass, Cause::none},
                        Case{"PUT", Mode::observe, Action::pass, Cause::path_unclear},
                        Case{"POST", Mode::enforce, Action::refuse, Cause::path_unclear}}) {
    OwnedRequest request{.method = c.method, .target = "/off/%zz"};
    const auto& decision = guard.decide(request);
    EXPECT_EQ(decision.record.mode, c.mode) << c.method;
    EXPECT_EQ(decision.action, c.action) << c.method;
    EXPECT_EQ(decision.record.cause, c.cause) << c.method;
  }
}

TEST(GuardAmbiguousPath, IsAsGoodAsAnyWhereNoPathCounts) {
  GuardUnderTest guard(R"(
[defaults]
unsigned = "allow"
[[routes]]
name = "posted"
methods = ["POST"]
unsigned = "deny"
[[routes]]
name = "all"
paths = ["/one", "/*"]
)",
                       {});
  for (const auto* target : kAmbiguous) {
    OwnedRequest got{.target = target};
    EXPECT_EQ(guard.decide(got).action, Action::pass) << target;
    EXPECT_EQ(guard.decide(got).record.route, "all") << target;
    OwnedRequest posted{.method = "POST", .target = target};
    EXPECT_EQ(guard.decide(posted).status, 403) << target;
    EXPECT_EQ(guard.decide(posted).record.cause, Cause::none) << target;
  }
}

}  // namespace
}  // namespace wba::guard
