// The audit log: what a line says, and that none is lost.

#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <wba/guard/audit_log.h>

#include "guard_support.h"

namespace wba::guard {
namespace {

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream stream(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Record record() {
  return {.time = Now(std::chrono::milliseconds(1'788'411'574'042)),
          .request_id = "r1",
          .client = "192.0.2.7",
          .method = "GET",
          .authority = "shop.example",
          .path = "/a",
          .caller = Caller::verified_agent,
          .outcome = Outcome::verified,
          .reason = Reason::none,
          .identity = "https://bot.example/",
          .keyid = "k",
          .dialect = Dialect::legacy_string,
          .covered = {"\"@authority\"", "\"signature-agent\""},
          .route = "default",
          .mode = Mode::enforce,
          .spent = std::chrono::microseconds(57)};
}

TEST(AuditLine, SaysWhoDidWhatAndWhatWasDecided) {
  std::string line;
  append_audit_line(record(), line);
  ASSERT_EQ(line.back(), '\n');
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["time"], "2026-09-03T04:59:34.042Z");
  EXPECT_TRUE(json["peer"].is_null());
  EXPECT_EQ(json["client"], "192.0.2.7");
  EXPECT_EQ(json["caller"], "verified-agent");
  EXPECT_EQ(json["identity"], "https://bot.example/");
  EXPECT_EQ(json["dialect"], "legacy-string");
  EXPECT_EQ(json["outcome"], "verified");
  EXPECT_TRUE(json["reason"].is_null());
  EXPECT_EQ(json["covered"], nlohmann::json::array({"\"@authority\"", "\"signature-agent\""}));
  EXPECT_TRUE(json["rule"].is_null());
  EXPECT_EQ(json["action"], "pass");
  EXPECT_EQ(json["status"], 200);
  EXPECT_EQ(json["spent_us"], 57);
}

TEST(AuditLine, WhatACallerSentCannotBreakALine) {
  Record sent = record();
  using std::string_literals::operator""s;
  const std::string nasty = "a\"},{\"x\":\"\n\r\t\0\x1b[2J\x7f\xff\xc3\\"s;
  sent.claimed = nasty;
  sent.keyid = nasty;
  sent.path = nasty;
  sent.request_id = nasty;
  sent.covered = {nasty};
  std::string line;
  append_audit_line(sent, line);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  for (const char c : line) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f));
  const auto json = nlohmann::json::parse(line);
  std::string expected;
  for (const char c : nasty) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x80) {
      expected.push_back(c);
    } else {
      expected.push_back(static_cast<char>(0xc0U | (octet >> 6U)));
      expected.push_back(static_cast<char>(0x80U | (octet & 0x3fU)));
    }
  }
  EXPECT_EQ(json["claimed"], expected);
  EXPECT_EQ(json["path"], expected);
  EXPECT_EQ(json.size(), 26U);
}

// longest gives a record whose every text is long and of octets that are escaped.
Record longest(Caller caller, const std::string& text) {
  Record sent = record();
  sent.caller = caller;
  for (auto* member : {&sent.request_id, &sent.peer, &sent.client, &sent.method, &sent.authority,
                       &sent.path, &sent.identity, &sent.domain, &sent.claimed, &sent.keyid,
                       &sent.label, &sent.route, &sent.rule}) {
    *member = text;
  }
  sent.covered.assign(1000, text);
  return sent;
}

TEST(AuditLine, IsBoundedWhateverWasSent) {
  for (const auto* octets : {"x", "\"", "\xff", "\n"}) {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += octets;
    std::string verified;
    append_audit_line(longest(Caller::verified_agent, text), verified);
    EXPECT_LE(verified.size(), max_audit_line);
    EXPECT_TRUE(nlohmann::json::accept(verified));
    // What anybody can send is logged in brief.
    for (const Caller caller : {Caller::claimed_agent, Caller::unsigned_}) {
      std::string brief;
      append_audit_line(longest(caller, text), brief);
      EXPECT_LE(brief.size(), max_audit_line / 2);
      EXPECT_TRUE(nlohmann::json::accept(brief));
    }
  }
}

TEST(AuditLine, ACutIsMarked) {
  Record sent = record();
  const std::string path(257, 'x');
  sent.path = path;
  sent.keyid = std::string_view(path).substr(1);
  sent.covered.assign(1000, "\"@path\"");
  std::string line;
  append_audit_line(sent, line);
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["path"], path.substr(1) + "...");
  EXPECT_EQ(json["keyid"], path.substr(1));
  const auto& covered = json["covered"];
  EXPECT_EQ(covered.front(), "\"@path\"");
  EXPECT_EQ(covered.back(), "...");
  EXPECT_GT(covered.size(), 50U);
  EXPECT_LT(covered.size(), 200U);
}

