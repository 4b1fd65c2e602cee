#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include <curl/curl.h>
#include <sys/socket.h>

#include <wba/agent_identity.h>
#include <wba/directory_check.h>

#include "directory/resolve_entry.h"
#include "directory/text.h"

namespace wba::directory {
namespace {

constexpr std::size_t max_fields = 200;
constexpr std::size_t max_field_bytes = 65536;

struct EasyFree {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// List is a curl_slist that remembers whether it could be built.
class List {
 public:
  void add(const std::string& text) {
    curl_slist* longer = curl_slist_append(list_.get(), text.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(list_.release());
    list_.reset(longer);
  }
  [[nodiscard]] curl_slist* get() const { return list_.get(); }

 private:
  std::unique_ptr<curl_slist, ListFree> list_;
};

// Transfer is one request while curl works on it.
struct Transfer {
  const CheckNetwork& network;
  ProbeResult result = {};
  std::size_t field_bytes = 0;
  bool too_large = false;
  bool address_refused = false;

  static std::size_t on_body(char* data, std::size_t /*one*/, std::size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    if (size > transfer.network.bytes - transfer.result.body.size()) {
      transfer.too_large = true;
      return CURL_WRITEFUNC_ERROR;
    }
    transfer.result.body.append(data, size);
    return size;
  }

  static std::size_t on_header(char* data, std::size_t /*one*/, std::size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string_view line(data, size);
    auto& fields = transfer.result.fields;
    // A status line begins the fields of another response: an interim one came before.
    if (line.starts_with("HTTP/")) fields.clear();
    transfer.field_bytes += size;
    if (transfer.field_bytes > max_field_bytes || fields.size() >= max_fields) {
      transfer.too_large = true;
      return 0;
    }
    const auto colon = line.find(':');
    if (line.starts_with("HTTP/") || colon == std::string_view::npos) return size;
    const auto end = line.find_last_not_of("\r\n");
    const std::string_view value = line.substr(0, end + 1).substr(std::min(colon + 1, end + 1));
    fields.emplace_back(line.substr(0, colon), trimmed(value));
    return size;
  }

  // Behind name resolution, on the address that is connected to.
  static curl_socket_t on_socket(void* self, curlsocktype purpose, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(self);
    const auto ip = IpAddress::from_socket(address->addr);
    // The port stands in the same place in both families, in network order.
    const auto* octets = reinterpret_cast<const unsigned char*>(&address->addr);
    const auto port = static_cast<std::uint16_t>((octets[2] << 8U) | octets[3]);
    if (purpose != CURLSOCKTYPE_IPCXN || !ip || !transfer.network.addresses.allows(*ip, port)) {
      transfer.address_refused = true;
      return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }
};

ProbeProblem certificate_problem(CURL* easy) {
  // The results of OpenSSL (X509_V_…), which curl hands on. curl compares names itself, behind a
  // chain that was found good, and then leaves the "unspecified" that it began with.
  constexpr long unspecified = 1;
  constexpr long expired = 10;
  constexpr long name_mismatch = 62;
  constexpr long address_mismatch = 64;
  long verified = unspecified;
  curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verified);
  switch (verified) {
    case unspecified:
    case name_mismatch:
    case address_mismatch:
      return ProbeProblem::certificate_name;
    case expired:
      return ProbeProblem::certificate_end;
    default:
      return ProbeProblem::certificate;
  }
}

ProbeProblem problem_of(CURL* easy, CURLcode code, const Transfer& transfer) {
  if (transfer.too_large) return ProbeProblem::too_large;
  switch (code) {
    case CURLE_OK:
      return ProbeProblem::none;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return ProbeProblem::url;
    case CURLE_COULDNT_RESOLVE_HOST:
      return ProbeProblem::name_unknown;
    case CURLE_COULDNT_CONNECT:
      return transfer.address_refused ? ProbeProblem::address : ProbeProblem::refused;
    case CURLE_OPERATION_TIMEDOUT:
      return ProbeProblem::timed_out;
    case CURLE_PEER_FAILED_VERIFICATION:
      return certificate_problem(easy);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
      return ProbeProblem::tls;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return ProbeProblem::cut;
    case CURLE_BAD_CONTENT_ENCODING:
      return ProbeProblem::encoding;
    case CURLE_FILESIZE_EXCEEDED:
      return ProbeProblem::too_large;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return ProbeProblem::protocol;
    default:
      return ProbeProblem::internal;
  }
}

// header_line writes a request field for curl; an empty value takes the field out.
std::string header_line(std::string_view name, const std::string& value) {
  std::string line(name);
  line.append(value.empty() ? ":" : ": ").append(value);
  return line;
}

void set_options(CURL* easy, const ProbeRequest& request, const CheckNetwork& network,
                 const List& headers, const List& resolve, Transfer& transfer) {
  const auto set = [&](CURLoption option, auto value) {
    if (curl_easy_setopt(easy, option, value) != CURLE_OK) throw std::bad_alloc();
  };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");  // nor one from the environment
  set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!network.ca_file.empty()) {
    set(CURLOPT_CAINFO, network.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // these roots and no others
  }
  if (resolve.get() != nullptr) set(CURLOPT_RESOLVE, resolve.get());
  set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_socket);
  set(CURLOPT_OPENSOCKETDATA, &transfer);
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_WRITEDATA, &transfer);
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_HEADERDATA, &transfer);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(network.timeout.count()));
  set(CURLOPT_NOSIGNAL, 1L);
}

