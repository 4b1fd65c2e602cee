#include "client/target.h"

#include <memory>

#include <curl/curl.h>

#include <wba/message.h>

namespace wba::client {
namespace {

std::unexpected<Error> fail(ErrorCode code) noexcept { return std::unexpected(Error{code}); }

using UrlHandle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

// part gives a part of the URL, false where it has none; `out` then is empty.
bool part(CURLU* url, CURLUPart what, unsigned flags, std::string& out) {
  char* text = nullptr;
  const CURLUcode code = curl_url_get(url, what, &text, flags);
  out = code == CURLUE_OK ? text : "";
  curl_free(text);
  return code == CURLUE_OK;
}

Result<Target> read(CURLU* url) {
  std::string text;
  if (!part(url, CURLUPART_SCHEME, 0, text)) return fail(ErrorCode::target_uri_invalid);
  if (text != "https") return fail(ErrorCode::client_url_not_https);
  // What stands before an @ is for people to be misled by (RFC 9110 §4.2.4).
  if (part(url, CURLUPART_USER, 0, text) || part(url, CURLUPART_PASSWORD, 0, text)) {
    return fail(ErrorCode::client_url_has_credentials);
  }
  if (part(url, CURLUPART_ZONEID, 0, text)) return fail(ErrorCode::target_uri_invalid);
  Target target;
  if (!part(url, CURLUPART_HOST, CURLU_PUNYCODE, text) || text.empty()) {
    return fail(ErrorCode::target_uri_invalid);
  }
  if (auto host = append_normalised_authority("https", text, target.host); !host) {
    return fail(ErrorCode::target_uri_invalid);
  }
  std::string port;
  if (part(url, CURLUPART_PORT, 0, port)) text.append(":").append(port);
  if (auto authority = append_normalised_authority("https", text, target.authority); !authority) {
    return fail(ErrorCode::target_uri_invalid);
  }
  if (!part(url, CURLUPART_PATH, 0, target.request_target)) target.request_target = "/";
  if (part(url, CURLUPART_QUERY, 0, text)) target.request_target.append("?").append(text);
  target.url = "https://" + target.authority + target.request_target;
  return target;
}

// A NUL would end the URL early for libcurl and not for whoever judged it before.
bool has_nul(std::string_view text) noexcept { return text.find('\0') != std::string_view::npos; }

}  // namespace

Result<Target> parse_target(std::string_view url) {
  const UrlHandle handle(curl_url(), curl_url_cleanup);
  if (handle == nullptr) return fail(ErrorCode::out_of_memory);
  if (has_nul(url)) return fail(ErrorCode::target_uri_invalid);
  // Schemes that libcurl does not speak are told apart from what is no URL.
  const CURLUcode code = curl_url_set(handle.get(), CURLUPART_URL, std::string(url).c_str(),
                                      CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME);
  if (code != CURLUE_OK) return fail(ErrorCode::target_uri_invalid);
  return read(handle.get());
}

Result<Target> resolve_target(const Target& base, std::string_view reference) {
  const UrlHandle handle(curl_url(), curl_url_cleanup);
  if (handle == nullptr) return fail(ErrorCode::out_of_memory);
  if (has_nul(reference) || reference.empty()) return fail(ErrorCode::target_uri_invalid);
  if (curl_url_set(handle.get(), CURLUPART_URL, base.url.c_str(), 0) != CURLUE_OK ||
      curl_url_set(handle.get(), CURLUPART_URL, std::string(reference).c_str(),
                   CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
    return fail(ErrorCode::target_uri_invalid);
  }
  return read(handle.get());
}

}  // namespace wba::client
