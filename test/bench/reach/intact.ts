import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { gatewayAt } from '../layout.ts';
import { capture, must } from '../program.ts';

/** What packets take beside the rules: a way out, and each network's bridge with its address and somebody on it. */
export function makeIntact(bridges: readonly string[]): void {
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
export function listenOn(ports: number): { readonly stop: () => void } {
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
