#ifndef WBA_TOOLS_AGENT_PROXY_BODY_H_
#define WBA_TOOLS_AGENT_PROXY_BODY_H_

// The body of a request, taken out of its framing piece by piece. RFC 9112 sections 6 and 7.

#include <cstddef>
#include <cstdint>
#include <string>

#include "proxy_message.h"

namespace wba::agent {

class BodyReader {
 public:
  BodyReader() = default;  // no body
  BodyReader(BodyFraming framing, std::uint64_t length) noexcept;

  // decode moves octets of the body from the front of `in` to the end of `out`, until that holds
  // `most`. False where the framing is broken. Trailers are read, checked and dropped.
  [[nodiscard]] bool decode(std::string& in, std::string& out, std::size_t most);

  [[nodiscard]] bool ended() const noexcept { return state_ == State::ended; }

 private:
  enum class State : std::uint8_t { length, chunk_line, chunk_data, chunk_end, trailer, ended };

  [[nodiscard]] bool step(std::string_view& in, std::string& out, std::size_t most, bool& moved);
  [[nodiscard]] bool read_chunk_line(std::string_view line);
  [[nodiscard]] bool read_trailer(std::string_view line);

  State state_ = State::ended;
  std::uint64_t left_ = 0;  // of the body or of the chunk
  std::size_t trailer_size_ = 0;
};

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_PROXY_BODY_H_
