// Signature-Agent in its dialects: PROTOCOL facts as tables, each accepted form with the form
// beside it that is refused.

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <wba/signature_agent.h>

namespace wba::test {
namespace {

ComponentIdentifier whole() {
  return {.kind = ComponentKind::field, .name = "signature-agent", .key = {}};
}

ComponentIdentifier keyed(std::string_view key) {
  return {.kind = ComponentKind::field, .name = "signature-agent", .has_key = true, .key = key};
}

// The views of a choice live in `field`.
SignatureAgentChoice choose(SignatureAgentField& field, const std::vector<std::string_view>& values,
                            const std::vector<ComponentIdentifier>& covered,
                            std::string_view label = "sig1") {
  static std::vector<FieldLine> lines;
  lines.clear();
  for (const auto value : values) lines.push_back({.name = "signature-Agent", .value = value});
  field.read(lines);
  return field.choose(label, covered);
}

struct Row {
  std::string_view value;
  bool by_key;
  Reason reason;
  Dialect dialect = Dialect::none;
  AgentKind kind = AgentKind::well_known;
  std::string_view url = {};
};

TEST(SignatureAgent, EachFormHasItsDialect) {
  using enum Dialect;
  using enum AgentKind;
  constexpr auto kOk = Reason::none;
  const Row rows[] = {
      // DuckDuckBot; CF #27: an unquoted URL.
      {"https://bot.test", false, kOk, bare_uri, well_known, "https://bot.test"},
      {" https://bot.test/ ", false, kOk, bare_uri, well_known, "https://bot.test/"},
      {"https://bot.test/keys", false, Reason::signature_agent_not_origin},
      {"http://bot.test", false, Reason::signature_agent_not_https},
      {"https://", false, Reason::signature_agent_unparsable},
      {"https://bot.test, https://other.test", false, Reason::signature_agent_unparsable},
      // ChatGPT agent, AhrefsBot and most.
      {"\"https://bot.test\"", false, kOk, legacy_string, well_known, "https://bot.test"},
      {"\"https://bot.test/a/b\"", false, kOk, legacy_string, key_set, "https://bot.test/a/b"},
      {"\"http://bot.test\"", false, Reason::signature_agent_not_https},
      {"\"ftp://bot.test\"", false, Reason::signature_agent_not_https},
      {"\"bot.test\"", false, Reason::signature_agent_unparsable},
      {"\"\"", false, Reason::signature_agent_unparsable},
      {"\"https://bot.test\";a", false, Reason::signature_agent_unparsable},
      // Neither a String nor a URL has members that could be covered.
      {"\"https://bot.test\"", true, Reason::signature_agent_not_dictionary},
      {"https://bot.test", true, Reason::signature_agent_not_dictionary},
      {"\"https://bot.test", false, Reason::signature_agent_unparsable},
      // draft -00 and Google-Agent.
      {"sig1=\"https://bot.test\"", true, kOk, origin_dictionary, well_known, "https://bot.test"},
      {"sig1=\"HTTPS://bot.test/\"", true, kOk, origin_dictionary, well_known, "HTTPS://bot.test/"},
      {"sig1=\"https://bot.test\";type=directory", true, kOk, origin_dictionary, well_known,
       "https://bot.test"},
      {"sig1=\"https://bot.test/x\";type=directory", true, Reason::signature_agent_not_origin},
      {"sig1=\"https://bot.test/k\";type=jwks_uri", true, kOk, origin_dictionary, key_set,
       "https://bot.test/k"},
      {"sig1=\"https://bot.test/c\";type=cimd", true, kOk, origin_dictionary, cimd,
       "https://bot.test/c"},
      {"sig1=\"https://bot.test\";type=other", true, Reason::agent_kind_unsupported},
      {"sig1=\"https://bot.test\";foo=1", true, Reason::agent_kind_unsupported},
      // draft -01.
      {"sig1=\"https://bot.test/keys\"", true, kOk, direct_dictionary, key_set,
       "https://bot.test/keys"},
      {"sig1=\"https://bot.test?x=1\"", true, kOk, direct_dictionary, key_set,
       "https://bot.test?x=1"},
      {"sig1=\"http://bot.test/keys\"", true, Reason::signature_agent_not_https},
      {"sig1=\"data:application/json,{}\"", true, Reason::signature_agent_not_https},
      {"sig1=token", true, Reason::signature_agent_unparsable},
      {"sig1=(\"https://bot.test\")", true, Reason::signature_agent_unparsable},
      {"sig1", true, Reason::signature_agent_unparsable},
      {"sig2=\"https://bot.test\"", true, Reason::signature_agent_member_missing},
      {"", true, Reason::signature_agent_member_missing},
      // The whole Dictionary covered.
      {"sig1=\"https://bot.test\"", false, kOk, origin_dictionary, well_known, "https://bot.test"},
      {"x=\"https://bot.test\"", false, kOk, origin_dictionary, well_known, "https://bot.test"},
      {"sig1=\"https://bot.test\", x=\"https://other.test\"", false, kOk, origin_dictionary,
       well_known, "https://bot.test"},
      {"a=\"https://bot.test\", x=\"https://other.test\"", false,
       Reason::signature_agent_ambiguous_member},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.value);
    SignatureAgentField field;
    const auto choice = choose(field, {row.value}, {row.by_key ? keyed("sig1") : whole()});
    EXPECT_EQ(to_string(choice.reason), to_string(row.reason));
    if (row.reason != kOk) continue;
    EXPECT_EQ(to_string(choice.link.dialect), to_string(row.dialect));
    EXPECT_EQ(choice.link.kind, row.kind);
    EXPECT_EQ(choice.link.url, row.url);
  }
}

// CF #5, #6: a field that is not covered says nothing about who signed.
TEST(SignatureAgent, OnlyWhatIsCoveredCounts) {
  SignatureAgentField field;
  EXPECT_EQ(choose(field, {"sig1=\"https://bot.test\""}, {}).reason,
            Reason::signature_agent_not_covered);
  auto trailer = keyed("sig1");
  trailer.tr = true;
  EXPECT_EQ(choose(field, {"sig1=\"https://bot.test\""}, {trailer}).reason,
            Reason::signature_agent_not_covered);
}

TEST(SignatureAgent, AbsentFieldIsNamed) {
  SignatureAgentField field;
  EXPECT_EQ(choose(field, {}, {}).reason, Reason::signature_agent_absent);
  EXPECT_EQ(choose(field, {}, {keyed("sig1")}).reason, Reason::signature_agent_member_missing);
}

// The older draft's own vectors: member agent2 under the label sig2.
TEST(SignatureAgent, CoveredMemberMayDifferFromTheLabel) {
  SignatureAgentField field;
  const auto choice = choose(field, {"agent2=\"https://bot.test\""}, {keyed("agent2")}, "sig2");
  EXPECT_EQ(choice.reason, Reason::none);
  EXPECT_EQ(choice.member_key, "agent2");
}

// CF #93.
TEST(SignatureAgent, OfSeveralCoveredMembersTheLabelsCounts) {
  SignatureAgentField field;
  const std::vector<std::string_view> two{"sig1=\"https://bot.test\"", "b=\"https://other.test\""};
  EXPECT_EQ(choose(field, two, {keyed("b"), keyed("sig1")}).link.url, "https://bot.test");
  EXPECT_EQ(choose(field, two, {keyed("sig1"), keyed("b")}).link.url, "https://bot.test");
  EXPECT_EQ(choose(field, two, {keyed("sig1"), keyed("b")}, "other").reason,
            Reason::signature_agent_ambiguous_member);
}

TEST(SignatureAgent, MemberThatStandsTwiceIsAmbiguous) {
  SignatureAgentField field;
  EXPECT_EQ(
      choose(field, {"sig1=\"https://bot.test\", sig1=\"https://other.test\""}, {keyed("sig1")})
          .reason,
      Reason::signature_agent_ambiguous_member);
}

TEST(SignatureAgent, StringOnTwoLinesIsRefused) {
  SignatureAgentField field;
  EXPECT_EQ(choose(field, {"\"https://bot.test\"", "\"https://bot.test\""}, {whole()}).reason,
            Reason::signature_agent_unparsable);
}

TEST(SignatureAgent, FieldIsGoodForManyRequests) {
  SignatureAgentField field;
  EXPECT_EQ(choose(field, {"sig1=\"https://bot.test\""}, {keyed("sig1")}).reason, Reason::none);
  EXPECT_EQ(choose(field, {}, {}).reason, Reason::signature_agent_absent);
  EXPECT_EQ(choose(field, {"https://bot.test"}, {whole()}).reason, Reason::none);
  EXPECT_EQ(choose(field, {"sig1=("}, {keyed("sig1")}).reason, Reason::signature_agent_unparsable);
}

}  // namespace
}  // namespace wba::test
