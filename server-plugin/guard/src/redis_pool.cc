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

timeval to_timeval(std::chrono::milliseconds time) noexcept {
  return {.tv_sec = time.count() / 1000, .tv_usec = time.count() % 1000 * 1000};
}

}  // namespace

std::shared_ptr<Redis> Redis::make(const RedisSettings& settings, std::string password) {
  return std::make_shared<RedisPool>(settings, std::move(password));
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
  // The others' connections are no better.
  const std::lock_guard lock(mutex_);
  idle_.clear();
}

RedisPool::Context RedisPool::borrow(bool& idle) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      Context context = std::move(idle_.back());
      idle_.pop_back();
      idle = true;
      return context;
    }
  }
  idle = false;
  return connect();
}

void RedisPool::give_back(Context context) noexcept {
  const std::lock_guard lock(mutex_);
  if (idle_.size() >= kMostIdle) return;
  try {
    idle_.push_back(std::move(context));
  } catch (const std::bad_alloc&) {
    return;  // closed
  }
}

RedisPool::Context RedisPool::connect() noexcept {
  const timeval timeout = to_timeval(settings_.timeout);
  Context context(settings_.unix_socket.empty()
                      ? redisConnectWithTimeout(settings_.host.c_str(), settings_.port, timeout)
                      : redisConnectUnixWithTimeout(settings_.unix_socket.c_str(), timeout));
  if (context == nullptr || context->err != 0) return nullptr;
  if (redisSetTimeout(context.get(), timeout) != REDIS_OK) return nullptr;
  try {
    if (!introduce(context.get())) return nullptr;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  return context;
}

bool RedisPool::introduce(redisContext* context) const {
  const auto accepted = [&](const std::vector<std::string_view>& words) {
    const auto reply = send(context, words);
    return reply != nullptr && reply->type == REDIS_REPLY_STATUS;
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

RedisReply RedisPool::send(redisContext* context, const std::vector<std::string_view>& words) {
  std::vector<const char*> starts;
  std::vector<std::size_t> sizes;
  for (const auto word : words) {
    starts.push_back(word.data());
    sizes.push_back(word.size());
  }
  return RedisReply(static_cast<redisReply*>(
      redisCommandArgv(context, static_cast<int>(words.size()), starts.data(), sizes.data())));
}

RedisReply RedisPool::command(const std::vector<std::string_view>& words) noexcept {
  if (!may_try()) return nullptr;
  try {
    bool idle = false;
    Context context = borrow(idle);
    RedisReply reply = context == nullptr ? nullptr : send(context.get(), words);
    if (reply == nullptr && idle && context->err == REDIS_ERR_EOF) {
      // An idle connection that Redis had closed, as its `timeout` or a restart does: the command
      // was not carried out. Not for other errors: after a time-out it may have been.
      {
        const std::lock_guard lock(mutex_);
        idle_.clear();
      }
      context = connect();
      reply = context == nullptr ? nullptr : send(context.get(), words);
    }
    if (reply == nullptr || reply->type == REDIS_REPLY_ERROR) {
      failed();
      return nullptr;
    }
    give_back(std::move(context));
    if (try_again_at_.load(std::memory_order_relaxed) != 0) try_again_at_.store(0);
    return reply;
  } catch (const std::bad_alloc&) {
    failed();
    return nullptr;
  }
}

}  // namespace wba::guard
