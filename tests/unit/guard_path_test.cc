// What the guard does with paths and methods that servers read in their own ways.

#include <string>

#include <gtest/gtest.h>

#include "guard_support.h"

namespace wba::guard {
namespace {

using test::Agent;
using test::GuardUnderTest;
using test::OwnedRequest;

// Servers do not agree on what these are. See wba/http/path_pattern.h.
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

// As a site for people protects what only agents may do.
constexpr std::string_view kOrders = R"(
[defaults]
unsigned = "allow"
[[routes]]
name = "orders"
paths = ["/api/orders/*", "/transfer"]
methods = ["POST", "PUT", "DELETE"]
unsigned = "deny"
)";

struct SpellingCase {
  const char* method;
  const char* target;
  int status;
  Cause cause;
  int exact_status;  // of a backend that tells spellings apart
};

constexpr SpellingCase kSpellings[] = {
    {"POST", "/api/orders/1", 403, Cause::none, 403},
    {"POST", "/transfer", 403, Cause::none, 403},
    {"POST", "/API/Orders/1", 400, Cause::path_unclear, 200},
    {"POST", "/transfer/", 400, Cause::path_unclear, 200},
    {"POST", "/TRANSFER", 400, Cause::path_unclear, 200},
    {"POST", "/Transfer/?a=b", 400, Cause::path_unclear, 200},
    {"POST", "https://shop.example/TRANSFER", 400, Cause::path_unclear, 200},
    {"POST", "/%54ransfer", 400, Cause::path_unclear, 200},
    {"POST", "/x/..%2FTRANSFER", 400, Cause::path_unclear, 400},
    {"POST", "/x/%2e%2e/transfer/", 400, Cause::path_unclear, 200},
    {"POST", "/%2574ransfer", 400, Cause::path_unclear, 400},
    {"POST", "/transfer%3Fx", 400, Cause::path_unclear, 400},
    {"POST", "/tran%C5%BFfer", 400, Cause::path_unclear, 200},
    {"post", "/api/orders/1", 400, Cause::method_unclear, 200},
    {"Delete", "/transfer", 400, Cause::method_unclear, 200},
    {"post", "/TRANSFER", 400, Cause::path_unclear, 200},
    {"post", "/items", 200, Cause::none, 200},
    {"GET", "/API/Orders/1", 200, Cause::none, 200},
    {"POST", "/transfers", 200, Cause::none, 200},
    {"POST", "/Items/", 200, Cause::none, 200},
};

TEST(GuardSpelling, ThatMayReachAnotherRouteIsRefused) {
  GuardUnderTest guard(kOrders, {});
  GuardUnderTest exact(std::string(kOrders) + "[server]\nbackend = \"exact\"\n", {});
  for (const auto& c : kSpellings) {
    OwnedRequest request{.method = c.method, .target = c.target};
    const auto& decision = guard.decide(request);
    EXPECT_EQ(decision.status, c.status) << c.method << " " << c.target;
    EXPECT_EQ(decision.record.cause, c.cause) << c.method << " " << c.target;
    EXPECT_EQ(exact.decide(request).status, c.exact_status) << c.method << " " << c.target;
  }
}

TEST(GuardSpelling, ThatMayHaveAnotherRuleIsRefused) {
  const Agent agent;
  GuardUnderTest guard(R"(
[defaults]
unsigned = "allow"
[[rules]]
name = "no deleting"
outcomes = ["unsigned", "verified"]
paths = ["/api/*"]
methods = ["DELETE"]
action = "deny"
)",
                       {&agent});
  struct Case {
    const char* method;
    const char* target;
    int status;
    Cause cause;
  };
  for (const auto& c : {Case{"DELETE", "/api/1", 403, Cause::none},
                        Case{"DELETE", "/API/1", 400, Cause::path_unclear},
                        Case{"delete", "/api/1", 400, Cause::method_unclear},
                        Case{"GET", "/API/1", 200, Cause::none}}) {
    for (const bool is_signed : {false, true}) {
      OwnedRequest request{.method = c.method, .target = c.target};
      if (is_signed) agent.sign(request);
      const auto& decision = guard.decide(request);
      EXPECT_EQ(decision.status, c.status) << c.method << " " << c.target;
      EXPECT_EQ(decision.record.cause, c.cause) << c.method << " " << c.target;
    }
  }
}

TEST(GuardSpelling, IsTreatedByTheStrictestOfTheRoutesThatItMayHave) {
  GuardUnderTest guard(R"(
[defaults]
unsigned = "allow"
mode = "off"
[[routes]]
name = "observed"
paths = ["/observed"]
mode = "observe"
[[routes]]
name = "off"
paths = ["/off"]
)",
                       {});
  OwnedRequest observed{.target = "/Observed/"};
  EXPECT_EQ(guard.decide(observed).action, Action::pass);
  EXPECT_EQ(guard.decide(observed).record.cause, Cause::path_unclear);
  OwnedRequest off{.target = "/Off/"};
  EXPECT_EQ(guard.decide(off).action, Action::pass);
  EXPECT_EQ(guard.decide(off).record.cause, Cause::none);
}

TEST(GuardSpelling, HeadHasTheRouteAndTheRuleOfGet) {
  GuardUnderTest guard(R"(
[defaults]
unsigned = "allow"
[server]
backend = "exact"
[[routes]]
name = "read"
paths = ["/read"]
methods = ["GET"]
unsigned = "challenge"
[[rules]]
name = "secret"
outcomes = ["unsigned"]
paths = ["/secret"]
methods = ["GET"]
action = "deny"
)",
                       {});
  for (const auto* method : {"GET", "HEAD"}) {
    OwnedRequest read{.method = method, .target = "/read"};
    EXPECT_EQ(guard.decide(read).action, Action::challenge) << method;
    EXPECT_EQ(guard.decide(read).record.route, "read") << method;
    OwnedRequest secret{.method = method, .target = "/secret"};
    EXPECT_EQ(guard.decide(secret).record.rule, "secret") << method;
  }
  OwnedRequest posted{.method = "POST", .target = "/read"};
  EXPECT_EQ(guard.decide(posted).record.route, "default");
}

}  // namespace
}  // namespace wba::guard
