// http-message-signatures: RFC 9421 whole, by Node's own cryptography. Its RSA-PSS signs with the
// longest salt there is and not with the 64 octets of RFC 9421, so that way round is left out.
import { createHash } from 'node:crypto';
import library from 'http-message-signatures';
import { headerObject } from '../message.mjs';
import { agent, keySet, wellKnown } from '../session.mjs';

const { createSigner, createVerifier, httpbis } = library;

function digest(hash, text) {
  return createHash(hash).update(text).digest('base64');
}

async function sign(key, alg, message, fields, { name = 'sig1', params = [], paramValues = {} } = {}) {
  const expires = new Date(Date.now() + 300_000);
  const signed = await httpbis.signMessage(
    {
      key: createSigner(key.privateKey, alg, key.keyid),
      name,
      fields,
      params: ['created', 'expires', 'keyid', 'tag', ...params],
      paramValues: { expires, tag: 'web-bot-auth', ...paramValues },
    },
    { method: message.method, url: message.url, headers: headerObject(message) },
  );
  const added = Object.entries(signed.headers).filter(([each]) => /^signature(-input)?$/i.test(each));
  return { ...message, headers: [...message.headers, ...added] };
}

export async function theirs(session) {
  const key = session.key();
  const p256 = session.key('p256');
  const p384 = session.key('p384');
  const rsa = session.key('rsa');
  const url = 'https://origin.example/a%2Fb/?x=1&y=%20z&empty=';
  const get = (headers) => ({ method: 'GET', url, headers });
  const member = '"signature-agent";key="sig1"';
  const dictionary = [['Signature-Agent', `sig1="${agent}"`]];
  const body = '{"hello": "world"}';
  const at = (url_, { directory }) => ['--directory', `${url_}=${directory}`];
  const examples = [
    {
      what: 'direct dictionary',
      message: await sign(key, 'ed25519', get([['Signature-Agent', `sig1="${keySet}"`]]), ['@authority', member]),
      verify: at(keySet, key),
      dialect: 'direct-dictionary',
      agentUrl: keySet,
      keyid: key.keyid,
    },
    {
      what: 'every derived component',
      message: await sign(key, 'ed25519', get(dictionary), [
        '@method', '@target-uri', '@authority', '@scheme', '@request-target', '@path', '@query',
        '"@query-param";name="x"', '"@query-param";name="y"', '"@query-param";name="empty"', member,
      ]),
      verify: at(wellKnown, key),
      dialect: 'origin-dictionary',
      keyid: key.keyid,
    },
    {
      what: 'fields raw, as structured fields, by member and as bytes',
      message: await sign(
        key,
        'ed25519',
        {
          ...get([
            ...dictionary,
            ['Content-Digest', `sha-256=:${digest('sha256', body)}:,   sha-512=:${digest('sha512', body)}:`],
            ['X-List', 'a, "b"'],
            ['X-List', 'c'],
          ]),
          method: 'POST',
          body,
        },
        ['@authority', member, '"content-digest";key="sha-256"', '"signature-agent";sf', '"x-list";bs', 'x-list'],
      ),
      verify: at(wellKnown, key),
      dialect: 'origin-dictionary',
      keyid: key.keyid,
    },
    {
      what: 'legacy string, a nonce and alg',
      message: await sign(key, 'ed25519', get([['Signature-Agent', `"${agent}"`]]), ['@authority', 'signature-agent'], {
        params: ['alg', 'nonce'],
        paramValues: { nonce: 'with = and + and / in it' },
      }),
      verify: at(wellKnown, key),
      dialect: 'legacy-string',
      keyid: key.keyid,
    },
  ];
  for (const [what, other, alg] of [
    ['ECDSA P-256', p256, 'ecdsa-p256-sha256'],
    ['ECDSA P-384', p384, 'ecdsa-p384-sha384'],
    ['RSA v1.5', rsa, 'rsa-v1_5-sha256'],
  ]) {
    examples.push({
      what,
      message: await sign(other, alg, get(dictionary), ['@authority', member], { params: ['alg'] }),
      verify: at(wellKnown, other),
      dialect: 'origin-dictionary',
      keyid: other.keyid,
    });
  }
  return examples;
}

export async function ours(session) {
  const key = session.key();
  const body = session.file('body.txt', 'a body\n');
  const url = 'https://origin.example/a%2Fb/?x=1&y=%20z&empty=';
  const cover = (...ids) => ids.flatMap((id) => ['--cover', id]);
  const derived = ['@authority', '@method', '@target-uri', '@scheme', '@request-target', '@path', '@query'];
  const params = ['"@query-param";name="x"', '"@query-param";name="y"', '"@query-param";name="empty"'];
  const direct = ['--agent', keySet, '--profile', 'draft-01'];
  const ed25519 = [
    { what: 'draft-01', sign: [...direct, 'GET', url] },
    { what: 'draft-00', sign: ['--agent', agent, '--profile', 'draft-00', 'GET', url] },
    { what: 'cloudflare', sign: ['--agent', agent, '--profile', 'cloudflare', 'GET', url] },
    {
      what: 'every derived component',
      sign: [...direct, ...cover(...derived, ...params), 'GET', url],
      options: { covered: [...derived.map((id) => `"${id}"`), ...params] },
    },
    {
      what: 'fields raw, as a structured field and as bytes',
      sign: [
        ...direct, '-H', 'Accept: text/html', '-H', 'Accept: text/plain', '-H', 'X-List: a, "b"', '-H', 'X-List: c',
        ...cover('accept', '"x-list";bs', '"signature-agent";sf'), 'GET', url,
      ],
      options: { covered: ['"accept"', '"x-list";bs'] },
    },
    {
      what: 'a body',
      sign: [...direct, '--body', body, 'POST', url],
      options: { covered: ['"content-digest"'] },
    },
  ].map((example) => ({ key, ...example }));
  const others = ['p256', 'p384', 'rsa'].map((type) => ({
    what: type,
    sign: ['--agent', agent, '--profile', 'draft-00', 'GET', url],
    key: session.key(type),
  }));
  return [...ed25519, ...others];
}

const algorithmOf = { ed25519: 'ed25519', prime256v1: 'ecdsa-p256-sha256', secp384r1: 'ecdsa-p384-sha384', rsa: 'rsa-pss-sha512' };

export async function verify(message, key) {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key.publicKey;
  const alg = algorithmOf[type === 'ec' ? details.namedCurve : type];
  const found = await httpbis.verifyMessage(
    {
      async keyLookup({ keyid, tag }) {
        if (keyid !== key.keyid || tag !== 'web-bot-auth') return null;
        return { id: keyid, algs: [alg], verify: createVerifier(key.publicKey, alg) };
      },
      requiredFields: ['@authority'],
      requiredParams: ['created', 'expires', 'keyid', 'tag'],
    },
    { method: message.method, url: message.url, headers: headerObject(message) },
  );
  return found === true;
}
