// `wba verify` by the contract that scripts rely on.

#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "paths.h"
#include "support/file_contents.h"
#include "support/json_file.h"
#include "support/run_command.h"

namespace wba::test {
namespace {

using Json = nlohmann::ordered_json;

class VerifyCommand : public testing::Test {
 protected:
  CommandResult run(std::vector<std::string> arguments, std::string_view input = {}) {
    arguments.insert(arguments.begin(), {WBA_COMMAND, "verify"});
    return run_command(arguments, input);
  }

  std::string write(std::string_view name, std::string_view text) {
    const auto path = folder_.file(name);
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  // A request of the vector files as a message, with its line ends.
  static std::string message_of(const Json& request, std::string_view line_end = "\r\n") {
    const auto uri = request.at("target_uri").get<std::string>();
    const auto path = uri.find('/', uri.find("//") + 2);
    std::string text = request.at("method").get<std::string>() + " " +
                       (path == std::string::npos ? "/" : uri.substr(path)) + " HTTP/1.1";
    text += line_end;
    for (const auto& line : request.at("headers")) {
      text += line.at(0).get<std::string>() + ": " + line.at(1).get<std::string>();
      text += line_end;
    }
    text += line_end;
    if (request.contains("body")) text += request["body"].get<std::string>();
    return text;
  }

  TemporaryFolder folder_;
};

TEST_F(VerifyCommand, CapturesVerifyAtTheirTimeAndExpire) {
  const auto file = read_json_file(WBA_VECTORS_DIR "/webbotauth/captures.json");
  for (const auto& vector : file.at("vectors")) {
    SCOPED_TRACE(vector.at("id").get<std::string>());
    const auto directory = write("keys.json", vector.at("directory").dump());
    const auto now = vector.at("now").get<std::int64_t>();
    const std::vector<std::string> options{
        "--directory", vector["directory"]["url"].get<std::string>() + "=" + directory, "--json"};
    const auto with_now = [&](std::int64_t at) {
      auto arguments = options;
      arguments.insert(arguments.end(), {"--now", std::to_string(at), "-"});
      return arguments;
    };
    for (const auto* line_end : {"\r\n", "\n"}) {
      const auto good = run(with_now(now), message_of(vector.at("request"), line_end));
      EXPECT_EQ(good.status, 0);
      EXPECT_EQ(good.err, "");
      const auto report = Json::parse(good.out);
      EXPECT_EQ(report.at("outcome"), "verified");
      EXPECT_TRUE(report.at("reason").is_null());
      EXPECT_EQ(report.at("dialect"), vector.at("dialect"));
      EXPECT_EQ(report.at("signature_base"), vector.at("signature_base"));
      EXPECT_EQ(report.at("signatures").size(), 1U);
      EXPECT_EQ(report.at("agent").at("url"), vector.at("directory").at("url"));
      EXPECT_TRUE(report.at("agent").at("domain").is_string());
      EXPECT_TRUE(report.at("agent").at("keyid").is_string());
    }
    const auto late = run(with_now(now + 86400), message_of(vector.at("request")));
    EXPECT_EQ(late.status, 1);
    EXPECT_EQ(Json::parse(late.out).at("reason"), "expired");
    EXPECT_TRUE(late.err.starts_with("wba: hint: ")) << late.err;
    // The base is to be had even where it was not needed.
    EXPECT_EQ(Json::parse(late.out).at("signature_base"), vector["signature_base"]);
  }
}

class VerifyDraft : public VerifyCommand {
 protected:
  VerifyDraft() {
    const auto file = read_json_file(WBA_VECTORS_DIR
                                     "/webbotauth/draft-ietf-webbotauth-httpsig-protocol-01.json");
    for (const auto& vector : file.at("vectors")) {
      if (vector.at("id") == "e.2.1") request_ = vector.at("message");
    }
    const auto keys = read_json_file(WBA_VECTORS_DIR "/rfc9421/keys.json");
    for (const auto& key : keys.at("keys")) {
      if (key.at("id") == "test-key-ed25519") {
        directory_ = write("keys.json", R"({"keys":[)" + key.at("public_jwk").dump() + "]}");
      }
    }
  }

  // Options under which E.2.1 verifies: it lives for a century and is signed with a test key.
  std::vector<std::string> good_options() const {
    return {"--now",
            "1735689660",
            "--max-lifetime",
            "40000d",
            "--allow-test-keys",
            "--directory",
            "https://signature-agent.test=" + directory_};
  }

