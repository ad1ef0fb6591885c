import { Fault } from '../../fault.ts';
import { sh } from '../../shell.ts';
import type { Weakness } from '../files/trusted-path.ts';

const WITHOUT =
  'To go on without the Engine: rulesguard restore repairs what does not depend on it, rulesguard restore --assume-unchanged the rest as recorded';

/** A socket that exists and was not asked: of a rootless Engine, or one that others may replace. */
export type Unasked =
  | { readonly socket: string; readonly uid: number }
  | { readonly socket: string; readonly weakness: Weakness };

/** No socket to ask on. */
export function engineAbsent(looked: readonly string[], unasked: readonly Unasked[]): Fault {
  const [first] = unasked;
  const named =
    first === undefined
      ? 'say where its socket is: DOCKER_HOST=unix:///path/docker.sock rulesguard …'
      : `if one of these is the Engine you mean, name it: ${sh`DOCKER_HOST=unix://${first.socket}`} rulesguard …`;
  return new Fault(
    'RG_ENGINE_ABSENT',
    3,
    `there is no Docker Engine to ask: no socket at ${looked.join(', nor at ')}`,
    {
      details: unasked.map((one) =>
        'uid' in one
          ? `${one.socket} belongs to uid ${String(one.uid)} (a rootless Engine?): it is asked only if DOCKER_HOST names it`
          : `${one.socket} is not asked: ${one.weakness.path} ${one.weakness.why}`,
      ),
      hint: `Start it (systemctl start docker), or ${named}. ${WITHOUT}`,
    },
  );
}

/** Somebody other than root controls who answers there. */
export const engineUntrusted = (socket: string, { path, why }: Weakness): Fault =>
  new Fault(
    'RG_ENGINE_UNTRUSTED',
    3,
    `the Docker Engine is not asked: ${path} ${why}, so somebody other than root decides who answers on ${socket}`,
    {
      details: ['Root writes rules by what the Engine answers.'],
      hint: `Look at it: ${sh`namei -l ${socket}`}. If that is the Engine you mean, name it: ${sh`DOCKER_HOST=unix://${socket}`} rulesguard …. ${WITHOUT}`,
    },
  );

/** A socket on which nobody listens, or on which the connection was closed. */
export const engineDown = (socket: string, why: string, cause: Error): Fault =>
  new Fault('RG_ENGINE_DOWN', 3, `the Docker Engine is not running: ${why} ${socket}`, {
    hint: `systemctl status docker, then systemctl start docker. ${WITHOUT}`,
    cause,
  });

/** Asking would start it. */
export const engineStopped = (socket: string): Fault =>
  new Fault(
    'RG_ENGINE_DOWN',
    3,
    `the Docker Engine is not running: systemd holds ${socket}, and no dockerd runs`,
    { hint: `systemctl status docker, then systemctl start docker. ${WITHOUT}` },
  );

/** The socket may not be opened. */
export const enginePrivilege = (socket: string, cause: unknown): Fault =>
  new Fault(
    'RG_ENGINE_PRIVILEGE',
    3,
    `the Docker Engine cannot be asked: ${socket} may not be opened by this user`,
    {
      hint: 'Run it as root: sudo rulesguard …',
      cause,
    },
  );

/** It accepts the connection, and does not answer. */
export const engineHung = (socket: string, path: string, patience: number): Fault =>
  new Fault(
    'RG_ENGINE_HUNG',
    3,
    `the Docker Engine behind ${socket} does not answer${patience === 0 ? ', nor take connections any more' : ` within ${String(patience / 1000)} s`}: what exists is unknown`,
    {
      details: [`asked for ${path}`],
      hint: `See what holds it up: journalctl -u docker -n 50. Its containers run on. ${WITHOUT}`,
    },
  );

/** DOCKER_HOST names another host, or nothing that exists. */
export const engineRemote = (dockerHost: string): Fault =>
  new Fault(
    'RG_ENGINE_REMOTE',
    3,
    `DOCKER_HOST is ${dockerHost}: only an Engine on this host, behind a unix socket, owns this host's rules`,
    { hint: 'DOCKER_HOST=unix:///var/run/docker.sock rulesguard …, or run rulesguard on that host' },
  );

/** Several sockets, and none is named. */
export const engineMany = (sockets: readonly string[]): Fault =>
  new Fault(
    'RG_ENGINE_MANY',
    3,
    'there are several Engine sockets, and none of them is the usual /var/run/docker.sock',
    {
      details: sockets,
      hint: `Say which Engine is meant: DOCKER_HOST=unix://${sockets[0] ?? '/path'} rulesguard …`,
    },
  );

/** Something answers that is not Docker, or not as Docker does. */
export const engineNotDocker = (socket: string, details: readonly string[], cause?: unknown): Fault =>
  new Fault('RG_ENGINE_ANSWER', 3, `what answers on ${socket} is not a Docker Engine that works`, {
    details,
    hint: `See what it is: DOCKER_HOST=unix://${socket} docker version. If the Engine's socket is another one: DOCKER_HOST=unix:///path/docker.sock rulesguard …`,
    cause,
  });

/** An answer longer than any Engine's. */
export const engineTooMuch = (socket: string, path: string, much: string): Fault =>
  engineNotDocker(socket, [
    `GET ${path} → ${much}: no Engine has so much to say, so the answer is not read on`,
  ]);

/** The answer holds something that must not become part of a rule. */
export const engineFlawed = (socket: string, flaw: string): Fault =>
  new Fault(
    'RG_ENGINE_ANSWER',
    3,
    `the Docker Engine behind ${socket} says what cannot be: nothing is concluded from it, and nothing written`,
    {
      details: [flaw],
      hint: `See what it says: ${sh`curl --unix-socket ${socket}`} http://docker/networks (or /containers/json). ${WITHOUT}`,
    },
  );

/** A rootless Engine: its rules are in RootlessKit's namespaces (docs/reference/docker-iptables.md#elsewhere). */
export const engineRootless = (socket: string, enter: string): Fault =>
  new Fault(
    'RG_ENGINE_ROOTLESS',
    3,
    `the Docker Engine behind ${socket} is rootless: its rules are in a network namespace of its own, none of them in this one`,
    { hint: `Run rulesguard in there: ${enter}` },
  );

/** Its bridges are not in this network namespace. */
export const engineElsewhere = (socket: string, bridges: readonly string[], enter: string): Fault =>
  new Fault(
    'RG_ENGINE_ELSEWHERE',
    3,
    `the Docker Engine behind ${socket} runs in another network namespace: none of its bridges is an interface of this one`,
    { details: [`its bridges: ${bridges.join(', ')}`], hint: `Run rulesguard where its rules are: ${enter}` },
  );

/** `--iptables=false`. */
export const engineNoIptables = (version: string): Fault =>
  new Fault(
    'RG_ENGINE_NO_IPTABLES',
    3,
    `Docker Engine ${version} runs with iptables switched off: it writes no rules, so there are none to guard`,
    {
      hint: 'If it is not meant so: take "iptables": false out of /etc/docker/daemon.json or off its command line (systemctl cat docker), then systemctl restart docker',
    },
  );
