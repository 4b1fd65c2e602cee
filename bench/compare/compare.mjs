// usage: node compare.mjs WBA_BENCH [ROUNDS]
// Measures ours and the npm peers alternately in one session and prints a table. Processor time, of
// each the quietest of its rounds: all that a busy machine can do to a figure is raise it.
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const [bench, rounds = '5'] = process.argv.slice(2);
const peers = ['web-bot-auth', 'http-message-sig', 'http-message-signatures'];
const own = [
  'ed25519/libsodium_verify',
  'ed25519/openssl_verify',
  'ed25519/prepared_verify',
  'verify/known_key/minimal',
  'verify/without_curve/minimal',
];
const toNanoseconds = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };

function run(command, args) {
  // One processor for all, so that none of them gets a second for its garbage collector.
  const pinned = spawnSync('taskset', ['--version']).status === 0;
  const line = pinned ? ['taskset', '-c', '0', command, ...args] : [command, ...args];
  const result = spawnSync(line[0], line.slice(1), { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new Error(`${command}: ${result.stderr}`);
  return result.stdout;
}

const best = new Map();
const note = (name, nanoseconds) => best.set(name, Math.min(best.get(name) ?? Infinity, nanoseconds));

const peerScript = fileURLToPath(new URL('peer.mjs', import.meta.url));
for (let round = 0; round < Number(rounds); round += 1) {
  const filter = `--benchmark_filter=^(${own.join('|')})$`;
  const report = JSON.parse(run(bench, [filter, '--benchmark_min_time=0.5', '--benchmark_format=json']));
  for (const { name, cpu_time: time, time_unit: unit } of report.benchmarks) note(name, time * toNanoseconds[unit]);
  for (const peer of peers) note(peer, Number(run(process.execPath, [peerScript, peer, '1'])));
  process.stderr.write(`round ${round + 1} of ${rounds}\n`);
}

const ours = best.get('verify/known_key/minimal');
const raw = best.get('ed25519/libsodium_verify');
const number = (value, digits) => value.toFixed(digits);
const row = (label, nanoseconds) =>
  `| ${label} | ${number(nanoseconds / 1e3, 2)} | ${Math.round(1e9 / nanoseconds).toLocaleString('en-US')} | ` +
  `${raw ? number(nanoseconds / raw, 2) : '-'} | ${ours ? number(nanoseconds / ours, 2) : '-'} |`;

console.log(`${cpus()[0].model}, Node ${process.version}, one processor, processor time, quietest of ${rounds} rounds`);
console.log();
console.log('| verify one request, key known | us | a second | of libsodium\'s raw verify | of ours |');
console.log('|---|--:|--:|--:|--:|');
for (const name of own) if (best.has(name)) console.log(row(`\`${name}\``, best.get(name)));
for (const name of peers) console.log(row(`npm ${name}`, best.get(name)));
if (ours) {
  const fastest = Math.min(...peers.map((name) => best.get(name)));
  console.log();
  console.log(`Ours makes ${number(fastest / ours, 1)} times the requests a second of the fastest npm peer.`);
}
