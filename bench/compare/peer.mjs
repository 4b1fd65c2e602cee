// usage: node peer.mjs PACKAGE SECONDS
// Prints the nanoseconds of processor time that PACKAGE takes to verify one request: the draft's vector E.2.1, or,
// for web-bot-auth, which ignores component parameters and so refuses it, the same request with the
// older Signature-Agent, signed by itself. The key is known and imported, the header object built.
import { createPublicKey, webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';

globalThis.crypto ??= webcrypto;

const vectors = new URL('../../vectors/', import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, vectors), 'utf8'));
const draft = read('webbotauth/draft-ietf-webbotauth-httpsig-protocol-01.json');
const vector = draft.vectors.find(({ id }) => id === 'e.2.1');
const { public_jwk: publicJwk, private_jwk: privateJwk } = read('rfc9421/keys.json').keys.find(({ id }) => id === vector.key);

const request = vector.message;
const headers = Object.fromEntries(request.headers);

const peers = {
  async 'web-bot-auth'() {
    const { signatureHeaders, verify } = await import('web-bot-auth');
    const { signerFromJWK, verifierFromJWK } = await import('web-bot-auth/crypto');
    const agent = /"(https:[^"]*)"/.exec(headers['Signature-Agent'])[0];
    const message = { method: request.method, url: request.target_uri, headers: { ...headers, 'Signature-Agent': agent } };
    delete message.headers.Signature;
    delete message.headers['Signature-Input'];
    const signed = await signatureHeaders(message, await signerFromJWK(privateJwk), {
      created: new Date(),
      expires: new Date(Date.now() + 3_600_000),
    });
    Object.assign(message.headers, signed);
    const verifier = await verifierFromJWK(publicJwk);
    return async () => {
      await verify(message, verifier);
      return true;
    };
  },

  async 'http-message-sig'() {
    const { verifySignature, webcrypto: provider } = await import('http-message-sig');
    const key = await crypto.subtle.importKey('jwk', publicJwk, { name: 'Ed25519' }, false, ['verify']);
    const verifier = provider.verifier(key);
    const message = {
      kind: 'request',
      method: request.method,
      targetUri: request.target_uri,
      fields: request.headers.map(([name, value]) => ({ name, value })),
    };
    const options = {
      policy: {
        algorithms: ['ed25519'],
        requiredComponents: ['@authority'],
        requiredParameters: ['created', 'expires', 'keyid', 'tag'],
      },
      resolveVerifier: () => verifier,
    };
    return async () => {
      await verifySignature(message, options);
      return true;
    };
  },

  async 'http-message-signatures'() {
    const { default: library } = await import('http-message-signatures');
    const key = createPublicKey({ key: publicJwk, format: 'jwk' });
    const found = { id: vector.keyid, algs: ['ed25519'], verify: library.createVerifier(key, 'ed25519') };
    const message = { method: request.method, url: request.target_uri, headers };
    const options = {
      keyLookup: async () => found,
      requiredFields: ['@authority'],
      requiredParams: ['created', 'expires', 'keyid', 'tag'],
    };
    return () => library.httpbis.verifyMessage(options, message);
  },
};

const [name, seconds] = process.argv.slice(2);
const verify = await peers[name]();
// Enough for the compiler to have seen all of it, and proof that each does verify.
for (let i = 0; i < 5000; i += 1) {
  if ((await verify()) !== true) throw new Error(`${name} does not verify the request`);
}
let count = 0;
const before = process.cpuUsage();
const end = performance.now() + Number(seconds) * 1000;
while (performance.now() < end) {
  for (let i = 0; i < 200; i += 1) await verify();
  count += 200;
}
// The threads that Node verifies on are counted in.
const { user, system } = process.cpuUsage(before);
console.log(((user + system) * 1000) / count);
