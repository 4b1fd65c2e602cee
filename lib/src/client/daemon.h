#ifndef WBA_CLIENT_DAEMON_H_
#define WBA_CLIENT_DAEMON_H_

#include <chrono>
#include <memory>
#include <string>

#include <curl/curl.h>

#include <wba/error.h>

namespace wba::client {

// Daemon is HTTP on a Unix socket, over a connection that is kept.
class Daemon {
 public:
  struct Answer {
    long status = 0;
    std::string body;
  };

  Daemon(std::string path, std::chrono::milliseconds limit);

  // ask sends a GET, or a POST of `body`. Errors: signer_unreachable, signer_answer_invalid (more
  // than 256 KiB).
  [[nodiscard]] Result<Answer> ask(const char* target, const std::string* body);

 private:
  struct Free {
    void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
  };
  std::unique_ptr<CURL, Free> easy_;
  std::string path_;
  std::chrono::milliseconds limit_;
};

}  // namespace wba::client

#endif  // WBA_CLIENT_DAEMON_H_
