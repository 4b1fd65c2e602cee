// Where a fetch may connect, with name resolution under the test's control: what counts is the
// address that a socket is made for, whatever a name server says, and whenever.

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <wba/directory_check.h>
#include <wba/directory_resolver.h>

#include "directory/fetcher.h"
#include "support/controlled_network.h"
#include "support/https_server.h"
#include "support/special_addresses.h"
#include "support/test_keys.h"

namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using wba::AddressRange;
using wba::Reason;
using wba::directory::Fetcher;
using wba::directory::FetchResult;
using wba::test::Answer;
using wba::test::ControlledNetwork;
using wba::test::HttpRequest;
using wba::test::HttpsServer;
using wba::test::TestCa;

constexpr const char* public_v4 = "8.8.8.8";
constexpr const char* public_v6 = "2606:4700::1111";
const std::string host = "agent.test";
const std::string url = "https://agent.test/keys";

std::string bracketed(const std::string& address) {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

// inside gives the IPv6 address that begins with `prefix` and has the IPv4 address `v4` at octet
// `at`, each bit of it turned round where `inverted`.
std::string inside(const char* prefix, const std::string& v4, std::size_t at,
                   bool inverted = false) {
  std::array<unsigned char, 16> octets{};
  std::array<unsigned char, 4> inner{};
  EXPECT_EQ(inet_pton(AF_INET6, prefix, octets.data()), 1) << prefix;
  EXPECT_EQ(inet_pton(AF_INET, v4.c_str(), inner.data()), 1) << v4;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    octets[at + i] = static_cast<unsigned char>(inverted ? ~inner[i] : inner[i]);
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(AF_INET6, octets.data(), text.data(), text.size());
  return text.data();
}

// Both ends of every row of both registries that is not globally reachable.
std::vector<std::string> special_addresses() {
  std::vector<std::string> result;
  const auto add = [&](std::span<const wba::test::SpecialAddressRange> rows) {
    for (const auto& row : rows) {
      if (row.globally_reachable) continue;
      result.emplace_back(row.first);
      if (row.first != row.last) result.emplace_back(row.last);
    }
  };
  add(wba::test::registry_v4);
  add(wba::test::registry_v6);
  // Not in the registries, and no host's either.
  for (const char* address : {"224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1", "4000::1"}) {
    result.emplace_back(address);
  }
  return result;
}

// One certificate authority and server for all; the server takes what is connected to any address.
class DirectoryDns : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    ca_ = new TestCa;
    server_ = new HttpsServer(*ca_, {host}, [](const HttpRequest&) {
      return wba::test::directory_reply(wba::test::key_set({key().jwk}));
    });
  }
  static void TearDownTestSuite() {
    delete server_;
    delete ca_;
  }

  static const wba::test::TestKey& key() {
    static const wba::test::TestKey instance = wba::test::make_key();
    return instance;
  }

  static wba::DirectoryNetwork by_default() { return {.ca_file = ca_->file()}; }

  // fetch makes one fetch, of which libcurl remembers nothing for the next.
  static Reason fetch(const std::string& from = url,
                      const wba::DirectoryNetwork& network = by_default()) {
    const auto fetcher = Fetcher::create(network, {});
    EXPECT_TRUE(fetcher->start({.url = from, .host = host}));
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end) {
      const std::vector<FetchResult> results = fetcher->poll(milliseconds(100));
      if (!results.empty()) return results.front().failure;
    }
    ADD_FAILURE() << "no end of " << from;
    return Reason::internal_error;
  }

  void expect_refused(const std::string& address) {
    network_.forget();
    network_.set_answers(host, {{address}});
    EXPECT_EQ(fetch(), Reason::directory_address_forbidden) << address;
    EXPECT_THAT(network_.connected(), IsEmpty()) << address;
  }

  void expect_reached(const std::string& address) {
    network_.forget();
    network_.set_answers(host, {{address}});
    EXPECT_EQ(fetch(), Reason::none) << address;
    EXPECT_THAT(network_.connected(), ElementsAre(bracketed(address) + ":443"));
  }

  static TestCa* ca_;
  static HttpsServer* server_;
  ControlledNetwork network_{server_->port()};
};

TestCa* DirectoryDns::ca_ = nullptr;
HttpsServer* DirectoryDns::server_ = nullptr;

TEST_F(DirectoryDns, NoSpecialPurposeAddressIsConnectedTo) {
  for (const std::string& address : special_addresses()) expect_refused(address);
}

