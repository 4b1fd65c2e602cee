#include "fetching_resolver.h"

#include <chrono>
#include <new>
#include <utility>

namespace wba::cli {
namespace {

constexpr std::chrono::seconds patience{15};

class FetchingReader final : public KeyResolver::Reader {
 public:
  FetchingReader(std::unique_ptr<Reader> given, std::shared_ptr<const DirectoryResolver> fetched)
      : given_(std::move(given)), fetched_(std::move(fetched)) {}

  KeyLookup lookup(const AgentLink& link, std::string_view keyid, Time now) noexcept override {
    const KeyLookup known = given_->lookup(link, keyid, now);
    // A directory that was given stands for the fetch of it; a key that names no URL does not.
    const bool settled = known.reason == Reason::none ? !known.identity.empty()
                                                      : known.reason != Reason::no_keys_given;
    if (settled || link.url.empty()) return known;
    try {
      resolution_ = fetched_->resolve(link, keyid, std::chrono::steady_clock::now() + patience);
    } catch (const std::bad_alloc&) {
      return {.reason = Reason::internal_error};
    }
    if (resolution_.reason == Reason::none) {
      return {.reason = Reason::none,
              .key = &*resolution_.key,
              .identity = resolution_.identity,
              .domain = resolution_.domain};
    }
    return known.reason == Reason::none ? known : KeyLookup{.reason = resolution_.reason};
  }

 private:
  std::unique_ptr<Reader> given_;
  std::shared_ptr<const DirectoryResolver> fetched_;
  KeyResolution resolution_;
};

class FetchingResolver final : public KeyResolver {
 public:
  FetchingResolver(std::shared_ptr<const KeyResolver> given,
                   std::shared_ptr<const DirectoryResolver> fetched)
      : given_(std::move(given)), fetched_(std::move(fetched)) {}

  [[nodiscard]] std::unique_ptr<Reader> reader() const override {
    return std::make_unique<FetchingReader>(given_->reader(), fetched_);
  }

 private:
  std::shared_ptr<const KeyResolver> given_;
  std::shared_ptr<const DirectoryResolver> fetched_;
};

}  // namespace

std::shared_ptr<const KeyResolver> fetching_resolver(
    std::shared_ptr<const KeyResolver> given, std::shared_ptr<const DirectoryResolver> fetched) {
  return std::make_shared<FetchingResolver>(std::move(given), std::move(fetched));
}

}  // namespace wba::cli