ProbeResult perform(const ProbeRequest& request, const CheckNetwork& network) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, EasyFree> easy(curl_easy_init());
  if (initialised != CURLE_OK || !easy) return {};
  List headers;
  headers.add(header_line("Accept", request.accept));
  headers.add(header_line("User-Agent", request.user_agent));
  if (!request.if_none_match.empty()) {
    headers.add(header_line("If-None-Match", request.if_none_match));
  }
  List resolve;
  for (const std::string& entry : network.resolve) resolve.add(resolve_entry(entry));
  Transfer transfer{.network = network};
  set_options(easy.get(), request, network, headers, resolve, transfer);
  const auto begun = std::chrono::steady_clock::now();
  const CURLcode code = curl_easy_perform(easy.get());
  ProbeResult result = std::move(transfer.result);
  result.took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begun);
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  result.status = static_cast<std::uint16_t>(std::clamp(status, 0L, 999L));
  const char* address = nullptr;
  curl_easy_getinfo(easy.get(), CURLINFO_PRIMARY_IP, &address);
  if (address != nullptr) result.address = address;
  result.problem = problem_of(easy.get(), code, transfer);
  return result;
}

}  // namespace

std::vector<FieldLine> ProbeResult::lines() const {
  std::vector<FieldLine> lines;
  for (const auto& [name, value] : fields) lines.push_back({.name = name, .value = value});
  return lines;
}

ProbeResult probe(const ProbeRequest& request, const CheckNetwork& network) {
  // A control character would begin a field of its own.
  for (const std::string* text : {&request.accept, &request.user_agent, &request.if_none_match}) {
    if (text->find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) return {};
  }
  if (!normalise_agent_url(request.url)) return {.problem = ProbeProblem::url};
  try {
    return perform(request, network);
  } catch (const std::bad_alloc&) {
    return {};
  }
}

std::string_view to_string(ProbeProblem problem) noexcept {
  switch (problem) {
    case ProbeProblem::none:
      return "none";
    case ProbeProblem::url:
      return "url";
    case ProbeProblem::name_unknown:
      return "name-unknown";
    case ProbeProblem::address:
      return "address";
    case ProbeProblem::refused:
      return "refused";
    case ProbeProblem::timed_out:
      return "timed-out";
    case ProbeProblem::tls:
      return "tls";
    case ProbeProblem::certificate:
      return "certificate";
    case ProbeProblem::certificate_end:
      return "certificate-end";
    case ProbeProblem::certificate_name:
      return "certificate-name";
    case ProbeProblem::cut:
      return "cut";
    case ProbeProblem::encoding:
      return "encoding";
    case ProbeProblem::too_large:
      return "too-large";
    case ProbeProblem::protocol:
      return "protocol";
    case ProbeProblem::internal:
      return "internal";
  }
  return "unknown";
}

}  // namespace wba::directory
