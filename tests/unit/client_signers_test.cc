// Signers that are elsewhere: a command, and the signing daemon.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wba/command_signer.h>

#include "client_support.h"
#include "support/file_contents.h"
#include "support/run_command.h"
#include "support/test_keys.h"

namespace wba::test {
namespace {

using namespace std::chrono_literals;

class SigningCommand : public testing::Test {
 protected:
  SigningCommand() {
    signer.emplace(KeySigner::create(key_in_new_file(folder.file("key.pem"))).value());
  }

  // script makes a program of the shell's.
  std::vector<std::string> script(const std::string& text) {
    const std::string path = folder.file("program" + std::to_string(++scripts));
    std::ofstream(path) << "#!/bin/sh\n" << text << "\n";
    ::chmod(path.c_str(), 0700);
    return {path};
  }
  [[nodiscard]] CommandSigner command(std::vector<std::string> arguments,
                                      std::chrono::milliseconds time = 30s) const {
    return CommandSigner::create(signer->public_key(), std::move(arguments), Algorithm::ed25519,
                                 {.time = time})
        .value();
  }
  [[nodiscard]] std::string openssl() const {
    return "openssl pkeyutl -sign -rawin -in /dev/stdin -inkey " + folder.file("key.pem");
  }
  ErrorCode error(const CommandSigner& signs) const {
    std::byte out[PrivateKey::max_signature_size];
    const auto size = signs.sign("base", out);
    return size ? ErrorCode::argument_invalid : size.error().code;
  }

  TemporaryFolder folder;
  std::optional<KeySigner> signer;
  int scripts = 0;
};

// Ed25519 is deterministic: OpenSSL must give what libsodium does.
TEST_F(SigningCommand, GivesItsSignatureRawOrInBase64) {
  std::byte ours[64];
  ASSERT_EQ(signer->sign("the base", ours).value(), 64U);
  for (const std::string& program : {openssl(), openssl() + " | base64 -w 0",
                                     "printf '\\n'; " + openssl() + " | base64 -w 0; echo"}) {
    const CommandSigner signs = command(script(program));
    EXPECT_EQ(signs.keyid(), signer->keyid());
    std::byte theirs[PrivateKey::max_signature_size];
    const auto size = signs.sign("the base", theirs);
    ASSERT_TRUE(size) << program << to_string(size.error().code);
    EXPECT_TRUE(std::ranges::equal(std::span(theirs).first(*size), ours)) << program;
  }
}

TEST_F(SigningCommand, SignatureOfAnotherKeyOrBaseIsFoundHere) {
  key_in_new_file(folder.file("key.pem"));
  EXPECT_EQ(error(command(script(openssl()))), ErrorCode::signer_answer_invalid);
  for (const auto* program : {"exit 0", "echo nonsense", "echo aGVsbG8=", "head -c 64 /dev/zero",
                              "echo aGVsbG8=;a=1", "head -c 5000 /dev/zero"}) {
    EXPECT_EQ(error(command(script(program))), ErrorCode::signer_answer_invalid) << program;
  }
}

TEST_F(SigningCommand, FailureIsNamed) {
  EXPECT_EQ(error(command(script("exit 1"))), ErrorCode::signer_refused);
  EXPECT_EQ(error(command(script(openssl() + "; exit 3"))), ErrorCode::signer_refused)
      << "its word counts, whatever it wrote";
  EXPECT_EQ(error(command(script("kill -9 $$"))), ErrorCode::signer_refused);
  EXPECT_EQ(error(command({folder.file("none")})), ErrorCode::signer_unreachable);
  const auto make = [this](std::vector<std::string> arguments) {
    return CommandSigner::create(signer->public_key(), std::move(arguments)).has_value();
  };
  EXPECT_TRUE(make({"true"}));
  EXPECT_FALSE(make({}));
  EXPECT_FALSE(make({""}));
  EXPECT_FALSE(make({"true", std::string("a\0b", 3)}));
  const auto secret = PrivateKey::generate(KeyType::hmac).value();
  EXPECT_EQ(CommandSigner::create(secret.public_key(), {"true"}).error().code,
            ErrorCode::algorithm_key_mismatch);
}

TEST_F(SigningCommand, WhatHangsIsEndedWithItsChildren) {
  const std::string pids = folder.file("pids");
  // It closes its output and goes on; or its child keeps the output open.
  for (const std::string& program :
       {"echo $$ >>" + pids + "; exec sleep 1000", "echo $$ >>" + pids + "; exec >&-; sleep 1000",
        "sleep 1000 & echo $! >>" + pids + "; exit 0"}) {
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(error(command(script(program), 500ms)), ErrorCode::signer_unreachable) << program;
    EXPECT_GE(std::chrono::steady_clock::now() - began, 500ms);
  }
  std::ifstream stream(pids);
  int found = 0;
  for (std::string pid; std::getline(stream, pid); ++found) {
    // Killed; who is no child of ours may take init a moment.
    const std::string status = "/proc/" + pid + "/stat";
    const auto gone = [&] {
      std::ifstream file(status);
      std::string text;
      return !std::getline(file, text) || text.contains(") Z ");
    };
    for (int i = 0; i < 400 && !gone(); ++i) std::this_thread::sleep_for(25ms);
    EXPECT_TRUE(gone()) << pid;
  }
  EXPECT_EQ(found, 3);
}

TEST_F(SigningCommand, GetsNoOtherDescriptorAndNoShell) {
  const int open = ::open("/dev/null", O_RDONLY);  // without close-on-exec
  ASSERT_GE(open, 3);
  const std::string seen = folder.file("seen");
  const std::vector<std::string> program =
      script("ls /proc/self/fd >" + seen + "; echo \"$1\" >>" + seen);
  static_cast<void>(error(command({program.front(), "$(id) ; a b"})));
  std::ifstream stream(seen);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  // Of ls: the standard three, and the folder that it reads.
  EXPECT_EQ(lines, (std::vector<std::string>{"0", "1", "2", "3", "$(id) ; a b"}));
  ::close(open);
}

TEST_F(SigningCommand, LargeBaseThatIsNotReadHarmsNobody) {
  const CommandSigner signs = command(script("exit 0"));
  std::byte out[64];
  EXPECT_EQ(signs.sign(std::string(1U << 20U, 'x'), out).error().code,
            ErrorCode::signer_answer_invalid);
}

TEST_F(SigningCommand, ServesManyThreads) {
  const CommandSigner signs = command(script(openssl()));
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        for (int j = 0; j < 3; ++j) {
          std::byte out[64];
          const std::string base = std::to_string(i) + "." + std::to_string(j);
          if (signs.sign(base, out) && signer->public_key().verify(Algorithm::ed25519, base, out)) {
            ++good;
          }
        }
      });
    }
  }
  EXPECT_EQ(good, 12);
}

TEST_F(SigningCommand, SignsForASession) {
  const TestCa ca;
  const TestAgent agent(PrivateKey::from_pem(contents(folder.file("key.pem"))).value());
  const Origin origin(ca, agent, "a.test");
  Client client(ca, agent, {&origin});
  client.config.signer = std::make_shared<const CommandSigner>(command(script(openssl())));
  EXPECT_EQ(client.perform({.url = origin.url("/")}).status, 200);
  ASSERT_EQ(origin.judged().size(), 1U);
  EXPECT_TRUE(origin.judged().front().verified());
}

}  // namespace
}  // namespace wba::test
