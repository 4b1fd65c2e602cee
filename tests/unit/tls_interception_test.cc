// The local authority of the forward proxy: what it certifies is trusted by who trusts it, and its
// key is nowhere but in guarded memory.

#include "crypto/tls_interception.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "key/key_state.h"
#include "key/pem.h"
#include "support/run_command.h"
#include "support/test_ca.h"

namespace wba {
namespace {

using crypto::InterceptionAuthority;
using crypto::KeyParts;
using crypto::SecretBytes;

test::SslKey generate(const std::string& type) {
  if (type == "RSA") {
    return test::SslKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
  }
  if (type == "ED25519") return test::SslKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  return test::SslKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", type.c_str()));
}

// An authority that another process made: this one has seen no more of its key than it reads.
class Authority : public testing::TestWithParam<const char*> {
 protected:
  Authority() {
    const pid_t child = ::fork();
    if (child == 0) {
      const test::TestCa ca(generate(GetParam()));
      std::filesystem::copy_file(ca.file(), folder.file("ca.pem"));
      ca.write_key(folder.file("key.pem"));
      std::filesystem::remove(ca.file());
      ::_exit(0);
    }
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    std::ifstream stream(folder.file("ca.pem"));
    certificate.assign(std::istreambuf_iterator<char>(stream), {});
  }

  // read_key reads the key's file as the command does, in guarded memory from the first.
  [[nodiscard]] KeyParts read_key() const {
    const int file = ::open(folder.file("key.pem").c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status = {};
    EXPECT_EQ(::fstat(file, &status), 0);
    auto text = SecretBytes::allocate(static_cast<std::size_t>(status.st_size)).value();
    EXPECT_EQ(::read(file, text.writable().data(), text.size()), status.st_size);
    ::close(file);
    return KeyMaker::make_parts(read_pem(text.text(), {}, Half::private_half).value()).value();
  }

  test::TemporaryFolder folder;
  std::string certificate;
};

constexpr char kMask = 0x55;

// contains looks for what `masked` stands for.
bool contains(std::string_view text, std::string_view masked) {
  return !std::ranges::search(text, masked, [](char octet, char other) {
            return (octet ^ kMask) == other;
          }).empty();
}

// needles gives sixteen octets of each secret number, in both orders. They are masked, so that
// what is looked for does not lie in memory for being looked for.
std::vector<std::string> needles(const KeyParts& key) {
  std::vector<std::string> found;
  const auto& parts = key.private_parts;
  for (const auto* number : {&parts.d, &parts.p, &parts.q, &parts.dp, &parts.dq, &parts.qi}) {
    if (number->empty()) continue;
    const std::size_t at = (number->size() - 16) / 2;
    std::string forwards;
    for (std::size_t i = at; i < at + 16; ++i) {
      forwards.push_back(static_cast<char>(number->bytes()[i] ^ std::byte{kMask}));
    }
    found.emplace_back(forwards.rbegin(), forwards.rend());
    found.push_back(std::move(forwards));
  }
  return found;
}

// is_in_memory looks through all that this process can write to: its heap, stacks and data. What
// guards secrets has made them read-only.
bool is_in_memory(const std::vector<std::string>& masked) {
  constexpr std::size_t kPiece = std::size_t{1} << 20U;
  // Nobody's heap is that large: sanitizers keep their own there.
  constexpr std::size_t kShadow = std::size_t{1} << 30U;
  const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  EXPECT_GE(memory, 0);
  std::ifstream maps("/proc/self/maps");
  bool found = false;
  std::size_t read = 0;
  std::vector<char> buffer(kPiece + 16);  // with some octets of the next piece
  for (std::string line; std::getline(maps, line);) {
    std::size_t begin = 0;
    std::size_t end = 0;
    char dash = 0;
    std::string permissions;
    std::istringstream(line) >> std::hex >> begin >> dash >> end >> permissions;
    if (!permissions.starts_with("rw") || end - begin > kShadow) continue;
    for (std::size_t at = begin; at < end; at += kPiece) {
      const auto got =
          ::pread(memory, buffer.data(), std::min(buffer.size(), end - at), static_cast<off_t>(at));
      const std::string_view piece(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
      read += piece.size();
      found = found || std::ranges::any_of(masked, [&](const std::string& needle) {
                return contains(piece, needle);
              });
    }
  }
  ::close(memory);
  wipe(buffer);
  EXPECT_GT(read, kPiece);
  return found;
}

TEST_P(Authority, KeyLiesInGuardedMemoryAlone) {
  auto key = read_key();
  const auto masked = needles(key);
  ASSERT_FALSE(masked.empty());
  {
    // What it would look like if it did not.
    std::string copy(key.private_parts.d.text());
    EXPECT_TRUE(is_in_memory(masked));
    wipe(copy);
  }
  EXPECT_FALSE(is_in_memory(masked));
  auto authority = InterceptionAuthority::create(certificate, std::move(key)).value();
  EXPECT_FALSE(is_in_memory(masked));
  const auto server = authority.serve("a.test");
  EXPECT_NE(server, nullptr);
  EXPECT_FALSE(is_in_memory(masked));
}

// handshake gives what the client makes of the server's certificate.
long handshake(crypto::TlsServer& server, const std::string& ca, const char* host) {
  const test::SslContext context(SSL_CTX_new(TLS_client_method()));
  EXPECT_EQ(SSL_CTX_load_verify_locations(context.get(), ca.c_str(), nullptr), 1);
  const std::unique_ptr<SSL, test::OpenSslFree<SSL_free>> client(SSL_new(context.get()));
  BIO* const in = BIO_new(BIO_s_mem());
  BIO* const out = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(in, -1);
  SSL_set_bio(client.get(), in, out);
  EXPECT_EQ(SSL_set1_host(client.get(), host), 1);
  SSL_set_connect_state(client.get());
  for (int i = 0; i < 10 && !server.established(); ++i) {
    static_cast<void>(SSL_do_handshake(client.get()));
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    std::string sent(data, static_cast<std::size_t>(size));
    BIO_reset(out);
    std::string text;
    std::string answer;
    EXPECT_TRUE(server.receive(sent, text, 1000, answer));
    BIO_write(in, answer.data(), static_cast<int>(answer.size()));
  }
  EXPECT_TRUE(server.established());
  return SSL_get_verify_result(client.get());
}

TEST_P(Authority, CertifiesHostsForWhoTrustsIt) {
  auto authority = InterceptionAuthority::create(certificate, read_key()).value();
  const auto ca = folder.file("ca.pem");
  EXPECT_EQ(handshake(*authority.serve("a.test"), ca, "a.test"), X509_V_OK);
  EXPECT_EQ(handshake(*authority.serve("b.test"), ca, "b.test"), X509_V_OK);
  EXPECT_EQ(handshake(*authority.serve("a.test"), ca, "b.test"), X509_V_ERR_HOSTNAME_MISMATCH);
  const test::TestCa other;
  EXPECT_NE(handshake(*authority.serve("a.test"), other.file(), "a.test"), X509_V_OK);
}

TEST_P(Authority, TakesNoKeyOfAnother) {
  const auto text = PrivateKey::generate(KeyType::ec_p256).value().export_pem().value();
  auto other = KeyMaker::make_parts(read_pem(text.text(), {}, Half::private_half).value()).value();
  const auto refused = InterceptionAuthority::create(certificate, std::move(other));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error(), "the private key is not the certificate's");
}

INSTANTIATE_TEST_SUITE_P(TlsInterception, Authority,
                         testing::Values("P-256", "P-384", "RSA", "ED25519"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace wba
