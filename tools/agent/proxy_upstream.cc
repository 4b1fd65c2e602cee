#include "proxy_upstream.h"

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wba/message.h>

namespace wba::agent {
namespace {

constexpr std::size_t kMaxAnswerHead = std::size_t{256} << 10U;

bool append(curl_slist*& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list, line.c_str());
  if (longer != nullptr) list = longer;
  return longer != nullptr;
}

// Such a scheme authenticates a connection: nobody else's request may go over it.
bool authenticates_connection(const ProxyFields& fields) {
  const std::string* value = find_value(fields, "authorization");
  if (value == nullptr) return false;
  const auto scheme = value->substr(0, value->find(' '));
  return field_name_equals(scheme, "ntlm") || field_name_equals(scheme, "negotiate");
}

}  // namespace

Upstream::Upstream(CURLM* multi, UpstreamSettings settings)
    : multi_(multi), settings_(std::move(settings)) {}

std::unique_ptr<Upstream> Upstream::create(UpstreamSettings settings) {
  CURLM* multi = curl_multi_init();
  if (multi == nullptr) return nullptr;
  std::unique_ptr<Upstream> upstream(new Upstream(multi, std::move(settings)));
  for (const auto& entry : upstream->settings_.resolve) {
    if (!append(upstream->resolve_, entry)) return nullptr;
  }
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 64L);  // kept for further requests
  return upstream;
}

Upstream::~Upstream() {
  curl_multi_cleanup(multi_);
  curl_slist_free_all(resolve_);
}

void Upstream::poll(std::vector<curl_waitfd>& sockets, std::chrono::milliseconds wait) {
  curl_multi_poll(multi_, sockets.data(), static_cast<unsigned>(sockets.size()),
                  static_cast<int>(wait.count()), nullptr);
}

void Upstream::work() {
  int running = 0;
  curl_multi_perform(multi_, &running);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    char* transfer = nullptr;
    const CURLcode code = message->data.result;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    reinterpret_cast<UpstreamTransfer*>(transfer)->user_.on_end(code);
  }
}

UpstreamTransfer::~UpstreamTransfer() {
  if (added_) curl_multi_remove_handle(upstream_.multi_, easy_);
  curl_easy_cleanup(easy_);
  curl_slist_free_all(fields_);
}

bool UpstreamTransfer::begin() {
  easy_ = curl_easy_init();
  const auto& settings = upstream_.settings_;
  return easy_ != nullptr && set(CURLOPT_PRIVATE, static_cast<void*>(this)) &&
         set(CURLOPT_PROXY, "") && set(CURLOPT_NOSIGNAL, 1L) && set(CURLOPT_QUICK_EXIT, 1L) &&
         set(CURLOPT_RESOLVE, upstream_.resolve_) &&
         set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings.connect.count())) &&
         set(CURLOPT_OPENSOCKETFUNCTION, &open_socket) &&
         set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this)) &&
         (settings.ca.empty() || (set(CURLOPT_CAINFO, settings.ca.c_str()) &&
                                  set(CURLOPT_CAPATH, static_cast<char*>(nullptr))));
}

bool UpstreamTransfer::set_request(const ProxyRequest& request,
                                   const std::optional<UpstreamBody>& body) {
  const std::string url = "https://" + request.authority + "/";
  // What is sent is what was signed, whatever libcurl would make of it.
  bool good = set(CURLOPT_URL, url.c_str()) && set(CURLOPT_PROTOCOLS_STR, "https") &&
              set(CURLOPT_REQUEST_TARGET, request.target.c_str()) && set(CURLOPT_PATH_AS_IS, 1L) &&
              set(CURLOPT_FOLLOWLOCATION, 0L) &&
              // One request a connection at a time: a client that reads slowly holds up nobody.
              set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1}) &&
              set(CURLOPT_HTTP_CONTENT_DECODING, 0L) && set(CURLOPT_HEADERFUNCTION, &header) &&
              set(CURLOPT_HEADERDATA, static_cast<void*>(this)) &&
              set(CURLOPT_WRITEFUNCTION, &write) &&
              set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  if (body) {
    rewindable_ = body->rewindable;
    good = good && set(CURLOPT_UPLOAD, 1L) && set(CURLOPT_READFUNCTION, &read) &&
           set(CURLOPT_READDATA, static_cast<void*>(this)) && set(CURLOPT_SEEKFUNCTION, &seek) &&
           set(CURLOPT_SEEKDATA, static_cast<void*>(this)) &&
           set(CURLOPT_INFILESIZE_LARGE,
               body->size ? static_cast<curl_off_t>(*body->size) : curl_off_t{-1}) &&
           // A connection that was kept may turn out to be dead when part of the body is gone.
           (rewindable_ || set(CURLOPT_FRESH_CONNECT, 1L));
  }
  if (request.method == "HEAD") return good && set(CURLOPT_NOBODY, 1L);
  return good && set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

