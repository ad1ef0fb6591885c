import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JudgedTable } from '../../src/reach/judge/judge.ts';
import { interleave, least, median } from './clock.ts';
import { gatewayAt } from './layout.ts';
import { capture, HERE, Installed, must } from './program.ts';
import { servingHost, type BenchHost } from './ruleset.ts';
import { IS_SHORT } from './self.ts';
import { tableOf } from './tables.ts';

/** Containers with one published port each, the networks they are on, and rounds. */
const SIZES: readonly (readonly [ports: number, networks: number, rounds: number])[] = IS_SHORT
  ? [[3, 1, 1]]
  : [
      [30, 3, 15],
      [500, 20, 9],
    ];

const HEAD = [
  ...['published ports', 'networks', 'what', 'without, best ms', 'with, best ms'],
  ...['ratio of bests', 'ratio of medians', 'ratio of processor time'],
];

const CASES = [
  ['`check`', ['check']],
  ['`hook post`, intact', ['hook', 'post', '--target', 'bench']],
] as const;

/**
 * `check` and `hook post` on hosts that are intact, links and docker-proxy included, beside the same program that reads as much, and follows no packet: interfaces, routes, routing
 * rules, settings and sockets are read by both.
 */
export function reachTable(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-reach-'));
  try {
    followingNothing(folder);
    return tableOf(
      HEAD,
      SIZES.flatMap((size) => rowsOf(folder, ...size)),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const FOLLOWS = 'judgedTable(terrain, judging)';
const EMPTY: JudgedTable = {
  ...{ cells: [], promised: 0, unasked: [] },
  counts: { same: 0, outage: 0, exposure: 0, degraded: 0, operator: 0, unknown: 0 },
};

/** Builds this program in a folder so that it makes an empty table of reachability. */
export function followingNothing(folder: string): void {
  const parts = ['bin', 'packaging', 'schemas', 'src', 'package.json', 'LICENSE'];
  for (const part of parts.filter((one) => existsSync(path.join(HERE, one))))
    cpSync(path.join(HERE, part), path.join(folder, part), { recursive: true });
  symlinkSync(path.join(HERE, 'node_modules'), path.join(folder, 'node_modules'));
  const file = path.join(folder, 'src/app/check/packets.ts');
  const text = readFileSync(file, 'utf8');
  if (!text.includes(FOLLOWS)) throw new Error(`${file} follows no packets`);
  writeFileSync(file, text.replace(FOLLOWS, JSON.stringify(EMPTY)));
  execFileSync(process.execPath, ['packaging/build.mjs'], { cwd: folder, stdio: 'ignore' });
}

function rowsOf(
  folder: string,
  ports: number,
  networks: number,
  rounds: number,
): readonly (readonly string[])[] {
  const host = servingHost(ports, networks);
  makeIntact(host);
  const proxy = listenOn(ports);
  const [without, whole] = [new Installed('bare', folder), new Installed('bare')];
  try {
    for (const installed of [without, whole]) {
      installed.load(host);
      installed.rulesguard(['hook', 'pre', '--target', 'bench']);
    }
    return CASES.map(([what, words]) => {
      const samples = interleave(
        { without: () => without.rulesguard(words), whole: () => whole.rulesguard(words) },
        rounds,
      );
      const [before, now] = [samples.without, samples.whole];
      const ratios = [
        least(now.wall) / least(before.wall),
        median(now.wall) / median(before.wall),
        now.cpu / before.cpu,
      ];
      const took = [least(before.wall), least(now.wall)].map((ms) => ms.toFixed(0));
      return [String(ports), String(networks), what, ...took, ...ratios.map((one) => one.toFixed(2))];
    });
  } finally {
    proxy.stop();
    for (const installed of [without, whole]) installed.dispose();
  }
}

/** What packets take beside the rules: a way out, and each network's bridge with its address and somebody on it. */
function makeIntact({ bridges }: BenchHost): void {
  const ip = (words: string): void => {
    must('ip', words.split(' '));
  };
  const [uplink, peer] = ['uplink', 'upstream'];
  const there = capture('ip', ['-o', 'link', 'show']);
  if (!there.includes(` ${uplink}@`)) {
    ip('link set lo up');
    ip(`link add ${uplink} type veth peer name ${peer}`);
    ip(`address add 192.0.2.10/24 dev ${uplink}`);
    for (const end of [uplink, peer]) ip(`link set ${end} up`);
    ip('route add default via 192.0.2.1');
    writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
  }
  bridges.forEach((bridge, i) => {
    if (there.includes(` port${String(i)}@`)) return;
    // Other sections make bridges with nothing on them.
    if (!there.includes(` ${bridge}: `)) ip(`link add ${bridge} type bridge`);
    ip(`address add ${gatewayAt(i)}/26 dev ${bridge}`);
    ip(`link add port${String(i)} type veth peer name guest${String(i)}`);
    ip(`link set port${String(i)} master ${bridge}`);
    for (const link of [bridge, `port${String(i)}`, `guest${String(i)}`]) ip(`link set ${link} up`);
  });
}

/** In docker-proxy's place somebody listens on each published port. */
function listenOn(ports: number): { readonly stop: () => void } {
  const last = 2_000 + ports - 1;
  const program = `const net = require('node:net');
    for (let port = 2_000; port <= ${String(last)}; port++) net.createServer().listen(port, '0.0.0.0');`;
  const child = spawn(process.execPath, ['-e', program], { stdio: 'ignore' });
  const wait = (isUp: boolean): void => {
    const socket = `:${last.toString(16).toUpperCase().padStart(4, '0')} `;
    for (
      let waited = 0;
      readFileSync('/proc/self/net/tcp', 'latin1').includes(socket) !== isUp;
      waited += 10
    ) {
      if (waited > 60_000) throw new Error(`nobody listens on port ${String(last)}, or still`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  };
  wait(true);
  return {
    stop: () => {
      child.kill();
      wait(false);
    },
  };
}