TEST_F(DirectoryDns, OfAMixedAnswerOnlyThePublicAddressIsConnectedTo) {
  for (const std::string& address : special_addresses()) {
    for (const Answer& answer : {Answer{address, public_v4}, Answer{public_v4, address},
                                 Answer{address, "10.0.0.1", public_v4, "::1"}}) {
      network_.forget();
      network_.set_answers(host, {answer});
      EXPECT_EQ(fetch(), Reason::none) << address;
      EXPECT_THAT(network_.connected(), ElementsAre("8.8.8.8:443")) << address;
    }
  }
}

TEST_F(DirectoryDns, GloballyReachableRowsOfTheRegistriesAreConnectedTo) {
  expect_reached(public_v4);
  expect_reached(public_v6);
  for (const auto& row : wba::test::registry_v4) {
    if (row.globally_reachable) expect_reached(std::string(row.last));
  }
  for (const auto& row : wba::test::registry_v6) {
    if (row.globally_reachable) expect_reached(std::string(row.last));
  }
}

// Every way to write an IPv4 address into an IPv6 one, with every special-purpose IPv4 address.
TEST_F(DirectoryDns, SpecialPurposeIpv4InsideIpv6IsNotConnectedTo) {
  for (const auto& row : wba::test::registry_v4) {
    if (row.globally_reachable) continue;
    const std::string v4(row.last);
    for (const std::string& address :
         {inside("::ffff:0:0", v4, 12),                  // mapped
          inside("::", v4, 12),                          // compatible
          inside("::ffff:0:0:0", v4, 12),                // translated, RFC 2765
          inside("2002::1", v4, 2),                      // 6to4
          inside("2001::f7f7:f7f7", v4, 4),              // Teredo's server
          inside("2001:0:808:808::", v4, 12, true),      // Teredo's client
          inside("64:ff9b::", v4, 12),                   // NAT64, RFC 6052
          inside("64:ff9b:1::", v4, 12),                 // NAT64, RFC 8215
          inside("2606:4700::5efe:0:0", v4, 12),         // ISATAP, RFC 5214
          inside("2606:4700::200:5efe:0:0", v4, 12)}) {  // ISATAP of a public address
      expect_refused(address);
    }
  }
}

// Of public IPv4 addresses only NAT64's well-known prefix is how clients reach them.
TEST_F(DirectoryDns, PublicIpv4InsideIpv6IsConnectedToByNat64Only) {
  expect_reached(inside("64:ff9b::", public_v4, 12));
  for (const std::string& address :
       {inside("::ffff:0:0", public_v4, 12), inside("::", public_v4, 12),
        inside("::ffff:0:0:0", public_v4, 12), inside("2002::1", public_v4, 2),
        inside("2001::f7f7:f7f7", public_v4, 4), inside("64:ff9b:1::", public_v4, 12),
        inside("2606:4700::5efe:0:0", public_v4, 12),
        inside("2606:4700::200:5efe:0:0", public_v4, 12)}) {
    expect_refused(address);
  }
}

TEST_F(DirectoryDns, RebindingIsJudgedByTheAnswerThatIsConnectedTo) {
  network_.set_answers(host, {{public_v4}, {"10.0.0.7"}, {public_v4}, {"169.254.169.254"}});
  EXPECT_EQ(fetch(), Reason::none);
  EXPECT_EQ(network_.lookups(), 1) << "a second lookup could have another answer";
  EXPECT_EQ(fetch(), Reason::directory_address_forbidden);
  EXPECT_EQ(fetch(), Reason::none);
  EXPECT_EQ(fetch(), Reason::directory_address_forbidden);
  EXPECT_EQ(network_.lookups(), 4);
  EXPECT_THAT(network_.connected(), ElementsAre("8.8.8.8:443", "8.8.8.8:443"));
}

TEST_F(DirectoryDns, AllowedRangeDoesNotLetAnotherAddressOfTheAnswerThrough) {
  wba::DirectoryNetwork network = by_default();
  network.addresses.allowed = {*AddressRange::parse("10.1.0.0/16")};
  network_.set_answers(host, {{"10.2.0.1", "10.1.0.1"}});
  EXPECT_EQ(fetch(url, network), Reason::none);
  EXPECT_THAT(network_.connected(), ElementsAre("10.1.0.1:443"));
  network_.forget();
  network_.set_answers(host, {{inside("::ffff:0:0", "10.1.0.1", 12)}});
  EXPECT_EQ(fetch(url, network), Reason::directory_address_forbidden);
  EXPECT_THAT(network_.connected(), IsEmpty());
}

