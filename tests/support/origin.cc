#include "support/origin.h"

#include <algorithm>

namespace wba::test {

TestAgent::TestAgent(PrivateKey key)
    : signer(std::make_shared<KeySigner>(KeySigner::create(std::move(key)).value())),
      resolver(std::make_shared<StaticResolver>()) {
  const std::string keys = "{\"keys\":[" + signer->public_key().jwk(true).value() + "]}";
  resolver->add_directory(url, keys).value();
  resolver->add_directory("https://agent.test/.well-known/http-message-signatures-directory", keys)
      .value();
}

bool Judged::covers(std::string_view serialised) const {
  return std::ranges::find(covered, serialised) != covered.end();
}

std::size_t Judged::count(std::string_view field) const {
  return static_cast<std::size_t>(
      std::ranges::count(request.fields, field, &std::pair<std::string, std::string>::first));
}

Verifier make_verifier(const TestAgent& agent) {
  return Verifier::create(
             {.required = RequiredComponents::profile_only(), .authorities = Authorities::any()},
             agent.resolver)
      .value();
}

Judged judge(const Verifier& verifier, const HttpRequest& request) {
  std::vector<FieldLine> fields;
  for (const auto& [name, value] : request.fields) fields.push_back({.name = name, .value = value});
  const std::string authority = request.field("host");
  const Request view{.method = request.method,
                     .scheme = "https",
                     .authority = authority,
                     .target = request.target,
                     .fields = fields};
  Verifier::Session session = verifier.session();
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const Verdict& verdict = session.verify(view, request.body, now);
  Judged judged{.request = request, .reason = verdict.reason()};
  if (const auto* signature = verdict.decisive(); signature != nullptr) {
    judged.covered = signature->covered();
    judged.nonce = signature->parameters().nonce.value_or("");
  }
  return judged;
}

Origin::Origin(const TestCa& ca, const TestAgent& agent, std::string host, Answer answer)
    : host_(std::move(host)),
      answer_(std::move(answer)),
      verifier_(make_verifier(agent)),
      server_(ca, {host_}, [this](const HttpRequest& request) { return handle(request); },
              {.keep_alive = true}) {}

HttpReply Origin::handle(const HttpRequest& request) {
  const Judged judged = judge(verifier_, request);
  {
    const std::lock_guard lock(mutex_);
    judged_.push_back(judged);
  }
  if (answer_) return answer_(judged);
  return {.body = std::string(to_string(judged.reason))};
}

std::vector<Judged> Origin::judged() const {
  const std::lock_guard lock(mutex_);
  return judged_;
}

Handle::Handle(const TestCa& ca, std::initializer_list<const Origin*> origins)
    : ca_(ca.file()), easy_(curl_easy_init()) {
  for (const Origin* origin : origins) {
    resolve_ = curl_slist_append(resolve_, origin->resolve().c_str());
  }
  set_up(easy_);
}

Handle::~Handle() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(resolve_);
}

void Handle::set_up(CURL* easy) const {
  curl_easy_setopt(easy, CURLOPT_CAINFO, ca_.c_str());
  curl_easy_setopt(easy, CURLOPT_RESOLVE, resolve_);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 20000L);
}

}  // namespace wba::test