TEST(AuditLog, FilesAreRotatedBySizeAndTheOldestGoes) {
  const test::TestFolder folder;
  const auto path = folder.path() / "audit.log";
  auto log = AuditLog::open({.path = path, .max_bytes = 4096, .files = 3});
  ASSERT_TRUE(log) << log.error();
  const std::string padding(89, 'x');
  for (int i = 0; i < 200; ++i) {
    const std::string number = std::to_string(1000 + i);
    ASSERT_TRUE((*log)->append("\"" + number + padding + "\"\n"));
  }
  std::vector<std::string> all;
  for (const auto* name : {"audit.log.2", "audit.log.1", "audit.log"}) {
    EXPECT_LE(std::filesystem::file_size(folder.path() / name), 4096U);
    for (auto& line : lines_of(folder.path() / name)) all.push_back(line.substr(1, 4));
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "audit.log.3"));
  ASSERT_GT(all.size(), 80U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i], std::to_string(1200 - all.size() + i));
  }
  EXPECT_EQ((*log)->lost(), 0U);
}

TEST(AuditLog, ThreadsAndProcessesThatShareAPathLoseNothingInRotation) {
  const test::TestFolder folder;
  const auto path = folder.path() / "audit.log";
  const AuditSettings settings{.path = path, .max_bytes = 8192, .files = 100};
  auto one = AuditLog::open(settings);
  auto other = AuditLog::open(settings);  // as another process has it
  ASSERT_TRUE(one && other);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      AuditLog& log = t % 2 == 0 ? **one : **other;
      for (int i = 0; i < 500; ++i) {
        std::string line = "{\"n\":";
        line +=
            std::to_string(t * 1000 + i) + ",\"padding\":\"0123456789012345678901234567890\"}\n";
        EXPECT_TRUE(log.append(line));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<int> seen;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    for (const auto& line : lines_of(entry.path())) {
      seen.insert(nlohmann::json::parse(line)["n"].get<int>());
    }
  }
  EXPECT_EQ(seen.size(), 2000U);
}

// Without that its line would be in a file that was deleted since.
TEST(AuditLog, AProcessThatWroteNothingMeanwhileFollowsTheRotationsOfAnother) {
  const test::TestFolder folder;
  const auto path = folder.path() / "audit.log";
  for (const std::uint32_t files : {1U, 2U}) {
    const AuditSettings settings{.path = path, .max_bytes = 4096, .files = files};
    auto one = AuditLog::open(settings);
    auto other = AuditLog::open(settings);  // as another process has it
    ASSERT_TRUE(one && other);
    ASSERT_TRUE((*other)->append("\"first\"\n"));
    const std::string line = "\"" + std::string(97, 'x') + "\"\n";
    for (int i = 0; i < 123; ++i) ASSERT_TRUE((*one)->append(line));
    ASSERT_TRUE((*other)->append("\"last\"\n"));
    EXPECT_EQ(lines_of(path).back(), "\"last\"") << files;
    // And the one that fills a file up rotates it, whoever wrote the most.
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE((i % 7 == 0 ? *other : *one)->append(line));
    EXPECT_LE(std::filesystem::file_size(path), 4096U + line.size()) << files;
    EXPECT_EQ((*one)->lost() + (*other)->lost(), 0U);
  }
}

TEST(AuditLog, ALineThatAnEarlierProcessDidNotFinishIsEnded) {
  const test::TestFolder folder;
  const auto path = folder.path() / "audit.log";
  std::ofstream(path) << "{\"whole\":1}\n{\"half";
  auto log = AuditLog::open({.path = path});
  ASSERT_TRUE(log);
  ASSERT_TRUE((*log)->append("{\"next\":1}\n"));
  EXPECT_THAT(lines_of(path), testing::ElementsAre("{\"whole\":1}", "{\"half", "{\"next\":1}"));
}

TEST(AuditLog, AFullDiskIsCountedAndStopsNothing) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "there is no /dev/full";
  auto log = AuditLog::open({.path = "/dev/full"});
  ASSERT_TRUE(log) << log.error();
  EXPECT_FALSE((*log)->append("{}\n"));
  EXPECT_FALSE((*log)->append("{}\n"));
  EXPECT_FALSE((*log)->append(""));
  EXPECT_EQ((*log)->lost(), 3U);
}

