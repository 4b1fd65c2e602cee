#ifndef WBA_FORWARD_AUTH_QUESTION_STREAM_H_
#define WBA_FORWARD_AUTH_QUESTION_STREAM_H_

#include <event2/bufferevent.h>
#include <event2/event.h>

namespace wba::forward_auth {

// make_question_stream returns the stream of a new connection, nullptr if there is no memory.
// libevent waits for a chunked body before it calls back, and has no hook behind the head: of what
// comes by this stream it does not see Transfer-Encoding, but a name that is no token, which
// is_framed_clearly refuses.
[[nodiscard]] bufferevent* make_question_stream(event_base* base) noexcept;

}  // namespace wba::forward_auth

#endif  // WBA_FORWARD_AUTH_QUESTION_STREAM_H_
