#include "client/transfer.h"

#include <charconv>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wba/message.h>

namespace wba::client {
namespace {

std::unexpected<Error> fail(ErrorCode code) noexcept { return std::unexpected(Error{code}); }

// Options sets options until one is refused.
class Options {
 public:
  explicit Options(CURL* easy) noexcept : easy_(easy) {}

  template <typename T>
  void set(CURLoption option, T value) noexcept {
    if (ok_) ok_ = curl_easy_setopt(easy_, option, value) == CURLE_OK;
  }
  void on(CURLoption option) noexcept { set(option, 1L); }
  void off(CURLoption option) noexcept { set(option, 0L); }
  void none(CURLoption option) noexcept { set(option, static_cast<void*>(nullptr)); }
  [[nodiscard]] bool ok() const noexcept { return ok_; }

 private:
  CURL* easy_;
  bool ok_ = true;
};

std::size_t read_stream(char* out, std::size_t one, std::size_t count, void* stream) noexcept {
  try {
    const auto size = static_cast<BodyStream*>(stream)->read(std::span(out, one * count));
    return size && *size <= one * count ? *size : CURL_READFUNC_ABORT;
  } catch (...) {
    return CURL_READFUNC_ABORT;  // libcurl's frames cannot be thrown through
  }
}

// libcurl sends a body again where a connection that it kept turns out to be dead.
int seek_stream(void* stream, curl_off_t offset, int origin) noexcept {
  try {
    auto& body = *static_cast<BodyStream*>(stream);
    if (offset != 0 || origin != SEEK_SET || !body.rewindable()) return CURL_SEEKFUNC_CANTSEEK;
    return body.rewind() ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
  } catch (...) {
    return CURL_SEEKFUNC_FAIL;
  }
}

void set_method_and_body(Options& options, const ClientRequest& request) {
  options.off(CURLOPT_UPLOAD);
  options.off(CURLOPT_NOBODY);
  options.none(CURLOPT_POSTFIELDS);
  options.set(CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t{-1});
  options.on(CURLOPT_HTTPGET);
  options.none(CURLOPT_CUSTOMREQUEST);
  const auto& method = request.method;
  if (request.stream != nullptr) {
    const auto size = request.stream->size();
    options.on(CURLOPT_UPLOAD);
    options.set(CURLOPT_READFUNCTION, &read_stream);
    options.set(CURLOPT_READDATA, static_cast<void*>(request.stream.get()));
    options.set(CURLOPT_SEEKFUNCTION, &seek_stream);
    options.set(CURLOPT_SEEKDATA, static_cast<void*>(request.stream.get()));
    options.set(CURLOPT_INFILESIZE_LARGE, size ? static_cast<curl_off_t>(*size) : curl_off_t{-1});
    if (method != "PUT") options.set(CURLOPT_CUSTOMREQUEST, method.c_str());
  } else if (request.body || method == "POST" || method == "PUT" || method == "PATCH") {
    // These say that they have no content (RFC 9110 §8.6).
    options.on(CURLOPT_POST);
    options.set(CURLOPT_POSTFIELDS, request.body ? request.body->data() : "");
    options.set(CURLOPT_POSTFIELDSIZE_LARGE,
                static_cast<curl_off_t>(request.body ? request.body->size() : 0));
    if (method != "POST") options.set(CURLOPT_CUSTOMREQUEST, method.c_str());
  } else if (method == "HEAD") {
    options.on(CURLOPT_NOBODY);
  } else if (method != "GET") {
    options.set(CURLOPT_CUSTOMREQUEST, method.c_str());
  }
}

}  // namespace

Result<void> Transfer::make_fields(const Outgoing& outgoing) {
  std::string line;
  const auto append = [&]() -> bool {
    curl_slist* longer = curl_slist_append(fields_.get(), line.c_str());
    if (longer == nullptr) return false;
    static_cast<void>(fields_.release());
    fields_.reset(longer);
    return true;
  };
  fields_.reset();
  for (const auto& field : signed_.fields) {
    // "Name:" would mean to libcurl that the field is not to be sent.
    const bool empty = field.value.find_first_not_of(" \t") == std::string::npos;
    line.assign(field.name).append(empty ? ";" : ": ").append(empty ? "" : field.value);
    if (!append()) return fail(ErrorCode::out_of_memory);
  }
  // "Name:" takes a field away that libcurl would add. A body is a form only where the application
  // says so.
  std::vector<std::string_view> unwanted(outgoing.request.omitted.begin(),
                                         outgoing.request.omitted.end());
  unwanted.emplace_back("Content-Type");
  for (const auto name : unwanted) {
    if (find_field(signed_.fields, name) != nullptr) continue;
    line.assign(name).append(":");
    if (!append()) return fail(ErrorCode::out_of_memory);
  }
  return {};
}

Result<void> Transfer::apply(CURL* easy, const Outgoing& outgoing, Signed signed_request) {
  signed_ = std::move(signed_request);
  if (auto made = make_fields(outgoing); !made) return made;
  Options options(easy);
  options.set(CURLOPT_URL, outgoing.target.url.c_str());
  // What is sent is what was signed, whatever libcurl would make of the URL.
  options.set(CURLOPT_REQUEST_TARGET, outgoing.target.request_target.c_str());
  options.on(CURLOPT_PATH_AS_IS);
  options.set(CURLOPT_PROTOCOLS_STR, "https");
  options.off(CURLOPT_FOLLOWLOCATION);
  options.set(CURLOPT_HEADEROPT, long{CURLHEADER_SEPARATE});
  options.set(CURLOPT_HTTPHEADER, fields_.get());
  set_method_and_body(options, outgoing.request);
  if (!options.ok()) return fail(ErrorCode::client_transfer_failed);
  return {};
}

void drop_credentials(CURL* easy) noexcept {
  Options options(easy);
  for (const auto option :
       {CURLOPT_USERPWD, CURLOPT_XOAUTH2_BEARER, CURLOPT_COOKIE, CURLOPT_REFERER}) {
    options.none(option);
  }
  // A library built without it does not know the option: there is nothing to drop then.
  curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, static_cast<void*>(nullptr));
  curl_easy_setopt(easy, CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
}

ClientResponse read_response(CURL* easy, Time now) {
  ClientResponse response;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &response.status);
  long version = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
  switch (version) {
    case CURL_HTTP_VERSION_1_0:
      response.http_version = 10;
      break;
    case CURL_HTTP_VERSION_1_1:
      response.http_version = 11;
      break;
    case CURL_HTTP_VERSION_2_0:
      response.http_version = 20;
      break;
    case CURL_HTTP_VERSION_3:
      response.http_version = 30;
      break;
    default:
      break;
  }
  const curl_header* header = nullptr;
  // CURLH_HEADER alone: neither a proxy's answer nor interim ones, nor trailers.
  curl_header* at = nullptr;
  while ((at = curl_easy_nextheader(easy, CURLH_HEADER, -1, at)) != nullptr) {
    header = at;
    response.fields.push_back({.name = header->name, .value = header->value});
  }
  if (const std::string* date = response.field("date"); date != nullptr) {
    if (const auto seconds = curl_getdate(date->c_str(), nullptr); seconds != -1) {
      long age = 0;
      if (const std::string* text = response.field("age"); text != nullptr) {
        const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), age);
        // What is no age, or an absurd one, is none. RFC 9111 §5.1.
        if (error != std::errc() || age < 0 || age > (1L << 31)) age = 0;
      }
      response.clock_drift = std::chrono::seconds(seconds + age) - now.time_since_epoch();
    }
  }
  return response;
}

}  // namespace wba::client
