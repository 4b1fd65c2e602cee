// A whole request through the verifier.
// First byte even: a request made of the rest. Reason and outcome agree; with the agent's real key
// nothing verifies; with a key that accepts every signature, what verifies keeps the profile.
// First byte odd: the rest picks what is signed and what is changed afterwards. What was signed
// verifies, and after the change a verified request has the very base that was signed.

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wba/request_signer.h>
#include <wba/verifier.h>

#include "crypto/verifying_key.h"
#include "fuzz/fuzz_input.h"
#include "key/key_state.h"
#include "support/exact_buffer.h"

namespace {

using namespace wba;  // NOLINT: a program of one topic
using wba::fuzz::require;

constexpr Time kNow{std::chrono::seconds(1'760'000'000)};

class AcceptingKey final : public crypto::VerifyingKey {
 public:
  AcceptingKey() noexcept : VerifyingKey(KeyType::ed25519) {}
  [[nodiscard]] Result<void> verify(Algorithm algorithm, std::string_view,
                                    std::span<const std::byte>) const noexcept override {
    if (algorithm == Algorithm::ed25519) return {};
    return std::unexpected(Error{ErrorCode::algorithm_key_mismatch});
  }
};

// AnyResolver gives one key for whatever is asked.
class AnyResolver final : public KeyResolver {
 public:
  explicit AnyResolver(PublicKey key) : key_(std::move(key)) {}
  [[nodiscard]] std::unique_ptr<Reader> reader() const override {
    return std::make_unique<AnyReader>(key_);
  }

 private:
  class AnyReader final : public Reader {
   public:
    explicit AnyReader(const PublicKey& key) : key_(key) {}
    KeyLookup lookup(const AgentLink& link, std::string_view, Time) noexcept override {
      return {.reason = Reason::none, .key = &key_, .identity = link.url};
    }

   private:
    const PublicKey& key_;
  };

  PublicKey key_;
};

struct World {
  World()
      : signer(KeySigner::create(PrivateKey::generate(KeyType::ed25519).value()).value()),
        real(make(signer.public_key())),
        accepting(make(
            KeyMaker::with_verifying_key(signer.public_key(), std::make_unique<AcceptingKey>()))),
        real_session(real.session()),
        accepting_session(accepting.session()) {}

  static Verifier make(PublicKey key) {
    return Verifier::create(
               {.required = RequiredComponents::profile_only(), .authorities = Authorities::any()},
               std::make_shared<AnyResolver>(std::move(key)))
        .value();
  }

  KeySigner signer;
  Verifier real;
  Verifier accepting;
  Verifier::Session real_session;
  Verifier::Session accepting_session;
};

World& world() {
  static World made;
  return made;
}

void check_agreement(const Verdict& verdict) {
  require(verdict.outcome() == outcome_of(verdict.reason()));
  require((verdict.reason() == Reason::none) == (verdict.outcome() == Outcome::verified));
  for (const auto& one : verdict.signatures()) {
    require(one.outcome() == outcome_of(one.reason()));
    require(one.outcome() == Outcome::verified || one.identity().empty());
  }
  if (verdict.outcome() == Outcome::verified) {
    require(verdict.decisive() != nullptr);
    require(verdict.decisive()->outcome() == Outcome::verified);
  }
}

// What a verified signature must be, whoever made it.
void check_profile(const SignatureVerdict& verified) {
  const auto& parameters = verified.parameters();
  require(parameters.created && parameters.expires && parameters.keyid && parameters.tag);
  require(*parameters.tag == "web-bot-auth");
  const auto now = kNow.time_since_epoch().count();
  require(*parameters.created <= now + 60 && *parameters.expires + 60 > now);
  require(*parameters.expires - *parameters.created <= 86400);
  const auto covered = verified.covered();
  require(std::ranges::any_of(covered, [](const std::string& id) {
    return id == "\"@authority\"" || id == "\"@target-uri\"";
  }));
  if (!verified.claimed_url().empty()) {
    require(std::ranges::any_of(
        covered, [](const std::string& id) { return id.starts_with("\"signature-agent\""); }));
  }
  require(verified.signature_base().ends_with("tag=\"web-bot-auth\"") ||
          verified.signature_base().find(";tag=\"web-bot-auth\";") != std::string_view::npos);
}

void judge_hostile(fuzz::Input& input) {
  std::deque<test::ExactBuffer> storage;
  const auto keep = [&storage](std::string_view text) { return storage.emplace_back(text).view(); };
  Request request;
  request.method = keep(input.take_until('\n'));
  request.scheme = input.take_byte() % 2 == 0 ? "https" : "http";
  request.authority = keep(input.take_until('\n'));
  request.target = keep(input.take_until('\n'));
  std::vector<FieldLine> fields;
  while (!input.empty() && fields.size() < 64) {
    const auto name = keep(input.take_until(':'));
    fields.push_back({.name = name, .value = keep(input.take_until('\n'))});
  }
  request.fields = fields;
  World& all = world();
  const Verdict& real = all.real_session.verify(request, kNow);
  check_agreement(real);
  require(real.outcome() != Outcome::verified);
  const Verdict& accepted = all.accepting_session.verify(request, "body", kNow);
  check_agreement(accepted);
  for (const auto& one : accepted.signatures()) {
    if (one.outcome() == Outcome::verified) check_profile(one);
  }
}

struct SignedParts {
  std::string method;
  std::string authority;
  std::string target;
  std::vector<std::pair<std::string, std::string>> fields;

  [[nodiscard]] std::vector<FieldLine> lines() const {
    std::vector<FieldLine> views;
    for (const auto& [name, value] : fields) views.push_back({.name = name, .value = value});
    return views;
  }
  [[nodiscard]] Request request(const std::vector<FieldLine>& lines) const {
    return {.method = method, .authority = authority, .target = target, .fields = lines};
  }
};

std::vector<std::string_view> pick_components(std::uint8_t bits) {
  constexpr std::array<std::string_view, 8> kAll{
      "@method", "@path",     "@query",         "@target-uri", "@query-param;name=\"a\"",
      "x-text",  "x-text;bs", "@request-target"};
  std::vector<std::string_view> picked;
  for (std::size_t i = 0; i < kAll.size(); ++i) {
    if ((bits >> i & 1) != 0) picked.push_back(kAll[i]);
  }
  return picked;
}

// Signing fails for a value that no base can hold; the verifier must agree then.
void sign_and_change(fuzz::Input& input) {
  World& all = world();
  const auto components = pick_components(input.take_byte());
  const auto profile = static_cast<SignerProfile>(input.take_byte() % 2);
  const std::uint8_t where = input.take_byte();
  const std::uint8_t bit = input.take_byte() % 8;
  const std::size_t offset = input.take_byte() * 256U + input.take_byte();
  SignedParts parts{.method = "GET", .authority = "example.com", .target = {}, .fields = {}};
  parts.target = "/p?a=" + std::string(input.take_until('\n'));
  parts.fields.emplace_back("X-Text", input.rest());
  RequestSigner signer;
  SignedFields made;
  {
    const auto lines = parts.lines();
    if (!signer.sign(
            parts.request(lines), all.signer,
            {.profile = profile, .agent_url = "https://agent.test/keys", .components = components},
            kNow, made)) {
      return;
    }
  }
  parts.fields.emplace_back("Signature-Agent", made.signature_agent);
  parts.fields.emplace_back("Signature-Input", made.lines.signature_input);
  parts.fields.emplace_back("Signature", made.lines.signature);
  {
    const auto lines = parts.lines();
    const Verdict& verdict = all.real_session.verify(parts.request(lines), kNow);
    check_agreement(verdict);
    require(verdict.outcome() == Outcome::verified);
    require(verdict.decisive()->signature_base() == made.lines.base);
    check_profile(*verdict.decisive());
  }
  const std::array<std::string*, 7> places{&parts.method,           &parts.authority,
                                           &parts.target,           &parts.fields[0].second,
                                           &parts.fields[1].second, &parts.fields[2].second,
                                           &parts.fields[3].second};
  std::string& place = *places[where % places.size()];
  if (place.empty()) return;
  char& changed = place[offset % place.size()];
  changed = static_cast<char>(changed ^ (1 << bit));
  const auto lines = parts.lines();
  const Verdict& verdict = all.real_session.verify(parts.request(lines), kNow);
  check_agreement(verdict);
  if (verdict.outcome() == Outcome::verified) {
    require(verdict.decisive()->signature_base() == made.lines.base);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  if (input.take_byte() % 2 == 0) {
    judge_hostile(input);
  } else {
    sign_and_change(input);
  }
  return 0;
}
