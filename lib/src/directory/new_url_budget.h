#ifndef WBA_DIRECTORY_NEW_URL_BUDGET_H_
#define WBA_DIRECTORY_NEW_URL_BUDGET_H_

// How many new URLs a resolver takes up, and for whom.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <wba/directory_resolver.h>

namespace wba::directory {

// TokenBucket lets through `per_minute` a minute, and `burst` at once after a quiet time.
class TokenBucket {
 public:
  TokenBucket(std::size_t per_minute, std::size_t burst)
      : per_minute_(static_cast<double>(per_minute)),
        burst_(static_cast<double>(burst)),
        tokens_(burst_) {}

  [[nodiscard]] bool has(std::size_t count, Time now) noexcept;
  void take() noexcept { tokens_ -= 1; }

 private:
  double per_minute_;
  double burst_;
  double tokens_;
  Time since_{};
};

// Shares are the token buckets of many subjects in a fixed number of buckets. Each subject has two
// of them, by the halves of its hash, and its share is used up when both are: two subjects rarely
// meet in both.
class Shares {
 public:
  explicit Shares(std::size_t per_minute);

  [[nodiscard]] bool has_one(std::uint64_t hash, Time now) noexcept;
  void take(std::uint64_t hash, Time now) noexcept;

 private:
  [[nodiscard]] TokenBucket& first_of(std::uint64_t hash) noexcept;
  [[nodiscard]] TokenBucket& second_of(std::uint64_t hash) noexcept;

  std::vector<TokenBucket> buckets_;
};

// NewUrlBudget shares new_urls_per_minute out. One client, and one network of clients, has only a
// part, so that a flood of made-up URLs leaves room for the others; a quarter is for registered
// domains of which a directory is known. URLs that are refused take nothing.
class NewUrlBudget {
 public:
  explicit NewUrlBudget(const DirectoryLimits& limits);

  // Client is the hash of a client's address and of its network.
  struct Client {
    std::uint64_t address = 0;
    std::uint64_t network = 0;
  };

  // has_for returns true if the share of `client` is not used up. An unknown one has all.
  [[nodiscard]] bool has_for(const std::optional<Client>& client, Time now) noexcept;

  // is_empty returns true if nothing is left for any URL.
  [[nodiscard]] bool is_empty(Time now) noexcept { return !all_.has(1, now); }

  // has_for_new_domain returns true if more is left than what is kept for known domains.
  [[nodiscard]] bool has_for_new_domain(Time now) noexcept { return all_.has(kept_ + 1, now); }

  void take(const std::optional<Client>& client, Time now) noexcept;

 private:
  TokenBucket all_;
  std::size_t kept_;
  Shares addresses_;
  Shares networks_;
};

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_NEW_URL_BUDGET_H_
