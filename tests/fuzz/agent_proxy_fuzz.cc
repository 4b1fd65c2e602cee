// What clients send to the forward proxy: wherever the octets are cut on their way, the same
// requests are taken; a laxer reader finds no other requests in them; libcurl goes where the
// authority says; and what is sent on is read again as what was meant.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <curl/curl.h>

#include "agent/proxy_body.h"
#include "agent/proxy_message.h"
#include "fuzz/fuzz_input.h"

namespace {

using wba::fuzz::Input;
using wba::fuzz::require;
using namespace wba::agent;

constexpr std::size_t kRoom = 100;          // for a body, at a time
constexpr std::size_t kMaxHeld = 8192 + 2;  // of a body's framing, while its line is not whole

// Asked is one request of a connection, or why there was none.
struct Asked {
  std::optional<ProxyRequest> request;
  std::string refusal;
  std::string head;
  std::string body;
  std::size_t body_at = 0;  // octets from the connection's first
  std::size_t end = 0;
  bool whole = false;
  bool broken = false;
};

// Listener takes requests as a connection does.
class Listener {
 public:
  explicit Listener(std::string_view inside) : inside_(inside) {}

  void receive(std::string_view piece) {
    in_ += piece;
    received_ += piece.size();
    while (!closed_ && (in_body_ ? read_body() : read_head())) {
    }
  }

  std::vector<Asked> asked;

 private:
  [[nodiscard]] std::size_t taken() const { return received_ - in_.size(); }

  bool refuse(const Refused& refused) {
    require(refused.status >= 400 && refused.status < 600 && !refused.reason.empty());
    asked.back().refusal = std::to_string(refused.status) + " " + refused.reason;
    closed_ = true;
    return false;
  }

  bool read_head() {
    auto head = take_proxy_head(in_);
    if (head && !*head) {
      require(in_.size() < max_proxy_head + 4);
      return false;
    }
    auto& now = asked.emplace_back();
    if (!head) return refuse(head.error());
    require((*head)->size() <= max_proxy_head);
    now.head = **head;
    now.body_at = taken();
    auto request = read_proxy_request(now.head, inside_);
    if (!request) return refuse(request.error());
    body_ = BodyReader(request->framing, request->length);
    in_body_ = true;
    now.request = *std::move(request);
    return true;
  }

  bool read_body() {
    auto& now = asked.back();
    std::string piece;
    const bool good = body_.decode(in_, piece, kRoom);
    require(piece.size() <= kRoom);
    now.body += piece;
    now.broken = !good;
    now.whole = good && body_.ended();
    if (!good) {
      closed_ = true;
    } else if (now.whole) {
      now.end = taken();
      in_body_ = false;
      closed_ = now.request->close || now.request->is_tunnel();
    } else {
      require(piece.size() == kRoom || in_.size() < kMaxHeld);
    }
    return now.whole || !piece.empty();
  }

  std::string inside_;
  std::string in_;
  std::size_t received_ = 0;
  BodyReader body_;
  bool in_body_ = false;
  bool closed_ = false;
};

bool is_one_of(std::string_view name, const std::vector<std::string_view>& names) {
  return std::ranges::any_of(names, [&](std::string_view one) {
    return std::ranges::equal(name, one, [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? a + 32 : a) == (b >= 'A' && b <= 'Z' ? b + 32 : b);
    });
  });
}

std::string_view trim_as(std::string_view text, std::string_view blank) {
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

// A reader that is laxer in all that such readers have differed in: any control character ends a
// line, and white space around a name is nothing. It has to find the same fields.
void check_framing_is_one(const Asked& asked) {
  std::string head = asked.head;
  for (char& c : head) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t') c = '\n';
  }
  std::vector<std::string_view> lengths;
  std::vector<std::string_view> codings;
  std::size_t fields = 0;
  Input lines(reinterpret_cast<const std::uint8_t*>(head.data()), head.size());
  static_cast<void>(lines.take_until('\n'));
  while (!lines.empty()) {
    const auto line = lines.take_until('\n');
    if (line.empty()) continue;
    ++fields;
    const auto colon = line.find(':');
    require(colon != std::string_view::npos);
    const auto name = trim_as(line.substr(0, colon), " \t");
    const auto value = trim_as(line.substr(colon + 1), " \t");
    if (is_one_of(name, {"content-length"})) lengths.push_back(value);
    if (is_one_of(name, {"transfer-encoding"})) codings.push_back(value);
  }
  const auto& request = *asked.request;
  require(fields == request.fields.size() && fields <= max_proxy_fields);
  require(lengths.size() + codings.size() == (request.framing == BodyFraming::none ? 0 : 1));
  require(codings.size() == (request.framing == BodyFraming::chunked ? 1 : 0));
  if (!lengths.empty()) {
    require(std::ranges::all_of(lengths[0], [](char c) { return c >= '0' && c <= '9'; }));
    require(request.length == std::strtoull(std::string(lengths[0]).c_str(), nullptr, 10));
  }
  require(codings.empty() || is_one_of(codings[0], {"chunked"}));
}

