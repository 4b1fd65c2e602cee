// What `wba fetch` and `wba curl` really send, captured at an HTTPS server of Node's.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { agent } from './session.mjs';
import { field } from './message.mjs';

const host = 'origin.example';

// certificate makes one for the host, which is its own root, and gives the files.
function certificate(session) {
  const files = { cert: join(session.folder, 'tls.pem'), key: join(session.folder, 'tls-key.pem') };
  const made = spawnSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
      '-subj', '/CN=wba interop', '-addext', `subjectAltName=DNS:${host}`,
      '-keyout', files.key, '-out', files.cert],
    { encoding: 'utf8', timeout: 60000 },
  );
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
  return files;
}

// Capture is a server that keeps what it gets. /moved redirects to /there.
class Capture {
  constructor(files) {
    this.messages = [];
    this.server = https.createServer(
      { cert: readFileSync(files.cert), key: readFileSync(files.key) },
      async (request, response) => {
        const body = Buffer.concat(await request.toArray());
        const headers = [];
        for (let i = 0; i < request.rawHeaders.length; i += 2) {
          headers.push([request.rawHeaders[i], request.rawHeaders[i + 1]]);
        }
        this.messages.push({
          method: request.method,
          url: `https://${request.headers.host}${request.url}`,
          headers,
          body: body.toString(),
        });
        if (request.url === '/moved') response.writeHead(307, { Location: '/there?x=1' });
        response.end('seen');
      },
    );
  }

  async listen() {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = this.server.address().port;
  }

  // take gives what came since it was last asked.
  take() {
    return this.messages.splice(0);
  }
}

// run runs wba while the server answers it.
async function run(session, args) {
  const child = spawn(session.wba, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 60000 });
  const texts = [child.stdout, child.stderr].map((stream) => stream.setEncoding('utf8').toArray());
  const [[status], out, err] = await Promise.all([once(child, 'close'), ...texts]);
  return { status, out: out.join(''), err: err.join('') };
}

// sendAndVerify: `verify` must take each message that was captured, and must refuse it changed.
export async function sendAndVerify(session, verify) {
  const files = certificate(session);
  const capture = new Capture(files);
  await capture.listen();
  const key = session.key();
  const base = ['--key', key.path, '--agent', agent, '--profile', 'cloudflare'];
  const url = (target) => `https://${host}:${capture.port}${target}`;
  const resolve = `${host}:${capture.port}:127.0.0.1`;
  const covered = ['"@method"', '"@path"'];
  const digested = [...covered, '"content-digest"'];
  const fetch = (...args) => ['fetch', ...base, '--ca', files.cert, '--resolve', resolve, ...args];
  const curl = (...args) => ['curl', ...base, '--', '--silent', '--cacert', files.cert, '--resolve', resolve, ...args];
  const cases = [
    { what: 'fetch', args: fetch(url('/a%2Fb/?x=1&y=%20z')), methods: ['GET'], covered },
    { what: 'fetch -I', args: fetch('-I', url('/')), methods: ['HEAD'], covered },
    { what: 'fetch -d', args: fetch('-d', 'hello', url('/')), methods: ['POST'], covered: digested },
    { what: 'fetch -X PUT', args: fetch('-X', 'PUT', '-H', 'X-A: b', '-d', 'hello', url('/')), methods: ['PUT'], covered: digested },
    { what: 'fetch with a redirect', args: fetch('-d', 'hello', url('/moved')), methods: ['POST', 'POST'], covered: digested },
  ];
  if (spawnSync('curl', ['--version']).status === 0) {
    cases.push({ what: 'curl', args: curl(url('/c?x=1')), methods: ['GET'], covered });
    cases.push({ what: 'curl -d', args: curl('-d', 'hello', url('/c')), methods: ['POST'], covered });
  } else {
    console.log('SKIPPED: curl is not installed: wba curl is not tried');
  }
  try {
    for (const { what, args, methods, covered: names } of cases) {
      const result = await run(session, args);
      session.expect(`${what}: sent`, result.status === 0, result.err);
      const messages = capture.take();
      const seen = messages.map(({ method }) => method);
      session.expect(`${what}: ${methods}`, String(seen) === String(methods), String(seen));
      for (const message of messages) {
        // A PUT that is turned into a PUT is no change.
        const options = { covered: names.filter((id) => message.method !== 'PUT' || id !== '"@method"') };
        await session.oursHolds(`${what}, ${message.url}`, message, key, options, verify);
        if (!names.includes('"content-digest"')) continue;
        const digest = `sha-256=:${createHash('sha256').update('hello').digest('base64')}:`;
        session.expect(`${what}: body`, message.body === 'hello', message.body);
        session.expect(`${what}: digest`, field(message, 'content-digest') === digest, field(message, 'content-digest'));
        session.expect(`${what}: digest covered`, field(message, 'signature-input').includes('"content-digest"'));
      }
    }
  } finally {
    capture.server.close();
    capture.server.closeAllConnections();
  }
}
