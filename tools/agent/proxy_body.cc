#include "proxy_body.h"

#include <algorithm>
#include <charconv>

namespace wba::agent {
namespace {

// A chunk's size with its extensions, which nobody uses; a trailer section.
constexpr std::size_t kMaxLine = 512;
constexpr std::size_t kMaxTrailer = 8192;

}  // namespace

BodyReader::BodyReader(BodyFraming framing, std::uint64_t length) noexcept : left_(length) {
  if (framing == BodyFraming::chunked) state_ = State::chunk_line;
  if (framing == BodyFraming::length && length > 0) state_ = State::length;
}

bool BodyReader::read_chunk_line(std::string_view line) {
  const auto size = line.substr(0, line.find(';'));
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), left_, 16);
  // No sign, no white space, no "0x"; 15 digits are more than there can be. from_chars takes a
  // minus for no digit where the type is unsigned.
  if (error != std::errc() || end != size.data() + size.size() || size.size() > 15) return false;
  // An extension is read over, but a line end of another kind may not hide in it.
  if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return false;
  state_ = left_ == 0 ? State::trailer : State::chunk_data;
  return true;
}

bool BodyReader::read_trailer(std::string_view line) {
  trailer_size_ += line.size() + 2;
  if (line.empty()) {
    state_ = State::ended;
    return true;
  }
  ProxyField field;
  return trailer_size_ <= kMaxTrailer && read_field_line(line, field);
}

bool BodyReader::step(std::string_view& in, std::string& out, std::size_t most, bool& moved) {
  if (state_ == State::length || state_ == State::chunk_data) {
    const auto room = most - std::min(most, out.size());
    const auto size =
        std::min({static_cast<std::uint64_t>(in.size()), left_, static_cast<std::uint64_t>(room)});
    out.append(in.substr(0, size));
    in.remove_prefix(size);
    left_ -= size;
    moved = size > 0;
    if (left_ == 0) state_ = state_ == State::length ? State::ended : State::chunk_end;
    return true;
  }
  const auto end = in.find("\r\n");
  if (end == std::string_view::npos) {
    moved = false;
    // Half of the line end may be there.
    return in.size() <= (state_ == State::trailer ? kMaxTrailer : kMaxLine) + 1;
  }
  const auto line = in.substr(0, end);
  in.remove_prefix(end + 2);
  if (state_ == State::trailer) return read_trailer(line);
  if (state_ == State::chunk_line) return line.size() <= kMaxLine && read_chunk_line(line);
  state_ = State::chunk_line;
  return line.empty();  // right behind the data
}

bool BodyReader::decode(std::string& in, std::string& out, std::size_t most) {
  std::string_view rest = in;
  bool good = true;
  for (bool moved = true; good && moved && !ended();) {
    good = step(rest, out, most, moved);
  }
  in.erase(0, in.size() - rest.size());
  return good;
}

}  // namespace wba::agent
