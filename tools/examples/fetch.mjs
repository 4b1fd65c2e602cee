// usage: fetch.mjs SOCKET URL: fetch URL, signed by the daemon that `wba agent --socket SOCKET` is.
import http from "node:http";

const [socketPath, url] = process.argv.slice(2);
const signed = await new Promise((resolve, reject) => {
  const request = http.request({ socketPath, path: "/sign", method: "POST" }, async (response) => {
    resolve(JSON.parse((await response.toArray()).join("")));
  });
  request.on("error", reject).end(JSON.stringify({ method: "GET", url }));
});
if (signed.error) throw new Error(`not signed: ${signed.error}`);
process.stdout.write(await (await fetch(url, { headers: signed.headers })).text());
