// How paths are read, and what fits which pattern.

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wba/http/path_pattern.h>

#include "support/allocation_counter.h"

namespace wba::http {
namespace {

Fit fit(std::string_view pattern, std::string_view path, Spelling spelling = Spelling::any) {
  EXPECT_TRUE(is_path_pattern(pattern)) << pattern;
  PathReadings readings;
  readings.read(path);
  return PathPatterns({std::string(pattern)}, spelling).fit(readings);
}

struct PathCase {
  std::string_view pattern;
  std::string_view path;
  Fit fit;
};

TEST(PathPattern, FitsOnSegmentBordersInEveryReading) {
  constexpr PathCase cases[] = {
      {"/a", "/a", Fit::yes},
      {"/a", "/ab", Fit::no},
      {"/a/*", "/a", Fit::yes},
      {"/a/*", "/a/", Fit::yes},
      {"/a/*", "/a/b/c", Fit::yes},
      {"/a/*", "/ab", Fit::no},
      {"/*", "/", Fit::yes},
      {"/*", "*", Fit::yes},
      {"/*", "/a%zz", Fit::yes},
      {"/", "/", Fit::yes},
      // the encoding of an unreserved character means nothing
      {"/admin/*", "/%61dmin/x", Fit::yes},
      {"/caf%C3%A9", "/caf%c3%a9", Fit::yes},
      {"/caf%C3%A9", "/caf\xc3\xa9", Fit::yes},
      // every reading is below
      {"/public/*", "/public/a%2Fb", Fit::yes},
      {"/public/*", "/public//x", Fit::yes},
      {"/public/*", "/public/./x", Fit::yes},
      {"/public/*", "/public/a%20b;c", Fit::yes},
      {"/public/*", "/public/x%253Fy", Fit::yes},
      // what one server decodes and another does not
      {"/admin/*", "/admin%2Fx", Fit::unclear},
      {"/admin/*", "//admin/x", Fit::unclear},
      {"/admin/*", "/./admin/x", Fit::unclear},
      {"/admin/*", "/public/../admin", Fit::unclear},
      {"/admin/*", "/public/%2e%2e/admin", Fit::unclear},
      {"/admin/*", "/../../admin", Fit::unclear},
      {"/admin/*", "/admin\\x", Fit::unclear},
      {"/admin/*", "/admin;x=1/y", Fit::unclear},
      {"/admin/*", "/admin%3bx=1/y", Fit::unclear},
      {"/admin/*", "/x%c0%afadmin", Fit::unclear},
      // what is decoded twice, or taken for a target once it is decoded
      {"/admin/*", "/%2561dmin", Fit::unclear},
      {"/admin/*", "/admin%252Fx", Fit::unclear},
      {"/public/*", "/public/%252e%252e/admin", Fit::unclear},
      {"/admin", "/admin%3Fx", Fit::unclear},
      {"/admin", "/admin%23x", Fit::unclear},
      {"/admin", "/%2561dmin%3Fx", Fit::unclear},
      {"/admin", "/x%3F/admin", Fit::no},
  };
  for (const auto& c : cases)
    EXPECT_EQ(fit(c.pattern, c.path), c.fit) << c.pattern << " " << c.path;
}

TEST(PathPattern, FitsUnclearlyWhatDiffersInCaseOrASlashAtTheEnd) {
  constexpr PathCase cases[] = {
      {"/api/orders/*", "/API/Orders/1", Fit::unclear},
      {"/API/Orders/*", "/api/orders/1", Fit::unclear},
      {"/API/Orders/*", "/API/Orders/x", Fit::yes},
      {"/api/*", "/api/Orders", Fit::yes},  // below, case is the server's
      {"/transfer", "/transfer/", Fit::unclear},
      {"/transfer", "/transfer//", Fit::unclear},
      {"/transfer", "/transfer%2F", Fit::unclear},
      {"/transfer/", "/transfer", Fit::unclear},
      {"/transfer/", "/transfer/", Fit::yes},
      {"/transfer", "/TRANSFER", Fit::unclear},
      {"/transfer", "/Transfer/", Fit::unclear},
      {"/transfer", "/%54ransfer", Fit::unclear},
      {"/transfer", "/x/../TRANSFER/", Fit::unclear},
      {"/transfer", "/%2554RANSFER", Fit::unclear},
      {"/transfer", "/transfer/x", Fit::no},
      {"/", "//", Fit::unclear},
      {"/a%20b", "/A%20b", Fit::unclear},
      // letters beyond ASCII
      {"/caf%C3%A9", "/caf%C3%89", Fit::unclear},
      {"/caf%C3%89", "/CAF\xc3\xa9/", Fit::unclear},
      {"/caf%C3%A9", "/caf%C3%A8", Fit::no},
      {"/%D0%BE%D0%BF%D0%BB", "/%D0%9E%D0%9F%D0%9B", Fit::unclear},
      {"/%D0%BE%D0%BF%D0%BB", "/%D1%83%D1%81%D0%BB", Fit::no},
      {"/transfer", "/tran%C5%BFfer", Fit::unclear},
      {"/key", "/%E2%84%AAey", Fit::unclear},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(fit(c.pattern, c.path), c.fit) << c.pattern << " " << c.path;
  }
}

TEST(PathPattern, TellsCaseAndSlashApartForAnExactServer) {
  constexpr PathCase cases[] = {
      {"/transfer", "/transfer", Fit::yes},
      {"/transfer", "/transfer/", Fit::no},
      {"/transfer", "/TRANSFER", Fit::no},
      {"/transfer/", "/transfer", Fit::no},
      {"/api/*", "/API/x", Fit::no},
      // it still decodes, or does not
      {"/api/*", "/api%2Fx", Fit::unclear},
      {"/api/*", "/%2561pi", Fit::unclear},
      {"/api/*", "/x/..;/api", Fit::unclear},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(fit(c.pattern, c.path, Spelling::exact), c.fit) << c.pattern << " " << c.path;
  }
}

TEST(PathPattern, MethodsThatDifferInCaseOnlyAreUnclear) {
  const std::vector<std::string> named{"POST", "PUT"};
  EXPECT_EQ(fit_method(named, "POST"), Fit::yes);
  EXPECT_EQ(fit_method(named, "post"), Fit::unclear);
  EXPECT_EQ(fit_method(named, "Put"), Fit::unclear);
  EXPECT_EQ(fit_method(named, "GET"), Fit::no);
  EXPECT_EQ(fit_method(named, "POSTS"), Fit::no);
  EXPECT_EQ(fit_method({}, "post"), Fit::yes);
  EXPECT_EQ(fit_method(named, "post", Spelling::exact), Fit::no);
  EXPECT_EQ(fit_method(named, "PUT", Spelling::exact), Fit::yes);
}

TEST(PathReadings, OfPathsThatWereReadBeforeAllocateNothing) {
  PathReadings path;
  const auto allocations = [&](std::string_view text) {
    const auto before = test::allocation_count();
    path.read(text);
    return test::allocation_count() - before;
  };
  EXPECT_EQ(allocations("/a/path/that/is/longer/than/what/a/string/holds/in/itself"), 0U);
  for (const std::string_view text :
       {"/A/Path/That/Is/Longer/Than/What/A/String/Holds/In/Itself/",
        "/a/%2e%2e/%2541/longer/than/what/a/string/holds/in/itself"}) {
    path.read(text);
    EXPECT_EQ(allocations(text), 0U) << text;
  }
}

TEST(PathReadings, OfAUsualPathAreThePathItself) {
  PathReadings path;
  const std::string_view text = "/api/items.v2/~a+b";
  path.read(text);
  ASSERT_EQ(path.size(), 1U);
  EXPECT_EQ(path[0].exact.data(), text.data());
  EXPECT_EQ(path[0].loose.data(), text.data());
}

TEST(PathReadings, APathThatEachServerReadsInItsOwnWayIsAmbiguous) {
  constexpr std::string_view ambiguous[] = {
      // it ends at "#", or does not
      "/x#/../admin/secret", "/x#", "#",
      // no escape
      "/%u0061dmin/secret", "/admin%u002fsecret", "/a/b%zz", "/a%", "/a%2", "/a%/b", "/%2%35",
      // a control octet
      "/admin/secret%00", "/admin/secret%00.png", "/a%0d%0ab", "/a%7F", "/a%09b", "/a\x01", "/\x7f",
      // no UTF-8
      "/%c0%ae%c0%ae/admin", "/public/..%c0%afadmin", "/%e0%80%ae", "/%f0%80%80%af", "/caf%E9",
      "/\xff", "/%ed%a0%80", "/%c3", "/%25c0%25ae",
      // spaces that some drop
      "/public/..%20/admin", "/public/%20../admin", "/a/. .", "/.%20",
      // an escape even after decoding twice
      "/%252561dmin", "/%25%32%35%36%31", "/a%25u002eb",
      // what ".." takes away
      "/public/..%252fadmin", "/public/%252e%252e;/admin", "/public/..%253b/admin",
      "/x/../admin/;y/../secret", "/x/../admin//../secret", "/x/../admin/\\y/../../admin2",
      "/public%2F..%2Fadmin/x", "/admin/..%2Fpublic", "/public/..\\admin", "/admin/..;/public",
      "/admin/..;", "/a;x/..", "/a%3Bx/%2e%2E/b", "/a%5C..", "/a%5c%2e%2e", "//..", "/a//.",
      "/.//a", "..;/a", "%2f..",
      // whether the slash is in the parameter
      "/a;x%2Fsecret", "/a;x\\secret", "/a%3Bx%5csecret", "/admin;%2Fx"};
  for (const auto text : ambiguous) {
    PathReadings path;
    path.read(text);
    EXPECT_TRUE(path.is_ambiguous()) << text;
    path.read("/plain");
    EXPECT_FALSE(path.is_ambiguous());
    EXPECT_EQ(path.size(), 1U);
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
                                        "/100%25",
                                        "/a%2520b",
                                        "/%252e%252e/a",
                                        "/a%20.b",
                                        "/%2561",
                                        "/a+b",
                                        "/a%23b",
                                        "/a%3Fb",
                                        "/~a%7Eb"};
  for (const auto text : usual) {
    PathReadings path;
    path.read(text);
    EXPECT_FALSE(path.is_ambiguous()) << text;
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
  bool again = false;  // decodes twice, a gateway before it once

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
    if (again) {
      test_decode(text);
      if (resolves) text = resolved(text);
    }
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
    // at once: what an escape becomes is not decoded by the same pass
    replace_all(text, "%25", "\x01");
    replace_all(text, "%2e", ".");
    replace_all(text, "%2F", "/");
    replace_all(text, "%5C", "\\");
    replace_all(text, "%3B", ";");
    replace_all(text, "\x01", "%");
  }
  static void replace_all(std::string& text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
      text.replace(at, what.size(), by);
    }
  }
};

std::vector<Server> servers(bool again) {
  std::vector<Server> all;
  for (const auto decodes :
       {Server::Decodes::unreserved, Server::Decodes::first, Server::Decodes::last}) {
    for (const auto drops :
         {Server::Drops::nothing, Server::Drops::parameters, Server::Drops::decoded_parameters}) {
      for (int bits = 0; bits < 8; ++bits) {
        all.push_back({decodes, drops, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, again});
      }
    }
  }
  return all;
}

// Router is how a server finds what a path names: it may ignore case, and a slash at the end.
struct Router {
  bool folds;
  bool ignores_slash;

