// Directories, cards and registries: a document that parses is written so that it parses to the
// same, what is served of it lints without a crash, and whatever the bytes are a report is
// printable ASCII that says what to do.

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wba/agent_card.h>
#include <wba/directory_document.h>
#include <wba/directory_lint.h>

#include "fuzz/fuzz_input.h"

namespace {

using wba::fuzz::require;
using namespace wba::directory;

constexpr wba::Time now{std::chrono::seconds(1'790'000'000)};
constexpr std::string_view url = "https://agent.test/.well-known/http-message-signatures-directory";

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void check(std::span<const Finding> findings) {
  for (const Finding& finding : findings) {
    require(printable(finding.subject) && printable(finding.message) && printable(finding.advice));
    require(!finding.message.empty() && !finding.check.empty());
    require(finding.level == Level::ok || !finding.advice.empty());
  }
}

void check(const LintReport& report) {
  check(report.findings);
  require(report.verifiers.size() == 3);
  for (const Acceptance& acceptance : report.verifiers) {
    require((acceptance.takes == Takes::yes) == acceptance.reason.empty());
    // What fails outright for lack of a usable key is taken by nobody.
    const bool usable = std::ranges::any_of(report.keys, &CheckedKey::usable);
    require(usable || acceptance.takes == Takes::no);
  }
  for (const CheckedKey& key : report.keys) require(printable(key.kid) && printable(key.type));
}

void check_document(std::string_view text) {
  auto document = Document::parse(text);
  if (!document) return;
  const std::string written = document->serialise();
  const auto again = Document::parse(written);
  require(again.has_value());
  require(again->serialise() == written);
  require(again->keys().size() == document->keys().size());
  document->remove_expired(now);
  for (const DocumentKey& key : document->keys()) require(!key.expires || *key.expires > now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wba::fuzz::Input input(data, size);
  const std::uint8_t kind = input.take_byte();
  const std::string_view text = input.take(size);
  check_document(text);
  check(lint_directory({.url = url, .body = text}, now));
  // The front of the text stands in a field too.
  const std::string_view front = text.substr(0, 64);
  const std::vector<wba::FieldLine> fields = {
      {"Content-Type", (kind & 1U) != 0 ? media_type : front},
      {"Cache-Control", front},
      {"Date", front},
      {"Location", front},
      {"Signature-Input", front},
      {"Signature", front}};
  const wba::Request request{.method = "GET", .authority = "agent.test", .target = "/"};
  const std::uint16_t status = (kind & 2U) != 0 ? 200 : static_cast<std::uint16_t>(200 + kind);
  check(lint_directory(
      {.url = url, .status = status, .fields = fields, .body = text, .request = &request}, now));
  check(check_card({.url = "https://agent.test/", .body = text}, now));
  check(read_registry(text).findings);
  return 0;
}
