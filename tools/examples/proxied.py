# usage: http_proxy=http://127.0.0.1:3128 proxied.py URL: fetch URL (http://…) by the proxy that
# `wba agent --proxy 127.0.0.1:3128` is. It signs; nothing here knows how.
import sys, urllib.request

sys.stdout.write(urllib.request.urlopen(sys.argv[1]).read().decode())
