// web-bot-auth: speaks the legacy string. It does not know component parameters.
import { signatureHeaders, verify as verifyRequest } from 'web-bot-auth';
import { signerFromJWK, verifierFromJWK } from 'web-bot-auth/crypto';
import { headerObject } from '../message.mjs';
import { agent, wellKnown } from '../session.mjs';

async function sign(jwk, message, params = {}) {
  const created = new Date();
  const fields = await signatureHeaders(
    { method: message.method, url: message.url, headers: headerObject(message) },
    await signerFromJWK(jwk),
    { created, expires: new Date(created.getTime() + 300_000), ...params },
  );
  return { ...message, headers: [...message.headers, ...Object.entries(fields)] };
}

export async function theirs(session) {
  const key = session.key();
  const rsa = session.key('rsa');
  const directory = ['--directory', `${wellKnown}=${key.directory}`];
  const named = [['Signature-Agent', `"${agent}"`]];
  const get = (url, headers = named) => ({ method: 'GET', url, headers });
  const common = { verify: directory, dialect: 'legacy-string', keyid: key.keyid };
  return [
    {
      what: 'its own components',
      message: await sign(key.privateJwk, get('https://origin.example/')),
      ...common,
    },
    {
      what: 'method, path and query covered',
      message: await sign(key.privateJwk, get('https://origin.example/a%2Fb/?x=1&y=%20z'), {
        components: ['@method', '@authority', '@scheme', '@path', '@query', '@request-target', '@target-uri', 'signature-agent'],
      }),
      ...common,
    },
    {
      what: 'a label of its own',
      message: await sign(key.privateJwk, get('https://origin.example/x'), { key: 'agent2' }),
      ...common,
    },
    {
      what: 'a port in the authority',
      message: await sign(key.privateJwk, get('https://origin.example:8443/x')),
      ...common,
    },
    {
      what: 'the default port and an upper-case host',
      message: await sign(key.privateJwk, get('https://ORIGIN.example:443/x', [['Host', 'ORIGIN.example:443'], ...named])),
      ...common,
    },
    {
      what: 'no Signature-Agent, the key given',
      message: await sign(key.privateJwk, get('https://origin.example/x', [])),
      ...common,
      verify: ['--keys', key.directory],
      dialect: null,
      agentUrl: null,
    },
    {
      what: 'RSA-PSS',
      message: await sign({ ...rsa.privateJwk, alg: 'PS512' }, get('https://origin.example/x')),
      ...common,
      verify: ['--directory', `${wellKnown}=${rsa.directory}`],
      keyid: rsa.keyid,
    },
  ];
}

export async function ours(session) {
  const key = session.key();
  const base = ['--agent', agent, '--profile', 'cloudflare'];
  const url = 'https://origin.example/a%2Fb/?x=1&y=%20z';
  return [
    { what: 'the profile as it is', sign: [...base, 'GET', url], key },
    { what: 'no nonce', sign: [...base, '--nonce', 'none', 'GET', url], key },
    {
      what: 'method, path and query covered',
      sign: [...base, ...['@method', '@path', '@query'].flatMap((id) => ['--cover', id]), 'POST', url],
      key,
      options: { covered: ['"@method"', '"@path"', '"@query"'] },
    },
    { what: 'a label of our own', sign: [...base, '--label', 'agent2', 'GET', url], key },
    { what: 'a port in the authority', sign: [...base, 'GET', 'https://origin.example:8443/x'], key },
    { what: 'the default port and an upper-case host', sign: [...base, 'GET', 'https://ORIGIN.example:443/x'], key },
  ];
}

export async function verify(message, key) {
  const check = await verifierFromJWK(key.publicJwk);
  let keyid;
  await verifyRequest(
    { method: message.method, url: message.url, headers: headerObject(message) },
    (data, signature, params) => {
      keyid = params.keyid;
      return check(data, signature, params);
    },
  );
  return keyid === key.keyid;
}
