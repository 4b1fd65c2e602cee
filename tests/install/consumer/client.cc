// A program outside the project: it is built against an installed copy.
#include <cstdio>

#include <wba/curl.h>

int main() {
  if (wba::SigningSession::create({.profile = {.profile = wba::SignerProfile::draft_01}})) return 1;
  if (wba::redirected_method("POST", 302) != "GET") return 1;
  std::puts("ok");
  return 0;
}
