#include <algorithm>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include <wba/curl.h>

#include "client/exchange.h"

namespace wba {
namespace client {

struct MultiState {
  struct Waiting {
    ClientRequest request;
    ResponseHandlers handlers;
    MultiSession::Done done;
  };
  struct Active {
    Exchange exchange;
    MultiSession::Done done;
  };

  MultiState(SigningSession& signing, MultiSession::Setup setting, std::size_t most)
      : session(signing), setup(std::move(setting)), parallel(std::max<std::size_t>(most, 1)) {}
  MultiState(const MultiState&) = delete;
  MultiState& operator=(const MultiState&) = delete;

  ~MultiState() {
    for (const auto& [easy, unused] : active) {
      curl_multi_remove_handle(multi, easy);
      curl_easy_cleanup(easy);
    }
    for (CURL* easy : idle) curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }

  [[nodiscard]] Result<void> begin();
  [[nodiscard]] Result<void> finish(CURL* easy, CURLcode code);
  void end(CURL* easy, const Result<ClientResponse>& response, CURLcode code);

  SigningSession& session;
  MultiSession::Setup setup;
  std::size_t parallel;
  CURLM* multi = curl_multi_init();
  std::deque<Waiting> waiting;
  std::unordered_map<CURL*, Active> active;
  std::vector<CURL*> idle;  // the application's options are set
};

// begin starts what there is room for.
Result<void> MultiState::begin() {
  while (!waiting.empty() && active.size() < parallel) {
    CURL* easy = nullptr;
    if (idle.empty()) {
      easy = curl_easy_init();
      if (easy == nullptr) return std::unexpected(Error{ErrorCode::out_of_memory});
    } else {
      // Options may have been taken off it for another origin, so it is set up anew.
      easy = idle.back();
      idle.pop_back();
      curl_easy_reset(easy);
    }
    if (setup) setup(easy);
    Waiting next = std::move(waiting.front());
    waiting.pop_front();
    auto exchange = session.start(easy, std::move(next.request), std::move(next.handlers));
    if (!exchange) {
      idle.push_back(easy);
      if (next.done) next.done(std::unexpected(exchange.error()), CURLE_OK);
      continue;
    }
    active.emplace(easy, Active{*std::move(exchange), std::move(next.done)});
    if (curl_multi_add_handle(multi, easy) != CURLM_OK) {
      return std::unexpected(Error{ErrorCode::client_transfer_failed});
    }
  }
  return {};
}

void MultiState::end(CURL* easy, const Result<ClientResponse>& response, CURLcode code) {
  auto ended = active.extract(easy);
  idle.push_back(easy);
  if (ended.mapped().done) ended.mapped().done(response, code);
}

Result<void> MultiState::finish(CURL* easy, CURLcode code) {
  curl_multi_remove_handle(multi, easy);
  Exchange& exchange = active.at(easy).exchange;
  const auto step = exchange.advance(code);
  if (!step) {
    end(easy, std::unexpected(step.error()), code);
  } else if (*step == Exchange::Step::done) {
    end(easy, exchange.response(), code);
  } else if (curl_multi_add_handle(multi, easy) != CURLM_OK) {
    return std::unexpected(Error{ErrorCode::client_transfer_failed});
  }
  return {};
}

}  // namespace client

MultiSession::MultiSession(SigningSession& session, Setup setup, std::size_t parallel)
    : state_(std::make_unique<client::MultiState>(session, std::move(setup), parallel)) {}
MultiSession::MultiSession(MultiSession&&) noexcept = default;
MultiSession& MultiSession::operator=(MultiSession&&) noexcept = default;
MultiSession::~MultiSession() = default;

void MultiSession::add(ClientRequest request, ResponseHandlers handlers, Done done) {
  state_->waiting.push_back({std::move(request), std::move(handlers), std::move(done)});
}

Result<std::size_t> MultiSession::run(std::chrono::milliseconds limit) {
  using Clock = std::chrono::steady_clock;
  const auto failed = std::unexpected(Error{ErrorCode::client_transfer_failed});
  if (state_->multi == nullptr) return failed;
  const auto end = Clock::now() + limit;
  for (;;) {
    if (auto begun = state_->begin(); !begun) return std::unexpected(begun.error());
    int running = 0;
    if (curl_multi_perform(state_->multi, &running) != CURLM_OK) return failed;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(state_->multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      if (auto done = state_->finish(message->easy_handle, message->data.result); !done) {
        return std::unexpected(done.error());
      }
    }
    if (state_->active.empty() && state_->waiting.empty()) return std::size_t{0};
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    if (rest.count() <= 0) return state_->active.size() + state_->waiting.size();
    const int wait = static_cast<int>(std::min<std::int64_t>(rest.count(), 1000));
    if (curl_multi_poll(state_->multi, nullptr, 0, wait, nullptr) != CURLM_OK) return failed;
  }
}

CURLM* MultiSession::handle() const noexcept { return state_->multi; }

}  // namespace wba
