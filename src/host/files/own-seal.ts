import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../fault.ts';
import { makePrivateFolder, readTrusted, writeAtomically } from './files.ts';

/** A digest proves no origin, anybody can compute one; a seal needs the key of this state folder. */
const KEY = /^[0-9a-f]{64}\n?$/;

const keyPath = (stateDir: string): string => join(stateDir, 'key');

/**
 * A seal for a document of this host: an HMAC of its digest and the machine's id (machine-id(5)), by a key in the state folder,
 * which is created when there is none.
 *
 * @param digest - of the document's content, see `digestOf`
 * @throws Fault RG_UNSAFE_FILE when the key cannot be read or made, or when others may have written it
 */
export async function sealOf(stateDir: string, digest: string): Promise<string> {
  return sealBy((await readKey(stateDir)) ?? (await makeKey(stateDir)), digest);
}

/**
 * Whether a document was written by rulesguard on this host: its seal is that of this state folder's key. False without a
 * seal or a key, and for a key that others may have written.
 */
export async function isOwnSeal(
  stateDir: string,
  digest: string,
  seal: string | undefined,
): Promise<boolean> {
  if (seal === undefined) return false;
  const key = await readKey(stateDir).catch((error: unknown) => {
    if (error instanceof Fault) return undefined;
    throw error;
  });
  if (key === undefined) return false;
  const [is, should] = [Buffer.from(seal), Buffer.from(sealBy(key, digest))];
  return is.length === should.length && timingSafeEqual(is, should);
}

function sealBy(key: string, digest: string): string {
  // The machine's id is part of the seal because a copied disk has the key too.
  return `hmac-sha256:${createHmac('sha256', key).update(`${machineId()}\n${digest}`).digest('hex')}`;
}

function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'latin1').trim();
  } catch {
    return '';
  }
}

async function readKey(stateDir: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readTrusted(keyPath(stateDir), 'key');
  } catch (error) {
    if (error instanceof Fault && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
      return undefined;
    throw error;
  }
  return KEY.test(text) ? text.trim() : undefined;
}

async function makeKey(stateDir: string): Promise<string> {
  const key = randomBytes(32).toString('hex');
  await makePrivateFolder(stateDir);
  await writeAtomically(keyPath(stateDir), `${key}\n`);
  return key;
}
