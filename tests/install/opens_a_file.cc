// What no_system_access.sh must find out.
#include <fstream>

bool opens_a_file(const char* name) { return std::ifstream(name).good(); }
