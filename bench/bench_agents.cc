#include "bench_agents.h"

#include <random>

namespace wba::bench {

Agent::Agent(std::size_t number)
    : host("agent" + std::to_string(number) + ".example"),
      url("https://" + host),
      signer(KeySigner::create(PrivateKey::generate(KeyType::ed25519).value()).value()),
      key_set("{\"keys\":[" + signer.public_key().jwk(true).value() + "]}") {}

AgentRequest::AgentRequest(const Agent& agent, Time now)
    : request{.method = "GET", .authority = "www.example.com", .target = "/products/42"} {
  RequestSigner request_signer;
  static_cast<void>(
      request_signer.sign(request, agent.signer,
                          {.profile = SignerProfile::draft_00, .agent_url = agent.url}, now, made));
  fields = {FieldLine{"Signature-Agent", made.signature_agent},
            FieldLine{"Signature-Input", made.lines.signature_input},
            FieldLine{"Signature", made.lines.signature}};
  request.fields = fields;
}

std::deque<AgentRequest> zipf_requests(const std::deque<Agent>& agents, std::size_t count,
                                       Time now) {
  std::vector<double> weights;
  for (std::size_t i = 0; i < agents.size(); ++i) {
    weights.push_back(1.0 / static_cast<double>(i + 1));
  }
  std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same order every time
  std::discrete_distribution<std::size_t> draw(weights.begin(), weights.end());
  std::deque<AgentRequest> requests;
  for (std::size_t i = 0; i < count; ++i) requests.emplace_back(agents[draw(random)], now);
  return requests;
}

}  // namespace wba::bench
