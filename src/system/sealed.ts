import { digestOf } from './digest.ts';
import { parseJson, readTrusted, writeAtomically } from './files.ts';

/** A validator generated from a schema. */
export interface Validator {
  (data: unknown): boolean;
  errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null;
}

/** Ends the reading of a document with a fault that names it. */
export type Refuse = (message: string, details?: readonly string[]) => never;

/** The first few things that do not fit a schema, one a line. */
export function schemaErrors({ errors }: Validator): readonly string[] {
  return (errors ?? []).slice(0, 5).map((error) => `${error.instancePath || '/'} ${error.message ?? ''}`);
}

/**
 * Writes a JSON document with its schema and the digest of its content. Returns the digest.
 *
 * @param indent - spaces, for people who review it
 */
export async function writeSealed(
  path: string,
  schema: string,
  content: object,
  indent: number,
): Promise<string> {
  const digest = digestOf(JSON.stringify(content));
  await writeAtomically(
    path,
    `${JSON.stringify({ $schema: schema, digest, ...content }, undefined, indent)}\n`,
  );
  return digest;
}

/**
 * Reads back what {@link writeSealed} wrote, if nobody else had a hand in it: the file must be root's, fit its schema, and
 * its content must match its digest.
 *
 * @param what - `baseline`, `plan`: for the fault about the file itself
 * @returns the content without `$schema` and `digest`, of the shape the schema describes
 */
export async function readSealed(
  path: string,
  what: string,
  validate: Validator,
  refuse: Refuse,
): Promise<{ readonly content: object; readonly digest: string }> {
  const document = parseJson(await readTrusted(path, what)) ?? refuse('it is no JSON');
  if (!validate(document)) return refuse('it does not fit its schema', schemaErrors(validate));
  const { $schema, digest, ...content } = document as { readonly $schema: string; readonly digest: string };
  if (digestOf(JSON.stringify(content)) !== digest) {
    return refuse('its content does not match its digest: it was changed after it was written');
  }
  return { content, digest };
}
