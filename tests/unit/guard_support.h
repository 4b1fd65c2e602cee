#ifndef WBA_TESTS_UNIT_GUARD_SUPPORT_H_
#define WBA_TESTS_UNIT_GUARD_SUPPORT_H_

// What tests of the guard share: agents with keys, and requests of theirs.

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include <wba/content_digest.h>
#include <wba/guard/guard.h>
#include <wba/key.h>
#include <wba/registered_domain.h>
#include <wba/request_signer.h>

namespace wba::test {

inline constexpr guard::Now start_time = guard::Now(std::chrono::seconds(1'800'000'000));

// OwnedRequest is a request with its storage.
struct OwnedRequest {
  std::string method = "GET";
  std::string authority = "shop.example";
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::optional<std::string> body = {};

  // view is valid until the request changes.
  [[nodiscard]] Request view() {
    lines.clear();
    for (const auto& [name, value] : fields) lines.push_back({name, value});
    return {.method = method, .authority = authority, .target = target, .fields = lines};
  }

  std::vector<FieldLine> lines = {};  // what the view views
};

// Agent is an operator's key and URL.
class Agent {
 public:
  explicit Agent(std::string url = "https://bot.example/keys")
      : url_(std::move(url)), signer_(make_signer()) {}

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] std::string_view keyid() const { return signer_.keyid(); }

  [[nodiscard]] const PublicKey& public_key() const { return signer_.public_key(); }
  [[nodiscard]] std::string jwk() const { return signer_.public_key().jwk(true).value(); }
  [[nodiscard]] std::string directory() const { return "{\"keys\":[" + jwk() + "]}"; }

  void add_to(StaticResolver& resolver) const {
    ASSERT_TRUE(resolver.add_directory(url_, directory()));
  }

  struct Signing {
    std::vector<std::string_view> components = {};
    std::chrono::seconds lifetime = std::chrono::seconds(60);
    SigningOptions::Nonce nonce_mode = SigningOptions::Nonce::random;
    std::string_view label = {};
    std::string_view agent_url = {};  // another's, to steal it
  };

  // sign adds a signature made at `now`.
  void sign(OwnedRequest& request, guard::Now now, const Signing& signing) const {
    RequestSigner signer;
    SignedFields fields;
    const auto done = signer.sign(
        request.view(), signer_,
        {.profile = SignerProfile::draft_01,
         .agent_url = signing.agent_url.empty() ? std::string_view(url_) : signing.agent_url,
         .label = signing.label,
         .components = signing.components,
         .lifetime = signing.lifetime,
         .nonce_mode = signing.nonce_mode},
        std::chrono::floor<std::chrono::seconds>(now), fields);
    ASSERT_TRUE(done) << describe(done.error().code);
    if (!fields.signature_agent.empty()) {
      request.fields.emplace_back("Signature-Agent", fields.signature_agent);
    }
    request.fields.emplace_back("Signature-Input", fields.lines.signature_input);
    request.fields.emplace_back("Signature", fields.lines.signature);
  }
  void sign(OwnedRequest& request, guard::Now now = start_time) const { sign(request, now, {}); }

 private:
  static KeySigner make_signer() {
    return KeySigner::create(PrivateKey::generate(KeyType::ed25519).value()).value();
  }

  std::string url_;
  KeySigner signer_;
};

// of_shop gives a configuration that says nothing of authorities those of shop.example.
inline guard::Config of_shop(guard::Config config) {
  if (!config.server.authorities) {
    config.server.authorities = Authorities::of({"shop.example"}).value();
  }
  return config;
}

// GuardUnderTest is a guard with a worker and the directories of some agents.
class GuardUnderTest {
 public:
  GuardUnderTest(std::string_view toml, const std::vector<const Agent*>& agents,
                 guard::Surroundings surroundings = {}, guard::Now started = start_time) {
    surroundings.started = started;
    if (surroundings.resolver == nullptr) {
      auto resolver = std::make_shared<StaticResolver>();
      for (const auto* agent : agents) agent->add_to(*resolver);
      surroundings.resolver = std::move(resolver);
    }
    auto config = guard::parse_config(toml);
    EXPECT_TRUE(config) << (config ? "" : guard::to_text(config.error()));
    auto created = guard::Guard::create(of_shop(config.value()), std::move(surroundings));
    EXPECT_TRUE(created) << (created ? "" : guard::to_text(created.error()));
    guard_ = std::move(created).value();
    worker_ = std::make_unique<guard::Guard::Worker>(guard_->make_worker());
  }

  const guard::Decision& decide(OwnedRequest& request, guard::Now now = start_time,
                                std::string_view peer = "192.0.2.7") {
    std::optional<std::string_view> body;
    if (request.body) body = *request.body;
    return guard_->decide({.request = request.view(), .peer = peer, .body = body}, now, *worker_);
  }

  [[nodiscard]] guard::Guard& guard() { return *guard_; }
  [[nodiscard]] guard::Guard::Worker& worker() { return *worker_; }

 private:
  std::unique_ptr<guard::Guard> guard_;
  std::unique_ptr<guard::Guard::Worker> worker_;
};

// header_of gives the value of a decision's header; empty where it has none.
inline std::string header_of(const guard::Decision& decision, std::string_view name) {
  for (const auto& header : decision.headers) {
    if (header.name == name) return std::string(header.value);
  }
  return {};
}

// TestFolder is an empty folder that goes with the object.
class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "wba-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace wba::test

#endif  // WBA_TESTS_UNIT_GUARD_SUPPORT_H_
