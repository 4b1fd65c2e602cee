// The forward proxy with large bodies, with servers and clients that go wrong, and when it ends.

#include <atomic>
#include <csignal>

#include "agent_proxy_support.h"

namespace wba::test {
namespace {

using namespace std::chrono_literals;

class AgentProxyHolds : public AgentProxy {
 protected:
  HttpReply answer(const Judged& judged) override {
    const auto& target = judged.request.target;
    if (target == "/large") return {.body = large};
    if (target == "/large-chunked") return {.body = large, .chunked = true};
    if (target == "/stall") return {.body = "late", .delay = 20s};
    if (target == "/slow") return {.body = "slow", .delay = 1s};
    if (target == "/drip") return {.body = "dripping", .drip = 200ms};
    if (target == "/half") return {.body = "half of it", .close_after = 4};
    if (target == "/half-chunked") {
      return {.fields = {{"Transfer-Encoding", "chunked"}},
              .body = "5\r\nhello\r\n",
              .close_after = 10};
    }
    if (target == "/half-stalls") return {.body = std::string(8, 'x'), .drip = 8s};
    if (target == "/gone") return {.no_reply = true};
    if (target == "/early") return {.status = 413, .body = "too much"};
    return {.body = std::to_string(judged.request.body.size()) + " " +
                    std::string(to_string(judged.reason))};
  }

  static std::string make_large() {
    std::string text(12'000'000, '\0');
    std::uint32_t state = 1;
    for (char& c : text) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24U);
    return text;
  }

  // resident gives the daemon's memory in kB.
  [[nodiscard]] long resident() const {
    std::ifstream stream("/proc/" + std::to_string(daemon.pid()) + "/status");
    for (std::string line; std::getline(stream, line);) {
      if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
    }
    return -1;
  }

  std::string status_of(const std::string& target) {
    const auto result = curl({"--write-out", "%{http_code}", plain(*a, target)});
    return result.out;
  }

