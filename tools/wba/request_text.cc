#include "request_text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace wba::cli {
namespace {

constexpr std::size_t kMaxFields = 1000;

// RFC 9110 §5.5: no control character but HTAB. Octets above ASCII are opaque data.
bool is_field_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return (u < 0x20 && c != '\t') || u == 0x7f;
  });
}

std::unexpected<Failure> malformed(std::string message, std::size_t line = 0) {
  if (line > 0) message = "line " + std::to_string(line) + ": " + message;
  return std::unexpected(
      Failure{.message = "no HTTP/1.1 request: " + message,
              .hint = "give one request message: a request line, field lines, an empty line, and "
                      "the body where there is one"});
}

std::unexpected<Failure> incomplete(std::string_view why) {
  return std::unexpected(Failure{
      .message = "incomplete request: " + std::string(why),
      .hint = "give the whole message, with the line ends and the body that were sent: what is cut "
              "off cannot be compared with its digest"});
}

// Lines takes lines off the front of a text.
class Lines {
 public:
  explicit Lines(std::string_view text) noexcept : rest_(text) {}

  [[nodiscard]] bool done() const noexcept { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }
  [[nodiscard]] std::size_t number() const noexcept { return number_; }

  std::string_view next() noexcept {
    const auto end = std::min(rest_.find('\n'), rest_.size());
    auto line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  // has_line is true if a whole line is left, with its end.
  [[nodiscard]] bool has_line() const noexcept { return rest_.contains('\n'); }

  // take takes octets that are no lines; nullopt if there are fewer.
  std::optional<std::string_view> take(std::size_t size) noexcept {
    if (size > rest_.size()) return std::nullopt;
    const auto octets = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return octets;
  }

  // continues says whether the next line is an obsolete fold of the one before.
  [[nodiscard]] bool continues() const noexcept {
    return !rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t');
  }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

Outcome<void> read_request_line(Lines& lines, RequestText& read) {
  std::string_view line = lines.next();
  // Empty lines before the request line are passed over: RFC 9112 §2.2.
  while (line.empty() && !lines.done()) line = lines.next();
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return malformed("the request line is not METHOD TARGET HTTP/1.1", lines.number());
  }
  read.method = line.substr(0, first);
  read.target = line.substr(first + 1, last - first - 1);
  read.version = line.substr(last + 1);
  if (!is_token(read.method)) return malformed("the method is no token", lines.number());
  if (read.version != "HTTP/1.1" && read.version != "HTTP/1.0" && read.version != "HTTP/2" &&
      read.version != "HTTP/3") {
    return malformed("the request line does not end in HTTP/1.1", lines.number());
  }
  if (read.target.empty() ||
      std::ranges::any_of(read.target, [](char c) { return c <= 0x20 || c >= 0x7f; })) {
    return malformed("the request target holds a space, a control character or no ASCII",
                     lines.number());
  }
  return {};
}

// read_fields reads a section, and gives whether an empty line ends it.
Outcome<bool> read_fields(Lines& lines, std::vector<FieldLine>& fields) {
  while (!lines.done()) {
    const bool whole = lines.has_line();
    const std::string_view line = lines.next();
    if (line.empty()) return whole;
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    if (colon == std::string_view::npos || !is_token(name)) {
      return malformed("a field line is not Name: value", lines.number());
    }
    if (fields.size() == kMaxFields) return malformed("too many field lines", lines.number());
    // A fold's line break stays in the value: the library replaces it as RFC 9112 §5.2 says.
    std::string_view value = line.substr(colon + 1);
    bool valid = is_field_value(value);
    while (lines.continues()) {
      const std::string_view fold = lines.next();
      valid = valid && is_field_value(fold);
      value = {value.data(), static_cast<std::size_t>(fold.data() + fold.size() - value.data())};
    }
    if (!valid) return malformed("a field value holds a control character", lines.number());
    fields.push_back({.name = name, .value = value});
  }
  return false;
}

// single finds the one line of a field of which there may be one.
Outcome<const FieldLine*> single(const RequestText& read, std::string_view name) {
  const FieldLine* found = nullptr;
  for (const auto& line : read.fields) {
    if (!field_name_equals(line.name, name)) continue;
    if (found != nullptr) return malformed("more than one " + std::string(name) + " field");
    found = &line;
  }
  // Some readers join a folded line, some take its first part.
  if (found != nullptr && found->value.contains('\n')) {
    return malformed("a folded " + std::string(name) + " field");
  }
  return found;
}

Outcome<void> find_authority(RequestText& read) {
  const auto host = single(read, "Host");
  if (!host) return std::unexpected(host.error());
  if (*host != nullptr) read.authority = trim((*host)->value);
  // RFC 9112 §3.2.2: an absolute-form target overrides Host.
  if (read.target.front() != '/' && read.target != "*" && read.method != "CONNECT") {
    const auto uri = split_target_uri(read.target);
    if (!uri) return malformed("the request target is neither a path nor an http or https URI");
    read.scheme = uri->scheme;
    read.authority = uri->authority;
  }
  return {};
}

// RFC 9112 §7.1: a hexadecimal number, and behind a semicolon extensions, which are passed over.
std::optional<std::size_t> read_chunk_size(std::string_view line) {
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
  if (error != std::errc()) return std::nullopt;
  const auto rest = trim({end, static_cast<std::size_t>(line.data() + line.size() - end)});
  if ((!rest.empty() && rest.front() != ';') || !is_field_value(rest)) return std::nullopt;
  return size;
}

Outcome<std::string> read_chunks(Lines& lines, RequestText& read) {
  std::string body;
  while (true) {
    if (!lines.has_line()) return incomplete("it ends before its last chunk");
    const auto size = read_chunk_size(lines.next());
    if (!size) return malformed("a chunk does not begin with its size", lines.number());
    if (*size == 0) break;
    const auto chunk = lines.take(*size);
    if (!chunk || !lines.has_line()) return incomplete("it ends within a chunk");
    body.append(*chunk);
    if (!lines.next().empty()) {
      return malformed("a chunk is longer than its size says", lines.number());
    }
  }
  const auto ended = read_fields(lines, read.trailers);
  if (!ended) return std::unexpected(ended.error());
  if (!*ended) return incomplete("it ends before the empty line behind its last chunk");
  return body;
}

// read_transfer_coding gives whether chunked is the only coding. RFC 9112 §6.1: it comes last, and
// once.
Outcome<bool> read_transfer_coding(std::string_view list) {
  for (bool only = true;; only = false) {
    const auto end = std::min(list.find(','), list.size());
    const auto coding = trim(list.substr(0, end));
    const bool last = end == list.size();
    if (!is_token(coding) || field_name_equals(coding, "chunked") != last) {
      return malformed("Transfer-Encoding is no list of codings with chunked as its last");
    }
    if (last) return only;
    list.remove_prefix(end + 1);
  }
}

// RFC 9112 §6.3.
Outcome<void> read_content(Lines& lines, RequestText& read) {
  const auto coding = single(read, "Transfer-Encoding");
  if (!coding) return std::unexpected(coding.error());
  const auto length = single(read, "Content-Length");
  if (!length) return std::unexpected(length.error());
  if (*coding != nullptr) {
    if (*length != nullptr) return malformed("both Transfer-Encoding and Content-Length");
    if (read.version != "HTTP/1.1")
      return malformed("Transfer-Encoding in " + escape(read.version));
    const auto only_chunked = read_transfer_coding((*coding)->value);
    if (!only_chunked) return std::unexpected(only_chunked.error());
    auto content = read_chunks(lines, read);
    if (!content) return std::unexpected(content.error());
    if (*only_chunked) read.content = *std::move(content);
  } else if (*length == nullptr) {
    read.content = lines.take(lines.rest().size());
  } else {
    std::size_t size = 0;
    const auto value = trim((*length)->value);
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), size);
    if (error != std::errc() || end != value.data() + value.size()) {
      return malformed("Content-Length is no number");
    }
    const auto there = lines.rest().size();
    const auto content = lines.take(size);
    if (!content) {
      return incomplete("Content-Length is " + std::to_string(size) + ", and " +
                        std::to_string(there) + " octets are there");
    }
    read.content = *content;
  }
  // Editors end a file with a line break.
  if (lines.rest().find_first_not_of("\r\n") != std::string_view::npos) {
    return malformed("more octets than the message has");
  }
  return {};
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
  });
}

