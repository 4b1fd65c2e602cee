#ifndef WBA_TOOLS_FETCH_OPTIONS_H_
#define WBA_TOOLS_FETCH_OPTIONS_H_

// What `wba fetch` and `wba curl` take of the signature, and the session that it makes.

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <wba/curl.h>

#include "context.h"

namespace wba::cli {

struct SessionOptions {
  std::string key;
  std::string passphrase_file;
  std::string agent;
  std::string profile;
  std::string label;
  std::vector<std::string> cover;
  std::string lifetime;
  std::string nonce = "auto";
  unsigned max_redirects = 10;
};

// add_session_options adds --key, --passphrase-file, --agent, --profile, --label, --cover, --lifetime and --nonce.
void add_session_options(CLI::App& command, SessionOptions& options);

// make_session reads the key and checks the options. Bodies get a digest, which is covered.
[[nodiscard]] Outcome<SigningSession> make_session(const SessionOptions& options);

// EasyHandle owns a libcurl handle.
struct EasyHandleDeleter {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
using EasyHandle = std::unique_ptr<CURL, EasyHandleDeleter>;

// request_failure says why a request was not sent, and what to do about it.
[[nodiscard]] Failure request_failure(const std::string& url, const Error& error);

}  // namespace wba::cli

#endif  // WBA_TOOLS_FETCH_OPTIONS_H_
