#include "client/daemon.h"

#include <utility>

namespace wba::client {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{256} << 10U;

std::size_t append(char* data, std::size_t one, std::size_t count, void* out) noexcept {
  auto& body = *static_cast<std::string*>(out);
  try {
    // One octet more than may be, so that it is seen.
    if (body.size() <= kMaxAnswer) body.append(data, one * count);
  } catch (...) {
    return CURL_WRITEFUNC_ERROR;  // libcurl's frames cannot be thrown through
  }
  return body.size() <= kMaxAnswer ? one * count : CURL_WRITEFUNC_ERROR;
}

}  // namespace

Daemon::Daemon(std::string path, std::chrono::milliseconds limit)
    : easy_(curl_easy_init()), path_(std::move(path)), limit_(limit) {}

Result<Daemon::Answer> Daemon::ask(const char* target, const std::string* body) {
  Answer answer;
  CURL* easy = easy_.get();
  if (easy == nullptr) return std::unexpected(Error{ErrorCode::out_of_memory});
  // The connection stays. A proxy that the environment names is not for this.
  curl_easy_reset(easy);
  const std::string url = std::string("http://localhost") + target;
  const bool set =
      curl_easy_setopt(easy, CURLOPT_URL, url.c_str()) == CURLE_OK &&
      curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, path_.c_str()) == CURLE_OK &&
      curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
      curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK &&
      curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
      curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(limit_.count())) == CURLE_OK &&
      curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &append) == CURLE_OK &&
      curl_easy_setopt(easy, CURLOPT_WRITEDATA, static_cast<void*>(&answer.body)) == CURLE_OK &&
      (body == nullptr || (curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                            static_cast<curl_off_t>(body->size())) == CURLE_OK &&
                           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body->c_str()) == CURLE_OK));
  if (!set) return std::unexpected(Error{ErrorCode::signer_unreachable});
  const CURLcode code = curl_easy_perform(easy);
  if (answer.body.size() > kMaxAnswer) {
    return std::unexpected(Error{ErrorCode::signer_answer_invalid});
  }
  if (code != CURLE_OK) return std::unexpected(Error{ErrorCode::signer_unreachable});
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

}  // namespace wba::client