  CommandResult run_with(std::vector<std::string> more, const std::string& message) {
    auto arguments = good_options();
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments, message);
  }

  Json request_;
  std::string directory_;
};

TEST_F(VerifyDraft, ExitTellsTheOutcome) {
  EXPECT_EQ(run_with({}, message_of(request_)).status, 0);
  // No unknown key, no test key, no hundred years unless allowed.
  EXPECT_EQ(run({"--now", "1735689660", "--max-lifetime", "40000d"}, message_of(request_)).status,
            3);
  EXPECT_EQ(run({"--now", "1735689660", "--max-lifetime", "40000d", "--directory",
                 "https://signature-agent.test=" + directory_},
                message_of(request_))
                .status,
            3);
  EXPECT_EQ(run({"--now", "1735689660", "--allow-test-keys", "--directory",
                 "https://signature-agent.test=" + directory_},
                message_of(request_))
                .status,
            1);
  EXPECT_EQ(run_with({}, "GET / HTTP/1.1\nHost: example.com\n\n").status, 4);
  EXPECT_EQ(run_with({}, "nonsense").status, 2);
}

TEST_F(VerifyDraft, BodyIsComparedWithACoveredDigestOnly) {
  auto request = request_;
  request["body"] = "another body of 18";
  // E.2.1 covers no digest.
  EXPECT_EQ(run_with({}, message_of(request)).status, 0);
  EXPECT_EQ(run_with({"--cover", "content-digest"}, message_of(request)).status, 1);
}

TEST_F(VerifyDraft, AuthorityAndSchemeAreTheCallersToSay) {
  EXPECT_EQ(run_with({"--authority", "EXAMPLE.com:443"}, message_of(request_)).status, 0);
  EXPECT_EQ(run_with({"--authority", "example.org"}, message_of(request_)).status, 1);
  EXPECT_EQ(
      run_with({"--authority", "example.com:443", "--scheme", "http"}, message_of(request_)).status,
      1);
}

TEST_F(VerifyDraft, WithoutAnAuthorityAHintSaysWhoseWordTheHostIs) {
  const auto claimed = run_with({}, message_of(request_));
  EXPECT_EQ(claimed.status, 0);
  EXPECT_TRUE(claimed.err.starts_with("wba: hint: verified for example.com, the host that"))
      << claimed.err;
  EXPECT_EQ(run_with({"--authority", "example.com"}, message_of(request_)).err, "");
  const auto wrong = run_with({"--authority", "https://example.com"}, message_of(request_));
  EXPECT_EQ(wrong.status, 2);
  EXPECT_TRUE(wrong.err.starts_with("wba: error: --authority: ")) << wrong.err;
}

TEST_F(VerifyDraft, DialectsAreLimited) {
  EXPECT_EQ(run_with({"--dialects", "origin-dictionary"}, message_of(request_)).status, 0);
  EXPECT_EQ(run_with({"--dialects", "bare-uri,legacy-string"}, message_of(request_)).status, 3);
  EXPECT_EQ(run_with({"--dialects", "latin"}, message_of(request_)).status, 2);
}

TEST_F(VerifyDraft, KeysWithoutAUrlVerifyAndNameNobody) {
  const auto result = run({"--now", "1735689660", "--max-lifetime", "40000d", "--allow-test-keys",
                           "--keys", directory_, "--json"},
                          message_of(request_));
  EXPECT_EQ(result.status, 0);
  const auto report = Json::parse(result.out);
  EXPECT_TRUE(report.at("agent").at("url").is_null());
  EXPECT_EQ(report.at("agent").at("keyid"), "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U");
}

TEST_F(VerifyCommand, AmbiguousMessagesAreRefused) {
  const auto error_of = [this](std::string_view message) {
    const auto result = run({}, message);
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    return result.err.substr(0, result.err.find('\n'));
  };
  EXPECT_EQ(error_of("GET / HTTP/1.1\nHost: a.test\nhost: b.test\n\n"),
            "wba: error: no HTTP/1.1 request: more than one Host field");
  EXPECT_EQ(error_of("GET / HTTP/1.1\nHost : a.test\n\n"),
            "wba: error: no HTTP/1.1 request: line 2: a field line is not Name: value");
  EXPECT_EQ(error_of("GET / HTTP/1.1\n\n"), "wba: error: the request has no Host field");
  EXPECT_EQ(error_of("GET /\nHost: a.test\n\n").substr(0, 34),
            "wba: error: no HTTP/1.1 request: l");
  EXPECT_EQ(error_of("GET / HTTP/1.1\nHost: a.test\nX: \x1b[31m\n\n"),
            "wba: error: no HTTP/1.1 request: line 3: a field value holds a control character");
  EXPECT_EQ(error_of("POST / HTTP/1.1\nHost: a.test\nContent-Length: 1\nContent-Length: 2\n\nab"),
            "wba: error: no HTTP/1.1 request: more than one Content-Length field");
  EXPECT_EQ(
      error_of("POST / HTTP/1.1\nHost: a\nContent-Length: 1\nTransfer-Encoding: chunked\n\na"),
      "wba: error: no HTTP/1.1 request: both Transfer-Encoding and Content-Length");
  EXPECT_EQ(error_of(""),
            "wba: error: no HTTP/1.1 request: line 1: the request line is not METHOD "
            "TARGET HTTP/1.1");
}

TEST_F(VerifyCommand, BadOptionsAreNamed) {
  const auto error_of = [this](const std::vector<std::string>& arguments) {
    const auto result = run(arguments, "GET / HTTP/1.1\nHost: a.test\n\n");
    EXPECT_EQ(result.status, 2);
    return result.err.substr(0, result.err.find('\n'));
  };
  EXPECT_EQ(error_of({"--now", "tomorrow"}), "wba: error: --now 'tomorrow' is no time");
  EXPECT_EQ(error_of({"--now", "1735689660000"}), "wba: error: --now is in milliseconds");
  EXPECT_EQ(error_of({"--skew", "1w"}), "wba: error: --skew '1w' is no duration");
  EXPECT_EQ(error_of({"--max-lifetime", "0"}),
            "wba: error: the options: a value the function does not take");
  EXPECT_EQ(error_of({"--directory", "https://a.test"}), "wba: error: --directory is not URL=FILE");
  EXPECT_EQ(error_of({"--cover", "@nonsense"}), "wba: error: --cover: no such derived component");
  EXPECT_EQ(error_of({"--keys", folder_.file("none")}).substr(0, 24), "wba: error: cannot open ");
  const auto not_json = write("not.json", "<html>");
  EXPECT_EQ(error_of({"--directory", "https://a.test=" + not_json})
                .starts_with("wba: error: directory https://a.test="),
            true);
}

// VerifyBody has a POST whose Content-Digest is covered, signed by `wba sign`.
class VerifyBody : public VerifyCommand {
 protected:
  VerifyBody() {
    EXPECT_EQ(run_command({WBA_COMMAND, "key", "new", "--out", folder_.file("key.pem")}).status, 0);
  }

