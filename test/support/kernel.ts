import { execaSync } from 'execa';
import { describe } from 'vitest';
import { TOOL_ENV, tool } from './netns.ts';
import type { Backend, Family } from './netns.ts';

/** One of the four packet filters a machine has. */
export interface Kind {
  readonly family: Family;
  readonly backend: Backend;
}

export const BACKENDS: readonly Backend[] = ['nft', 'legacy'];
export const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];
export const KINDS: readonly Kind[] = BACKENDS.flatMap((backend) =>
  FAMILIES.map((family) => ({ family, backend })),
);

const reasons = new Map<Backend, string | undefined>();

/** Asks the real tools, inside a namespace of their own: only a successful listing proves kernel, tool and rights. */
function probe(backend: Backend): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  for (const family of FAMILIES) {
    const command = ['unshare', '-n', tool(family, backend), '-S'] as const;
    const { failed, stderr, shortMessage } = execaSync(command[0], command.slice(1), {
      env: TOOL_ENV,
      extendEnv: false,
      reject: false,
    });
    if (failed) return `${command.join(' ')} does not work here: ${stderr || (shortMessage ?? '')}`;
  }
  return undefined;
}

/**
 * Why the kernel tests of a backend cannot run on this machine; `undefined` when they can.
 * @throws Error under CI=true instead of giving a reason: a layer that silently skips there proves nothing
 */
export function whyNoKernel(backend: Backend): string | undefined {
  if (!reasons.has(backend)) reasons.set(backend, probe(backend));
  const reason = reasons.get(backend);
  if (reason !== undefined && process.env['CI'] === 'true')
    throw new Error(`kernel tests (${backend}) must run under CI: ${reason}`);
  return reason;
}

/** `describe` that skips itself, with the reason in its title, when the backend cannot be tested here. */
export function describeBackend(title: string, backend: Backend, body: () => void): void {
  const reason = whyNoKernel(backend);
  describe.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (skipped: ${reason})`, body);
}

/** The same test body for nft and legacy. */
export function describeBackends(title: string, body: (backend: Backend) => void): void {
  for (const backend of BACKENDS)
    describeBackend(`${title} · ${backend}`, backend, () => {
      body(backend);
    });
}

/** The same test body for nft and legacy, IPv4 and IPv6. */
export function describeKinds(title: string, body: (kind: Kind) => void): void {
  for (const kind of KINDS)
    describeBackend(`${title} · ${kind.backend} ${kind.family}`, kind.backend, () => {
      body(kind);
    });
}
