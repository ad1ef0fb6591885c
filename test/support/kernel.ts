import { execaSync } from 'execa';
import { describe } from 'vitest';
import { TOOL_ENV, tool, TOOLS_ROOT } from './netns.ts';
import type { Variant, Family } from './netns.ts';

/** One of the four packet filters a machine has. */
export interface Kind {
  readonly family: Family;
  readonly variant: Variant;
}

export const VARIANTS: readonly Variant[] = ['nft', 'legacy'];
export const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];
const KINDS: readonly Kind[] = VARIANTS.flatMap((variant) => FAMILIES.map((family) => ({ family, variant })));

/** The N of iptables 1.8.N; measured are 9, 11 and 13. Zero when there is no iptables. */
export const RELEASE = Number(
  /v1\.8\.(\d+)/.exec(
    execaSync('nsenter', [`--root=${TOOLS_ROOT}`, '--', tool('ipv4', 'nft'), '-V'], {
      env: TOOL_ENV,
      extendEnv: false,
      reject: false,
    }).stdout,
  )?.[1] ?? 0,
);

/** ip6tables-nft takes the counters of rules and, up to 1.8.10 or so, gives none of them to the kernel. */
export function losesCounters({ variant, family }: Kind): boolean {
  return variant === 'nft' && family === 'ipv6' && RELEASE < 11;
}

/** Runs a command in a namespace of its own, gone when it ends. */
function inside(...command: readonly string[]): { failed: boolean; exitCode?: number; stderr: string } {
  const args = ['-n', 'nsenter', `--root=${TOOLS_ROOT}`, '--', ...command];
  return execaSync('unshare', args, { env: TOOL_ENV, extendEnv: false, reject: false });
}

/** Asks the real tools: only a successful listing proves kernel, tool and rights. */
function probe(variant: Variant): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  for (const family of FAMILIES) {
    const { failed, stderr } = inside(tool(family, variant), '-S');
    if (failed) return `${tool(family, variant)} does not work here: ${stderr}`;
  }
  return undefined;
}

const reasons = new Map<string, string | undefined>();

/** The reason that `ask` gives, asked once; under CI=true a reason is a fault. */
function reasonOf(key: string, ask: () => string | undefined): string | undefined {
  if (!reasons.has(key)) reasons.set(key, ask());
  const reason = reasons.get(key);
  if (reason !== undefined && process.env['CI'] === 'true')
    throw new Error(`kernel tests must run under CI, but not ${key}: ${reason}`);
  return reason;
}

/**
 * Why the kernel tests of a variant cannot run on this machine; `undefined` when they can.
 * @param programs - what they need besides iptables
 * @throws Error under CI=true instead of giving a reason: a layer that silently skips there proves nothing
 */
export function whyNoKernel(variant: Variant, programs: readonly string[] = []): string | undefined {
  const missing = (program: string): string | undefined =>
    inside(program, '--version').exitCode === 127 ? `needs ${program}` : undefined;
  return (
    reasonOf(variant, () => probe(variant)) ??
    programs
      .map((program) => reasonOf(program, () => missing(program)))
      .find((reason) => reason !== undefined)
  );
}

/**
 * `describe` that skips itself, with the reason in its title, when the variant cannot be tested here.
 * @param programs - what the tests need besides iptables
 */
export function describeVariant(
  title: string,
  variant: Variant,
  body: () => void,
  programs: readonly string[] = [],
): void {
  const reason = whyNoKernel(variant, programs);
  describe.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (skipped: ${reason})`, body);
}

/** The same test body for nft and legacy. */
export function describeVariants(title: string, body: (variant: Variant) => void): void {
  for (const variant of VARIANTS)
    describeVariant(`${title} · ${variant}`, variant, () => {
      body(variant);
    });
}

/** The same test body for nft and legacy, IPv4 and IPv6. */
export function describeKinds(title: string, body: (kind: Kind) => void): void {
  for (const kind of KINDS)
    describeVariant(`${title} · ${kind.variant} ${kind.family}`, kind.variant, () => {
      body(kind);
    });
}
