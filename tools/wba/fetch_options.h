#ifndef WBA_TOOLS_FETCH_OPTIONS_H_
#define WBA_TOOLS_FETCH_OPTIONS_H_

// What `wba fetch` and `wba curl` take of the signature, and the session that it makes.

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <wba/agent_signer.h>
#include <wba/curl.h>

#include "context.h"

namespace wba::cli {

struct SessionOptions {
  std::string key;
  std::string passphrase_file;
  std::string key_command;
  std::string agent_socket;
  std::string agent_key;
  std::string agent;
  std::string profile;
  std::string label;
  std::vector<std::string> cover;
  std::string lifetime;
  std::string nonce = "auto";
  unsigned max_redirects = 10;
  // Set by make_session where the daemon signs.
  std::shared_ptr<const AgentSigner> daemon = {};
};

// add_session_options adds --key, --passphrase-file, --key-command, --agent-socket, --agent-key,
// --agent, --profile, --label, --cover,
// --lifetime and --nonce.
void add_session_options(CLI::App& command, SessionOptions& options);

// make_session finds who signs and checks the options. Bodies get a digest, which is covered.
[[nodiscard]] Outcome<SigningSession> make_session(SessionOptions& options);

// EasyHandle owns a libcurl handle.
struct EasyHandleDeleter {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
using EasyHandle = std::unique_ptr<CURL, EasyHandleDeleter>;

// request_failure says why a request was not sent, and what to do about it.
[[nodiscard]] Failure request_failure(const std::string& url, const Error& error,
                                      const SessionOptions& options);

}  // namespace wba::cli

#endif  // WBA_TOOLS_FETCH_OPTIONS_H_
