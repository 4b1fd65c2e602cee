// What the forward proxy takes for a request, and what of a message it sends on.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "agent/proxy_body.h"
#include "agent/proxy_message.h"
#include "support/exact_buffer.h"

namespace wba::agent {
namespace {

std::string read(const std::string& head) {
  const test::ExactBuffer buffer(head);
  const auto request = read_proxy_request(buffer.view());
  if (!request) return std::to_string(request.error().status) + " " + request.error().reason;
  return request->method + " " + request->authority + " " + request->target;
}

std::string with(const std::string& fields) {
  return read("POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\n" + fields);
}

// take gives the heads in `text`, which arrives in pieces of `piece` octets, and what is left.
std::vector<std::string> take(const std::string& text, std::size_t piece) {
  std::vector<std::string> taken;
  std::string in;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    in += text.substr(at, piece);
    for (bool more = true; more;) {
      auto head = take_proxy_head(in);
      if (!head) {
        taken.push_back(head.error().reason);
        return taken;
      }
      more = head->has_value();
      if (more) taken.push_back(**head);
    }
  }
  taken.push_back("|" + in);
  return taken;
}

TEST(ProxyHead, IsTheSameWhereverItIsCut) {
  using Taken = std::vector<std::string>;
  for (const std::size_t piece : {1U, 2U, 3U, 5U, 1000U}) {
    EXPECT_EQ(take("a\r\nb\r\n\r\nc\r\n\r\nd\r\n", piece), (Taken{"a\r\nb", "c", "|d\r\n"}));
    EXPECT_EQ(take("\r\na\r\n\r\n", piece), (Taken{"a", "|"}));
    EXPECT_EQ(take("\r\n\r\n\r\na\r\n\r\n\r\n", piece), (Taken{"a", "|"}));
    EXPECT_EQ(take("\n\r\na\r\n\r\n", piece), (Taken{"\n\r\na", "|"}));
    EXPECT_EQ(take("\r\n\r", piece), (Taken{"|\r"}));
  }
}

TEST(ProxyHead, IsRefusedWhereItIsLargerThanTheLimit) {
  const std::string largest(max_proxy_head, 'a');
  for (const std::size_t piece : {1000U, 32769U, 32770U, 32771U, 100000U}) {
    EXPECT_EQ(take(largest + "\r\n\r\nb", piece), (std::vector<std::string>{largest, "|b"}));
    EXPECT_EQ(take(largest + "a\r\n\r\n", piece), std::vector<std::string>{"head-too-large"});
  }
}

TEST(ProxyRequest, TargetsAreReachedOverHttps) {
  const auto get = [](const std::string& target) {
    return read("GET " + target + " HTTP/1.1\r\nHost: other.test");
  };
  EXPECT_EQ(get("http://a.test/x?y"), "GET a.test /x?y");
  EXPECT_EQ(get("https://A.test"), "GET a.test /");
  EXPECT_EQ(get("http://a.test?y"), "GET a.test /?y");
  EXPECT_EQ(get("http://a.test:80/"), "GET a.test /");
  EXPECT_EQ(get("http://a.test:443/"), "GET a.test /");
  EXPECT_EQ(get("https://a.test:443/"), "GET a.test /");
  EXPECT_EQ(get("https://a.test:80/"), "GET a.test:80 /");
  EXPECT_EQ(get("http://a.test:8443/"), "GET a.test:8443 /");
  EXPECT_EQ(get("http://[2001:db8::1]:8443/"), "GET [2001:db8::1]:8443 /");
  EXPECT_EQ(get("http://a.test/%2e%2E/a//b/../c"), "GET a.test /%2e%2E/a//b/../c");
  EXPECT_EQ(read("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443"), "CONNECT a.test ");
  EXPECT_EQ(read("CONNECT a.test:8443 HTTP/1.1\r\nHost: a.test:8443"), "CONNECT a.test:8443 ");
}

// Else what is signed is not what the server is asked for, and no rule fits what is meant.
TEST(ProxyRequest, AuthoritiesAreAsTheyAreConnectedTo) {
  const auto authority = [](const std::string& written) {
    const auto request = read_proxy_request("CONNECT " + written + " HTTP/1.0");
    return request ? request->authority : request.error().reason;
  };
  EXPECT_EQ(authority("a.test:08443"), "a.test:8443");
  EXPECT_EQ(authority("a.test:0443"), "a.test");
  EXPECT_EQ(authority("[2001:DB8:0:0::1]:443"), "[2001:db8::1]");
  EXPECT_EQ(authority("a.test.:443"), "a.test");
  EXPECT_EQ(authority("192.0.2.1:443"), "192.0.2.1");
  EXPECT_EQ(authority("192.0.2.1.:443"), "192.0.2.1");
  for (const auto* name : {"1.test", "0x1.test", "a1", "1a"}) {
    EXPECT_EQ(authority(name + std::string(":443")), name);
  }
  for (const auto* other : {"1",
                            "127.1",
                            "0x7f000001",
                            "0x7f.1",
                            "0X7F.0.0.1",
                            "1.0x",
                            "127.0.0.0x1",
                            "0177.0.0.1",
                            "192.0.2.256",
                            "192.0.2.01",
                            "192.0.2..1",
                            "a..test",
                            "[::ffff:127.0.0.1]",
                            "[0:0:0:0:0:ffff:7f00:1]",
                            "1.2.3.4.5",
                            "a.1",
                            "2130706433",
                            "[::1",
                            "[:::]",
                            "[1:2]",
                            "[1::2::3]",
                            "[::192.0.2.256]",
                            "[12345::]",
                            "[fe80::1%25lo]",
                            "a[b",
                            "%61.test"}) {
    EXPECT_EQ(authority(other + std::string(":443")), "target-invalid") << other;
  }
  EXPECT_EQ(authority("a.test:0"), "target-invalid");
}

TEST(ProxyRequest, OtherTargetsAreRefused) {
  const auto get = [](const std::string& target) {
    return read("GET " + target + " HTTP/1.1\r\nHost: a.test");
  };
  // What a web page can make a browser send to a port of loopback is of the first kind.
  EXPECT_EQ(get("/x"), "400 target-not-absolute");
  EXPECT_EQ(get("*"), "400 target-not-absolute");
  EXPECT_EQ(get("a.test:443"), "400 target-not-absolute");
  for (const auto* target :
       {"ftp://a.test/", "http://", "http:///x", "http://u@a.test/", "http://u:p@a.test/",
        "http://a.test/#f", "http://a%2etest/", "http://a.test\\@b.test/", "http://a.test:x/",
        "http://a.test:65536/", "http://a_test!/", "http://a.test/\x80", "http://a.test/\"",
        "http://a.test/\\", "http://a.test/a\tb"}) {
    EXPECT_EQ(get(target), "400 target-invalid") << target;
  }
  for (const auto* target : {"a.test", "a.test:", "[2001:db8::1]", "u@a.test:443", "/x:1",
                             "http://a.test:443", ":443"}) {
    EXPECT_EQ(read(std::string("CONNECT ") + target + " HTTP/1.1\r\nHost: a.test"),
              "400 target-invalid")
        << target;
  }
  EXPECT_EQ(read("OPTIONS http://a.test HTTP/1.1\r\nHost: a.test"),
            "501 options-of-server-unsupported");
}

TEST(ProxyRequest, RequestLinesOfAnotherFormAreRefused) {
  for (const auto* line : {"", "GET", "GET http://a.test/", "GET  http://a.test/ HTTP/1.1",
                           "GET http://a.test/  HTTP/1.1", " GET http://a.test/ HTTP/1.1",
                           "GET http://a.test/ http/1.1", "G(T http://a.test/ HTTP/1.1",
                           "GET\thttp://a.test/ HTTP/1.1"}) {
    EXPECT_EQ(read(std::string(line) + "\r\nHost: a.test"), "400 request-line-invalid") << line;
  }
  EXPECT_EQ(read("GET http://a.test/ HTTP/2.0\r\nHost: a.test"), "505 version-unsupported");
  EXPECT_EQ(read("GET http://a.test/ HTTP/0.9\r\nHost: a.test"), "505 version-unsupported");
  EXPECT_EQ(read("TRACE http://a.test/ HTTP/1.1\r\nHost: a.test"), "501 method-not-forwarded");
}

TEST(ProxyRequest, FieldsThatTwoReadersTakeDifferentlyAreRefused) {
  EXPECT_EQ(with("X-A: b"), "POST a.test /");
  for (const auto* fields :
       {"X-A : b", "X-A\t: b", " X-A: b", "X-A: b\r\n folded", "X-A: b\r\n\tfolded", ": b", "X-A",
        "X-A: b\rX-B: c", "X-A: b\nX-B: c", "X(A: b", "X-A: b\x7f", "", "X-A: b\r\n"}) {
    EXPECT_EQ(with(fields), "400 field-invalid") << fields;
  }
  EXPECT_EQ(with(std::string("X-A: b\0c", 8)), "400 field-invalid");
  std::string many;
  for (std::size_t i = 0; i < max_proxy_fields - 1; ++i) many += "X: y\r\n";
  EXPECT_EQ(with(many + "X: y"), "431 too-many-fields");
  many.resize(many.size() - 2);
  EXPECT_EQ(with(many), "POST a.test /");
}

TEST(ProxyRequest, FramingThatTwoReadersTakeDifferentlyIsRefused) {
  EXPECT_EQ(with("Content-Length: 5"), "POST a.test /");
  EXPECT_EQ(with("Transfer-Encoding: chunked"), "POST a.test /");
  EXPECT_EQ(with("Transfer-Encoding: Chunked"), "POST a.test /");
  for (const auto* fields :
       {"Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5", "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\ncontent-length: 6",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"}) {
    EXPECT_EQ(with(fields), "400 framing-ambiguous") << fields;
  }
  for (const auto* value : {"", "+5", "-5", "5, 5", "5,5", "0x5", "5 5", "5;",
                            "99999999999999999999", "9223372036854775808"}) {
    EXPECT_EQ(with("Content-Length: " + std::string(value)), "400 content-length-invalid") << value;
  }
  for (const auto* value : {"", "gzip, chunked", "chunked, chunked", "chunked;q=1", "xchunked",
                            "identity", "\"chunked\""}) {
    EXPECT_EQ(with("Transfer-Encoding: " + std::string(value)), "501 transfer-coding-unsupported")
        << value;
  }
  EXPECT_EQ(read("POST http://a.test/ HTTP/1.0\r\nTransfer-Encoding: chunked"),
            "400 framing-ambiguous");
  EXPECT_EQ(read("POST http://a.test/ HTTP/1.0\r\nContent-Length: 5"), "POST a.test /");
  EXPECT_EQ(read("HEAD http://a.test/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5"),
            "400 content-not-allowed");
  EXPECT_EQ(read("CONNECT a.test:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 5"),
            "400 content-not-allowed");
}

TEST(ProxyRequest, HostIsThereOnceAndExpectationsAreKnown) {
  EXPECT_EQ(read("GET http://a.test/ HTTP/1.1\r\nX-A: b"), "400 host-missing");
  EXPECT_EQ(read("GET http://a.test/ HTTP/1.1"), "400 host-missing");
  EXPECT_EQ(read("GET http://a.test/ HTTP/1.0"), "GET a.test /");
  EXPECT_EQ(with("Host: a.test"), "400 host-missing");
  EXPECT_EQ(with("Expect: 100-Continue"), "POST a.test /");
  EXPECT_EQ(with("Expect: 200-ok"), "417 expectation-unknown");
}

TEST(ProxyRequest, InsideInterceptedTlsIsForThatAuthorityAlone) {
  const auto inside = [](const std::string& head, const std::string& authority = "a.test") {
    const auto request = read_proxy_request(head, authority);
    return request ? request->scheme + " " + request->authority + " " + request->target
                   : request.error().reason;
  };
  EXPECT_EQ(inside("GET /x?y HTTP/1.1\r\nHost: a.test"), "https a.test /x?y");
  EXPECT_EQ(inside("GET / HTTP/1.1\r\nHost: A.test:443"), "https a.test /");
  EXPECT_EQ(inside("GET / HTTP/1.1\r\nHost: a.test:8443", "a.test:8443"), "https a.test:8443 /");
  EXPECT_EQ(inside("GET / HTTP/1.1\r\nHost: [2001:DB8:0::1]", "[2001:db8::1]"),
            "https [2001:db8::1] /");
  EXPECT_EQ(inside("GET / HTTP/1.1\r\nHost: a.test."), "https a.test /");
  for (const auto* host : {"b.test", "a.test:8443", "", "a.test.b"}) {
    EXPECT_EQ(inside(std::string("GET / HTTP/1.1\r\nHost: ") + host), "host-of-another-connection")
        << host;
  }
  for (const auto* line : {"GET http://a.test/", "GET https://a.test/", "GET *", "GET x",
                           "CONNECT a.test:443", "CONNECT /", "GET /#", "GET /\\"}) {
    EXPECT_EQ(inside(std::string(line) + " HTTP/1.1\r\nHost: a.test"), "target-invalid") << line;
  }
}

TEST(ProxyRequest, OptionsCountsDownWhereItGoes) {
  const auto options = [](const std::string& left) {
    return read_proxy_request("OPTIONS http://a.test/ HTTP/1.1\r\nHost: a\r\nMax-Forwards: " +
                              left);
  };
  EXPECT_EQ(*find_value(options("7")->fields, "max-forwards"), "6");
  EXPECT_EQ(options("0").error().reason, "options-of-proxy-unsupported");
  EXPECT_EQ(options("x").error().reason, "field-invalid");
}

std::vector<std::string> lines(const ProxyFields& fields) {
  std::vector<std::string> lines;
  for (const auto& field : fields) lines.push_back(field.name + ": " + field.value);
  return lines;
}

TEST(ProxyFields, WhatIsBetweenNeighboursIsNotSentOn) {
  const auto request = read_proxy_request(
      "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, X-Mine\r\n"
      "X-Mine: 1\r\nx-mine: 2\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\n"
      "TE: trailers\r\nTrailer: X-T\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n"
      "Proxy-Authorization: Basic x\r\nExpect: 100-continue\r\nContent-Length: 0\r\n"
      "Via: 1.0 one\r\nX-Yours: 3\r\nX-Yours: 4\r\nSignature: s=:AA==:");
  ASSERT_TRUE(request);
  EXPECT_EQ(lines(forwarded_request_fields(*request)),
            (std::vector<std::string>{"X-Yours: 3", "X-Yours: 4",
                                      "Signature: s=:AA==:", "Via: 1.0 one, 1.1 wba-agent"}));
  EXPECT_EQ(lines(forwarded_response_fields({{"Connection", "X-Mine"},
                                             {"X-Mine", "1"},
                                             {"Transfer-Encoding", "chunked"},
                                             {"Proxy-Authenticate", "Basic"},
                                             {"Content-Length", "1"},
                                             {"Set-Cookie", "a"},
                                             {"Set-Cookie", "b"}},
                                            *request)),
            (std::vector<std::string>{"Set-Cookie: a", "Set-Cookie: b", "Via: 1.1 wba-agent"}));
}

TEST(ProxyFields, LocationOfTheSameAuthorityStaysReachableWithoutTls) {
  const auto location = [](const std::string& asked, const std::string& value) {
    const auto request = read_proxy_request("GET " + asked + " HTTP/1.1\r\nHost: a.test").value();
    return *find_value(forwarded_response_fields({{"Location", value}}, request), "location");
  };
  EXPECT_EQ(location("http://a.test/", "https://a.test/b?c#d"), "http://a.test/b?c#d");
  EXPECT_EQ(location("http://a.test/", "HTTPS://A.test:443/"), "HTTP://A.test:443/");
  EXPECT_EQ(location("http://a.test:8443/", "https://a.test:8443/"), "http://a.test:8443/");
  for (const auto* other : {"https://b.test/", "https://a.test:8443/", "/b", "b", "http://a.test/",
                            "https://a.test.b.test/", "https:///", "https://u@a.test/"}) {
    EXPECT_EQ(location("http://a.test/", other), other);
  }
  EXPECT_EQ(location("https://a.test/", "https://a.test/b"), "https://a.test/b");
}

// decode takes `text` in pieces of `piece` octets, as it could arrive.
std::string decode(BodyReader reader, const std::string& text, std::size_t piece) {
  std::string in;
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    in += text.substr(at, piece);
    if (!reader.decode(in, out, 1000)) return "broken";
  }
  return out + (reader.ended() ? "|" + in : "...");
}

TEST(ProxyBody, IsTakenOutOfItsFraming) {
  const BodyReader chunked(BodyFraming::chunked, 0);
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) {
    EXPECT_EQ(decode(BodyReader(BodyFraming::length, 5), "helloGET", piece).substr(0, 6), "hello|");
    const std::string text = "5\r\nhello\r\n00A;ext=\"x\"\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n";
    EXPECT_EQ(decode(chunked, text, piece), "hello0123456789|");
    EXPECT_EQ(decode(chunked, "0\r\n\r\n", piece), "|");
    EXPECT_EQ(decode(chunked, "5\r\nhel", piece), "hel...");
  }
  EXPECT_EQ(decode(chunked, "1\r\na\r\n0\r\n\r\nGET", 1000), "a|GET");
}

