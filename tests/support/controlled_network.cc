#include "support/controlled_network.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wba::test {
namespace {

struct State {
  std::mutex mutex;
  std::condition_variable released;
  std::string held;
  bool active = false;
  std::uint16_t port = 0;
  std::map<std::string, std::vector<Answer>> answers;
  int lookups = 0;
  std::vector<std::string> connected;
};

State& state() {
  static State instance;
  return instance;
}

// Node is one address of an answer, in one piece of memory: freeaddrinfo gets it back.
struct Node {
  addrinfo info{};
  sockaddr_storage address{};
};

Node* make_node(const std::string& text, std::uint16_t port, const addrinfo* hints) {
  auto* const node = new Node;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&node->address);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&node->address);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    node->info.ai_addrlen = sizeof(sockaddr_in);
  } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    node->info.ai_addrlen = sizeof(sockaddr_in6);
  } else {
    std::abort();  // the test wrote no address
  }
  node->info.ai_family = node->address.ss_family;
  node->info.ai_socktype = hints != nullptr ? hints->ai_socktype : SOCK_STREAM;
  node->info.ai_protocol = hints != nullptr ? hints->ai_protocol : 0;
  node->info.ai_addr = reinterpret_cast<sockaddr*>(&node->address);
  return node;
}

std::string text_of(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address->sa_family == AF_INET) {
    const auto* const v4 = reinterpret_cast<const sockaddr_in*>(address);
    inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
    return std::string(text.data()) + ":" + std::to_string(ntohs(v4->sin_port));
  }
  const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(address);
  inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
  return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(v6->sin6_port));
}

}  // namespace

ControlledNetwork::ControlledNetwork(std::uint16_t port) {
  const std::lock_guard lock(state().mutex);
  if (state().active) std::abort();
  state().active = true;
  state().port = port;
}

ControlledNetwork::~ControlledNetwork() {
  const std::lock_guard lock(state().mutex);
  state().active = false;
  state().answers.clear();
  state().lookups = 0;
  state().connected.clear();
}

void ControlledNetwork::set_answers(const std::string& name, std::vector<Answer> answers) {
  const std::lock_guard lock(state().mutex);
  state().answers[name] = std::move(answers);
}

void ControlledNetwork::hold(const std::string& name) {
  const std::lock_guard lock(state().mutex);
  state().held = name;
}

void ControlledNetwork::release() {
  const std::lock_guard lock(state().mutex);
  state().held.clear();
  state().released.notify_all();
}

int ControlledNetwork::lookups() const {
  const std::lock_guard lock(state().mutex);
  return state().lookups;
}

std::vector<std::string> ControlledNetwork::connected() const {
  const std::lock_guard lock(state().mutex);
  return state().connected;
}

void ControlledNetwork::forget() {
  const std::lock_guard lock(state().mutex);
  state().lookups = 0;
  state().connected.clear();
}

}  // namespace wba::test

// Libraries are to find these and not libc's, so the program has to export them.
#pragma GCC visibility push(default)
extern "C" {

int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** result) {
  using wba::test::state;
  std::unique_lock lock(state().mutex);
  ++state().lookups;
  state().released.wait_for(lock, std::chrono::seconds(20), [&] {
    return name == nullptr || state().held.empty() || state().held != name;
  });
  const auto found = name == nullptr ? state().answers.end() : state().answers.find(name);
  if (found == state().answers.end() || found->second.empty()) return EAI_NONAME;
  const wba::test::Answer answer = found->second.front();
  if (found->second.size() > 1) found->second.erase(found->second.begin());
  const auto port =
      static_cast<std::uint16_t>(service == nullptr ? 0 : std::strtoul(service, nullptr, 10));
  addrinfo** end = result;
  *result = nullptr;
  for (const std::string& address : answer) {
    *end = &wba::test::make_node(address, port, hints)->info;
    end = &(*end)->ai_next;
  }
  return *result == nullptr ? EAI_NONAME : 0;
}

void freeaddrinfo(addrinfo* list) noexcept {
  while (list != nullptr) {
    addrinfo* const next = list->ai_next;
    delete reinterpret_cast<wba::test::Node*>(list);
    list = next;
  }
}

int connect(int socket, const sockaddr* address, socklen_t length) {
  using wba::test::state;
  using Connect = int (*)(int, const sockaddr*, socklen_t);
  static const auto real = reinterpret_cast<Connect>(dlsym(RTLD_NEXT, "connect"));
  sockaddr_in loopback{};
  {
    const std::lock_guard lock(state().mutex);
    const bool ip = address->sa_family == AF_INET || address->sa_family == AF_INET6;
    if (!state().active || !ip) return real(socket, address, length);
    state().connected.push_back(wba::test::text_of(address));
    loopback.sin_family = AF_INET;
    loopback.sin_port = htons(state().port);
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  if (address->sa_family == AF_INET6) {
    // The server speaks IPv4: the descriptor gets another socket.
    const int other = ::socket(AF_INET, SOCK_STREAM, 0);
    if (other < 0) return -1;
    ::fcntl(other, F_SETFL, ::fcntl(socket, F_GETFL));
    const int moved = ::dup3(other, socket, O_CLOEXEC);
    ::close(other);
    if (moved < 0) return -1;
  }
  return real(socket, reinterpret_cast<const sockaddr*>(&loopback), sizeof loopback);
}

}  // extern "C"
#pragma GCC visibility pop
