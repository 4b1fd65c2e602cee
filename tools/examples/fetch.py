# usage: fetch.py SOCKET URL: fetch URL, signed by the daemon that `wba agent --socket SOCKET` is.
import http.client, json, socket, sys, urllib.request

def signature_headers(path, method, url):
    daemon = http.client.HTTPConnection("localhost")
    daemon.sock = socket.socket(socket.AF_UNIX)
    daemon.sock.connect(path)
    daemon.request("POST", "/sign", json.dumps({"method": method, "url": url}))
    answer = json.load(daemon.getresponse())
    if "error" in answer: sys.exit("not signed: " + answer["error"])
    return dict(answer["headers"])

url = sys.argv[2]
request = urllib.request.Request(url, headers=signature_headers(sys.argv[1], "GET", url))
sys.stdout.write(urllib.request.urlopen(request).read().decode())
