// The headers are precompiled for this program, and used by all others that are compiled alike.
int main() { return 0; }
