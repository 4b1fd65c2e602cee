// A program outside the project: it is built against an installed copy.
#include <cstdio>

#include <wba/address_policy.h>

int main() {
  const auto address = wba::IpAddress::parse("127.0.0.1");
  if (!address || !address->is_v4()) return 1;
  std::puts("ok");
  return 0;
}
