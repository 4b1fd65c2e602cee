#include <array>
#include <cstdint>

#include "support/https_server.h"

namespace wba::test {
namespace {

constexpr std::string_view gzip_header("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);

void append_little_endian(std::string& out, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    out.push_back(static_cast<char>((value >> shift) & 0xFFU));
  }
}

std::uint32_t crc32(std::string_view data) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : data) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

// BitWriter packs bits as deflate does, RFC 1951 §3.1.1.
class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}
  void put(unsigned bit) {
    byte_ |= bit << count_;
    if (++count_ == 8) flush();
  }
  // put_code writes a Huffman code, most significant bit first.
  void put_code(unsigned code, unsigned length) {
    while (length-- > 0) put((code >> length) & 1U);
  }
  void flush() {
    if (count_ > 0) out_.push_back(static_cast<char>(byte_));
    byte_ = 0;
    count_ = 0;
  }

 private:
  std::string& out_;
  unsigned byte_ = 0;
  unsigned count_ = 0;
};

// A literal, then copies of 258 octets at distance 1, fixed Huffman codes (RFC 1951 §3.2.6): 13
// bits each. The checksum at its end is wrong, which nobody ought to get to.
std::string gzip_bomb(std::size_t decoded) {
  std::string out(gzip_header);
  BitWriter bits(out);
  bits.put(1);
  bits.put(1);
  bits.put(0);
  bits.put_code(0x30U + ' ', 8);
  for (std::size_t size = 1; size < decoded; size += 258) {
    bits.put_code(0xC5, 8);  // length 258
    bits.put_code(0, 5);     // distance 1
  }
  bits.put_code(0, 7);  // end of block
  bits.flush();
  out.append(8, '\0');
  return out;
}

std::string base64url(std::string_view data) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  unsigned bits = 0;
  unsigned count = 0;
  for (const char c : data) {
    bits = (bits << 8U) | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) out.push_back(alphabet[(bits >> (count - 6)) & 63U]);
  }
  if (count > 0) out.push_back(alphabet[(bits << (6 - count)) & 63U]);
  return out;
}

// Any 32 octets serve: nothing is ever verified with these.
std::string many_keys(unsigned count) {
  std::string body = "{\"keys\":[";
  for (unsigned i = 0; i < count; ++i) {
    std::string point(32, '\x01');
    for (unsigned byte = 0; byte < 4; ++byte) {
      point[byte] = static_cast<char>((i >> (8 * byte)) & 0xFFU);
    }
    body += i == 0 ? "" : ",";
    body += R"({"kty":"OKP","crv":"Ed25519","x":")" + base64url(point) + "\"}";
  }
  return body + "]}";
}

HttpReply plain(int status, HttpFields fields = {}) {
  fields.emplace_back("Content-Type", "text/plain");
  return {.status = status, .fields = std::move(fields), .body = "no\n"};
}

}  // namespace

HttpReply directory_reply(std::string body, HttpFields fields) {
  fields.emplace_back("Content-Type", "application/http-message-signatures-directory+json");
  return {.fields = std::move(fields), .body = std::move(body)};
}

std::string_view to_string(Fault fault) {
  constexpr std::array<std::string_view, std::size(all_faults)> names = {"stall",
                                                                         "drip",
                                                                         "close-early",
                                                                         "no-reply",
                                                                         "long-length",
                                                                         "short-length",
                                                                         "endless-chunks",
                                                                         "gzip-bomb",
                                                                         "redirect",
                                                                         "not-modified",
                                                                         "not-found",
                                                                         "not-acceptable",
                                                                         "too-many-requests",
                                                                         "server-error",
                                                                         "no-content",
                                                                         "wrong-media-type",
                                                                         "html",
                                                                         "not-json",
                                                                         "empty-set",
                                                                         "many-keys",
                                                                         "deep-json"};
  return names.at(static_cast<std::size_t>(fault));
}

HttpReply fault(Fault fault, std::string body) {
  HttpReply reply = directory_reply(std::move(body));
  switch (fault) {
    case Fault::stall:
      reply.delay = std::chrono::hours(1);
      return reply;
    case Fault::drip:
      reply.drip = std::chrono::milliseconds(200);
      return reply;
    case Fault::close_early:
      reply.close_after = reply.body.size() / 2;
      return reply;
    case Fault::no_reply:
      reply.no_reply = true;
      return reply;
    case Fault::long_length:
      reply.content_length = reply.body.size() + 100;
      return reply;
    case Fault::short_length:
      reply.content_length = reply.body.size() / 2;
      return reply;
    case Fault::endless_chunks:
      reply.body.append(8U << 20U, ' ');
      reply.chunked = true;
      return reply;
    case Fault::gzip_bomb:
      reply.body = gzip_bomb(std::size_t{8} << 20U);
      reply.fields.emplace_back("Content-Encoding", "gzip");
      return reply;
    case Fault::redirect:
      return plain(302, {{"Location", "/elsewhere"}});
    case Fault::not_modified:
      return {.status = 304, .fields = {{"ETag", "\"v1\""}}};
    case Fault::not_found:
      return plain(404);
    case Fault::not_acceptable:
      return plain(406);
    case Fault::too_many_requests:
      return plain(429, {{"Retry-After", "120"}});
    case Fault::server_error:
      return plain(500);
    case Fault::no_content:
      return {.status = 204};
    case Fault::wrong_media_type:
      reply.fields = {{"Content-Type", "application/octet-stream"}};
      return reply;
    case Fault::html:
      return {.fields = {{"Content-Type", "text/html; charset=utf-8"}},
              .body = "<!doctype html><title>Please sign in</title>"};
    case Fault::not_json:
      reply.body = "{\"keys\":[";
      return reply;
    case Fault::empty_set:
      reply.body = R"({"keys":[]})";
      return reply;
    case Fault::many_keys:
      reply.body = many_keys(10000);
      return reply;
    case Fault::deep_json:
      reply.body = "{\"keys\":" + std::string(100000, '[');
      return reply;
  }
  return reply;
}

std::string gzip_stored(std::string_view data) {
  std::string out(gzip_header);
  const auto size = static_cast<std::uint32_t>(data.size());
  std::string_view rest = data;
  do {
    const std::string_view part = rest.substr(0, 65535);
    rest.remove_prefix(part.size());
    out.push_back(rest.empty() ? '\x01' : '\0');
    const auto length = static_cast<std::uint16_t>(part.size());
    for (const unsigned value : {unsigned{length}, ~unsigned{length}}) {
      out.push_back(static_cast<char>(value & 0xFFU));
      out.push_back(static_cast<char>((value >> 8U) & 0xFFU));
    }
    out.append(part);
  } while (!rest.empty());
  append_little_endian(out, crc32(data));
  append_little_endian(out, size);
  return out;
}

}  // namespace wba::test
