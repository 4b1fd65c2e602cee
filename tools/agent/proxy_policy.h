#ifndef WBA_TOOLS_AGENT_PROXY_POLICY_H_
#define WBA_TOOLS_AGENT_PROXY_POLICY_H_

// What the proxy asks of the daemon that holds the keys: the same policy, rates and log as for
// callers of its socket.

#include <cstddef>
#include <expected>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>
#include <sys/types.h>

#include "policy.h"
#include "proxy_message.h"
#include "service.h"

namespace wba::agent {

// ProxyPolicy is used by the proxy's thread alone; what it shares with the daemon's other callers
// it takes with the lock.
class ProxyPolicy {
 public:
  // `lock` guards `service` and `log`, which must outlive this.
  ProxyPolicy(std::mutex& lock, SigningService& service, SigningService::Log log)
      : lock_(lock), service_(service), log_(std::move(log)) {}

  [[nodiscard]] bool knows_user(uid_t user);

  // wants_digest says whether the request would be signed if it had a Content-Digest, and not
  // without.
  [[nodiscard]] bool wants_digest(uid_t user, const ProxyRequest& request);

  // sign gives the fields to add to those in `fields`, which is all that is sent on.
  [[nodiscard]] std::expected<ProxyFields, Refused> sign(uid_t user, const ProxyRequest& request,
                                                         const ProxyFields& fields);

  // allow_tunnel decides on CONNECT by the rules for a request whose method is CONNECT and whose
  // path nobody knows: a rule that bounds paths or wants digests allows none, one that lists
  // methods must list it. It is logged as what it is: unsigned.
  [[nodiscard]] std::expected<void, Refused> allow_tunnel(uid_t user, const ProxyRequest& request);

  // note logs what the proxy itself refused, or could not do after it was allowed. `user` and
  // `request` may be unknown.
  enum class What : std::uint8_t { refused, failed };
  void note(What what, std::optional<uid_t> user, const ProxyRequest* request,
            std::string_view reason);

 private:
  [[nodiscard]] static nlohmann::json entry(std::optional<uid_t> user, const ProxyRequest* request);

  std::mutex& lock_;
  SigningService& service_;
  SigningService::Log log_;
  std::map<std::pair<std::string, uid_t>, RateWindow> tunnels_;  // by rule and user
};

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_PROXY_POLICY_H_
