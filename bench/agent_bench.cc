// The signing daemon: one signature by its service alone, and by its Unix socket.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include <benchmark/benchmark.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/service.h"
#include "agent/socket_server.h"
#include "bench_request.h"
#include "support/allocation_counter.h"

namespace {

using wba::agent::Answer;
using wba::agent::Call;
using wba::agent::SigningService;
using wba::agent::SocketServer;

constexpr std::string_view kPolicy = R"(log = "/dev/null"
[[key]]
name = "main"
file = "key"
agent = "https://agent.example/keys"
[[rule]]
name = "crawler"
users = [1000]
keys = ["main"]
authorities = ["example.com", "*.example.org"]
methods = ["GET", "HEAD"]
paths = ["/public/*"]
)";

constexpr std::string_view kBody =
    R"({"method":"GET","url":"https://www.example.org/public/page?x=1",)"
    R"("headers":[["Accept","*/*"],["User-Agent","crawler/1.0"]]})";

SigningService make_service() {
  return SigningService::create(
             wba::agent::read_policy(kPolicy, "policy").value(),
             [](const wba::agent::KeyEntry&)
                 -> std::expected<std::shared_ptr<const wba::KeySigner>, std::string> {
               return std::make_shared<const wba::KeySigner>(
                   wba::KeySigner::create(
                       wba::PrivateKey::from_jwk(wba::bench::bench_private_jwk).value())
                       .value());
             })
      .value();
}

Answer answer(SigningService& service, const Call& call) {
  // Logging costs what the disk does: here it is only written.
  return service.answer(call, {.now = wba::Time(std::chrono::seconds(1'800'000'000))},
                        [](const std::string& line) { return !line.empty(); });
}

void count_allocations(benchmark::State& state, std::size_t allocations) {
  state.counters["allocs"] =
      benchmark::Counter(static_cast<double>(allocations), benchmark::Counter::kAvgIterations);
}

void sign_by_service(benchmark::State& state) {
  SigningService service = make_service();
  const Call call{.method = "POST", .target = "/sign", .body = kBody, .user = 1000};
  if (answer(service, call).status != 200) {
    state.SkipWithError("the service does not sign");
    return;
  }
  const auto before = wba::test::allocation_count();
  for (auto _ : state) {
    benchmark::DoNotOptimize(answer(service, call));
  }
  count_allocations(state, wba::test::allocation_count() - before);
}

// Client is one kept connection.
class Client {
 public:
  explicit Client(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    good_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(fd_); }

  // ask says whether the answer to `request` is a signature. An answer comes in one piece.
  [[nodiscard]] bool ask(std::string_view request) {
    if (!good_ || ::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) < 0) return false;
    char buffer[4096];
    const ssize_t size = ::recv(fd_, buffer, sizeof buffer, 0);
    return size > 0 &&
           std::string_view(buffer, static_cast<std::size_t>(size)).starts_with("HTTP/1.1 200 ");
  }

 private:
  int fd_;
  bool good_ = false;
};

void sign_by_socket(benchmark::State& state) {
  const std::string path = "/tmp/wba-bench-" + std::to_string(::getpid()) + ".socket";
  auto server = SocketServer::listen(path);
  if (!server) {
    state.SkipWithError("the socket cannot be made");
    return;
  }
  SigningService service = make_service();
  const int stop = ::eventfd(0, EFD_CLOEXEC);
  std::atomic<std::size_t> allocations{0};
  std::thread daemon([&] {
    server->run(stop, [] { return false; },
                {.admit = [](uid_t, pid_t) { return true; },
                 .handle =
                     [&](const Call& call) {
                       Call mine = call;
                       mine.user = 1000;
                       allocations = wba::test::allocation_count();  // all of this thread's
                       return answer(service, mine);
                     }});
  });
  {
    Client client(path);
    const std::string request = "POST /sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                                std::to_string(kBody.size()) + "\r\n\r\n" + std::string(kBody);
    if (!client.ask(request)) state.SkipWithError("the daemon does not sign");
    const std::size_t before = allocations;
    for (auto _ : state) {
      if (!client.ask(request)) {
        state.SkipWithError("the daemon does not sign");
        break;
      }
    }
    count_allocations(state, allocations - before);
    state.counters["signatures"] =
        benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
  }
  const std::uint64_t one = 1;
  if (::write(stop, &one, sizeof one) != static_cast<ssize_t>(sizeof one)) std::abort();
  daemon.join();
  ::close(stop);
}

BENCHMARK(sign_by_service)->Name("agent/sign/service");
// Two threads take turns: the processor time of both counts.
BENCHMARK(sign_by_socket)->Name("agent/sign/socket")->MeasureProcessCPUTime();

}  // namespace
