#include "accepting.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <limits>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace wba::forward_auth {
namespace {

constexpr int kMostKept = 64;
constexpr timeval kAgain{.tv_sec = 0, .tv_usec = 100'000};
constexpr std::chrono::seconds kTellAgain{60};

std::atomic<std::uint64_t> pauses{0};

// What libevent hands to a callback about errors is not ours to choose.
thread_local Accepting* of_this_thread = nullptr;

// A quarter of few is kept free, and no more than is needed of many.
int ceiling() noexcept {
  rlimit limit{};
  constexpr auto kMost = rlim_t{std::numeric_limits<int>::max()};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<int>::max();
  const int all = static_cast<int>(std::min(limit.rlim_cur, kMost));
  return all - std::min(all / 4, kMostKept);
}

// tell says it on standard error, once a minute whoever else finds it too.
void tell() noexcept {
  using Clock = std::chrono::steady_clock;
  static std::atomic<Clock::duration> next{Clock::duration::min()};
  const auto now = Clock::now().time_since_epoch();
  auto due = next.load();
  if (now < due || !next.compare_exchange_strong(due, now + kTellAgain)) return;
  std::fputs(
      "wba-authd: error: out of file descriptors: new connections wait\n"
      "wba-authd: hint: raise LimitNOFILE, or have the proxy keep fewer connections\n",
      stderr);
}

}  // namespace

bool Accepting::begin(event_base* base, evhttp* http, evhttp_bound_socket* bound) {
  base_ = base;
  ceiling_ = ceiling();
  listener_ = evhttp_bound_socket_get_listener(bound);
  again_.reset(event_new(
      base, -1, 0,
      [](evutil_socket_t, short, void* self) { static_cast<Accepting*>(self)->look(); }, this));
  if (listener_ == nullptr || !again_) return false;
  evconnlistener_set_error_cb(listener_, [](evconnlistener*, void*) {
    if (of_this_thread != nullptr) of_this_thread->pause();
  });
  // Called for each connection; what it gives leaves the connection as libevent makes it.
  evhttp_set_bevcb(
      http,
      [](event_base*, void* self) -> bufferevent* {
        static_cast<Accepting*>(self)->accepted();
        return nullptr;
      },
      this);
  return true;
}

void Accepting::run() {
  of_this_thread = this;
  event_base_dispatch(base_);
  of_this_thread = nullptr;
}

void Accepting::end() noexcept {
  again_.reset();
  listener_ = nullptr;
}

void Accepting::accepted() noexcept {
  if (keeping_ == Keeping::some_free && !has_room()) pause();
}

void Accepting::pause() noexcept {
  if (listener_ == nullptr) return;
  pauses.fetch_add(1, std::memory_order_relaxed);
  tell();
  // Where there is no timer it must go on as it is.
  if (event_add(again_.get(), &kAgain) == 0) evconnlistener_disable(listener_);
}

void Accepting::look() noexcept {
  if (listener_ == nullptr) return;
  if (has_room()) {
    evconnlistener_enable(listener_);
  } else {
    event_add(again_.get(), &kAgain);
  }
}

// The lowest descriptor that is free tells whether those below the ceiling are taken.
bool Accepting::has_room() const noexcept {
  const int lowest = ::fcntl(evconnlistener_get_fd(listener_), F_DUPFD_CLOEXEC, 0);
  if (lowest < 0) return false;
  ::close(lowest);
  return keeping_ == Keeping::none_free || lowest < ceiling_;
}

std::vector<guard::Gauge> accepting_gauges() {
  return {{.name = "wba_accept_pauses",
           .help = "Times that new connections had to wait for a free file descriptor.",
           .read = [] { return static_cast<double>(pauses.load(std::memory_order_relaxed)); }}};
}

}  // namespace wba::forward_auth