  [[nodiscard]] std::string normal(std::string_view text) const {
    std::string out(text);
    if (folds) std::ranges::transform(out, out.begin(), [](char c) { return c == 'A' ? 'a' : c; });
    if (ignores_slash && out.size() > 1 && out.ends_with('/')) out.pop_back();
    return out;
  }
  [[nodiscard]] bool fits(std::string_view pattern, std::string_view path) const {
    if (pattern == "/*") return true;
    const bool below = pattern.ends_with("/*");
    if (below) pattern.remove_suffix(2);
    const std::string base = normal(pattern);
    const std::string text = normal(path);
    return text == base || (below && text.starts_with(base + "/"));
  }
};

constexpr Router kRouters[] = {{false, false}, {true, false}, {false, true}, {true, true}};

const std::vector<std::vector<std::string>> kRoutes = {
    {"/a/b", "/b/a/*"}, {"/A/b/a", "/b/b/"}, {"/a/*", "/b"}, {"/b/*"}, {"/*"}};

// Sweep checks every path of a few pieces: if its route is clear, no server finds another.
class Sweep {
 public:
  Sweep(std::vector<std::string_view> pieces, std::vector<Server> servers)
      : pieces_(std::move(pieces)), servers_(std::move(servers)) {
    for (const auto& patterns : kRoutes) routes_.emplace_back(patterns);
  }

