#include "redis_pool.h"

#include <new>

namespace wba::guard {
namespace {

constexpr std::size_t kMostIdle = 64;

std::int64_t steady_milliseconds() noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// What Redis says of itself and not of the command: it loads, or is a replica. Another server may
// have taken its place, so that connections are made anew. That it has no room is an answer.
bool is_about_server(const redisReply& reply) noexcept {
  const std::string_view text(reply.str, reply.len);
  const std::string_view code = text.substr(0, text.find(' '));
  return code == "LOADING" || code == "READONLY" || code == "MASTERDOWN";
}

}  // namespace

std::shared_ptr<Redis> Redis::make(const RedisSettings& settings, std::string password) {
  std::unique_ptr<const crypto::TlsClient> tls;
  if (settings.tls.value_or(false)) {
    tls = crypto::TlsClient::create(
        settings.ca_file, settings.server_name.empty() ? settings.host : settings.server_name);
    if (tls == nullptr) return nullptr;
  }
  return std::make_shared<RedisPool>(settings, std::move(password), look_up_host, std::move(tls));
}

std::string RedisPool::eviction_policy() {
  const auto reply = command({"INFO", "memory"});
  if (reply == nullptr || reply->type != REDIS_REPLY_STRING) return {};
  const std::string_view text(reply->str, reply->len);
  constexpr std::string_view kName = "\nmaxmemory_policy:";
  const auto at = text.find(kName);
  if (at == std::string_view::npos) return {};
  const auto rest = text.substr(at + kName.size());
  return std::string(rest.substr(0, rest.find_first_of("\r\n")));
}

bool RedisPool::may_try() noexcept {
  std::int64_t at = try_again_at_.load(std::memory_order_relaxed);
  if (at == 0) return true;
  const std::int64_t now = steady_milliseconds();
  if (now < at) return false;
  // The one that moves the time tries; the others do not wait behind it.
  return try_again_at_.compare_exchange_strong(
      at, now + settings_.retry_after.count() + settings_.timeout.count());
}

void RedisPool::failed() noexcept {
  failures_.fetch_add(1, std::memory_order_relaxed);
  try_again_at_.store(steady_milliseconds() + settings_.retry_after.count());
  host_.refresh();
  // The others' connections are no better.
  const std::lock_guard lock(mutex_);
  idle_.clear();
}

RedisPool::Connection RedisPool::borrow(bool& idle, Deadline deadline) {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      Connection connection = std::move(idle_.back());
      idle_.pop_back();
      idle = true;
      return connection;
    }
  }
  idle = false;
  return connect(deadline);
}

void RedisPool::give_back(Connection connection) noexcept {
  const std::lock_guard lock(mutex_);
  if (idle_.size() >= kMostIdle) return;
  try {
    idle_.push_back(std::move(connection));
  } catch (const std::bad_alloc&) {
    return;  // closed
  }
}

RedisPool::Connection RedisPool::connect(Deadline deadline) {
  Connection connection = reach(deadline);
  if (connection == nullptr || !introduce(*connection, deadline)) return nullptr;
  return connection;
}

RedisPool::Connection RedisPool::reach(Deadline deadline) {
  if (!settings_.unix_socket.empty()) {
    return RedisConnection::to_socket(settings_.unix_socket, deadline);
  }
  const auto addresses = host_.addresses();
  auto remaining = static_cast<std::int64_t>(addresses.size());
  for (const auto& address : addresses) {
    // One that does not answer leaves the others their share of the time.
    const auto now = std::chrono::steady_clock::now();
    auto connection = RedisConnection::to_address(address, settings_.port, tls_.get(),
                                                  now + (deadline - now) / remaining);
    if (connection != nullptr) return connection;
    --remaining;
  }
  return nullptr;
}

bool RedisPool::introduce(RedisConnection& connection, Deadline deadline) const {
  const auto accepted = [&](const std::vector<std::string_view>& words) {
    const auto reply = connection.exchange(words, deadline);
    return reply != nullptr && reply->type == REDIS_REPLY_STATUS &&
           std::string_view(reply->str, reply->len) == "OK";
  };
  if (!password_.empty()) {
    std::vector<std::string_view> words = {"AUTH"};
    if (!settings_.user.empty()) words.push_back(settings_.user);
    words.push_back(password_);
    if (!accepted(words)) return false;
  }
  if (settings_.database == 0) return true;
  const std::string number = std::to_string(settings_.database);
  return accepted({"SELECT", number});
}

RedisReply RedisPool::ask(Connection& connection, const std::vector<std::string_view>& words,
                          Deadline deadline) {
  bool idle = false;
  connection = borrow(idle, deadline);
  if (connection == nullptr) return nullptr;
  auto reply = connection->exchange(words, deadline);
  if (reply != nullptr || !idle || !connection->was_closed()) return reply;
  // An idle connection that Redis had closed, as its `timeout` or a restart does: the command was
  // not carried out. Not for other errors: after a time-out it may have been.
  {
    const std::lock_guard lock(mutex_);
    idle_.clear();
  }
  connection = connect(deadline);
  return connection == nullptr ? nullptr : connection->exchange(words, deadline);
}

RedisReply RedisPool::command(const std::vector<std::string_view>& words) noexcept {
  if (!may_try()) return nullptr;
  try {
    Connection connection;
    auto reply = ask(connection, words, std::chrono::steady_clock::now() + settings_.timeout);
    const bool refused = reply != nullptr && reply->type == REDIS_REPLY_ERROR;
    if (reply == nullptr || (refused && is_about_server(*reply))) {
      failed();
      return nullptr;
    }
    give_back(std::move(connection));
    if (try_again_at_.load(std::memory_order_relaxed) != 0) try_again_at_.store(0);
    if (refused) failures_.fetch_add(1, std::memory_order_relaxed);
    return reply;
  } catch (const std::bad_alloc&) {
    failed();
    return nullptr;
  }
}

}  // namespace wba::guard
