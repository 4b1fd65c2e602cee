#include "curl_arguments.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "request_text.h"

namespace wba::cli {
namespace {

// Short options of curl that take a value.
constexpr std::string_view kShortWithValue = "AbcCdDeEFhHKmoPQrtTuUwxXyYz";

// Long options without a value that stand before a URL often, or that say what the request is.
constexpr std::array<std::string_view, 47> kLongWithoutValue{"--anyauth",
                                                             "--append",
                                                             "--basic",
                                                             "--cert-status",
                                                             "--compressed",
                                                             "--create-dirs",
                                                             "--digest",
                                                             "--disable",
                                                             "--fail",
                                                             "--fail-early",
                                                             "--fail-with-body",
                                                             "--globoff",
                                                             "--head",
                                                             "--http1.0",
                                                             "--http1.1",
                                                             "--http2",
                                                             "--http2-prior-knowledge",
                                                             "--http3",
                                                             "--include",
                                                             "--insecure",
                                                             "--ipv4",
                                                             "--ipv6",
                                                             "--junk-session-cookies",
                                                             "--negotiate",
                                                             "--netrc",
                                                             "--netrc-optional",
                                                             "--no-buffer",
                                                             "--no-keepalive",
                                                             "--no-progress-meter",
                                                             "--ntlm",
                                                             "--path-as-is",
                                                             "--progress-bar",
                                                             "--proxytunnel",
                                                             "--raw",
                                                             "--remote-header-name",
                                                             "--remote-name",
                                                             "--remote-time",
                                                             "--show-error",
                                                             "--silent",
                                                             "--ssl-reqd",
                                                             "--styled-output",
                                                             "--tcp-nodelay",
                                                             "--tlsv1.2",
                                                             "--tlsv1.3",
                                                             "--trace-time",
                                                             "--use-ascii",
                                                             "--verbose"};

constexpr std::array<std::string_view, 12> kRefused{
    "--location",  "--location-trusted", "--next",     "--config",         "--get",
    "--url-query", "--remote-name-all",  "--parallel", "--request-target", "--form-string",
    "--aws-sigv4", "--http0.9"};

bool is_among(std::string_view name, auto&& names) {
  return std::ranges::find(names, name) != names.end();
}

Failure refused(std::string_view option, std::string_view why) {
  std::string message = "curl's " + escape(option, 60) + " ";
  return {.message = message.append(why),
          .hint = "wba fetch follows redirects and signs each hop; sign one request a run here"};
}

class Reader {
 public:
  explicit Reader(const std::vector<std::string>& arguments) : arguments_(arguments) {}

  Outcome<CurlRequest> read() {
    for (at_ = 0; at_ < arguments_.size(); ++at_) {
      const std::string& argument = arguments_[at_];
      Outcome<void> done;
      if (argument == "-" || !argument.starts_with('-')) {
        done = take_url(at_, 0);
      } else if (argument.starts_with("--")) {
        done = take_long(argument);
      } else {
        done = take_cluster(argument);
      }
      if (!done) return std::unexpected(done.error());
    }
    if (request_.url.empty()) {
      return std::unexpected(Failure{.message = "no URL among curl's arguments",
                                     .hint = "wba curl --key FILE --agent URL -- URL"});
    }
    request_.method = method_.value_or(head_ ? "HEAD" : upload_ ? "PUT" : post_ ? "POST" : "GET");
    return std::move(request_);
  }

 private:
  Outcome<void> take_url(std::size_t at, std::size_t offset) {
    if (!request_.url.empty()) {
      return std::unexpected(refused("second URL", "would need a signature of its own"));
    }
    request_.url = arguments_[at].substr(offset);
    request_.url_at = at;
    request_.url_offset = offset;
    return {};
  }

  // next gives the value that follows an option.
  Outcome<std::string> next(std::string_view option) {
    if (at_ + 1 >= arguments_.size()) {
      return std::unexpected(Failure{.message = "curl's " + escape(option, 60) + " lacks a value"});
    }
    return arguments_[++at_];
  }

  Outcome<void> take_long(const std::string& name) {
    if (is_among(name, kRefused)) {
      return std::unexpected(refused(name, "changes what is sent behind the signature's back"));
    }
    if (name == "--head") head_ = true;
    if (name.starts_with("--no-") || is_among(name, kLongWithoutValue)) return {};
    const bool known = name == "--request" || name == "--header" || name == "--url" ||
                       name.starts_with("--data") || name == "--json" || name == "--form" ||
                       name == "--upload-file" || name == "--user-agent" || name == "--referer" ||
                       name == "--cookie" || name == "--user";
    // Of an option that is not known here, the word behind it is its value unless it looks like
    // an option or like the URL.
    if (!known) {
      const bool has_value = at_ + 1 < arguments_.size() && !arguments_[at_ + 1].starts_with('-') &&
                             (!arguments_[at_ + 1].starts_with("https://") || is_proxy(name));
      if (has_value) ++at_;
      return {};
    }
    auto value = next(name);
    if (!value) return std::unexpected(value.error());
    if (name == "--url") return take_url(at_, 0);
    return take(name, *value);
  }

  static bool is_proxy(std::string_view name) {
    return name.find("proxy") != std::string_view::npos || name == "--doh-url";
  }

  Outcome<void> take_cluster(const std::string& cluster) {
    for (std::size_t i = 1; i < cluster.size(); ++i) {
      const char option = cluster[i];
      const std::string name{'-', option};
      if (option == 'L' || option == 'K' || option == 'G' || option == ':' || option == 'Z') {
        return std::unexpected(refused(name, "changes what is sent behind the signature's back"));
      }
      if (option == 'I') head_ = true;
      if (kShortWithValue.find(option) == std::string_view::npos) continue;
      std::string value = cluster.substr(i + 1);
      if (value.empty()) {
        auto following = next(name);
        if (!following) return std::unexpected(following.error());
        value = *following;
      }
      return take(name, value);
    }
    return {};
  }

  Outcome<void> take(std::string_view option, const std::string& value) {
    if (option == "-X" || option == "--request") {
      method_ = value;
    } else if (option == "-H" || option == "--header") {
      return take_header(value);
    } else if (option == "-T" || option == "--upload-file") {
      upload_ = true;
    } else if (option == "-d" || option.starts_with("--data") || option == "--json" ||
               option == "-F" || option == "--form") {
      post_ = true;
    }
    return {};
  }

  Outcome<void> take_header(const std::string& header) {
    if (header.starts_with('@')) return std::unexpected(refused("-H @FILE", "is not read here"));
    const auto option = read_header_option(header);
    if (!option) return std::unexpected(option.error());
    const std::string name(option->line.name);
    if (option->removes) {
      request_.omitted.push_back(name);
    } else {
      request_.fields.push_back({.name = name, .value = std::string(option->line.value)});
    }
    return {};
  }

  const std::vector<std::string>& arguments_;
  std::size_t at_ = 0;
  CurlRequest request_;
  std::optional<std::string> method_;
  bool head_ = false;
  bool upload_ = false;
  bool post_ = false;
};

}  // namespace

Outcome<CurlRequest> read_curl_arguments(const std::vector<std::string>& arguments) {
  return Reader(arguments).read();
}

}  // namespace wba::cli