  void run(int depth, const std::string& text = "") {
    if (text.starts_with('/')) check(text);
    if (depth == 0 || testing::Test::HasFatalFailure()) return;
    for (const auto piece : pieces_) run(depth - 1, text + std::string(piece));
  }

  std::size_t clear = 0;
  std::size_t unlike_the_rest = 0;

 private:
  void check(const std::string& text) {
    path_.read(text);
    const auto found = std::ranges::find_if(
        routes_, [&](const auto& route) { return route.fit(path_) != Fit::no; });
    if (found->fit(path_) == Fit::unclear) return;
    ++clear;
    std::set<std::string> read;
    for (const auto& server : servers_) read.insert(server.read(text));
    for (const auto& one : read) {
      if (one != path_[0].exact && one != path_[path_.size() - 1].exact) ++unlike_the_rest;
      for (const auto& router : kRouters) {
        const auto route = std::ranges::find_if(kRoutes, [&](const auto& patterns) {
          return std::ranges::any_of(
              patterns, [&](const auto& pattern) { return router.fits(pattern, one); });
        });
        ASSERT_EQ(route - kRoutes.begin(), found - routes_.begin())
            << text << " is " << one << " for one that folds " << router.folds
            << " ignores the slash " << router.ignores_slash;
      }
    }
  }