bool UpstreamTransfer::set_fields(const ProxyFields& fields,
                                  const std::optional<UpstreamBody>& body) {
  bool good = true;
  for (const auto& field : fields) {
    // "Name:" would mean to libcurl that the field is not to be sent.
    good = good && append(fields_, field.name + (field.value.empty() ? ";" : ": " + field.value));
  }
  // Nor is anything to be sent that libcurl adds by itself.
  if (find_value(fields, "accept") == nullptr) good = good && append(fields_, "Accept:");
  good =
      good && append(fields_, body && body->expects_continue ? "Expect: 100-continue" : "Expect:");
  if (authenticates_connection(fields)) {
    good = good && set(CURLOPT_FRESH_CONNECT, 1L) && set(CURLOPT_FORBID_REUSE, 1L);
  }
  return good && set(CURLOPT_HTTPHEADER, fields_);
}

std::unique_ptr<UpstreamTransfer> UpstreamTransfer::send(Upstream& upstream, UpstreamUser& user,
                                                         const ProxyRequest& request,
                                                         const ProxyFields& fields,
                                                         const std::optional<UpstreamBody>& body) {
  std::unique_ptr<UpstreamTransfer> transfer(new UpstreamTransfer(upstream, user));
  if (!transfer->begin() || !transfer->set_request(request, body) ||
      !transfer->set_fields(fields, body) ||
      curl_multi_add_handle(upstream.multi_, transfer->easy_) != CURLM_OK) {
    return nullptr;
  }
  transfer->added_ = true;
  return transfer;
}

std::unique_ptr<UpstreamTransfer> UpstreamTransfer::connect(Upstream& upstream, UpstreamUser& user,
                                                            const std::string& authority) {
  std::unique_ptr<UpstreamTransfer> transfer(new UpstreamTransfer(upstream, user));
  // The scheme says nothing but that no TLS is spoken here.
  const auto colon = authority.rfind(':');
  const bool has_port = colon != std::string::npos && !authority.ends_with(']');
  const std::string url = "http://" + authority + (has_port ? "/" : ":443/");
  if (!transfer->begin() || !transfer->set(CURLOPT_URL, url.c_str()) ||
      !transfer->set(CURLOPT_PROTOCOLS_STR, "http") || !transfer->set(CURLOPT_CONNECT_ONLY, 1L) ||
      !transfer->set(CURLOPT_FRESH_CONNECT, 1L) ||
      curl_multi_add_handle(upstream.multi_, transfer->easy_) != CURLM_OK) {
    return nullptr;
  }
  transfer->added_ = true;
  return transfer;
}

void UpstreamTransfer::resume_sending() {
  if (!std::exchange(send_paused_, false)) return;
  curl_easy_pause(easy_, receive_paused_ ? CURLPAUSE_RECV : CURLPAUSE_CONT);
}

void UpstreamTransfer::resume_receiving() {
  if (!std::exchange(receive_paused_, false)) return;
  curl_easy_pause(easy_, send_paused_ ? CURLPAUSE_SEND : CURLPAUSE_CONT);
}

int UpstreamTransfer::take_socket() {
  curl_socket_t socket = CURL_SOCKET_BAD;
  if (curl_easy_getinfo(easy_, CURLINFO_ACTIVESOCKET, &socket) != CURLE_OK ||
      socket == CURL_SOCKET_BAD) {
    return -1;
  }
  // libcurl closes its own descriptor, which leaves the connection to this one.
  return ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
}

