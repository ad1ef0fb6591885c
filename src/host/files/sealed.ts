import { digestOf } from '../../digest.ts';
import { parseJson, readTrusted, writeAtomically } from './files.ts';
import { isOwnSeal, sealOf } from './own-seal.ts';

/** A validator generated from a schema. */
export interface Validator {
  (data: unknown): boolean;
  errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null;
}

/** Throws the fault for a document that is not valid, naming it. */
export type Refuse = (message: string, details?: readonly string[]) => never;

/** The first few things that do not fit a schema, one a line. */
export function schemaErrors({ errors }: Validator): readonly string[] {
  return (errors ?? []).slice(0, 5).map((error) => `${error.instancePath || '/'} ${error.message ?? ''}`);
}

/**
 * Writes a JSON document with its schema and the digest of its content. Returns the digest.
 *
 * @param indent - spaces, for people who review it
 * @param stateDir - the state folder whose key seals it as this host's own; without one it gets no seal
 */
export async function writeSealed(
  path: string,
  schema: string,
  content: object,
  indent: number,
  stateDir?: string,
): Promise<string> {
  const digest = digestOf(JSON.stringify(content));
  const seal = stateDir === undefined ? {} : { seal: await sealOf(stateDir, digest) };
  await writeAtomically(
    path,
    `${JSON.stringify({ $schema: schema, digest, ...seal, ...content }, undefined, indent)}\n`,
  );
  return digest;
}

/**
 * Reads back what {@link writeSealed} wrote, if nobody else changed it: the file must be root's, fit its schema, and
 * its content must match its digest.
 *
 * @param what - `baseline`, `plan`: for the fault about the file itself
 * @param stateDir - the state folder whose key the seal is checked with
 * @returns the content without `$schema`, `digest` and `seal`, of the shape the schema describes; `own`: this host sealed it
 */
export async function readSealed(
  path: string,
  what: string,
  validate: Validator,
  refuse: Refuse,
  stateDir?: string,
): Promise<{ readonly content: object; readonly digest: string; readonly own: boolean }> {
  const document = parseJson(await readTrusted(path, what)) ?? refuse('it is no JSON');
  if (!validate(document)) return refuse('it does not fit its schema', schemaErrors(validate));
  const { $schema, digest, seal, ...content } = document as {
    readonly $schema: string;
    readonly digest: string;
    readonly seal?: string;
  };
  if (digestOf(JSON.stringify(content)) !== digest) {
    return refuse('its content does not match its digest: it was changed after it was written');
  }
  return { content, digest, own: stateDir !== undefined && (await isOwnSeal(stateDir, digest, seal)) };
}
