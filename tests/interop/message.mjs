// HTTP/1.1 messages as { method, url, headers: [[name, value]...], body }.
import { Buffer } from 'node:buffer';

export function formatMessage({ method, url, headers, body = '' }) {
  const { host } = new URL(url);
  const target = url.replace(/^https?:\/\/[^/?#]*/, '') || '/';
  const lines = [`${method} ${target} HTTP/1.1`];
  if (!headers.some(([name]) => name.toLowerCase() === 'host')) lines.push(`Host: ${host}`);
  if (body !== '') lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

export function parseMessage(text) {
  const [head, body] = splitHead(text);
  const [first, ...lines] = head.split(/\r?\n/);
  const [method, target] = first.split(' ');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const host = field({ headers }, 'host');
  return { method, url: `https://${host}${target}`, headers, body };
}

function splitHead(text) {
  const end = /\r?\n\r?\n/.exec(text);
  if (!end) return [text.replace(/\r?\n$/, ''), ''];
  return [text.slice(0, end.index), text.slice(end.index + end[0].length)];
}

// field gives the value of a field, its lines joined.
export function field({ headers }, name) {
  return headers
    .filter(([each]) => each.toLowerCase() === name)
    .map(([, value]) => value)
    .join(', ');
}

// headerObject gives headers as an object, which is what most packages take.
export function headerObject({ headers }) {
  const object = {};
  for (const [name] of headers) {
    const values = headers.filter(([each]) => each.toLowerCase() === name.toLowerCase());
    object[name] = values.length > 1 ? values.map(([, value]) => value) : values[0][1];
  }
  return object;
}

// mutations gives copies of a signed message, each with one change to something that is signed:
// the signature, its parameters, and what `covered` (serialised component identifiers) names.
export function mutations(message, covered) {
  const changes = [
    ['another signature', change(message, 'signature', (value) => value.replace(/:(.)/, (_, c) => `:${c === 'A' ? 'B' : 'A'}`))],
    ['another created', change(message, 'signature-input', (value) => value.replace(/created=(\d+)/, (_, t) => `created=${t - 1}`))],
    ['another authority', { ...change(message, 'host', () => 'other.example'), url: otherHost(message.url) }],
  ];
  for (const identifier of covered) {
    const [, name] = /^"([^"]*)"/.exec(identifier);
    if (name === '@method') changes.push(['another method', { ...message, method: 'PUT' }]);
    if (name === '@path' || name === '@request-target' || name === '@target-uri') {
      changes.push(['another path', { ...message, url: message.url.replace(/^(https:\/\/[^/?]*)\/?/, '$1/other') }]);
    }
    if (name.startsWith('@query')) {
      changes.push(['another query', { ...message, url: message.url.replace(/=/g, '=z') }]);
    }
    if (name === 'content-digest') {
      changes.push(['another Content-Digest', change(message, name, (value) => value.replace(/:(.)/, (_, c) => `:${c === 'A' ? 'B' : 'A'}`))]);
    } else if (name === 'signature-agent') {
      changes.push(['another agent', change(message, name, (value) => value.replace('https://', 'https://x'))]);
    } else if (!name.startsWith('@')) {
      changes.push([`another ${name}`, change(message, name, (value) => value.replace(/[a-y]/, (c) => String.fromCharCode(c.charCodeAt(0) + 1)))]);
    }
  }
  return changes.map(([how, changed]) => ({ how, changed }));
}

function change(message, name, edit) {
  return {
    ...message,
    headers: message.headers.map(([each, value]) => [each, each.toLowerCase() === name ? edit(value) : value]),
  };
}

function otherHost(url) {
  return url.replace(/^https:\/\/[^/?]*/, 'https://other.example');
}