Outcome<RequestText> read_request_text(std::string_view text) {
  // Some editors put a byte order mark in front.
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  RequestText read;
  Lines lines(text);
  if (auto done = read_request_line(lines, read); !done) return std::unexpected(done.error());
  if (auto done = read_fields(lines, read.fields); !done) return std::unexpected(done.error());
  if (auto done = find_authority(read); !done) return std::unexpected(done.error());
  if (auto done = read_content(lines, read); !done) return std::unexpected(done.error());
  return read;
}

Outcome<HeaderOption> read_header_option(std::string_view text) {
  const auto fail = [&](std::string_view why) {
    return std::unexpected(
        Failure{.message = "header '" + escape(text, 60) + "' " + std::string(why),
                .hint = "give it as 'Name: value', or as 'Name;' where it is empty"});
  };
  const auto colon = text.find(':');
  const bool empty = colon == std::string_view::npos && text.ends_with(';');
  if (colon == std::string_view::npos && !empty) return fail("has no colon");
  const auto name = text.substr(0, empty ? text.size() - 1 : colon);
  if (!is_token(name)) return fail("has a name that is no token");
  const auto value = empty ? std::string_view() : trim(text.substr(colon + 1));
  if (!is_field_value(value)) return fail("has a control character in its value");
  return HeaderOption{.line = {.name = name, .value = value}, .removes = !empty && value.empty()};
}

}  // namespace wba::cli