  const std::string large = make_large();
};

TEST_F(AgentProxyHolds, LargeBodiesGoThroughWholeBothWays) {
  start();
  EXPECT_EQ(curl({"-T", "-", plain(*a, "/up")}, large).out, std::to_string(large.size()) + " none");
  EXPECT_EQ(a->judged().back().request.body, large);
  std::ofstream(file("large")) << large;
  EXPECT_EQ(curl({"-T", file("large"), plain(*a, "/up")}).out,
            std::to_string(large.size()) + " none");
  EXPECT_EQ(a->judged().back().request.body, large);
  EXPECT_EQ(curl({plain(*a, "/large")}).out, large);
  EXPECT_EQ(curl({plain(*a, "/large-chunked")}).out, large);
  EXPECT_EQ(curl({"--http1.0", plain(*a, "/large-chunked")}).out, large);
}

TEST_F(AgentProxyHolds, WhoReadsSlowlyIsNotSentMore) {
  start();
  EXPECT_EQ(curl({plain(*a, "/")}).out, "0 none");
  const long before = resident();
  ASSERT_GT(before, 0);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<RawClient>(port));
    clients.back()->send("GET " + plain(*a, "/large") +
                         " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }
  std::this_thread::sleep_for(500ms);
  // Others are served meanwhile, and four bodies of 12 MB are not held.
  EXPECT_EQ(curl({plain(*a, "/")}).out, "0 none");
  EXPECT_LT(resident() - before, 16'000);
  for (auto& client : clients) {
    const auto all = client->read_all();
    EXPECT_TRUE(all.ends_with(large)) << all.size();
  }
}

TEST_F(AgentProxyHolds, ServersThatGoWrong) {
  start({"--allow-address", "127.0.0.0/8", "--proxy-timeout", "2s"});
  EXPECT_EQ(status_of("/stall"), "{\"error\":\"upstream-timeout\"}\n504");
  EXPECT_EQ(status_of("/drip"), "dripping200");
  EXPECT_EQ(status_of("/gone"), "{\"error\":\"upstream-closed\"}\n502");
  constexpr int kPartialFile = 18;
  EXPECT_EQ(curl({plain(*a, "/half")}).status, kPartialFile);
  EXPECT_EQ(curl({plain(*a, "/half-stalls")}).status, kPartialFile);
  const auto chunked = curl({plain(*a, "/half-chunked")});
  EXPECT_NE(chunked.status, 0);
  // Where the end of the connection ends the answer, it must not look like one.
  EXPECT_NE(curl({"--http1.0", plain(*a, "/half-chunked")}).status, 0);
  EXPECT_EQ(logged("failed").size(), 6U);
  EXPECT_EQ(status_of("/"), "0 none200");
}

TEST_F(AgentProxyHolds, ServersThatCannotBeReached) {
  const std::string closed = std::to_string(free_port());
  std::string text = contents(file("policy.toml"));
  const std::string known = "authorities = [\"" + authority(*a) + "\"";
  text.replace(text.rfind(known), known.size(),
               known + ", \"127.0.0.1:" + closed +
                   "\", \"no.invalid\", \"127.0.0.1:" + authority(*b).substr(7) + "\"");
  std::ofstream(file("policy.toml")) << text;
  start();
  const auto fetch = [&](const std::string& url) { return curl({url}).out; };
  EXPECT_EQ(fetch("http://127.0.0.1:" + closed + "/"), "{\"error\":\"upstream-unreachable\"}\n");
  EXPECT_EQ(fetch("http://no.invalid/"), "{\"error\":\"upstream-unresolved\"}\n");
  // A server with another's certificate is not spoken to.
  EXPECT_EQ(fetch("http://127.0.0.1:" + authority(*b).substr(7) + "/"),
            "{\"error\":\"upstream-certificate\"}\n");
  EXPECT_EQ(curl({"--write-out", "%{http_connect}", "https://127.0.0.1:" + closed + "/"}).out,
            "502");
  EXPECT_TRUE(b->judged().empty());
}

TEST_F(AgentProxyHolds, RequestsThatCouldBeReadInTwoWaysReachNobody) {
  start();
  const std::string begin = "POST " + plain(*a, "/") + " HTTP/1.1\r\nHost: x\r\n";
  for (const auto& rest : std::vector<std::string>{
           "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
           "Content-Length: 4\r\nContent-Length: 4\r\n\r\nbody", "Content-Length : 4\r\n\r\nbody",
           "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "X: a\r\n b\r\n\r\n",
           "X: a\rY: b\r\n\r\n"}) {
    const auto answer = ask(begin + rest + begin + "\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ") || answer.starts_with("HTTP/1.1 501 ")) << rest;
    EXPECT_TRUE(answer.contains("Connection: close\r\n")) << answer;
    // Nothing behind it is taken for a request.
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << answer;
  }
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n").contains("target-not-absolute"));
  EXPECT_TRUE(ask("GET " + std::string(40'000, 'x')).contains("HTTP/1.1 431 "));
  EXPECT_TRUE(a->judged().empty());
  // A chunk that breaks off comes to light when the request is under way.
  const auto broken = ask(begin + "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\nx\r\n");
  EXPECT_TRUE(broken.contains("body-framing-invalid")) << broken;
  EXPECT_TRUE(a->judged().empty());
}

TEST_F(AgentProxyHolds, ContinueIsAskedOfTheServer) {
  start();
  RawClient client(port);
  client.send("POST " + plain(*a, "/") +
              " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  EXPECT_TRUE(client.read_until("4 none").contains("HTTP/1.1 200 "));
  EXPECT_EQ(a->judged().back().request.field("expect"), "100-continue");
  // One that is refused is not asked for its body.
  client.send(
      "POST http://evil.test/ HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: "
      "4\r\n\r\n");
  const auto refused = client.read_all();
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 403 ")) << refused;
}

TEST_F(AgentProxyHolds, AClientThatHasSentAllMaySaySo) {
  start();
  for (const std::size_t size : {100U, 100'000U, 1'000'000U}) {
    RawClient client(port);
    char line[16];
    std::snprintf(line, sizeof line, "%zx\r\n", size);
    client.send("POST " + plain(*a, "/") +
                " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + line +
                std::string(size, 'x') + "\r\n0\r\n\r\n");
    client.finish();
    const auto answer = client.read_all();
    EXPECT_TRUE(answer.contains(std::to_string(size) + " none")) << size << answer;
  }
  EXPECT_TRUE(logged("failed").empty());
}

TEST_F(AgentProxyHolds, ClientsThatHangHoldUpNobody) {
  start({"--allow-address", "127.0.0.0/8", "--proxy-timeout", "1s"});
  std::vector<std::unique_ptr<RawClient>> hanging;
  for (int i = 0; i < 40; ++i) {
    hanging.push_back(std::make_unique<RawClient>(port));
    const std::string head =
        "POST " + plain(*a, "/") + " HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n";
    hanging.back()->send(i % 3 == 0 ? "" : i % 3 == 1 ? head : head + "\r\nbody");
  }
  for (int i = 0; i < 5; ++i) EXPECT_EQ(status_of("/"), "0 none200");
  // Who promised a body is asked for it only so long.
  EXPECT_TRUE(hanging[2]->read_all().starts_with("HTTP/1.1 408 "));
  hanging.clear();
  EXPECT_EQ(status_of("/"), "0 none200");
  EXPECT_EQ(stop(), 0);
}

TEST_F(AgentProxyHolds, MoreConnectionsThanAreHeldWaitForIdleOnes) {
  start();
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 300; ++i) {
    idle.push_back(std::make_unique<RawClient>(port));
    if (i % 50 != 0) continue;
    idle.back()->send("GET " + plain(*a, "/") + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(idle.back()->read_until("none").ends_with("0 none"));
  }
  EXPECT_EQ(status_of("/"), "0 none200");
}

TEST_F(AgentProxyHolds, ManyAtOnceLoseNone) {
  start();
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 16; ++i) {
      clients.emplace_back([&] {
        RawClient client(port);
        for (int j = 0; j < 50; ++j) {
          client.send("POST " + plain(*a, "/") +
                      " HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
          if (client.read_until("4 none").ends_with("4 none")) ++good;
        }
      });
    }
  }
  EXPECT_EQ(good, 800);
  EXPECT_EQ(logged("signed").size(), 800U);
  EXPECT_EQ(a->judged().size(), 800U);
}

TEST_F(AgentProxyHolds, StopFinishesWhatIsUnderWay) {
  start();
  CommandResult result;
  std::jthread client([&] { result = curl({plain(*a, "/slow")}); });
  for (int i = 0; i < 400 && a->judged().empty(); ++i) std::this_thread::sleep_for(25ms);
  RawClient idle(port);
  EXPECT_EQ(stop(), 0);
  client.join();
  EXPECT_EQ(result.out, "slow") << result.err;
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_NE(curl({plain(*a, "/")}).status, 0);
}

TEST_F(AgentProxyHolds, ReloadChangesWhatIsSigned) {
  start();
  EXPECT_EQ(status_of("/"), "0 none200");
  write_policy(::getuid() + 1);
  ::kill(daemon.pid(), SIGHUP);
  for (int i = 0; i < 200 && status_of("/") == "0 none200"; ++i) std::this_thread::sleep_for(25ms);
  EXPECT_EQ(status_of("/"), "{\"error\":\"user-unknown\"}\n403");
}

}  // namespace
}  // namespace wba::test
