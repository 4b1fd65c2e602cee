#include <algorithm>
#include <array>
#include <cstdint>

#include <wba/agent_identity.h>
#include <wba/http/host.h>

namespace wba {
namespace {

constexpr std::string_view scheme_prefix = "https://";

// What an octet may be in a URL, RFC 3986 §2 and §3.
enum : std::uint8_t { class_none = 0, class_unreserved = 1, class_path = 2 };

consteval std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  const auto add = [&](std::string_view octets, std::uint8_t bits) {
    for (const char c : octets) {
      auto& entry = classes[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | bits);
    }
  };
  add("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~",
      class_unreserved | class_path);
  add("!$&'()*+,;=", class_path);
  add(":@/", class_path);
  return classes;
}

constexpr auto classes = make_classes();

bool is(char c, std::uint8_t wanted) {
  return (classes[static_cast<unsigned char>(c)] & wanted) != 0;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::unexpected<Error> invalid(std::size_t offset) {
  return std::unexpected(Error{ErrorCode::agent_url_invalid, static_cast<std::uint32_t>(offset)});
}

// append_path_octet appends the octet at `url[at]`, a percent-encoding normalised (§6.2.2.1,
// §6.2.2.2), and gives where to go on; 0 where it is not legal.
std::size_t append_path_octet(std::string_view url, std::size_t at, std::string& out) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const char c = url[at];
  if (is(c, class_path)) {
    out.push_back(c);
    return at + 1;
  }
  if (c != '%' || url.size() - at < 3) return 0;
  const int high = hex_value(url[at + 1]);
  const int low = hex_value(url[at + 2]);
  if (high < 0 || low < 0) return 0;
  const auto decoded = static_cast<char>(high * 16 + low);
  if (is(decoded, class_unreserved)) {
    out.push_back(decoded);
  } else {
    out.push_back('%');
    out.push_back(digits[static_cast<std::size_t>(high)]);
    out.push_back(digits[static_cast<std::size_t>(low)]);
  }
  return at + 3;
}

// end_segment applies §5.2.4 to the segment that begins at `segment` (behind its "/") and ends
// with `out`. `path` is where the path's first "/" stands. `last` says that no "/" follows.
// It gives where the next segment begins.
std::size_t end_segment(std::string& out, std::size_t path, std::size_t segment, bool last) {
  const std::string_view text = std::string_view(out).substr(segment);
  if (text == "." || text == "..") {
    std::size_t keep = segment;
    if (text.size() == 2 && segment > path + 1) {
      keep = out.rfind('/', segment - 2) + 1;
    }
    out.resize(keep);
    return keep;
  }
  if (!last) out.push_back('/');
  return out.size();
}

// append_authority appends host and port, normalised, and gives the offset behind them.
Result<std::size_t> append_authority(std::string_view url, std::size_t at, std::string& out,
                                     std::size_t& host_begin, std::size_t& host_end) {
  std::size_t end = url.find_first_of(":/?", at);
  if (at < url.size() && url[at] == '[') {
    end = url.find(']', at);
    if (end == std::string_view::npos) return invalid(at);
    ++end;
  }
  host_begin = out.size();
  const auto kind = http::append_host(url.substr(at, end - at), out);
  if (!kind) return invalid(at + kind.error().offset);
  host_end = out.size();
  if (*kind == http::HostKind::ipv6) {
    ++host_begin;
    --host_end;
  }
  at = std::min(end, url.size());
  if (at < url.size() && url[at] == ':') {
    ++at;
    const std::size_t digits = at;
    std::uint32_t port = 0;
    for (; at < url.size() && url[at] >= '0' && url[at] <= '9'; ++at) {
      port = port * 10 + static_cast<std::uint32_t>(url[at] - '0');
      if (port > 65535) return invalid(digits);
    }
    if (at > digits && port == 0) return invalid(digits);
    if (at > digits && port != 443) out.append(":").append(std::to_string(port));
  }
  return at;
}

}  // namespace

Result<AgentLocation> locate_agent(const AgentLink& link, std::string& buffer) {
  const std::string_view url = link.url;
  std::string& out = buffer;
  out.clear();
  if (url.size() > max_agent_url_size) return invalid(max_agent_url_size);
  std::size_t at = 0;
  for (; at < scheme_prefix.size(); ++at) {
    if (at < url.size() && lower(url[at]) == scheme_prefix[at]) continue;
    // Some other scheme with an authority is a URL, and not https; anything else is no URL.
    const std::size_t colon = url.find("://");
    if (colon == std::string_view::npos || colon == 0) return invalid(at);
    return std::unexpected(Error{ErrorCode::agent_url_not_https, 0});
  }
  out.append(scheme_prefix);
  std::size_t host_begin = 0;
  std::size_t host_end = 0;
  const auto authority_end = append_authority(url, at, out, host_begin, host_end);
  if (!authority_end) return std::unexpected(authority_end.error());
  at = *authority_end;

  const std::size_t path = out.size();
  out.push_back('/');
  if (at < url.size() && url[at] == '/') {
    ++at;
    std::size_t segment = out.size();
    while (at < url.size() && url[at] != '?') {
      if (url[at] == '/') {
        segment = end_segment(out, path, segment, false);
        ++at;
        continue;
      }
      const std::size_t next = append_path_octet(url, at, out);
      if (next == 0) return invalid(at);
      at = next;
    }
    end_segment(out, path, segment, true);
  }
  if (at < url.size()) {
    if (url[at] != '?') return invalid(at);
    out.push_back('?');
    for (++at; at < url.size();) {
      if (url[at] == '?') {
        out.push_back('?');
        ++at;
        continue;
      }
      const std::size_t next = append_path_octet(url, at, out);
      if (next == 0) return invalid(at);
      at = next;
    }
  } else if (link.kind == AgentKind::well_known && out.size() == path + 1) {
    out.append(directory_well_known_path.substr(1));
  }
  const std::string_view all = out;
  return AgentLocation{.document = all, .host = all.substr(host_begin, host_end - host_begin)};
}

Result<std::string> normalise_agent_url(std::string_view url) {
  std::string buffer;
  const auto location = locate_agent({.url = url, .kind = AgentKind::well_known}, buffer);
  if (!location) return std::unexpected(location.error());
  return buffer;
}

bool is_well_known_document(std::string_view document) noexcept {
  if (!document.starts_with(scheme_prefix)) return false;
  const std::size_t path = document.find('/', scheme_prefix.size());
  return path != std::string_view::npos && document.substr(path) == directory_well_known_path;
}

}  // namespace wba
