import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { validate } from '../../generated/hook-fired.js';
import type { Fired, FiredPost, FiredPre } from '../../hooks/fired.ts';
import { makePrivateFolder, parseJson, readTrusted, writeAtomically } from '../files/files.ts';

const SCHEMA = 'https://rulesguard.dev/schemas/hook-fired.schema.json';

const pathOf = (stateDir: string, target: string): string => join(stateDir, 'hooks', `${target}.json`);

/** When a target's hook last fired; undefined when it never did, or when what was noted cannot be used. */
export async function readFired(stateDir: string, target: string): Promise<Fired | undefined> {
  const text = await readTrusted(pathOf(stateDir, target), 'note of a hook').catch(() => '');
  const document = parseJson(text);
  return validate(document) ? (document as Fired) : undefined;
}

/** Notes that one half of a hook fired, beside what is known of the other. */
export async function noteFired(
  stateDir: string,
  target: string,
  half: { readonly pre: FiredPre } | { readonly post: FiredPost },
): Promise<void> {
  const at = new Date().toISOString();
  const { pre, post } = (await readFired(stateDir, target)) ?? {};
  const note = {
    $schema: SCHEMA,
    version: 1,
    target,
    ...(pre === undefined ? {} : { pre }),
    ...(post === undefined ? {} : { post }),
    ...('pre' in half ? { pre: { at, ...half.pre } } : { post: { at, ...half.post } }),
  };
  await makePrivateFolder(join(stateDir, 'hooks'));
  await writeAtomically(pathOf(stateDir, target), `${JSON.stringify(note)}\n`, { durable: false });
}

/** Forgets when a target's hook fired. */
export async function forgetFired(stateDir: string, target: string): Promise<void> {
  await rm(pathOf(stateDir, target), { force: true });
}