// A limit on the size of files stands for a disk that fills in the middle of a line.
TEST(AuditLog, APartOfALineIsTakenOutAgain) {
  const test::TestFolder folder;
  const auto path = folder.path() / "audit.log";
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 100, .rlim_max = 100};
    auto log = AuditLog::open({.path = path});
    const std::string line = std::string(39, 'x') + "\n";
    bool good = log && ::setrlimit(RLIMIT_FSIZE, &limit) == 0;
    good = good && (*log)->append(line) && (*log)->append(line) && !(*log)->append(line);
    good = good && (*log)->append("short\n") && (*log)->lost() == 1;
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  const auto lines = lines_of(path);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[2], "short");
}

// The child tells each line that append acknowledged over a pipe, and is killed somewhere.
TEST(AuditLog, KillingTheProcessLosesNoAcknowledgedLine) {
  for (int round = 0; round < 5; ++round) {
    const test::TestFolder folder;
    const AuditSettings settings{
        .path = folder.path() / "audit.log", .max_bytes = 4096, .files = 1000};
    int pipe[2] = {-1, -1};
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(pipe[0]);
      auto log = AuditLog::open(settings);
      for (int i = 0; log && i < 1'000'000; ++i) {
        const std::string line = "{\"n\":" + std::to_string(i) + "}\n";
        if ((*log)->append(line) && ::write(pipe[1], &i, sizeof i) != sizeof i) break;
      }
      ::_exit(0);
    }
    ::close(pipe[1]);
    int last = -1;
    while (last < 300 * (round + 1))
      ASSERT_EQ(::read(pipe[0], &last, sizeof last), ssize_t{sizeof last});
    ::kill(child, SIGKILL);
    while (::read(pipe[0], &last, sizeof last) == ssize_t{sizeof last}) {
    }
    ::close(pipe[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    auto again = AuditLog::open(settings);
    ASSERT_TRUE(again);
    std::set<int> seen;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      for (const auto& line : lines_of(entry.path())) {
        ASSERT_TRUE(nlohmann::json::accept(line)) << line;
        seen.insert(nlohmann::json::parse(line)["n"].get<int>());
      }
    }
    for (int i = 0; i <= last; ++i) ASSERT_TRUE(seen.contains(i)) << i << " of " << last;
  }
}

TEST(AuditLog, ReopenFollowsAFileThatWasMovedAway) {
  const test::TestFolder folder;
  const auto path = folder.path() / "audit.log";
  auto log = AuditLog::open({.path = path});
  ASSERT_TRUE(log);
  EXPECT_TRUE((*log)->append("1\n"));
  std::filesystem::rename(path, folder.path() / "moved");
  EXPECT_TRUE((*log)->reopen());
  EXPECT_TRUE((*log)->append("2\n"));
  EXPECT_THAT(lines_of(path), testing::ElementsAre("2"));
  EXPECT_EQ((*log)->reopen_failures(), 0U);
}

TEST(AuditLog, AReopenThatFailsIsToldAndTheOldFileGoesOn) {
  const test::TestFolder folder;
  std::filesystem::create_directory(folder.path() / "logs");
  const auto path = folder.path() / "logs" / "audit.log";
  auto log = AuditLog::open({.path = path});
  ASSERT_TRUE(log);
  std::filesystem::rename(folder.path() / "logs", folder.path() / "moved");
  const auto opened = (*log)->reopen();
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error(), testing::HasSubstr(path.string() + ": No such file or directory"));
  EXPECT_EQ((*log)->reopen_failures(), 1U);
  EXPECT_TRUE((*log)->append("1\n"));
  EXPECT_EQ((*log)->lost(), 0U);
  EXPECT_THAT(lines_of(folder.path() / "moved" / "audit.log"), testing::ElementsAre("1"));
}

TEST(AuditLog, AFileThatWasMovedAwayOrDeletedGetsNoLineMore) {
  const test::TestFolder folder;
  const auto path = folder.path() / "audit.log";
  auto log = AuditLog::open({.path = path});
  ASSERT_TRUE(log);
  EXPECT_TRUE((*log)->append("1\n"));
  std::filesystem::rename(path, folder.path() / "moved");
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  EXPECT_TRUE((*log)->append("2\n"));
  EXPECT_THAT(lines_of(path), testing::ElementsAre("2"));
  EXPECT_THAT(lines_of(folder.path() / "moved"), testing::ElementsAre("1"));
  std::filesystem::remove(path);
  EXPECT_TRUE((*log)->append("3\n"));
  EXPECT_THAT(lines_of(path), testing::ElementsAre("3"));
  // Emptied in place.
  std::filesystem::resize_file(path, 0);
  EXPECT_TRUE((*log)->append("4\n"));
  EXPECT_THAT(lines_of(path), testing::ElementsAre("4"));
}

TEST(AuditLog, AFolderThatIsNotThereIsAnError) {
  EXPECT_FALSE(AuditLog::open({.path = "/nowhere/audit.log"}));
}

}  // namespace
}  // namespace wba::guard
