// A program outside the project: it is built against an installed copy.
#include <cstdio>

#include <wba/error.h>

int main() {
  if (wba::to_string(wba::ErrorCode::sf_too_long) != "sf-too-long") return 1;
  std::puts("ok");
  return 0;
}
