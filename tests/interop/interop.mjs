// usage: node interop.mjs WBA PACKAGE theirs-signs|ours-signs|fetched
//
// theirs-signs: what the package signs, `wba verify` finds verified, and finds invalid once an octet
// of it is changed. ours-signs: the same with `wba sign` and the package's verifier. fetched: the same
// with what `wba fetch` and `wba curl` send to a server of Node's.
import { webcrypto } from 'node:crypto';
import { sendAndVerify } from './fetched.mjs';
import { Session } from './session.mjs';

// Node 18 has Web Cryptography, but not as a global: the packages expect it there.
globalThis.crypto ??= webcrypto;

const [wba, name, direction] = process.argv.slice(2);
const peer = await import(`./peers/${name}.mjs`);
const session = new Session(wba);
try {
  if (direction === 'theirs-signs') {
    for (const example of await peer.theirs(session)) await session.theirsSigned(example);
  } else if (direction === 'ours-signs') {
    for (const example of await peer.ours(session)) await session.oursSigned(example, peer.verify);
  } else if (direction === 'fetched') {
    await sendAndVerify(session, peer.verify);
  } else {
    throw new Error(`no such direction: ${direction}`);
  }
} finally {
  session.close();
}
session.report();
