#include <algorithm>
#include <utility>

#include <wba/command_signer.h>
#include <wba/structured_field.h>

#include "base/guarded_call.h"
#include "client/command.h"

namespace wba {
namespace {

std::unexpected<Error> fail(ErrorCode code) noexcept { return std::unexpected(Error{code}); }

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// give writes `octets` to `out` where they are a signature of `base`.
Result<std::size_t> give(const PublicKey& key, Algorithm algorithm, std::string_view base,
                         std::span<const std::byte> octets, std::span<std::byte> out) {
  if (!key.verify(algorithm, base, octets)) return fail(ErrorCode::signer_answer_invalid);
  if (octets.size() > out.size()) return fail(ErrorCode::argument_invalid);
  std::ranges::copy(octets, out.begin());
  return octets.size();
}

}  // namespace

CommandSigner::CommandSigner(PublicKey key, std::vector<std::string> command, Algorithm algorithm,
                             Limits limits) noexcept
    : key_(std::move(key)), command_(std::move(command)), algorithm_(algorithm), limits_(limits) {}

Result<CommandSigner> CommandSigner::create(PublicKey key, std::vector<std::string> command) {
  const Algorithm algorithm = key.algorithm().value_or(Algorithm::rsa_pss_sha512);
  return create(std::move(key), std::move(command), algorithm, {});
}

Result<CommandSigner> CommandSigner::create(PublicKey key, std::vector<std::string> command,
                                            Algorithm algorithm, Limits limits) {
  if (!key.allows(algorithm) || algorithm == Algorithm::hmac_sha256) {
    return fail(ErrorCode::algorithm_key_mismatch);
  }
  const bool readable = !command.empty() && !command.front().empty() &&
                        std::ranges::none_of(command, [](const std::string& argument) {
                          return argument.find('\0') != std::string::npos;
                        });
  if (!readable || limits.time.count() <= 0) return fail(ErrorCode::argument_invalid);
  return CommandSigner(std::move(key), std::move(command), algorithm, limits);
}

Result<std::size_t> CommandSigner::sign(std::string_view base, std::span<std::byte> out) const {
  return guarded_call([&]() -> Result<std::size_t> {
    const auto output = client::run_command(command_, base, limits_.time, limits_.output);
    if (!output) return std::unexpected(output.error());
    auto given = give(key_, algorithm_, base, std::as_bytes(std::span(*output)), out);
    if (given || given.error().code != ErrorCode::signer_answer_invalid) return given;
    // A Byte Sequence is strict base64 between colons.
    sf::Field field;
    const std::string item = ":" + std::string(trim(*output)) + ":";
    const auto read = sf::parse_item(item, field);
    if (!read) return given;
    const auto& member = field.members().front();
    const auto& octets = member.value.text;
    const bool plain = field.parameters(member).empty();
    if (!plain || member.value.type != sf::Type::byte_sequence) return given;
    return give(key_, algorithm_, base, std::as_bytes(std::span(octets)), out);
  });
}

}  // namespace wba
