import { Fault, type FaultCode } from '../fault.ts';

/** Faults after which there is nothing to guard, whatever a baseline says: this Engine keeps no iptables rules. */
export const KEEPS_NONE: ReadonlySet<FaultCode> = new Set(['RG_ENGINE_NFTABLES', 'RG_ENGINE_NO_IPTABLES']);

const WITHOUT =
  'To go on without the Engine: rulesguard restore puts back what does not depend on it, rulesguard restore --unvouched the rest as recorded';

/** No socket to ask on. */
export const engineAbsent = (looked: readonly string[]): Fault =>
  new Fault(
    'RG_ENGINE_ABSENT',
    3,
    `there is no Docker Engine to ask: no socket at ${looked.join(', nor at ')}`,
    {
      hint: `Start it (systemctl start docker), or say where its socket is: DOCKER_HOST=unix:///path/docker.sock rulesguard …. ${WITHOUT}`,
    },
  );

/** A socket on which nobody listens, or who did hung up. */
export const engineDown = (socket: string, why: string, cause: Error): Fault =>
  new Fault('RG_ENGINE_DOWN', 3, `the Docker Engine is not running: ${why} ${socket}`, {
    hint: `systemctl status docker, then systemctl start docker. ${WITHOUT}`,
    cause,
  });

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

/** It accepts, and does not answer. */
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

/** DOCKER_HOST leads off this host, or nowhere. */
export const engineRemote = (dockerHost: string): Fault =>
  new Fault(
    'RG_ENGINE_REMOTE',
    3,
    `DOCKER_HOST is ${dockerHost}: only an Engine on this host, behind a unix socket, owns this host's rules`,
    { hint: 'DOCKER_HOST=unix:///var/run/docker.sock rulesguard …, or run rulesguard on that host' },
  );

/** Several sockets, and nothing says which. */
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

/** A rootless Engine: its rules are in RootlessKit's namespaces (docker-rules §7). */
export const engineRootless = (socket: string, enter: string): Fault =>
  new Fault(
    'RG_ENGINE_ROOTLESS',
    3,
    `the Docker Engine behind ${socket} is rootless: its rules are in a network namespace of its own, none of them in this one`,
    { hint: `Run rulesguard in there: ${enter}` },
  );

/** Its bridges are not here. */
export const engineElsewhere = (socket: string, bridges: readonly string[], enter: string): Fault =>
  new Fault(
    'RG_ENGINE_ELSEWHERE',
    3,
    `the Docker Engine behind ${socket} works in another network namespace: none of its bridges is an interface of this one`,
    { details: [`its bridges: ${bridges.join(', ')}`], hint: `Run rulesguard where its rules are: ${enter}` },
  );

/** Engine 29 and later with `--firewall-backend=nftables`. */
export const engineNftables = (version: string): Fault =>
  new Fault(
    'RG_ENGINE_NFTABLES',
    3,
    `Docker Engine ${version} uses the nftables firewall backend: its rules are not in iptables, so rulesguard cannot guard them`,
    { hint: 'See them: nft list table ip docker-bridges. To bring lost ones back: systemctl restart docker' },
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