TEST(ProxyBody, StopsWhereThereIsNoRoom) {
  BodyReader reader(BodyFraming::length, 8);
  std::string in = "01234567";
  std::string out;
  EXPECT_TRUE(reader.decode(in, out, 3));
  EXPECT_EQ(out, "012");
  EXPECT_EQ(in, "34567");
  out.clear();
  EXPECT_TRUE(reader.decode(in, out, 100));
  EXPECT_EQ(out, "34567");
  EXPECT_TRUE(reader.ended());
}

TEST(ProxyBody, BrokenChunksAreRefused) {
  for (const auto& text : std::vector<std::string>{
           "\r\n", "x\r\n", "+1\r\na\r\n", "-1\r\na\r\n", " 1\r\na\r\n", "1 \r\na\r\n",
           "0x1\r\na\r\n", "1\na\r\n\r\n0\r\n\r\n", "1\r\nab\r\n", "1\r\na\n0\r\n\r\n",
           "1\r\na0\r\n\r\n", "1;a\rb\r\na\r\n", std::string("1;a\0b\r\na\r\n", 10),
           "0000000000000001\r\na\r\n", "ffffffffffffffff\r\n", "0\r\nX-T : 1\r\n\r\n",
           "0\r\n folded\r\n\r\n", "0\r\nGET / HTTP/1.1\r\n\r\n", "1,2\r\na\r\n"}) {
    EXPECT_EQ(decode(BodyReader(BodyFraming::chunked, 0), text, 1), "broken") << text;
    EXPECT_EQ(decode(BodyReader(BodyFraming::chunked, 0), text, 1000), "broken") << text;
  }
  // The longest line of a chunk's size, wherever it is cut.
  const std::string longest = "1;" + std::string(510, 'x');
  for (const std::size_t piece : {1U, 512U, 513U, 1000U}) {
    const BodyReader chunked(BodyFraming::chunked, 0);
    EXPECT_EQ(decode(chunked, longest + "\r\na\r\n0\r\n\r\n", piece), "a|");
    EXPECT_EQ(decode(chunked, longest + "x\r\na\r\n0\r\n\r\n", piece), "broken");
    EXPECT_EQ(decode(chunked, longest + "xx", piece), "broken");
  }
  std::string trailers = "0\r\n";
  for (int i = 0; i < 1000; ++i) trailers += "X-Trailer: 1\r\n";
  EXPECT_EQ(decode(BodyReader(BodyFraming::chunked, 0), trailers, 1000), "broken");
}

}  // namespace
}  // namespace wba::agent