// The same reader of a body: sizes as strtoull has them, and a line feed ends a line. It has to
// find the same octets and the same end.
void check_body_is_one(const Asked& asked, std::string_view sent) {
  Input in(reinterpret_cast<const std::uint8_t*>(sent.data()), sent.size());
  static_cast<void>(in.take(asked.body_at));
  std::string body;
  if (asked.request->framing == BodyFraming::length) body = in.take(asked.request->length);
  if (asked.request->framing == BodyFraming::chunked) {
    for (;;) {
      const std::string size(in.take_until('\n'));
      const auto octets = std::strtoull(size.c_str(), nullptr, 16);
      if (octets == 0) break;
      body += in.take(octets);
      static_cast<void>(in.take_until('\n'));
    }
    while (!trim_as(in.take_until('\n'), "\r").empty()) {
    }
  }
  require(body == asked.body);
  require(in.rest() == sent.substr(asked.end));
}

// What is signed and written to the log is where libcurl goes and what it says in Host.
void check_reached(const std::string& authority) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), curl_url_cleanup);
  const auto part = [&](CURLUPart what, unsigned flags) {
    char* text = nullptr;
    const bool has = curl_url_get(url.get(), what, &text, flags) == CURLUE_OK;
    std::string copy = has ? text : "";
    curl_free(text);
    return copy;
  };
  require(curl_url_set(url.get(), CURLUPART_URL, ("https://" + authority + "/").c_str(), 0) ==
          CURLUE_OK);
  const auto port = part(CURLUPART_PORT, CURLU_DEFAULT_PORT);
  require(part(CURLUPART_HOST, 0) + (port == "443" ? "" : ":" + port) == authority);
  require(part(CURLUPART_USER, 0).empty() && part(CURLUPART_PATH, 0) == "/");
}

// Nothing in a field that is sent on can end it or begin another.
void check_clean(const ProxyFields& fields) {
  for (const auto& [name, value] : fields) {
    require(!name.empty() && std::ranges::all_of(name, [](char c) {
      return c > 0x20 && c < 0x7f &&
             std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
    }));
    require(trim_as(value, " \t") == value && std::ranges::all_of(value, [](char c) {
              return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t';
            }));
  }
}

// without_neighbours is what has to go on: all but what is between the client and the proxy.
ProxyFields without_neighbours(const ProxyFields& fields) {
  std::vector<std::string_view> dropped{"connection",
                                        "keep-alive",
                                        "proxy-connection",
                                        "te",
                                        "trailer",
                                        "transfer-encoding",
                                        "upgrade",
                                        "content-length",
                                        "http2-settings",
                                        "expect",
                                        "proxy-authorization",
                                        "via",
                                        "proxy-authenticate",
                                        "proxy-authentication-info"};
  for (const auto& field : fields) {
    if (!is_one_of(field.name, {"connection"})) continue;
    Input names(reinterpret_cast<const std::uint8_t*>(field.value.data()), field.value.size());
    while (!names.empty()) dropped.push_back(trim_as(names.take_until(','), " \t"));
  }
  ProxyFields kept = fields;
  std::erase_if(kept, [&](const ProxyField& field) { return is_one_of(field.name, dropped); });
  return kept;
}

// take_via takes the last field away, which is Via, and gives its value.
std::string take_via(ProxyFields& fields) {
  require(!fields.empty() && fields.back().name == "Via");
  std::string value = fields.back().value;
  fields.pop_back();
  return value;
}

