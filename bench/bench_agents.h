#ifndef WBA_BENCH_BENCH_AGENTS_H_
#define WBA_BENCH_BENCH_AGENTS_H_

// Agents and what they send, for benchmarks of more than one request. No two requests have the same
// signature: each signature asks for other entries of its key's table and of the base point's, and
// one that is verified again and again would find all of them in the first cache.

#include <array>
#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include <wba/key.h>
#include <wba/message.h>
#include <wba/request_signer.h>

namespace wba::bench {

// Agent is one of many, with its key and its key set.
struct Agent {
  explicit Agent(std::size_t number);

  std::string host;
  std::string url;  // https://host
  KeySigner signer;
  std::string key_set;
};

// AgentRequest is one request of an agent, with a nonce of its own and the fields of draft -00.
struct AgentRequest {
  // Where `agent` cannot sign, the request has no signature, and does not verify.
  AgentRequest(const Agent& agent, Time now);
  AgentRequest(const AgentRequest&) = delete;
  AgentRequest& operator=(const AgentRequest&) = delete;

  SignedFields made;
  std::array<FieldLine, 3> fields;
  Request request;
};

// zipf_requests makes `count` requests in the order in which they come: agent n + 1 sends
// 1 / (n + 1) of what the first does. The same order every time.
[[nodiscard]] std::deque<AgentRequest> zipf_requests(const std::deque<Agent>& agents,
                                                     std::size_t count, Time now);

}  // namespace wba::bench

#endif  // WBA_BENCH_BENCH_AGENTS_H_
