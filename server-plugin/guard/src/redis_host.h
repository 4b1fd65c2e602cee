#ifndef WBA_GUARD_REDIS_HOST_H_
#define WBA_GUARD_REDIS_HOST_H_

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace wba::guard {

// look_up_host gives the addresses of a host as the system knows them, as text; none where it knows
// none. It takes as long as it takes.
[[nodiscard]] std::vector<std::string> look_up_host(const std::string& host);

// RedisHost is a host's addresses. They are looked up when it is made, and after that only beside
// the requests: nothing bounds how long a lookup takes.
class RedisHost {
 public:
  using Lookup = std::function<std::vector<std::string>(const std::string&)>;

  RedisHost(std::string host, Lookup look_up);

  [[nodiscard]] std::vector<std::string> addresses() const;

  // refresh has them looked up anew, by a thread of its own and one at a time. What is not found
  // leaves them as they are.
  void refresh() noexcept;

 private:
  struct State {
    std::string host;
    Lookup look_up;
    std::mutex mutex;
    std::vector<std::string> addresses;
    std::atomic<bool> busy{false};
  };

  std::shared_ptr<State> state_;  // the thread may outlive this
};

}  // namespace wba::guard

#endif  // WBA_GUARD_REDIS_HOST_H_