// Written as a request of another client, to this proxy or inside TLS that ends here, what is sent
// on is the same request.
void check_read_again(const ProxyRequest& request, const ProxyFields& fields, bool inside) {
  std::string head = request.method + " ";
  if (!inside) head += "https://" + request.authority;
  head += request.target + " HTTP/1.1\r\n";
  append_field_line(head, "Host", request.authority);
  for (const auto& field : fields) append_field_line(head, field.name, field.value);
  if (request.framing == BodyFraming::length) {
    append_field_line(head, "Content-Length", std::to_string(request.length));
  } else if (request.framing == BodyFraming::chunked) {
    append_field_line(head, "Transfer-Encoding", "chunked");
  }
  head.resize(head.size() - 2);
  const auto again = read_proxy_request(head, inside ? request.authority : "");
  require(again.has_value());
  require(again->method == request.method && again->authority == request.authority &&
          again->target == request.target && again->scheme == "https" && !again->close &&
          again->framing == request.framing && again->length == request.length);
  ProxyFields sent = forwarded_request_fields(*again);
  ProxyFields before = fields;
  require(take_via(sent) == take_via(before) + ", 1.1 wba-agent");
  require(sent == before);
}

void check_sent_on(const ProxyRequest& request) {
  ProxyFields fields = forwarded_request_fields(request);
  check_clean(fields);
  ProxyFields kept = fields;
  require(take_via(kept).ends_with(request.http_1_0 ? "1.0 wba-agent" : "1.1 wba-agent"));
  ProxyFields expected = without_neighbours(request.fields);
  std::erase_if(expected, [](const ProxyField& field) { return is_one_of(field.name, {"host"}); });
  require(kept == expected);
  // Max-Forwards counts down each time, to where it goes no further.
  std::erase_if(fields, [&](const ProxyField& field) {
    return request.method == "OPTIONS" && is_one_of(field.name, {"max-forwards"});
  });
  // Host and framing are two more.
  if (fields.size() + 2 > max_proxy_fields) return;
  check_read_again(request, fields, false);
  check_read_again(request, fields, true);
}

// The client's fields stand for a server's too.
void check_sent_back(const ProxyRequest& request) {
  ProxyFields kept = forwarded_response_fields(request.fields, request);
  check_clean(kept);
  require(take_via(kept).ends_with("1.1 wba-agent"));
  const ProxyFields expected = without_neighbours(request.fields);
  require(kept.size() == expected.size());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i] == expected[i]) continue;
    // A Location that is told as http leads here again, and from here to the same authority.
    std::string location = expected[i].value;
    require(is_one_of(kept[i].name, {"location"}) && request.scheme == "http" &&
            is_one_of(location.substr(0, 8), {"https://"}));
    require(kept[i].value == location.erase(4, 1));
    const auto followed =
        read_proxy_request("GET " + kept[i].value + " HTTP/1.1\r\nHost: " + request.authority);
    require(!followed || followed->authority == request.authority);
  }
}

void check(const Asked& asked, std::string_view sent) {
  if (!asked.request) return;
  const auto& request = *asked.request;
  check_framing_is_one(asked);
  if (asked.whole) check_body_is_one(asked, sent);
  check_reached(request.authority);
  if (request.is_tunnel()) {
    require(request.target.empty() && asked.body.empty());
    return;
  }
  require(request.target.starts_with('/') &&
          std::ranges::all_of(request.target, [](char c) { return c > 0x20 && c < 0x7f; }));
  check_sent_on(request);
  check_sent_back(request);
}

void check_same(const std::vector<Asked>& whole, const std::vector<Asked>& cut) {
  require(whole.size() == cut.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const auto& a = whole[i];
    const auto& b = cut[i];
    require(a.refusal == b.refusal && a.head == b.head && a.body == b.body);
    require(a.body_at == b.body_at && a.end == b.end);
    require(a.whole == b.whole && a.broken == b.broken);
    require(a.request.has_value() == b.request.has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array<std::string_view, 4> kInside{"", "a.test", "a.test:8443", "[2001:db8::1]"};
  Input input(data, size);
  const auto inside = kInside[input.take_byte() % kInside.size()];
  const std::size_t piece = input.take_byte();
  const auto sent = input.rest();
  Listener whole(inside);
  whole.receive(sent);
  for (const auto& asked : whole.asked) check(asked, sent);
  // In pieces of one size, the first of another; in two pieces too.
  for (const std::size_t step : {1 + piece % 16, sent.size()}) {
    Listener cut(inside);
    std::size_t at = std::min(piece, sent.size());
    cut.receive(sent.substr(0, at));
    for (; at < sent.size(); at += step) cut.receive(sent.substr(at, step));
    check_same(whole.asked, cut.asked);
  }
  return 0;
}
