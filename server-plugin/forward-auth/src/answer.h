#ifndef WBA_FORWARD_AUTH_ANSWER_H_
#define WBA_FORWARD_AUTH_ANSWER_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include <wba/guard/guard.h>

#include "authd.h"
#include "original_request.h"
#include "passed_requests.h"

namespace wba::forward_auth {

// Answer is what the proxy is told.
struct Answer {
  int status = 503;
  bool close = false;  // nothing more may be read from the connection
  std::vector<std::pair<std::string, std::string>> headers;
};

// Answerer decides for one thread.
class Answerer {
 public:
  // `passed` is shared by the threads.
  Answerer(std::shared_ptr<guard::Guard> guard, const AuthdOptions& options,
           std::shared_ptr<PassedRequests> passed);

  // admits gives whether `peer` is a trusted proxy. Others are not even read from: what they hold
  // open would be missing for the proxies.
  [[nodiscard]] bool admits(const sockaddr_storage& peer) noexcept;

  // answer decides about the request that `asking` is about. `peer` is who asks: nobody but a
  // trusted proxy is answered anything but 403, since what it says of the client would be a claim.
  // An asking of which it is not clear where it ends is answered 403 too, and is the connection's
  // last. No answer may be stored. It lives until the next.
  //
  // Where a request passes, X-Agent-Outcome says what it is, and only for a verified agent
  // X-Agent-Identity, -Domain, -Keyid and -Dialect who sent it. All five are always there, empty
  // where nothing is known.
  const Answer& answer(const Request& asking, std::string_view peer);

 private:
  // refuse answers with an error of the asking's own.
  const Answer& refuse(std::string_view error);
  void add(std::string_view name, std::string_view value);
  // decide asks the guard about original_, and counts it once however often it is asked about.
  const guard::Decision& decide(std::string_view peer);
  void fill(const guard::Decision& decision);

  std::shared_ptr<guard::Guard> guard_;
  guard::Guard::Worker worker_;
  AuthdOptions options_;
  std::shared_ptr<PassedRequests> passed_;
  OriginalRequest original_;
  Answer answer_;
  std::string request_id_;
};

}  // namespace wba::forward_auth

#endif  // WBA_FORWARD_AUTH_ANSWER_H_
