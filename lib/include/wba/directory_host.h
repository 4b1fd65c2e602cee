#ifndef WBA_DIRECTORY_HOST_H_
#define WBA_DIRECTORY_HOST_H_

// Serving a key directory from any HTTP server: what to answer to a request.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wba/error.h>
#include <wba/key_resolver.h>
#include <wba/message.h>
#include <wba/signer.h>

namespace wba::directory {

struct HostOptions {
  // authorities that the directory is served under: "agent.example", "agent.example:8443". Nothing
  // is signed for another: whoever could choose the authority could have a proof of these keys for
  // a site of his own.
  std::vector<std::string> authorities;
  std::chrono::seconds signature_lifetime = std::chrono::hours(24);
  std::chrono::seconds cache_lifetime = std::chrono::hours(1);  // Cache-Control max-age
};

struct HostReply {
  std::uint16_t status = 500;
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::string body = {};  // also of HEAD, whose answer has its length only
};

// Host answers requests for one directory, signed for the authority asked for. It may be used by
// several threads at once.
class Host {
 public:
  // create makes a host without a directory. `signers` hold the keys that sign; those that are not
  // in the directory sign nothing.
  // Errors: authority_invalid, argument_invalid (no authority, or signatures that would end before
  // caches let go of the response: the signature lifetime must be longer than the cache's).
  [[nodiscard]] static Result<Host> create(const HostOptions& options,
                                           std::vector<std::shared_ptr<const Signer>> signers);

  Host(Host&&) noexcept;
  Host& operator=(Host&&) noexcept;
  ~Host();

  // Loaded says how many keys a directory has and which of them no signer holds, by thumbprint.
  struct Loaded {
    std::size_t keys = 0;
    std::vector<std::string> without_signer = {};
  };

  // load takes a new directory, which is served as these very bytes. On error the old one stays.
  // Errors: those of Document::parse.
  [[nodiscard]] Result<Loaded> load(std::string_view json);

  // reply answers a request: 200 or 304 with a signature that lives longer than the response may be
  // cached, made afresh as needed; 404 for other paths, 405 for other methods, 421 for other
  // authorities, 503 where no directory was loaded. OPTIONS answers a browser's preflight.
  [[nodiscard]] HostReply reply(const Request& request, Time now);

 private:
  struct State;
  explicit Host(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_HOST_H_
