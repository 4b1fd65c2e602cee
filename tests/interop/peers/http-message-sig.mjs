// http-message-sig: RFC 9421 with `key` and `req`, without `sf`, `bs`, `tr` and @query-param. It
// knows nothing of Web Bot Auth, so every dialect goes.
import { component, createSignature, verifySignature, webcrypto } from 'http-message-sig';
import { agent, keySet, wellKnown } from '../session.mjs';

const algorithms = {
  ed25519: { name: 'Ed25519' },
  rsa: { name: 'RSA-PSS', hash: 'SHA-512' },
};

function importKey(jwk, use) {
  const algorithm = algorithms[jwk.kty === 'RSA' ? 'rsa' : 'ed25519'];
  return crypto.subtle.importKey('jwk', jwk, algorithm, false, [use]);
}

function descriptor(message) {
  return {
    kind: 'request',
    method: message.method,
    targetUri: message.url,
    requestTarget: message.url.replace(/^https:\/\/[^/?]*/, ''),
    fields: message.headers.map(([name, value]) => ({ name, value })),
  };
}

async function sign(key, message, components, { label = 'sig1', parameters = {} } = {}) {
  const signer = webcrypto.signer(await importKey(key.privateJwk, 'sign'));
  const created = Math.floor(Date.now() / 1000);
  const fields = await createSignature(descriptor(message), {
    label,
    components,
    parameters: { created, expires: created + 300, keyid: key.keyid, tag: 'web-bot-auth', ...parameters },
    signer,
  });
  return {
    ...message,
    headers: [...message.headers, ['Signature-Input', fields.signatureInput], ['Signature', fields.signature]],
  };
}

export async function theirs(session) {
  const key = session.key();
  const rsa = session.key('rsa');
  const url = 'https://origin.example/a%2Fb/?x=1&y=%20z';
  const get = (headers) => ({ method: 'GET', url, headers });
  const member = component('signature-agent', { key: 'sig1' });
  const atOrigin = ['--directory', `${wellKnown}=${key.directory}`];
  return [
    {
      what: 'direct dictionary',
      message: await sign(key, get([['Signature-Agent', `sig1="${keySet}"`]]), ['@authority', member]),
      verify: ['--directory', `${keySet}=${key.directory}`],
      dialect: 'direct-dictionary',
      agentUrl: keySet,
      keyid: key.keyid,
    },
    {
      what: 'origin dictionary, every derived component',
      message: await sign(key, get([['Signature-Agent', `sig1="${agent}"`]]), [
        '@method', '@target-uri', '@authority', '@scheme', '@request-target', '@path', '@query', member,
      ]),
      verify: atOrigin,
      dialect: 'origin-dictionary',
      keyid: key.keyid,
    },
    {
      what: 'a member whose key is not the label, among others',
      message: await sign(key, get([['Signature-Agent', 'other="https://other.example"'], ['Signature-Agent', `agent2="${agent}"`]]), [
        '@authority', component('signature-agent', { key: 'agent2' }),
      ], { label: 'sig2' }),
      verify: atOrigin,
      dialect: 'origin-dictionary',
      keyid: key.keyid,
    },
    {
      what: 'legacy string, two field lines, a nonce and alg',
      message: await sign(
        key,
        get([['Signature-Agent', `"${agent}"`], ['Accept', 'text/html'], ['Accept', '  text/plain  ']]),
        ['@authority', 'accept', 'signature-agent'],
        { parameters: { nonce: 'with = and + and / in it', alg: 'ed25519' } },
      ),
      verify: atOrigin,
      dialect: 'legacy-string',
      keyid: key.keyid,
    },
    {
      what: 'RSA-PSS',
      message: await sign(rsa, get([['Signature-Agent', `sig1="${agent}"`]]), ['@authority', member], {
        parameters: { alg: 'rsa-pss-sha512' },
      }),
      verify: ['--directory', `${wellKnown}=${rsa.directory}`],
      dialect: 'origin-dictionary',
      keyid: rsa.keyid,
    },
  ];
}

export async function ours(session) {
  const key = session.key();
  const rsa = session.key('rsa');
  const body = session.file('body.txt', 'a body\n');
  const url = 'https://origin.example/a%2Fb/?x=1&y=%20z';
  const cover = (...ids) => ids.flatMap((id) => ['--cover', id]);
  const derived = ['@authority', '@method', '@target-uri', '@scheme', '@request-target', '@path', '@query'];
  return [
    { what: 'draft-01', sign: ['--agent', keySet, '--profile', 'draft-01', 'GET', url], key },
    { what: 'draft-00', sign: ['--agent', agent, '--profile', 'draft-00', 'GET', url], key },
    { what: 'cloudflare', sign: ['--agent', agent, '--profile', 'cloudflare', 'GET', url], key },
    {
      what: 'every derived component',
      sign: ['--agent', keySet, '--profile', 'draft-01', ...cover(...derived), 'GET', url],
      key,
      options: { covered: derived.map((id) => `"${id}"`) },
    },
    {
      what: 'a field of two lines, and no nonce',
      sign: ['--agent', agent, '--profile', 'draft-00', '--nonce', 'none', '-H', 'Accept: text/html', '-H', 'Accept: text/plain', ...cover('accept'), 'GET', url],
      key,
      options: { covered: ['"accept"'] },
    },
    {
      what: 'a body',
      sign: ['--agent', keySet, '--profile', 'draft-01', '--body', body, 'POST', url],
      key,
      options: { covered: ['"content-digest"'] },
    },
    { what: 'RSA-PSS', sign: ['--agent', agent, '--profile', 'draft-00', 'GET', url], key: rsa },
  ];
}

export async function verify(message, key, options) {
  await verifySignature(descriptor(message), {
    policy: {
      algorithms: ['ed25519', 'rsa-pss-sha512'],
      requiredComponents: [...new Set(['@authority', ...(options?.covered ?? []).map((id) => id.slice(1, -1))])],
      requiredParameters: ['created', 'expires', 'keyid', 'tag'],
      maxAge: 300,
    },
    async resolveVerifier(candidate) {
      if (candidate.parameters.keyid !== key.keyid) throw new Error('another keyid');
      if (candidate.parameters.tag !== 'web-bot-auth') throw new Error('another tag');
      return webcrypto.verifier(await importKey(key.publicJwk, 'verify'));
    },
  });
  return true;
}
