#ifndef WBA_CURL_H_
#define WBA_CURL_H_

// Signed requests with libcurl.
//
//   auto session = wba::SigningSession::create(config);
//   CURL* curl = curl_easy_init();                 // with the application's own options
//   wba::ClientRequest request{.url = "https://example.com/"};
//   auto response = session->perform(curl, request, {.body = [&](std::string_view part) {…}});
//
// The application sets what it likes on its handle (proxy, time limits, certificates, HTTP
// version, CURLOPT_RESOLVE); the session sets what belongs to the request: URL, method, fields,
// body, CURLOPT_PROTOCOLS_STR (https) and CURLOPT_FOLLOWLOCATION (off).

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include <curl/curl.h>

#include <wba/client.h>
#include <wba/error.h>
#include <wba/request_signer.h>

namespace wba {

namespace client {
class Signatures;
struct ExchangeState;
struct MultiState;
struct Prepared;
}  // namespace client

// PreparedRequest is what libcurl views while it sends a request: it must outlive the transfer.
class PreparedRequest {
 public:
  PreparedRequest(PreparedRequest&&) noexcept;
  PreparedRequest& operator=(PreparedRequest&&) noexcept;
  ~PreparedRequest();

  // url is what is asked for, normalised; signed what was added.
  [[nodiscard]] std::string_view url() const noexcept;
  [[nodiscard]] const SignedFields& signed_fields() const noexcept;

 private:
  friend class SigningSession;
  explicit PreparedRequest(std::unique_ptr<client::Prepared> prepared) noexcept;
  std::unique_ptr<client::Prepared> prepared_;
};

// SentRequest is told of each request before it is sent. Its views live during the call.
struct SentRequest {
  std::string_view method;
  std::string_view url;
  std::span<const ClientField> fields;  // signature fields included
  std::string_view signature_base;
  bool reused = false;  // the signature was made for an earlier request
};

// ResponseHandlers receive an exchange's answer: head once and then body, of the last answer only.
// Bodies of redirects and of answered challenges are read and dropped. body returns false to abort.
struct ResponseHandlers {
  std::function<void(const ClientResponse&)> head = {};
  std::function<bool(std::string_view)> body = {};
  std::function<void(const SentRequest&)> sent = {};
};

// Exchange is one request under way on an easy handle, over as many transfers as redirects and
// challenges make of it. For applications with an event loop of their own:
//
//   add the handle to the multi handle; when libcurl says that it is done, remove it and call
//   advance: `again` means that the handle is ready for the next transfer, to be added once more.
class Exchange {
 public:
  enum class Step : std::uint8_t { done, again };

  Exchange(Exchange&&) noexcept;
  Exchange& operator=(Exchange&&) noexcept;
  ~Exchange();

  [[nodiscard]] CURL* handle() const noexcept;

  // advance looks at a transfer that ended with `result`.
  // Errors: client_transfer_failed (transfer_result tells libcurl's code), those of
  // SigningSession::start.
  [[nodiscard]] Result<Step> advance(CURLcode result);

  // response is the last answer, once advance said done.
  [[nodiscard]] const ClientResponse& response() const noexcept;
  [[nodiscard]] CURLcode transfer_result() const noexcept;

 private:
  friend class SigningSession;
  explicit Exchange(std::unique_ptr<client::ExchangeState> state) noexcept;
  std::unique_ptr<client::ExchangeState> state_;
};

// SigningSession signs requests and sends them. One a thread; it must outlive its exchanges.
class SigningSession {
 public:
  // create checks the configuration. Errors: argument_invalid (no signer, or two; a host pattern
  // that is none), agent_url_invalid, agent_url_not_https.
  [[nodiscard]] static Result<SigningSession> create(ClientConfig config);

  SigningSession(SigningSession&&) noexcept;
  SigningSession& operator=(SigningSession&&) noexcept;
  ~SigningSession();

  // prepare signs `request` and sets it on `easy`; the application performs it, with its own
  // callbacks. Nothing is followed or retried.
  // Errors: target_uri_invalid, client_url_not_https, client_url_has_credentials,
  // client_method_invalid, client_field_invalid, client_field_reserved, client_body_ambiguous,
  // client_body_not_rewindable (a digest was wanted), those of RequestSigner::sign,
  // client_transfer_failed where libcurl refuses an option.
  [[nodiscard]] Result<PreparedRequest> prepare(CURL* easy, ClientRequest request);

  // start prepares an exchange: CURLOPT_WRITEFUNCTION is set too, so that the body comes to
  // `handlers`. Across origins, credentials set on the handle (CURLOPT_USERPWD,
  // CURLOPT_XOAUTH2_BEARER, CURLOPT_COOKIE and such) are taken off it for good.
  // Errors: as prepare's.
  [[nodiscard]] Result<Exchange> start(CURL* easy, ClientRequest request,
                                       ResponseHandlers handlers = {});

  // perform sends `request` and waits for the answer. Errors: as start's and advance's.
  // `failure`, where given, receives libcurl's code where the error is client_transfer_failed.
  [[nodiscard]] Result<ClientResponse> perform(CURL* easy, ClientRequest request,
                                               ResponseHandlers handlers = {},
                                               CURLcode* failure = nullptr);

  // signatures_made and signatures_reused count.
  [[nodiscard]] std::size_t signatures_made() const noexcept;
  [[nodiscard]] std::size_t signatures_reused() const noexcept;

 private:
  explicit SigningSession(std::unique_ptr<client::Signatures> signatures) noexcept;
  std::unique_ptr<client::Signatures> signatures_;
};

// MultiSession sends many requests at once over libcurl's multi interface, on one thread.
class MultiSession {
 public:
  // Setup sets the application's options on a new easy handle.
  using Setup = std::function<void(CURL*)>;
  // Done is told of each end: a response, or an error and libcurl's code.
  using Done = std::function<void(const Result<ClientResponse>&, CURLcode)>;

  // MultiSession keeps at most `parallel` transfers under way; the rest waits. `session` must
  // outlive it.
  MultiSession(SigningSession& session, Setup setup, std::size_t parallel = 32);
  MultiSession(MultiSession&&) noexcept;
  MultiSession& operator=(MultiSession&&) noexcept;
  ~MultiSession();

  // add queues a request. It may be called from within `done`. A request that cannot be signed
  // ends in `done` too.
  void add(ClientRequest request, ResponseHandlers handlers, Done done);

  // run drives the transfers until all are done or `limit` has passed, and gives how many are left.
  // Error: client_transfer_failed where the multi handle itself fails.
  [[nodiscard]] Result<std::size_t> run(std::chrono::milliseconds limit);

  // handle is the multi handle, for CURLMOPT_ options.
  [[nodiscard]] CURLM* handle() const noexcept;

 private:
  std::unique_ptr<client::MultiState> state_;
};

}  // namespace wba

#endif  // WBA_CURL_H_
