// `wba fetch`: sign a request, send it, and show the answer.

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <wba/curl.h>

#include "address_guard.h"
#include "commands.h"
#include "context.h"
#include "download.h"
#include "fetch_options.h"
#include "fetch_report.h"
#include "files.h"
#include "network_options.h"
#include "options.h"
#include "request_text.h"

namespace wba::cli {
namespace {

struct FetchOptions {
  SessionOptions session;
  std::string url;
  std::string method;
  std::vector<std::string> headers;
  std::optional<std::string> data;
  std::string output;
  bool include_head = false;
  bool head = false;
  bool verbose = false;
  bool json = false;
  bool fail = false;
  NetworkOptions network;
  bool public_only = false;
  std::string max_time;
};

// What --json keeps in memory.
constexpr std::size_t kMaxJsonBody = std::size_t{64} << 20U;

// A clock that is off by less hurts no signature.
constexpr std::chrono::seconds kNotableDrift{30};

struct FreeList {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

Outcome<ClientRequest> read_request(const FetchOptions& options) {
  ClientRequest request{.method = options.head ? "HEAD" : "GET", .url = options.url};
  for (const auto& header : options.headers) {
    const auto option = read_header_option(header);
    if (!option) return std::unexpected(option.error());
    const std::string name(option->line.name);
    if (option->removes) {
      request.omitted.push_back(name);
    } else {
      request.fields.push_back({.name = name, .value = std::string(option->line.value)});
    }
  }
  // What is sent by default is a field of the request, so that it can be covered.
  const auto add_default = [&request](std::string_view name, std::string_view value) {
    const auto given = [name](const ClientField& field) {
      return field_name_equals(field.name, name);
    };
    const auto omitted = [name](const std::string& other) {
      return field_name_equals(other, name);
    };
    if (std::ranges::none_of(request.fields, given) &&
        std::ranges::none_of(request.omitted, omitted)) {
      request.fields.push_back({.name = std::string(name), .value = std::string(value)});
    }
  };
  add_default("User-Agent", "wba/" WBA_VERSION);
  if (options.data) {
    if (options.data->starts_with('@')) {
      const auto text = read_input(options.data->substr(1));
      if (!text) return std::unexpected(text.error());
      request.body = std::string(text->text());
    } else {
      request.body = *options.data;
    }
    request.method = "POST";
    add_default("Content-Type", "application/x-www-form-urlencoded");
  }
  if (!options.method.empty()) request.method = options.method;
  return request;
}

Outcome<void> set_up(CURL* easy, const FetchOptions& options,
                     std::unique_ptr<curl_slist, FreeList>& resolve) {
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 30000L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  if (!options.network.ca.empty()) {
    if (::access(options.network.ca.c_str(), R_OK) != 0) {
      return std::unexpected(Failure{.message = "cannot read " + escape(options.network.ca)});
    }
    curl_easy_setopt(easy, CURLOPT_CAINFO, options.network.ca.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
  for (const auto& entry : options.network.resolve) {
    curl_slist* longer = curl_slist_append(resolve.get(), entry.c_str());
    if (longer == nullptr) return std::unexpected(Failure{.message = "out of memory"});
    static_cast<void>(resolve.release());
    resolve.reset(longer);
  }
  curl_easy_setopt(easy, CURLOPT_RESOLVE, resolve.get());
  if (!options.max_time.empty()) {
    const auto limit = read_duration("--max-time", options.max_time);
    if (!limit) return std::unexpected(limit.error());
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, static_cast<long>(limit->count()));
  }
  return {};
}

std::optional<std::uint64_t> content_length(const ClientResponse& response) {
  const std::string* text = response.field("content-length");
  std::uint64_t length = 0;
  if (text == nullptr) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
  return error == std::errc() ? std::optional(length) : std::nullopt;
}

// report_end tells what a script would miss in the answer itself.
void report_end(const ClientResponse& response) {
  if (response.clock_drift && std::chrono::abs(*response.clock_drift) >= kNotableDrift) {
    const auto seconds = response.clock_drift->count();
    hint_line("the server's clock is " + std::to_string(std::abs(seconds)) + " s " +
              (seconds > 0 ? "ahead of" : "behind") +
              " this one: a signature may count as expired or not yet made");
  }
}

Outcome<Exit> fetch(FetchOptions& options) {
  auto request = read_request(options);
  if (!request) return std::unexpected(request.error());
  auto session = make_session(options.session);
  if (!session) return std::unexpected(session.error());
  const EasyHandle easy(curl_easy_init());
  if (easy == nullptr) return std::unexpected(Failure{.message = "out of memory"});
  std::unique_ptr<curl_slist, FreeList> resolve;
  if (auto ready = set_up(easy.get(), options, resolve); !ready) {
    return std::unexpected(ready.error());
  }
  auto addresses = read_addresses(options.network);
  if (!addresses) return std::unexpected(addresses.error());
  AddressGuard guard(*std::move(addresses));
  if (options.public_only && guard.guard(easy.get()) != CURLE_OK) {
    return std::unexpected(Failure{.message = "libcurl cannot look at addresses"});
  }
  char reason[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, reason);

  auto download = Download::open(options.output);
  if (!download) return std::unexpected(download.error());
  const bool to_terminal = options.output.empty() && ::isatty(STDOUT_FILENO) == 1;
  Progress progress(::isatty(STDERR_FILENO) == 1 && !to_terminal && !options.verbose);
  nlohmann::json requests = nlohmann::json::array();
  std::string body;
  bool written = true;
  const bool keep_body = options.json && options.output.empty();
  const ResponseHandlers handlers{
      .head =
          [&](const ClientResponse& response) {
            progress.expect(content_length(response));
            if (options.verbose) {
              const std::string text = verbose_response(response);
              std::fwrite(text.data(), 1, text.size(), stderr);
            }
            if ((options.include_head || options.head) && !options.json) {
              written = download->write(head_text(response));
            }
          },
      .body =
          [&](std::string_view part) {
            progress.add(part.size());
            if (!keep_body) return written = written && download->write(part);
            body += part;
            return body.size() <= kMaxJsonBody;
          },
      .sent =
          [&](const SentRequest& sent) {
            if (options.json) requests.push_back(json_request(sent));
            if (!options.verbose) return;
            const std::string text = verbose_request(sent);
            std::fwrite(text.data(), 1, text.size(), stderr);
          }};
  CURLcode code = CURLE_OK;
  const auto response = session->perform(easy.get(), *std::move(request), handlers, &code);
  progress.clear();
  if (!response) {
    if (response.error().code != ErrorCode::client_transfer_failed) {
      return std::unexpected(request_failure(options.url, response.error(), options.session));
    }
    if (!written) return std::unexpected(Failure{.message = "cannot write the body"});
    if (body.size() > kMaxJsonBody) {
      return std::unexpected(Failure{.message = "the body is too large for --json",
                                     .hint = "write it to a file with -o"});
    }
    if (guard.refused()) {
      return std::unexpected(Failure{.message = "request to " + escape(options.url, 100) +
                                                ": the address is not public, or the port not 443",
                                     .hint = "--allow-address CIDR lets --public-only reach it"});
    }
    const char* text = reason[0] != '\0' ? reason : curl_easy_strerror(code);
    return std::unexpected(
        Failure{.message = "request to " + escape(options.url, 100) + ": " + escape(text)});
  }
  report_end(*response);
  if (response->stop != ClientStop::none && is_redirect(response->status)) {
    return std::unexpected(Failure{.message = std::string(describe(response->stop))});
  }
  if (response->stop != ClientStop::none) hint_line(describe(response->stop));
  if (options.fail && response->status >= 400) {
    return std::unexpected(
        Failure{.message = "the server answered with status " + std::to_string(response->status),
                .exit = Exit::invalid});
  }
  if (options.json) {
    print(json_response(*response, keep_body ? &body : nullptr, std::move(requests)).dump(2) +
          "\n");
  }
  if (auto finished = download->finish(); !finished) return std::unexpected(finished.error());
  return Exit::done;
}

}  // namespace

void add_fetch_command(CLI::App& app) {
  auto options = std::make_shared<FetchOptions>();
  CLI::App* command = app.add_subcommand("fetch", "sign a request, send it and show the answer");
  command->add_option("URL", options->url, "absolute https URL")->required();
  add_session_options(*command, options->session);
  command->add_option("-X,--request", options->method, "method (default GET; POST with -d)");
  command
      ->add_option("-H,--header", options->headers,
                   "header to send, 'Name;' for an empty one, 'Name:' for none; repeatable")
      ->allow_extra_args(false);
  command->add_option("-d,--data", options->data, "body, or @FILE; its digest is sent and covered");
  command->add_option("-o,--output", options->output,
                      "file for the body (default: standard output)");
  command->add_flag("-i,--include", options->include_head, "show the answer's head too");
  command->add_flag("-I,--head", options->head, "ask for the head alone");
  command->add_flag("-v,--verbose", options->verbose,
                    "show what is sent, with signature base, and received");
  command->add_flag("--json", options->json, "print one object with the answer");
  command->add_flag("-f,--fail", options->fail, "end with status 1 where the server refuses");
  command->add_option("--max-redirects", options->session.max_redirects,
                      "redirects to follow, each signed anew (default 10)");
  command->add_option("--max-time", options->max_time, "limit for each request (default none)");
  command->add_flag("--public-only", options->public_only,
                    "connect to port 443 of public addresses alone, and by no proxy: for URLs that "
                    "a model or a page chose (default: every address, as curl does)");
  command->add_option("--ca", options->network.ca, "trust these roots instead of the system's");
  command
      ->add_option("--resolve", options->network.resolve,
                   "HOST:PORT:ADDRESS, as curl's; repeatable")
      ->allow_extra_args(false);
  command
      ->add_option("--allow-address", options->network.allow_addresses,
                   "CIDR: with --public-only this range too, at any port; repeatable")
      ->allow_extra_args(false);
  on_run(*command, [options] { return fetch(*options); });
}

}  // namespace wba::cli
