#ifndef WBA_SIGNATURE_AGENT_H_
#define WBA_SIGNATURE_AGENT_H_

// The Signature-Agent field in the four dialects that are spoken.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wba/component.h>
#include <wba/error.h>
#include <wba/key_resolver.h>
#include <wba/message.h>
#include <wba/structured_field.h>
#include <wba/verdict.h>

namespace wba {

// SignatureAgentChoice is what a signature is attributed to: where `reason` is none, the agent
// link; else why there is none.
struct SignatureAgentChoice {
  Reason reason = Reason::signature_agent_absent;
  AgentLink link = {};
  std::string_view member_key = {};  // of a Dictionary
};

// SignatureAgentField is the parsed Signature-Agent of one message. It views the message's storage;
// reading into the same object again allocates nothing once it has grown.
class SignatureAgentField {
 public:
  // read takes the field from a header section and finds out the dialect. It does not fail: what
  // does not parse is told by choose.
  void read(std::span<const FieldLine> section);

  [[nodiscard]] bool present() const noexcept { return form_ != Form::absent; }

  // choose picks the agent that a signature with this label and these covered components is
  // attributed to: only one that it covers. The dialects, by what stands there:
  //   https://origin                 bare_uri: origin and well-known path
  //   "https://origin"               legacy_string: the same; with a path, the URL itself
  //   l="https://origin"             origin_dictionary, also with ;type=directory|jwks_uri|cimd
  //   l="https://host/path"          direct_dictionary: the URL itself
  // Where the whole Dictionary is covered, the member named like the label counts, else the
  // only one. The URL is checked for https and a host, no further. draft -01 §4.
  [[nodiscard]] SignatureAgentChoice choose(
      std::string_view label, std::span<const ComponentIdentifier> covered) const noexcept;

 private:
  enum class Form : std::uint8_t { absent, unreadable, bare, string, dictionary };

  [[nodiscard]] SignatureAgentChoice of_member(const sf::Member& member) const noexcept;

  Form form_ = Form::absent;
  std::string_view uri_;  // bare
  sf::Field field_;
  std::vector<std::string_view> lines_;
};

}  // namespace wba

#endif  // WBA_SIGNATURE_AGENT_H_