  // head gives the head of a request with these framing fields, signed over `digested`.
  std::string head(std::string_view framing, std::string_view digested,
                   std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{
        WBA_COMMAND, "sign",     "--key",  folder_.file("key.pem"), "--agent", "https://agent.test",
        "--profile", "draft-00", "--body", write("body", digested)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.insert(arguments.end(), {"POST", "https://origin.test/"});
    const auto made = run_command(arguments);
    EXPECT_EQ(made.status, 0) << made.err;
    std::string text = "POST / HTTP/1.1\nHost: origin.test\n";
    return text.append(framing).append(made.out).append("\n");
  }

  CommandResult verify(const std::string& message, bool json = true) {
    std::vector<std::string> arguments{"--keys", folder_.file("key.pem")};
    if (json) arguments.emplace_back("--json");
    return run(arguments, message);
  }

  // digest_of gives the exit status and what the report says of the digest.
  std::pair<int, std::string> digest_of(const std::string& message) {
    const auto result = verify(message);
    const auto report = Json::parse(result.out, nullptr, false);
    if (report.is_discarded()) return {result.status, result.err.substr(0, result.err.find('\n'))};
    EXPECT_EQ(report["content_digest"], report["signatures"][0]["content_digest"]);
    return {result.status, report["content_digest"].is_null()
                               ? "null"
                               : report["content_digest"].get<std::string>()};
  }

  using Told = std::pair<int, std::string>;
};

TEST_F(VerifyBody, ContentIsComparedWithoutItsTransferCodingAndWithItsContentCoding) {
  const std::string body = "hello, world";
  EXPECT_EQ(digest_of(head("Content-Length: 12\n", body) + body), Told(0, "compared"));
  EXPECT_EQ(digest_of(head("", body) + body), Told(0, "compared"));
  EXPECT_EQ(digest_of(head("Content-Length: 12\n", body) + "hello, worlD"), Told(1, "mismatch"));
  // A file's last line break is not the message's.
  EXPECT_EQ(digest_of(head("Content-Length: 12\n", body) + body + "\r\n"), Told(0, "compared"));
  const std::string chunks = "5\r\nhello\r\n7 ;x=\"1\"\r\n, world\r\n0\r\n\r\n";
  for (const std::string_view coding : {"chunked", "Chunked", " chunked "}) {
    const auto framing = "Transfer-Encoding: " + std::string(coding) + "\n";
    EXPECT_EQ(digest_of(head(framing, body) + chunks), Told(0, "compared")) << coding;
    EXPECT_EQ(digest_of(head(framing, chunks) + chunks), Told(1, "mismatch")) << coding;
  }
  const std::string coded = "Content-Encoding: gzip\nContent-Length: 12\n";
  EXPECT_EQ(digest_of(head(coded, body) + body), Told(0, "compared"));
}

TEST_F(VerifyBody, ContentThatCannotBeComparedIsNotVerified) {
  const std::string chunks = "5\r\nhello\r\n0\r\n\r\n";
  const auto message = head("Transfer-Encoding: gzip, chunked\n", "hello") + chunks;
  EXPECT_EQ(digest_of(message), Told(3, "not-compared"));
  EXPECT_EQ(Json::parse(verify(message).out)["reason"], "content-digest-not-compared");
  const auto text = verify(message, false);
  EXPECT_EQ(text.status, 3);
  EXPECT_TRUE(text.out.starts_with("unverified: content-digest-not-compared\n")) << text.out;
  EXPECT_TRUE(text.out.contains("the body was not compared with its Content-Digest")) << text.out;
  // What covers no digest needs no body.
  const auto made =
      run_command({WBA_COMMAND, "sign", "--key", folder_.file("key.pem"), "--agent",
                   "https://agent.test", "--profile", "draft-00", "POST", "https://origin.test/"});
  EXPECT_EQ(digest_of("POST / HTTP/1.1\nHost: origin.test\nTransfer-Encoding: gzip, chunked\n" +
                      made.out + "\n" + chunks),
            Told(0, "null"));
}

TEST_F(VerifyBody, IncompleteMessageIsAnError) {
  const std::string body = "hello, world";
  EXPECT_EQ(
      digest_of(head("Content-Length: 12\n", body)),
      Told(2, "wba: error: incomplete request: Content-Length is 12, and 0 octets are there"));
  EXPECT_EQ(
      digest_of(head("Content-Length: 12\n", body) + "evil"),
      Told(2, "wba: error: incomplete request: Content-Length is 12, and 4 octets are there"));
  const std::string chunked = head("Transfer-Encoding: chunked\n", body);
  const std::string chunks = "5\r\nhello\r\n7\r\n, world\r\n0\r\nX-Trailer: 1\r\n\r\n";
  EXPECT_EQ(verify(chunked + chunks).status, 0);
  // However much is cut off: but for the last line feed, which leaves an empty line behind.
  for (std::size_t size = 0; size < chunks.size() - 1; ++size) {
    const auto cut = verify(chunked + chunks.substr(0, size));
    EXPECT_EQ(cut.status, 2) << size;
    EXPECT_EQ(cut.out, "") << size;
    EXPECT_TRUE(cut.err.contains("wba: hint: ")) << cut.err;
  }
}

TEST_F(VerifyBody, MessageOfWhichTwoReadersSeeTwoContentsIsRefused) {
  const auto error_of = [this](std::string_view framing, std::string_view body) {
    const auto result = run(
        {}, "POST / HTTP/1.1\nHost: a.test\n" + std::string(framing) + "\n" + std::string(body));
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    const auto end = result.err.find('\n');
    return result.err.substr(0, end).substr(std::string_view("wba: error: ").size());
  };
  const std::string no = "no HTTP/1.1 request: ";
  const std::string chunks = "1\na\n0\n\n";
  EXPECT_EQ(error_of("Content-Length: 1\nContent-Length: 1\n", "a"),
            no + "more than one Content-Length field");
  for (const std::string_view length :
       {"1, 1", "+1", "-1", "0x1", "1 1", "", "99999999999999999999"}) {
    EXPECT_EQ(error_of("Content-Length: " + std::string(length) + "\n", "a"),
              no + "Content-Length is no number")
        << length;
  }
  EXPECT_EQ(error_of("Content-Length:\n 1\n", "a"), no + "a folded Content-Length field");
  EXPECT_EQ(error_of("Transfer-Encoding: gzip,\n chunked\n", chunks),
            no + "a folded Transfer-Encoding field");
  EXPECT_EQ(error_of("Transfer-Encoding: gzip\nTransfer-Encoding: chunked\n", chunks),
            no + "more than one Transfer-Encoding field");
  for (const std::string_view coding : {"gzip", "chunked, gzip", "chunked, chunked", ", chunked",
                                        "chunked,", "chunked;q=1", "", "xchunked", "identity"}) {
    EXPECT_EQ(error_of("Transfer-Encoding: " + std::string(coding) + "\n", chunks),
              no + "Transfer-Encoding is no list of codings with chunked as its last")
        << coding;
  }
  EXPECT_EQ(error_of("Content-Length: 1\n", "ab"), no + "more octets than the message has");
  EXPECT_EQ(error_of("Transfer-Encoding: chunked\n", chunks + "GET / HTTP/1.1\n"),
            no + "more octets than the message has");
  for (const std::string_view size : {"x", "", "-1", "0x1", "1 2", "1,", "ffffffffffffffffffff"}) {
    EXPECT_EQ(error_of("Transfer-Encoding: chunked\n", std::string(size) + "\na\n0\n\n"),
              no + "line 5: a chunk does not begin with its size")
        << size;
  }
  EXPECT_EQ(error_of("Transfer-Encoding: chunked\n", "1\nab\n0\n\n"),
            no + "line 6: a chunk is longer than its size says");
  const auto old = run({}, "POST / HTTP/1.0\nHost: a\nTransfer-Encoding: chunked\n\n" + chunks);
  EXPECT_EQ(old.status, 2);
  EXPECT_TRUE(old.err.contains("Transfer-Encoding in HTTP/1.0")) << old.err;
}

TEST_F(VerifyDraft, WithoutKeysTheOptionsThatGiveThemAreNamed) {
  const std::vector<std::string> options{"--now", "1735689660", "--max-lifetime", "40000d"};
  const auto none = run(options, message_of(request_));
  EXPECT_EQ(none.status, 3);
  EXPECT_TRUE(none.out.starts_with("unverified: no-keys-given\n")) << none.out;
  EXPECT_TRUE(
      none.err.starts_with("wba: hint: no keys were given: give --directory URL=FILE or "
                           "--keys FILE, or --fetch"))
      << none.err;
  auto other = options;
  other.insert(other.end(), {"--directory", "https://other.test=" + directory_});
  const auto unrelated = run(other, message_of(request_));
  EXPECT_EQ(unrelated.status, 3);
  EXPECT_TRUE(unrelated.err.starts_with(
      "wba: hint: no --directory is that of https://signature-agent.test"))
      << unrelated.err;
}

TEST_F(VerifyDraft, ByteOrderMarksOfEditorsArePassedOver) {
  const std::string mark = "\xef\xbb\xbf";
  const auto marked = write("marked.json", mark + contents(directory_));
  EXPECT_EQ(run({"--now", "1735689660", "--max-lifetime", "40000d", "--allow-test-keys",
                 "--directory", "https://signature-agent.test=" + marked},
                mark + message_of(request_))
                .status,
            0);
}

// What a request holds reaches a terminal only as text.
TEST_F(VerifyCommand, TerminalSequencesAreEscaped) {
  const auto result =
      run({},
          "GET / HTTP/1.1\nHost: a.test\nSignature-Agent: \"https://a.test/\"\n"
          "Signature-Input: sig1=(\"@authority\" \"x-\xc3\xa9\");tag=\"web-bot-auth\"\n"
          "Signature: sig1=:AAAA:\n\n");
  EXPECT_EQ(result.status, 1);
  for (const char c : result.out + result.err) {
    EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << static_cast<int>(c);
  }
}

}  // namespace
}  // namespace wba::test
