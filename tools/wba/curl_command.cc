// `wba curl -- ARGS…`: run the installed curl with signature fields for the URL it is given.

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <sys/mman.h>
#include <unistd.h>

#include <wba/curl.h>

#include "commands.h"
#include "context.h"
#include "curl_arguments.h"
#include "fetch_options.h"

namespace wba::cli {
namespace {

struct CurlOptions {
  SessionOptions session;
  std::vector<std::string> arguments;
};

// header_file gives the path of a file that curl reads headers from: arguments can be seen by every
// user of the machine, and a signature is good for whoever has it.
Outcome<std::string> header_file(const SignedFields& fields) {
  std::string text;
  if (!fields.signature_agent.empty()) text += "Signature-Agent: " + fields.signature_agent + "\n";
  text += "Signature-Input: " + fields.lines.signature_input + "\n";
  text += "Signature: " + fields.lines.signature + "\n";
  const int file = ::memfd_create("wba-headers", 0);  // open for curl
  if (file < 0 || ::write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::lseek(file, 0, SEEK_SET) != 0) {
    return std::unexpected(Failure{.message = "cannot pass headers to curl"});
  }
  return "/proc/self/fd/" + std::to_string(file);
}

Outcome<Exit> run_curl(CurlOptions& options) {
  auto read = read_curl_arguments(options.arguments);
  if (!read) return std::unexpected(read.error());
  auto session = make_session(options.session);
  if (!session) return std::unexpected(session.error());
  const EasyHandle easy(curl_easy_init());
  if (easy == nullptr) return std::unexpected(Failure{.message = "out of memory"});
  const auto prepared = session->prepare(
      easy.get(),
      {.method = read->method, .url = read->url, .fields = read->fields, .omitted = read->omitted});
  if (!prepared)
    return std::unexpected(request_failure(read->url, prepared.error(), options.session));
  const auto headers = header_file(prepared->signed_fields());
  if (!headers) return std::unexpected(headers.error());

  // curl gets the URL that was signed, and takes it as it is.
  std::vector<std::string> arguments{"curl"};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  arguments[read->url_at + 1].replace(read->url_offset, std::string::npos, prepared->url());
  for (const std::string_view added :
       {std::string_view("--globoff"), std::string_view("--path-as-is"),
        std::string_view("--proto"), std::string_view("=https"), std::string_view("--header")}) {
    arguments.emplace_back(added);
  }
  arguments.push_back("@" + *headers);
  std::vector<char*> pointers;
  for (auto& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  ::execvp("curl", pointers.data());
  return std::unexpected(Failure{.message = std::string("cannot run curl: ") + std::strerror(errno),
                                 .hint = "install curl, or use wba fetch"});
}

}  // namespace

void add_curl_command(CLI::App& app) {
  auto options = std::make_shared<CurlOptions>();
  CLI::App* command =
      app.add_subcommand("curl", "run curl with signature headers for the URL it is given");
  add_session_options(*command, options->session);
  command->add_option("ARGS", options->arguments, "curl's own arguments, behind --")->required();
  on_run(*command, [options] { return run_curl(*options); });
}

}  // namespace wba::cli