Refused UpstreamTransfer::failure(CURLcode code) const {
  if (address_refused_) return {.status = 403, .reason = "address-not-public"};
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return {.status = 502, .reason = "upstream-unresolved"};
    case CURLE_COULDNT_CONNECT:
      return {.status = 502, .reason = "upstream-unreachable"};
    case CURLE_OPERATION_TIMEDOUT:
      return {.status = 504, .reason = "upstream-timeout"};
    case CURLE_PEER_FAILED_VERIFICATION:
      return {.status = 502, .reason = "upstream-certificate"};
    case CURLE_SSL_CONNECT_ERROR:
      return {.status = 502, .reason = "upstream-tls"};
    default:
      return {.status = 502, .reason = "upstream-closed"};
  }
}

// The address that is connected to is judged, not the one that a name had a moment ago.
curl_socket_t UpstreamTransfer::open_socket(void* self, curlsocktype /*purpose*/,
                                            curl_sockaddr* address) {
  auto& transfer = *static_cast<UpstreamTransfer*>(self);
  const auto ip = IpAddress::from_socket(address->addr);
  const auto& allowed = transfer.upstream_.settings_.allowed;
  if (!ip || (!is_public(*ip) && std::ranges::none_of(allowed, [&](const AddressRange& range) {
        return range.contains(*ip);
      }))) {
    transfer.address_refused_ = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// Nothing is thrown through libcurl's frames: what runs out of memory ends the transfer.
std::size_t UpstreamTransfer::read(char* out, std::size_t one, std::size_t count, void* self) {
  auto& transfer = *static_cast<UpstreamTransfer*>(self);
  try {
    const auto size = transfer.user_.read_body({out, one * count});
    transfer.send_paused_ = !size;
    return size ? *size : CURL_READFUNC_PAUSE;
  } catch (...) {
    return CURL_READFUNC_ABORT;
  }
}

int UpstreamTransfer::seek(void* self, curl_off_t offset, int origin) {
  auto& transfer = *static_cast<UpstreamTransfer*>(self);
  if (offset != 0 || origin != SEEK_SET || !transfer.rewindable_) return CURL_SEEKFUNC_CANTSEEK;
  return transfer.user_.rewind_body() ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

std::size_t UpstreamTransfer::header(char* data, std::size_t one, std::size_t count, void* self) {
  try {
    const std::string_view line(data, one * count);
    return static_cast<UpstreamTransfer*>(self)->on_header_line(line) ? line.size() : 0;
  } catch (...) {
    return 0;
  }
}

std::size_t UpstreamTransfer::write(char* data, std::size_t one, std::size_t count, void* self) {
  auto& transfer = *static_cast<UpstreamTransfer*>(self);
  try {
    if (transfer.user_.on_body({data, one * count})) return one * count;
    transfer.receive_paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  } catch (...) {
    return CURL_WRITEFUNC_ERROR;
  }
}

bool UpstreamTransfer::on_header_line(std::string_view line) {
  head_size_ += line.size();
  if (head_size_ > kMaxAnswerHead) return false;
  if (line.starts_with("HTTP/")) {
    // libcurl may send a request again by itself. Its first answer was the answer.
    if (head_given_) return false;
    status_line_ = line;
    return true;
  }
  if (head_given_ || (line != "\r\n" && line != "\n")) return true;
  auto answer = head();
  if (answer.status < 200) return true;
  head_given_ = true;
  user_.on_head(std::move(answer));
  return true;
}

UpstreamHead UpstreamTransfer::head() const {
  UpstreamHead head;
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  head.status = static_cast<int>(status);
  // "HTTP/1.1 200 OK": what follows the status, as far as it can be passed on.
  const auto space = status_line_.find(' ', std::min(status_line_.size(), std::size_t{9}));
  ProxyField phrase;
  if (space != std::string::npos) {
    const auto end = status_line_.find_last_not_of("\r\n");
    if (read_field_line("x:" + status_line_.substr(space, end - space + 1), phrase)) {
      head.phrase = phrase.value;
    }
  }
  const curl_header* field = nullptr;
  curl_header* at = nullptr;
  while ((at = curl_easy_nextheader(easy_, CURLH_HEADER, -1, at)) != nullptr) {
    field = at;
    ProxyField read;
    // What is none is not passed on: another reader could make a field of it.
    if (read_field_line(std::string(field->name) + ":" + field->value, read)) {
      head.fields.push_back(std::move(read));
    }
  }
  curl_off_t length = -1;
  curl_easy_getinfo(easy_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  if (length >= 0) head.length = static_cast<std::uint64_t>(length);
  return head;
}

}  // namespace wba::agent
