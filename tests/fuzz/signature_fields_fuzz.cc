// The signature fields of a message: what parses has the shape that callers rely on, its base has
// one line a component and ends in the strict form of its parameters, an agent that is chosen is an
// https URL, and Accept-Signature reads as it was written.
// Input: four lines: Signature-Input, Signature, Signature-Agent, Accept-Signature.

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <wba/accept_signature.h>
#include <wba/signature.h>
#include <wba/signature_agent.h>

#include "fuzz/fuzz_input.h"
#include "support/exact_buffer.h"

namespace {

using namespace wba;  // NOLINT: a program of one topic
using wba::fuzz::require;

constexpr std::string_view kParams = "\"@signature-params\": ";

void check_base(const Request& request, const sf::Field& input, const sf::Member& member) {
  ComponentScratch scratch;
  std::string base = "left from before";
  const auto built = build_signature_base(request, input, member, {}, scratch, base);
  if (!built) {
    require(base.empty());
    require(built.error().offset <= input.items(member).size());
    return;
  }
  const auto components = input.items(member).size();
  require(static_cast<std::size_t>(std::ranges::count(base, '\n')) == components);
  const auto last = std::string_view(base).substr(base.rfind('\n') + 1);
  std::string params(kParams);
  sf::append_member_value(input, member, params);
  require(last == params);
  for (const char c : base) require(c == '\n' || c == '\t' || (c >= 0x20 && c < 0x7f));
}

void check_agent(std::span<const FieldLine> fields, std::string_view label,
                 std::span<const ComponentIdentifier> covered) {
  SignatureAgentField agent;
  agent.read(fields);
  const auto choice = agent.choose(label, covered);
  require(choice.reason == Reason::none || outcome_of(choice.reason) != Outcome::verified);
  if (choice.reason != Reason::none) return;
  require(choice.link.url.size() > 8 && choice.link.dialect != Dialect::none);
  require(choice.link.url.substr(5, 3) == "://");
}

void check_accept_signature(std::string_view value, SignatureTarget target) {
  const std::array lines{value};
  const auto requests = parse_accept_signature(lines, target);
  if (!requests) return;
  std::string written;
  require(append_accept_signature(*requests, written).has_value());
  const std::array<std::string_view, 1> written_lines{written};
  const auto again = parse_accept_signature(written_lines, target);
  require(again && again->size() == requests->size());
  for (std::size_t i = 0; i < requests->size(); ++i) {
    const auto& a = (*requests)[i];
    const auto& b = (*again)[i];
    require(a.label == b.label && a.components == b.components && a.created == b.created &&
            a.expires == b.expires && a.nonce == b.nonce && a.alg == b.alg && a.keyid == b.keyid &&
            a.tag == b.tag);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const test::ExactBuffer signature_input(input.take_until('\n'));
  const test::ExactBuffer signature(input.take_until('\n'));
  const test::ExactBuffer agent(input.take_until('\n'));
  const test::ExactBuffer accept(input.rest());

  const std::array fields{FieldLine{"Signature-Input", signature_input.view()},
                          FieldLine{"Signature", signature.view()},
                          FieldLine{"Signature-Agent", agent.view()},
                          FieldLine{"Content-Type", "text/plain"}};
  const Request request{
      .method = "GET", .authority = "example.com", .target = "/p?a=1&b=2", .fields = fields};
  SignatureFields parsed;
  if (!parsed.parse(fields)) {
    require(parsed.input().members().empty() && parsed.signature().members().empty());
  }
  for (const auto& member : parsed.input().members()) {
    require(member.is_inner_list);
    std::vector<ComponentIdentifier> covered;
    for (const auto& item : parsed.input().items(member)) {
      if (const auto id = read_component_identifier(item.value, parsed.input().parameters(item))) {
        covered.push_back(*id);
      }
    }
    check_base(request, parsed.input(), member);
    check_agent(fields, member.key, covered);
  }
  check_accept_signature(accept.view(), SignatureTarget::request);
  check_accept_signature(accept.view(), SignatureTarget::response);
  return 0;
}
