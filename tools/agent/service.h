#ifndef WBA_TOOLS_AGENT_SERVICE_H_
#define WBA_TOOLS_AGENT_SERVICE_H_

// What the signing daemon answers. No socket in it.

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <sys/types.h>

#include <wba/key_resolver.h>
#include <wba/request_signer.h>
#include <wba/signer.h>

#include "policy.h"

namespace wba::agent {

// Call is a request to the daemon and who makes it.
struct Call {
  std::string_view method;
  std::string_view target;
  std::string_view body;
  uid_t user = 0;
  pid_t process = 0;
  std::string_view token = {};    // name, where the caller showed one: then there is no user
  std::string_view through = {};  // what the call came by, for the log; empty: the socket
  // Whether the request to sign has a body. Unknown: by its fields.
  std::optional<bool> has_body = {};
};

struct Answer {
  int status = 200;
  std::string body;  // JSON
};

// Clocks are read once a call.
struct Clocks {
  Time now;
  std::int64_t steady_ms = 0;
};

// SigningService holds the keys. For one thread.
//
// POST /sign takes an object:
//   method, url      of the request to sign; the URL is absolute and https
//   headers          [[name, value], …] or {name: value}; what is covered must be among them, and
//                    Content-Length or Transfer-Encoding if there is a body
//   key              name of a key; else the first that the rule allows
//   components       to cover beside what the rule asks for (default @authority, @method, @path)
//   lifetime         seconds, within the rule's
//   nonce            a string; true (the default) for a random one, false for none
//   label
// and answers {"headers": [[name, value], …], "expires": seconds}, or {"error": token}.
// GET /keys lists the public halves that the caller may use.
class SigningService {
 public:
  // Log takes one line, JSON without a line break; false where it could not be kept: then nothing
  // is signed.
  using Log = std::function<bool(const std::string& line)>;
  // ReadKey gives the signer of a key, or says why there is none.
  using ReadKey =
      std::function<std::expected<std::shared_ptr<const KeySigner>, std::string>(const KeyEntry&)>;

  static constexpr std::size_t max_body = std::size_t{64} << 10U;

  // create reads the keys of the policy.
  [[nodiscard]] static std::expected<SigningService, std::string> create(Policy policy,
                                                                         const ReadKey& read_key);

  [[nodiscard]] const Policy& policy() const noexcept { return policy_; }

  // keep_rates goes on counting where `other`, the service until now, is.
  void keep_rates(SigningService& other) noexcept { rates_.swap(other.rates_); }

  [[nodiscard]] Answer answer(const Call& call, const Clocks& clocks, const Log& log);

 private:
  struct Asked;
  struct Outcome;

  explicit SigningService(Policy policy) : policy_(std::move(policy)) {}

  [[nodiscard]] Answer list_keys(const Call& call) const;
  [[nodiscard]] Answer sign(const Call& call, const Clocks& clocks, const Log& log);
  [[nodiscard]] std::expected<void, std::string> sign_asked(const Asked& asked,
                                                            const Ruling& ruling,
                                                            const Clocks& clocks,
                                                            nlohmann::json& entry);

  Policy policy_;
  std::map<std::string, std::shared_ptr<const KeySigner>> signers_;  // by key name
  std::map<std::pair<std::string, std::string>, RateWindow> rates_;  // by rule and caller
  RequestSigner signer_;
  SignedFields fields_;
};

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_SERVICE_H_
