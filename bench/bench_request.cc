#include "bench_request.h"

#include <array>
#include <cstdio>
#include <cstdlib>

#include <wba/content_digest.h>

namespace wba::bench {
namespace {

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "wba_bench: %s\n", what);
  std::exit(1);
}

constexpr std::string_view kUserAgent =
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ExampleAgent/1.0; "
    "+https://agent.example.com/bot) Chrome/131.0.0.0 Safari/537.36";

void add_usual_fields(BenchRequest& made) {
  made.unsigned_fields = {
      {.name = "Host", .value = "www.example.com"},
      {.name = "User-Agent", .value = kUserAgent},
      {.name = "Accept",
       .value = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"},
      {.name = "Accept-Encoding", .value = "gzip, deflate, br, zstd"},
      {.name = "Accept-Language", .value = "en-US,en;q=0.9"},
      {.name = "Cache-Control", .value = "no-cache"},
      {.name = "Sec-Fetch-Dest", .value = "document"},
      {.name = "Sec-Fetch-Mode", .value = "navigate"},
      {.name = "Sec-Fetch-Site", .value = "none"},
  };
}

// The fields of E.2.1 as the draft prints them.
void make_minimal(BenchRequest& made) {
  made.request = {.method = "POST",
                  .scheme = "https",
                  .authority = "example.com",
                  .target = "/foo?param=Value&Pet=dog"};
  made.unsigned_fields = {
      {.name = "Host", .value = "example.com"},
      {.name = "Date", .value = "Tue, 20 Apr 2021 02:07:55 GMT"},
      {.name = "Content-Type", .value = "application/json"},
      {.name = "Content-Length", .value = "18"},
  };
  made.fields = made.unsigned_fields;
  made.fields.push_back(
      {.name = "Signature-Agent", .value = "sig2=\"https://signature-agent.test\""});
  made.fields.push_back(
      {.name = "Signature-Input",
       .value =
           "sig2=(\"@authority\" \"signature-agent\";key=\"sig2\");created=1735689600;"
           "keyid=\"poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U\";alg=\"ed25519\";"
           "expires=4889289600;nonce=\"n9p433xm+NJ3ph3upfBIGmsuwHw387YV7Q/F+6BSpGCVjYCqQw6rznNA8"
           "PVVLySrAWsv0hQtFioQb6E1YsauiA==\";tag=\"web-bot-auth\""});
  made.fields.push_back({.name = "Signature",
                         .value =
                             "sig2=:CGokAoY/FrPpyuzTe1Fb2kLTAH9Idw6qSFd1+D77r1firsMRCxeuLu5e6O+"
                             "ek3zQgDMAzjiXtLVfqE00xnABCQ==:"});
  made.now = Time(std::chrono::seconds(1735689660));
  made.agent_url = "https://signature-agent.test";
  made.components = {"@authority"};
}

void make_usual(BenchRequest& made, Shape shape) {
  made.request = {.method = "GET",
                  .scheme = "https",
                  .authority = "www.example.com",
                  .target = "/products/42?utm_source=agent&ref=search"};
  made.now = Time(std::chrono::seconds(1760000000));
  made.agent_url = "https://agent.example.com/.well-known/http-message-signatures-directory";
  made.components = {"@authority", "@method", "@path"};
  add_usual_fields(made);
  if (shape == Shape::body) {
    made.body = R"({"item":42,"quantity":1,"note":"please ring twice"})";
    made.request.method = "POST";
    static const std::string digest = content_digest(*made.body);
    made.unsigned_fields.push_back({.name = "Content-Digest", .value = digest});
    made.unsigned_fields.push_back({.name = "Content-Type", .value = "application/json"});
  }
}

void sign_usual(BenchRequest& made, const KeySigner& signer) {
  RequestSigner request_signer;
  if (!request_signer.sign(made.unsigned_request, signer, made.signing_options(), made.now,
                           made.signed_fields)) {
    give_up("cannot sign");
  }
  made.fields = made.unsigned_fields;
  made.fields.push_back({.name = "Signature-Agent", .value = made.signed_fields.signature_agent});
  made.fields.push_back(
      {.name = "Signature-Input", .value = made.signed_fields.lines.signature_input});
  made.fields.push_back({.name = "Signature", .value = made.signed_fields.lines.signature});
}

void make(BenchRequest& made, Shape shape) {
  auto key = PrivateKey::from_jwk(bench_private_jwk);
  if (!key) give_up("cannot read the key");
  auto signer = KeySigner::create(*std::move(key));
  if (!signer) give_up("cannot sign with the key");
  made.directory = "{\"keys\":[" + signer->public_key().jwk().value() + "]}";
  if (shape == Shape::minimal) {
    make_minimal(made);
  } else {
    make_usual(made, shape);
  }
  made.unsigned_request = made.request;
  made.unsigned_request.fields = made.unsigned_fields;
  if (shape != Shape::minimal) sign_usual(made, *signer);
  made.request.fields = made.fields;
}

}  // namespace

SigningOptions BenchRequest::signing_options() const noexcept {
  return {.profile = SignerProfile::draft_01, .agent_url = agent_url, .components = components};
}

std::size_t BenchRequest::field_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const auto& line : fields) bytes += line.name.size() + line.value.size();
  return bytes;
}

const BenchRequest& bench_request(Shape shape) {
  static std::array<BenchRequest, 3> made;
  auto& one = made[static_cast<std::size_t>(shape)];
  if (one.directory.empty()) make(one, shape);
  return one;
}

}  // namespace wba::bench
