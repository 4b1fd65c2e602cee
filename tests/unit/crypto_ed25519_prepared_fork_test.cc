// Tables in a process that forks.

#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <wba/prepared_keys.h>

#include "crypto/ed25519_prepared_slot.h"
#include "support/prepared_agents.h"

namespace {

using wba::PreparedKeyMode;
using wba::test::Agent;
using wba::test::patience;
using wba::test::PreparedKeys;
using wba::test::Several;

#if defined(__SANITIZE_THREAD__)
// By default it ends a process that forked while it had threads, once it starts another.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_options() {
  return "die_after_fork=0";
}
#endif

// status_of_child forks and gives the exit status of what the child does; 0 is well, and one that
// hangs is ended by a signal.
int status_of_child(const std::function<int()>& child) {
  const pid_t process = fork();
  if (process == 0) {
    alarm(30);
    _exit(child());
  }
  int status = -1;
  EXPECT_EQ(waitpid(process, &status, 0), process);
  return status;
}

TEST_F(PreparedKeys, AForkedProcessBuildsItsOwnTables) {
  const Agent agent(9);
  agent.verify(4);
  settle();  // the thread runs, and waits
  EXPECT_EQ(status_of_child([&agent] {
              if (!agent.slot().has_table() || !agent.verify()) return 1;
              // More than one, each asked for while the child's own thread waits.
              for (std::uint8_t number = 10; number < 13; ++number) {
                const Agent of_child(number);
                for (int i = 0; i < 4; ++i)
                  if (!of_child.verify()) return 2;
                if (!wba::wait_for_prepared_keys(patience)) return 3;
                if (!of_child.slot().has_table()) return 4;
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
              }
              return 0;
            }),
            0);
}

TEST_F(PreparedKeys, AForkedProcessDoesNotWaitForReadersOfItsParent) {
  const Agent agent(9);
  agent.verify(4);
  settle();
  const wba::crypto::TableReading reading;  // of a thread that the child does not have
  int status = -1;
  std::thread forks([&status] {
    status = status_of_child([] {
      wba::set_prepared_key_options({.mode = PreparedKeyMode::off});
      if (!wba::wait_for_prepared_keys(std::chrono::seconds(10))) return 1;
      return wba::prepared_key_statistics().bytes == 0 ? 0 : 2;
    });
  });
  forks.join();
  EXPECT_EQ(status, 0);
}

TEST_F(PreparedKeys, AForkedProcessBuildsWhatWasBeingBuilt) {
  constexpr int met = 40;  // the exit status where the fork came during a build
  int status = 0;
  for (int round = 0; round < 10 && WEXITSTATUS(status) != met; ++round) {
    const Several several;
    static_cast<void>(several.being_built());
    status = status_of_child([&several] {
      const auto at_first = wba::prepared_key_statistics();
      if (at_first.tables == 0) return 1;
      if (!wba::wait_for_prepared_keys(patience)) return 2;
      const auto at_last = wba::prepared_key_statistics();
      if (at_last.tables != several.agents.size()) return 3;
      // All are of one size.
      if (at_first.bytes * at_last.tables != at_last.bytes * at_first.tables) return 4;
      for (const Agent& agent : several.agents)
        if (!agent.slot().has_table() || !agent.verify()) return 5;
      return at_first.tables < at_last.tables ? met : 0;
    });
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_TRUE(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == met) << WEXITSTATUS(status);
    settle();
  }
  EXPECT_EQ(WEXITSTATUS(status), met);
}

}  // namespace
