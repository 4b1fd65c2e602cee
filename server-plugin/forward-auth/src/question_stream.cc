#include "question_stream.h"

#include <string_view>

#include <event2/buffer.h>

#include "base/ascii.h"

namespace wba::forward_auth {
namespace {

constexpr std::string_view kTransferEncoding = "transfer-encoding";
constexpr char kNoToken = '\x01';

// What libevent has not read yet begins with a line: it reads whole lines, and no body.
void hide_transfer_encoding(evbuffer* input, const evbuffer_cb_info* change, void*) noexcept {
  if (change->n_added == 0) return;
  const std::size_t size = evbuffer_get_length(input);
  char* const octets = reinterpret_cast<char*>(evbuffer_pullup(input, -1));
  if (octets == nullptr) return;
  const std::string_view text(octets, size);
  for (std::size_t line = 0; line < size;) {
    const auto name = text.substr(line, kTransferEncoding.size());
    if (ascii::equals_ignoring_case(name, kTransferEncoding)) octets[line] = kNoToken;
    const auto end = text.find('\n', line);
    if (end == std::string_view::npos) return;
    line = end + 1;
  }
}

}  // namespace

bufferevent* make_question_stream(event_base* base) noexcept {
  bufferevent* const stream = bufferevent_socket_new(base, -1, 0);
  if (stream == nullptr) return nullptr;
  if (evbuffer_add_cb(bufferevent_get_input(stream), hide_transfer_encoding, nullptr) == nullptr) {
    bufferevent_free(stream);
    return nullptr;
  }
  return stream;
}

}  // namespace wba::forward_auth
