#include <array>
#include <utility>

#include <wba/content_digest.h>
#include <wba/directory_proof.h>
#include <wba/signature.h>

namespace wba::directory {
namespace {

constexpr std::array<std::string_view, 2> covered = {"\"@authority\";req", "\"content-digest\""};

sf::Parameter integer_parameter(std::string_view key, std::int64_t number) {
  return {.key = key, .value = {.type = sf::Type::integer, .number = number}};
}

sf::Parameter text_parameter(std::string_view key, std::string_view text) {
  return {.key = key, .value = {.type = sf::Type::string, .number = 0, .text = text}};
}

std::int64_t seconds_of(Time time) { return time.time_since_epoch().count(); }

std::vector<std::string_view> lines_of(std::span<const FieldLine> fields, std::string_view name) {
  std::vector<std::string_view> lines;
  for (const FieldLine& field : fields) {
    if (field_name_equals(field.name, name)) lines.push_back(field.value);
  }
  return lines;
}

// Coverage is what of the two components a signature covers.
struct Coverage {
  bool authority = false;
  bool authority_without_req = false;
  bool digest = false;
};

Coverage coverage_of(const sf::Field& input, const sf::Member& member) {
  Coverage coverage;
  for (const sf::Item& item : input.items(member)) {
    const auto component = read_component_identifier(item.value, input.parameters(item));
    if (!component) continue;
    if (component->kind == ComponentKind::authority) {
      (component->req ? coverage.authority : coverage.authority_without_req) = true;
    } else if (component->kind == ComponentKind::field && component->name == "content-digest" &&
               !component->req && !component->tr && !component->has_key) {
      coverage.digest = true;
    }
  }
  return coverage;
}

ProofProblem problem_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::signature_wrong:
    case ErrorCode::signature_value_invalid:
    case ErrorCode::signature_label_missing:
      return ProofProblem::signature_wrong;
    case ErrorCode::algorithm_unknown:
    case ErrorCode::algorithm_key_mismatch:
      return ProofProblem::algorithm_mismatch;
    default:
      return ProofProblem::base_impossible;
  }
}

// Checker checks the signatures of one response.
class Checker {
 public:
  Checker(const Response& response, std::string_view body, std::span<const ProofKey> keys, Time now,
          const ProofPolicy& policy)
      : response_(response), keys_(keys), now_(now), policy_(policy) {
    const auto lines = lines_of(response.fields, "content-digest");
    digest_present_ = !lines.empty();
    digest_matches_ = digest_present_ && check_content_digest(lines, body).has_value();
  }

  [[nodiscard]] Proof check(const SignatureFields& fields, const sf::Member& member,
                            const SignatureParameters& parameters) const {
    Proof proof;
    proof.label = member.key;
    proof.keyid = parameters.keyid.value_or(std::string_view());
    if (parameters.created) proof.created = Time(std::chrono::seconds(*parameters.created));
    if (parameters.expires) proof.expires = Time(std::chrono::seconds(*parameters.expires));
    const Coverage coverage = coverage_of(fields.input(), member);
    proof.covers_digest = coverage.digest;
    proof.key = find_key(proof.keyid);
    proof.problem = problem(fields, member, parameters, coverage, proof);
    return proof;
  }

 private:
  [[nodiscard]] std::optional<std::size_t> find_key(std::string_view keyid) const {
    if (keyid.empty()) return std::nullopt;
    // A thumbprint names its key whatever labels the others carry.
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (keys_[i].key != nullptr && keys_[i].key->thumbprint() == keyid) return i;
    }
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (keys_[i].key != nullptr && keys_[i].kid == keyid) return i;
    }
    return std::nullopt;
  }

  [[nodiscard]] ProofProblem problem(const SignatureFields& fields, const sf::Member& member,
                                     const SignatureParameters& parameters,
                                     const Coverage& coverage, const Proof& proof) const {
    if (!parameters.keyid) return ProofProblem::keyid_missing;
    if (!proof.key) return ProofProblem::key_not_published;
    if (!coverage.authority) {
      return coverage.authority_without_req ? ProofProblem::authority_without_req
                                            : ProofProblem::authority_not_covered;
    }
    if (coverage.digest && !digest_present_) return ProofProblem::digest_missing;
    if (const auto verified = verify_message(response_, fields, member.key, *keys_[*proof.key].key);
        !verified) {
      return problem_of(verified.error());
    }
    if (!proof.created) return ProofProblem::created_missing;
    if (*proof.created > now_ + policy_.skew) return ProofProblem::created_in_future;
    if (!proof.expires) return ProofProblem::expires_missing;
    if (*proof.expires <= now_) return ProofProblem::expired;
    if (!coverage.digest) {
      return policy_.require_digest ? ProofProblem::digest_not_covered : ProofProblem::none;
    }
    return digest_matches_ ? ProofProblem::none : ProofProblem::digest_mismatch;
  }

  const Response& response_;
  std::span<const ProofKey> keys_;
  Time now_;
  const ProofPolicy& policy_;
  bool digest_present_ = false;
  bool digest_matches_ = false;
};

}  // namespace

