// Keys under a passphrase, as the commands make and read them.

#include <csignal>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <wba/encrypted_key.h>
#include <wba/key.h>

#include "support/file_contents.h"
#include "support/run_command.h"
#include "support/test_keys.h"

namespace wba {
namespace {

using test::CommandResult;
using test::contents;
using test::run_command;
using test::TemporaryFolder;

class KeyEncryption : public testing::Test {
 protected:
  KeyEncryption() {
    write("passphrase", "correct horse battery\n");
    write("other", "another passphrase");
    test::key_in_new_file(file("key.pem"));
  }

  void write(const std::string& name, std::string_view text) {
    std::ofstream(file(name), std::ios::binary) << text;
    ASSERT_EQ(::chmod(file(name).c_str(), 0600), 0);
  }
  [[nodiscard]] std::string file(const std::string& name) const { return folder.file(name); }

  static CommandResult key(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {WBA_COMMAND, "key"});
    return run_command(arguments);
  }
  [[nodiscard]] CommandResult encrypt(const std::string& name) const {
    return key({"encrypt", file(name), "--passphrase-file", file("passphrase")});
  }
  [[nodiscard]] std::string thumbprint(const std::string& name,
                                       const std::string& passphrase) const {
    const auto shown = key({"show", file(name), "--passphrase-file", file(passphrase)});
    return shown.status == 0 ? shown.out : shown.err;
  }

