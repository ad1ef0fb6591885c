import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { validate } from '../generated/hook-fired.js';
import { makePrivateFolder, parseJson, readTrusted, writeAtomically } from './files.ts';

const SCHEMA = 'https://rulesguard.dev/schemas/hook-fired.schema.json';

/** What became of `hook pre`. */
export interface FiredPre {
  readonly outcome: 'recorded' | 'unchanged' | 'damaged' | 'nothing' | 'off' | 'failed';
  /** In a few words, for people. */
  readonly says: string;
  /** Id of the baseline that holds the state before the change. */
  readonly baseline?: string;
}

/** What became of `hook post`. */
export interface FiredPost {
  readonly outcome: 'intact' | 'mended' | 'left' | 'reported' | 'nothing' | 'off' | 'failed';
  readonly says: string;
}

/** When, ISO 8601 in UTC. */
interface At {
  readonly at: string;
}

/** When a target's hook last fired. `schemas/hook-fired.schema.json` describes it. */
export interface Fired {
  readonly target: string;
  readonly pre?: FiredPre & At;
  readonly post?: FiredPost & At;
}

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
  await writeAtomically(pathOf(stateDir, target), `${JSON.stringify(note)}\n`);
}

/** Forgets when a target's hook fired. */
export async function forgetFired(stateDir: string, target: string): Promise<void> {
  await rm(pathOf(stateDir, target), { force: true });
}
