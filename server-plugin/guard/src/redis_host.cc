#include "redis_host.h"

#include <array>
#include <exception>
#include <thread>

#include <netdb.h>
#include <sys/socket.h>

#include <wba/address_policy.h>

namespace wba::guard {

std::vector<std::string> look_up_host(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text.data());
    }
  }
  return addresses;
}

RedisHost::RedisHost(std::string host, Lookup look_up) : state_(std::make_shared<State>()) {
  state_->host = std::move(host);
  if (IpAddress::parse(state_->host)) {
    state_->addresses = {state_->host};
    return;
  }
  state_->look_up = std::move(look_up);
  state_->addresses = state_->look_up(state_->host);
}

std::vector<std::string> RedisHost::addresses() const {
  const std::lock_guard lock(state_->mutex);
  return state_->addresses;
}

void RedisHost::refresh() noexcept {
  if (!state_->look_up || state_->busy.exchange(true)) return;
  try {
    std::thread([state = state_] {
      try {
        auto found = state->look_up(state->host);
        const std::lock_guard lock(state->mutex);
        if (!found.empty()) state->addresses = std::move(found);
      } catch (const std::exception&) {
        // no memory: the next failure asks again
      }
      state->busy = false;
    }).detach();
  } catch (const std::exception&) {
    state_->busy = false;  // no thread to be had
  }
}

}  // namespace wba::guard