  std::vector<std::string_view> pieces_;
  std::vector<Server> servers_;
  std::vector<PathPatterns> routes_;
  PathReadings path_;
};

TEST(PathReadings, NoServerFindsAnotherRouteForAClearPath) {
  Sweep sweep({"/a", "/b", "/..", "/.", "/", "a", "A", "..", ";", "\\", "%2F", "%2e", "%5C", "%3B"},
              servers(false));
  sweep.run(5);
  EXPECT_GT(sweep.clear, 10'000U);
  EXPECT_GT(sweep.unlike_the_rest, 10'000U);  // the readings are not all there are
}

TEST(PathReadings, NoServerThatDecodesTwiceFindsAnotherRouteForAClearPath) {
  Sweep sweep(
      {"/a", "/A", "/b", "/..", "/", "..", ";", "%2e", "%252e", "%252F", "%253B", "%25", "2e"},
      servers(true));
  sweep.run(4);
  EXPECT_GT(sweep.clear, 1'000U);
  EXPECT_GT(sweep.unlike_the_rest, 1'000U);
}

TEST(PathPattern, WhatCannotFitIsNoPattern) {
  for (const std::string_view text :
       {"",       "a",     "*",      "/a*",       "/*/a",   "/a?b",  "/a b",    "/a//b",
        "/a/./b", "/a/..", "/a%2Fb", "/a%5cb",    "/a%00",  "/a%",   "/a%zz",   "/a;b",
        "/a%3Bb", "/a%7f", "/a\\b",  "/\xc3\xa9", "/a%3Fb", "/a%23", "/caf%E9", "/..%20"}) {
    EXPECT_FALSE(is_path_pattern(text)) << text;
  }
}

TEST(PathPattern, ThePathOfEachFormOfTarget) {
  EXPECT_EQ(request_path("/a?b"), "/a");
  EXPECT_EQ(request_path(""), "/");
  EXPECT_EQ(request_path("?b"), "/");
  EXPECT_EQ(request_path("https://a.example/b/c?d"), "/b/c");
  EXPECT_EQ(request_path("https://a.example?d"), "/");
  EXPECT_EQ(request_path("*"), "*");
  // No target has a fragment: what follows "#" is left to see.
  EXPECT_EQ(request_path("/a#/../b?c"), "/a#/../b");
  EXPECT_EQ(request_path("/a?b#c"), "/a");
  EXPECT_EQ(request_path("https://a.example#/b"), "#/b");
  EXPECT_EQ(request_path("https://a.example\\b/c"), "\\b/c");
}

}  // namespace
}  // namespace wba::http