Result<ProofFields> sign_directory(std::string_view body, std::span<const Signer* const> signers,
                                   const ProofOptions& options) {
  if (signers.empty() || options.lifetime.count() < 1) {
    return std::unexpected(Error{ErrorCode::argument_invalid});
  }
  ProofFields fields{
      .content_digest = content_digest(body), .signature_input = {}, .signature = {}};
  const FieldLine digest_line{.name = "Content-Digest", .value = fields.content_digest};
  const Request request{.method = "GET", .authority = options.authority};
  const Response response{.status = 200, .fields = {&digest_line, 1}, .request = &request};
  SigningScratch scratch;
  SignedLines lines;
  for (std::size_t i = 0; i < signers.size(); ++i) {
    const Signer& signer = *signers[i];
    const std::string label = i == 0 ? "binding" : "binding" + std::to_string(i + 1);
    std::vector<sf::Parameter> parameters = {
        integer_parameter("created", seconds_of(options.created)),
        integer_parameter("expires", seconds_of(options.created + options.lifetime)),
        text_parameter("keyid", signer.keyid())};
    // An RSA key alone does not say which of the two algorithms made the signature.
    if (signer.algorithm() == Algorithm::rsa_pss_sha512 ||
        signer.algorithm() == Algorithm::rsa_v1_5_sha256) {
      parameters.push_back(text_parameter("alg", to_string(signer.algorithm())));
    }
    parameters.push_back(text_parameter("tag", proof_tag));
    const SigningParameters signing{
        .label = label, .components = covered, .parameters = parameters};
    if (auto done = sign_message(response, signing, signer, {}, scratch, lines); !done) {
      return std::unexpected(done.error());
    }
    const std::string_view separator = i == 0 ? "" : ", ";
    fields.signature_input.append(separator).append(lines.signature_input);
    fields.signature.append(separator).append(lines.signature);
  }
  return fields;
}

Result<std::vector<Proof>> verify_directory(const Response& response, std::string_view body,
                                            std::span<const ProofKey> keys, Time now,
                                            const ProofPolicy& policy) {
  if (response.request == nullptr) {
    return std::unexpected(Error{ErrorCode::component_related_request_missing});
  }
  SignatureFields fields;
  SignatureLimits limits;
  limits.fields.bytes = 65536;
  limits.fields.members = policy.signatures;
  if (auto parsed = fields.parse(response.fields, limits); !parsed) {
    return std::unexpected(parsed.error());
  }
  const Checker checker(response, body, keys, now, policy);
  std::vector<Proof> proofs;
  for (const sf::Member& member : fields.input().members()) {
    const auto parameters = read_signature_parameters(fields.input().parameters(member));
    if (!parameters || parameters->tag != proof_tag) continue;
    proofs.push_back(checker.check(fields, member, *parameters));
  }
  return proofs;
}

std::string_view to_string(ProofProblem problem) noexcept {
  switch (problem) {
    case ProofProblem::none:
      return "none";
    case ProofProblem::keyid_missing:
      return "keyid-missing";
    case ProofProblem::key_not_published:
      return "key-not-published";
    case ProofProblem::created_missing:
      return "created-missing";
    case ProofProblem::created_in_future:
      return "created-in-future";
    case ProofProblem::expires_missing:
      return "expires-missing";
    case ProofProblem::expired:
      return "expired";
    case ProofProblem::authority_not_covered:
      return "authority-not-covered";
    case ProofProblem::authority_without_req:
      return "authority-without-req";
    case ProofProblem::digest_not_covered:
      return "digest-not-covered";
    case ProofProblem::digest_missing:
      return "digest-missing";
    case ProofProblem::digest_mismatch:
      return "digest-mismatch";
    case ProofProblem::algorithm_mismatch:
      return "algorithm-mismatch";
    case ProofProblem::base_impossible:
      return "base-impossible";
    case ProofProblem::signature_wrong:
      return "signature-wrong";
  }
  return "unknown";
}

std::string_view describe(ProofProblem problem) noexcept {
  switch (problem) {
    case ProofProblem::none:
      return "proves possession of the key";
    case ProofProblem::keyid_missing:
      return "no keyid parameter";
    case ProofProblem::key_not_published:
      return "the keyid is of no key in the directory";
    case ProofProblem::created_missing:
      return "no created parameter";
    case ProofProblem::created_in_future:
      return "created lies in the future";
    case ProofProblem::expires_missing:
      return "no expires parameter";
    case ProofProblem::expired:
      return "expires has passed";
    case ProofProblem::authority_not_covered:
      return "\"@authority\";req is not covered";
    case ProofProblem::authority_without_req:
      return "\"@authority\" is covered without req, which a response cannot have";
    case ProofProblem::digest_not_covered:
      return "\"content-digest\" is not covered";
    case ProofProblem::digest_missing:
      return "\"content-digest\" is covered, and there is no Content-Digest";
    case ProofProblem::digest_mismatch:
      return "the body is not what Content-Digest says";
    case ProofProblem::algorithm_mismatch:
      return "the algorithm is not one of the key";
    case ProofProblem::base_impossible:
      return "a covered component is not in the message";
    case ProofProblem::signature_wrong:
      return "the signature does not verify for this authority and key";
  }
  return "unknown";
}

}  // namespace wba::directory