  TemporaryFolder folder;
};

TEST_F(KeyEncryption, NewKeyIsMadeEncryptedAndReadWithItsPassphraseAlone) {
  const auto made =
      key({"new", "--encrypt", "--passphrase-file", file("passphrase"), "--out", file("new.pem")});
  ASSERT_EQ(made.status, 0) << made.err;
  struct stat status = {};
  ASSERT_EQ(::stat(file("new.pem").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_TRUE(contents(file("new.pem")).starts_with("-----BEGIN WBA ENCRYPTED PRIVATE KEY-----\n"));
  EXPECT_TRUE(thumbprint("new.pem", "passphrase").contains("\"kty\":\"OKP\""));
  EXPECT_TRUE(thumbprint("new.pem", "other").contains("the passphrase is another one"));
  const auto needless = key({"new", "--passphrase-file", file("passphrase")});
  EXPECT_EQ(needless.status, 2) << "it would not be encrypted";
}

TEST_F(KeyEncryption, KeyIsEncryptedInPlaceAndDecryptedToWhatItWas) {
  const std::string plain = contents(file("key.pem"));
  const std::string public_half = thumbprint("key.pem", "passphrase");
  ASSERT_EQ(encrypt("key.pem").status, 0);
  EXPECT_TRUE(is_encrypted_key(contents(file("key.pem"))));
  EXPECT_EQ(thumbprint("key.pem", "passphrase"), public_half);
  const auto decrypted =
      key({"decrypt", file("key.pem"), "--passphrase-file", file("passphrase"), "--out", "-"});
  EXPECT_EQ(decrypted.out, plain) << decrypted.err;
  EXPECT_EQ(key({"decrypt", file("key.pem"), "--passphrase-file", file("passphrase")}).status, 0);
  EXPECT_EQ(contents(file("key.pem")), plain);
  EXPECT_TRUE(key({"decrypt", file("key.pem")}).err.contains("is no key that")) << "not encrypted";
}

TEST_F(KeyEncryption, PassphraseIsChangedByWhoKnowsIt) {
  ASSERT_EQ(encrypt("key.pem").status, 0);
  const std::string before = contents(file("key.pem"));
  const auto change = [this](const std::string& old) {
    return key({"encrypt", file("key.pem"), "--old-passphrase-file", file(old), "--passphrase-file",
                file("other")});
  };
  EXPECT_EQ(change("other").status, 2);
  EXPECT_EQ(contents(file("key.pem")), before) << "left as it was";
  EXPECT_EQ(change("passphrase").status, 0);
  EXPECT_TRUE(thumbprint("key.pem", "passphrase").contains("another one"));
  EXPECT_TRUE(thumbprint("key.pem", "other").contains("thumbprint: "));
}

TEST_F(KeyEncryption, CommandsSignWithAnEncryptedKey) {
  const auto sign = [this](const std::string& passphrase) {
    return run_command({WBA_COMMAND, "sign", "--key", file("key.pem"), "--passphrase-file",
                        file(passphrase), "--agent", "https://agent.test/keys", "--profile",
                        "draft-01", "GET", "https://origin.test/"});
  };
  ASSERT_EQ(encrypt("key.pem").status, 0);
  EXPECT_TRUE(sign("passphrase").out.contains("Signature-Input: "));
  const auto refused = sign("other");
  EXPECT_EQ(refused.status, 2);
  EXPECT_EQ(refused.out, "");
  // So does what makes and signs directories.
  const auto made = run_command({WBA_COMMAND, "directory", "new", file("key.pem"),
                                 "--passphrase-file", file("passphrase"), "--out", file("d.json")});
  ASSERT_EQ(made.status, 0) << made.err;
  const auto signed_directory =
      run_command({WBA_COMMAND, "directory", "sign", "--key", file("key.pem"), "--passphrase-file",
                   file("passphrase"), "--authority", "agent.test", file("d.json")});
  EXPECT_EQ(signed_directory.status, 0) << signed_directory.err;
  EXPECT_TRUE(signed_directory.out.contains("Signature: "));
}

TEST_F(KeyEncryption, FilesThatOthersCanReadAreToldOf) {
  const auto sign = [this] {
    return run_command({WBA_COMMAND, "sign", "--key", file("key.pem"), "--passphrase-file",
                        file("passphrase"), "--agent", "https://agent.test/keys", "--profile",
                        "draft-01", "GET", "https://origin.test/"});
  };
  EXPECT_EQ(sign().err, "");
  ::chmod(file("key.pem").c_str(), 0644);
  EXPECT_TRUE(sign().err.contains("wba: hint: key ")) << sign().err;
  EXPECT_TRUE(sign().err.contains("chmod 600"));
  ASSERT_EQ(encrypt("key.pem").status, 0);
  ::chmod(file("key.pem").c_str(), 0644);
  EXPECT_EQ(sign().err, "") << "an encrypted key may be seen";
  ::chmod(file("passphrase").c_str(), 0640);
  const auto refused = sign();
  EXPECT_EQ(refused.status, 2);
  EXPECT_TRUE(refused.err.contains("passphrase file")) << refused.err;
  EXPECT_TRUE(refused.err.contains("chmod 600")) << refused.err;
}

TEST_F(KeyEncryption, WeakOrMissingPassphrasesAreRefused) {
  const std::string plain = contents(file("key.pem"));
  write("passphrase", "seven 7\n");
  EXPECT_TRUE(encrypt("key.pem").err.contains("shorter than 8 characters"));
  write("passphrase", "\n");
  EXPECT_TRUE(encrypt("key.pem").err.contains("is empty"));
  EXPECT_EQ(key({"encrypt", file("key.pem"), "--passphrase-file", file("none")}).status, 2);
  // In a session of its own there is no terminal.
  const auto unasked =
      run_command({"setsid", "--wait", WBA_COMMAND, "key", "encrypt", file("key.pem")});
  EXPECT_EQ(unasked.status, 2);
  EXPECT_TRUE(unasked.err.contains("there is no terminal")) << unasked.err;
  EXPECT_TRUE(unasked.err.contains("--passphrase-file")) << unasked.err;
  EXPECT_EQ(contents(file("key.pem")), plain);
}

// Session is the command on a terminal of its own.
class Session {
 public:
  explicit Session(const std::vector<std::string>& arguments) {
    std::vector<char*> pointers;
    for (const auto& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    pid_ = ::forkpty(&fd_, nullptr, nullptr, nullptr);
    if (pid_ == 0) {
      ::execv(pointers[0], pointers.data());
      ::_exit(127);
    }
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    static_cast<void>(end());
    ::close(fd_);
  }

  // wait_for reads until `text` was shown.
  [[nodiscard]] bool wait_for(std::string_view text) {
    while (!shown_.contains(text)) {
      pollfd polled{.fd = fd_, .events = POLLIN, .revents = 0};
      char buffer[1024];
      if (::poll(&polled, 1, 30'000) <= 0) return false;
      const auto size = ::read(fd_, buffer, sizeof buffer);
      if (size <= 0) return false;
      shown_.append(buffer, static_cast<std::size_t>(size));
    }
    return true;
  }
  void type(std::string_view text) const {
    EXPECT_EQ(::write(fd_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  // end reads the rest and gives the exit status.
  int end() {
    if (pid_ <= 0) return status_;
    static_cast<void>(wait_for(std::string(1, '\0')));
    ::waitpid(pid_, &status_, 0);
    pid_ = -1;
    return status_;
  }
  [[nodiscard]] const std::string& shown() const { return shown_; }

 private:
  pid_t pid_ = -1;
  int fd_ = -1;
  int status_ = -1;
  std::string shown_;
};

TEST_F(KeyEncryption, TerminalIsAskedTwiceAndShowsNothing) {
  Session session({WBA_COMMAND, "key", "encrypt", file("key.pem")});
  ASSERT_TRUE(session.wait_for("new passphrase of "));
  session.type("correct horse battery\n");
  ASSERT_TRUE(session.wait_for("the same again: ")) << session.shown();
  session.type("correct horse battery\n");
  EXPECT_EQ(session.end(), 0) << session.shown();
  EXPECT_FALSE(session.shown().contains("correct")) << session.shown();
  EXPECT_TRUE(thumbprint("key.pem", "passphrase").contains("thumbprint: "));

  Session show({WBA_COMMAND, "key", "show", file("key.pem")});
  ASSERT_TRUE(show.wait_for("passphrase of "));
  show.type("correct horse battery\n");
  EXPECT_EQ(show.end(), 0);
  EXPECT_TRUE(show.shown().contains("thumbprint: ")) << show.shown();
}

TEST_F(KeyEncryption, TwoPassphrasesThatDifferAndAnInterruptChangeNothing) {
  const std::string plain = contents(file("key.pem"));
  Session session({WBA_COMMAND, "key", "encrypt", file("key.pem")});
  ASSERT_TRUE(session.wait_for("new passphrase of "));
  session.type("correct horse battery\n");
  ASSERT_TRUE(session.wait_for("the same again: "));
  session.type("correct horse batterie\n");
  EXPECT_NE(session.end(), 0);
  EXPECT_TRUE(session.shown().contains("are not the same")) << session.shown();

  Session interrupted({WBA_COMMAND, "key", "encrypt", file("key.pem")});
  ASSERT_TRUE(interrupted.wait_for("new passphrase of "));
  interrupted.type("\x03");
  const int status = interrupted.end();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) << status;
  EXPECT_EQ(contents(file("key.pem")), plain);
}

}  // namespace
}  // namespace wba
