#ifndef WBA_TESTS_UNIT_CLIENT_SUPPORT_H_
#define WBA_TESTS_UNIT_CLIENT_SUPPORT_H_

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <wba/curl.h>

#include "support/origin.h"

namespace wba::test {

// Text is a stream that can be read again unless it was told not to.
class Text : public BodyStream {
 public:
  explicit Text(std::string text, bool rewindable = true, bool sized = true)
      : text_(std::move(text)), rewindable_(rewindable), sized_(sized) {}

  std::optional<std::size_t> read(std::span<char> out) override {
    const std::size_t size = std::min(out.size(), text_.size() - at_);
    std::memcpy(out.data(), text_.data() + at_, size);
    at_ += size;
    return size;
  }
  [[nodiscard]] bool rewindable() const override { return rewindable_; }
  bool rewind() override {
    at_ = 0;
    return rewindable_;
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override {
    return sized_ ? std::optional<std::uint64_t>(text_.size()) : std::nullopt;
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
  bool rewindable_;
  bool sized_;
};

// Client performs requests of one agent against origins.
class Client {
 public:
  Client(const TestCa& ca, const TestAgent& agent, std::initializer_list<const Origin*> origins)
      : handle(ca, origins),
        config{.signer = agent.signer,
               .profile = {.profile = SignerProfile::draft_01, .agent_url = agent.url}} {}

  // perform gives the response; with an error, one whose status is 0, and `error`.
  ClientResponse perform(ClientRequest request) {
    if (!session) session.emplace(SigningSession::create(config).value());
    body.clear();
    error.reset();
    heads = 0;
    auto response = session->perform(handle.get(), std::move(request),
                                     {.head = [this](const ClientResponse&) { ++heads; },
                                      .body =
                                          [this](std::string_view part) {
                                            body += part;
                                            return true;
                                          }},
                                     &curl_code);
    if (!response) error = response.error().code;
    return response ? *response : ClientResponse{};
  }

  Handle handle;
  ClientConfig config;
  std::optional<SigningSession> session;
  std::string body;
  std::optional<ErrorCode> error;
  CURLcode curl_code = CURLE_OK;
  int heads = 0;
};

}  // namespace wba::test

#endif  // WBA_TESTS_UNIT_CLIENT_SUPPORT_H_
