#ifndef WBA_TESTS_SUPPORT_FILE_CONTENTS_H_
#define WBA_TESTS_SUPPORT_FILE_CONTENTS_H_

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace wba::test {

// contents gives all that is in the file; empty where it cannot be read.
inline std::string contents(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_FILE_CONTENTS_H_
