// A program outside the project, built against an installed copy: it signs a request, verifies it,
// and sees it refused elsewhere.
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <wba/key.h>
#include <wba/key_resolver.h>
#include <wba/request_signer.h>
#include <wba/signer.h>
#include <wba/verifier.h>

namespace {

const wba::Time now{std::chrono::seconds(1'700'000'000)};

int fail(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  return 1;
}

}  // namespace

int main() {
  auto key = wba::PrivateKey::generate(wba::KeyType::ed25519);
  if (!key) return fail("no key");
  const auto resolver = std::make_shared<wba::StaticResolver>();
  resolver->add_key(key->public_key());
  const auto signer = wba::KeySigner::create(*std::move(key));
  if (!signer) return fail("no signer");

  wba::Request request{.method = "GET", .authority = "origin.example", .target = "/welcome"};
  wba::RequestSigner request_signer;
  wba::SignedFields fields;
  if (!request_signer.sign(
          request, *signer,
          {.profile = wba::SignerProfile::draft_00, .agent_url = "https://agent.example"}, now,
          fields)) {
    return fail("not signed");
  }
  const std::vector<wba::FieldLine> lines = {{"Signature-Agent", fields.signature_agent},
                                             {"Signature-Input", fields.lines.signature_input},
                                             {"Signature", fields.lines.signature}};
  request.fields = lines;

  const auto ours = wba::Authorities::of({"origin.example"});
  if (!ours) return fail("no authorities");
  const auto verifier = wba::Verifier::create(
      {.required = wba::RequiredComponents::profile_only(), .authorities = *ours}, resolver);
  if (!verifier) return fail("no verifier");
  auto session = verifier->session();
  if (session.verify(request, now).outcome() != wba::Outcome::verified) {
    return fail("not verified");
  }
  request.authority = "elsewhere.example";
  if (session.verify(request, now).outcome() != wba::Outcome::invalid) {
    return fail("not refused elsewhere");
  }
  std::puts("ok");
  return 0;
}
