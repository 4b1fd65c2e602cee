// A session with the wba command: keys, directories and messages in a folder of its own.
import { spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatMessage, mutations, parseMessage } from './message.mjs';

export const agent = 'https://agent.example';
export const wellKnown = `${agent}/.well-known/http-message-signatures-directory`;
// The identity of an origin is the key set that is fetched for it.
export const agentIdentity = wellKnown;
export const keySet = `${agent}/keys.json`;

export class Session {
  constructor(wba) {
    this.wba = wba;
    this.folder = mkdtempSync(join(tmpdir(), 'wba-interop-'));
    this.failures = [];
    this.checks = 0;
  }

  close() {
    rmSync(this.folder, { recursive: true, force: true });
  }

  report() {
    for (const failure of this.failures) console.error(`FAILED: ${failure}`);
    console.log(`${this.checks} checks, ${this.failures.length} failed`);
    // A run that checked nothing has shown nothing.
    process.exitCode = this.failures.length === 0 && this.checks > 0 ? 0 : 1;
  }

  expect(what, good, detail) {
    this.checks += 1;
    if (!good) this.failures.push(`${what}${detail ? `: ${detail}` : ''}`);
  }

  run(args, input) {
    const result = spawnSync(this.wba, args, { input, encoding: 'utf8', timeout: 60000 });
    if (result.error) throw result.error;
    return result;
  }

  file(name, text) {
    const path = join(this.folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  // key makes a key in a file that wba reads, and gives it in Node's forms too. An Ed25519 key is
  // made by wba, the others, which it makes none of, by Node.
  key(type = 'ed25519') {
    const path = join(this.folder, `${type}.pem`);
    if (type === 'ed25519') {
      const made = this.run(['key', 'new', '--force', '--out', path]);
      if (made.status !== 0) throw new Error(`wba key new: ${made.stderr}`);
    } else {
      const options =
        type === 'rsa' ? { modulusLength: 2048 } : { namedCurve: type === 'p256' ? 'P-256' : 'P-384' };
      const pair = generateKeyPairSync(type === 'rsa' ? 'rsa' : 'ec', options);
      this.file(`${type}.pem`, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    }
    const privateKey = createPrivateKey(readFileSync(path));
    const publicKey = createPublicKey(privateKey);
    const shown = this.run(['key', 'show', '--json', path]);
    if (shown.status !== 0) throw new Error(`wba key show: ${shown.stderr}`);
    const publicJwk = publicKey.export({ format: 'jwk' });
    const directory = this.file(`${type}.jwks.json`, JSON.stringify({ keys: [publicJwk] }));
    return {
      path,
      directory,
      privateKey,
      publicKey,
      privateJwk: privateKey.export({ format: 'jwk' }),
      publicJwk,
      keyid: JSON.parse(shown.stdout).thumbprint,
    };
  }

  verify(message, args) {
    const result = this.run(['verify', '--json', ...args, '-'], message);
    let verdict = {};
    try {
      verdict = JSON.parse(result.stdout);
    } catch {
      verdict = { outcome: `no JSON on stdout (${result.stderr.trim()})` };
    }
    return { status: result.status, ...verdict };
  }

  // theirsSigned: `message` is what the other implementation signed; `verify` the arguments under
  // which wba must find it verified, in `dialect`, as sent by `agentUrl`.
  async theirsSigned({ what, message, verify, dialect, agentUrl = agentIdentity, keyid }) {
    const verdict = this.verify(formatMessage(message), verify);
    this.expect(`${what}: verified`, verdict.status === 0 && verdict.outcome === 'verified', JSON.stringify(verdict));
    this.expect(`${what}: dialect ${dialect}`, verdict.dialect === dialect, String(verdict.dialect));
    this.expect(`${what}: agent ${agentUrl}`, (verdict.agent?.url ?? null) === agentUrl, JSON.stringify(verdict.agent));
    this.expect(`${what}: keyid`, verdict.agent?.keyid === keyid, JSON.stringify(verdict.agent));
    // Another agent's URL is no false signature but an unknown key: not among these.
    const covered = (verdict.covered ?? []).filter((id) => !id.startsWith('"signature-agent"'));
    for (const { how, changed } of mutations(message, covered)) {
      const refused = this.verify(formatMessage(changed), verify);
      this.expect(
        `${what}, ${how}: invalid`,
        refused.status === 1 && refused.outcome === 'invalid',
        `exit status ${refused.status}, ${refused.outcome}, ${refused.reason}`,
      );
    }
  }

  // oursSigned: `sign` is what `wba sign` is called with; `verify` must take what it prints and
  // must refuse it changed.
  async oursSigned({ what, sign, key, options }, verify) {
    const signed = this.run(['sign', '--key', key.path, '--output', 'message', ...sign]);
    this.expect(`${what}: signed`, signed.status === 0, signed.stderr);
    if (signed.status !== 0) return;
    await this.oursHolds(what, parseMessage(signed.stdout), key, options, verify);
  }

  // oursHolds: `verify` must take the message and must refuse it changed.
  async oursHolds(what, message, key, options, verify) {
    const verdict = await attempt(() => verify(message, key, options));
    this.expect(`${what}: verified`, verdict === true, `${verdict}\n${formatMessage(message)}`);
    const covered = ['"signature-agent"', ...(options?.covered ?? [])];
    for (const { how, changed } of mutations(message, covered)) {
      const refused = await attempt(() => verify(changed, key, options));
      this.expect(`${what}, ${how}: refused`, refused !== true, 'it was accepted');
    }
  }
}

// attempt gives true, false or the error that was thrown.
async function attempt(verify) {
  try {
    return await verify();
  } catch (error) {
    return error;
  }
}