TEST_F(DirectoryDns, PublicAddressIsConnectedToOnPort443Only) {
  network_.set_answers(host, {{public_v4, public_v6}});
  EXPECT_EQ(fetch("https://agent.test:8443/keys"), Reason::directory_address_forbidden);
  EXPECT_EQ(fetch("https://agent.test:80/keys"), Reason::directory_address_forbidden);
  EXPECT_THAT(network_.connected(), IsEmpty());
  EXPECT_EQ(fetch("https://agent.test:443/keys"), Reason::none);
}

TEST_F(DirectoryDns, AddressInTheUrlIsJudgedToo) {
  for (const char* literal : {"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]",
                              "169.254.169.254", "0.0.0.0", "[::]"}) {
    EXPECT_NE(fetch("https://" + std::string(literal) + "/keys"), Reason::none) << literal;
    EXPECT_THAT(network_.connected(), IsEmpty()) << literal;
  }
}

TEST_F(DirectoryDns, ResolverKeepsAnAgentsKeysWhenItsNameIsRebound) {
  network_.set_answers(host, {{public_v4}});
  auto clock = std::make_shared<std::atomic<std::int64_t>>(1800000000);
  const auto at = [&] { return wba::Time(std::chrono::seconds(*clock)); };
  wba::DirectoryResolverOptions options{.network = by_default()};
  options.clock = [clock] { return wba::Time(std::chrono::seconds(*clock)); };
  const auto resolver = *wba::DirectoryResolver::create(std::move(options));
  const wba::AgentLink link{.url = url, .kind = wba::AgentKind::key_set};
  const auto patience = [] { return std::chrono::steady_clock::now() + std::chrono::seconds(10); };
  ASSERT_EQ(resolver->resolve(link, key().keyid, patience()).reason, Reason::none);
  const wba::AgentLink rebound{.url = "https://other.test/keys", .kind = wba::AgentKind::key_set};
  network_.set_answers("other.test", {{"192.168.1.1"}});
  EXPECT_EQ(resolver->resolve(rebound, key().keyid, patience()).reason,
            Reason::directory_address_forbidden);
  *clock += 60;
  EXPECT_EQ(resolver->reader()->lookup(link, key().keyid, at()).reason, Reason::none);
  EXPECT_THAT(network_.connected(), ElementsAre("8.8.8.8:443"));
}

TEST_F(DirectoryDns, NameServerThatDoesNotAnswerHoldsUpNobodyElseAndNoShutdown) {
  network_.set_answers(host, {{public_v4}});
  network_.set_answers("slow.test", {{public_v4}});
  network_.hold("slow.test");
  wba::DirectoryResolverOptions options{.network = by_default()};
  options.limits.fetch_time = options.limits.connect_time = std::chrono::seconds(60);
  auto resolver = *wba::DirectoryResolver::create(std::move(options));
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::atomic<int> answers{0};
  resolver->resolve({.url = "https://slow.test/keys", .kind = wba::AgentKind::key_set}, "k",
                    patience, [&](const wba::KeyResolution& got) {
                      EXPECT_EQ(got.reason, Reason::key_pending);
                      ++answers;
                    });
  while (network_.lookups() == 0) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(resolver->resolve({.url = url, .kind = wba::AgentKind::key_set}, key().keyid, patience)
                .reason,
            Reason::none);
  EXPECT_EQ(answers, 0);
  const auto begun = std::chrono::steady_clock::now();
  resolver.reset();
  EXPECT_EQ(answers, 1);
  // The lookup is held for 20 seconds: who waited for it would have taken as long.
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(15));
  network_.release();
}

TEST_F(DirectoryDns, CheckJudgesTheSameAndSaysSo) {
  const auto reach = [&](std::vector<Answer> answers) {
    network_.forget();
    network_.set_answers(host, std::move(answers));
    const auto report = wba::directory::check_directory(
        url, {.ca_file = ca_->file()},
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
    EXPECT_EQ(report.findings.front().check, "reach");
    return report.findings.front().subject;
  };
  EXPECT_EQ(reach({{public_v4}}), "");
  EXPECT_EQ(reach({{"10.0.0.1", public_v4}}), "");
  for (const std::string& address : network_.connected()) EXPECT_EQ(address, "8.8.8.8:443");
  for (const std::string& address : special_addresses()) {
    EXPECT_EQ(reach({{address}}), "address") << address;
    EXPECT_THAT(network_.connected(), IsEmpty()) << address;
  }
  EXPECT_EQ(reach({{}}), "name-unknown");
}

}  // namespace
