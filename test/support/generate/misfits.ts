import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import { PROJECT, readJson } from '../cli.ts';

const ajv = new Ajv2020.default({ strict: true, allErrors: true });

/** Why a document does not fit a schema of schemas/; empty when it does. */
export function misfits(schema: 'baseline' | 'journal' | 'plan' | 'report', document: unknown): unknown {
  const file = path.join(PROJECT, 'schemas', `${schema}.schema.json`);
  const { $id } = readJson(file) as { $id: string };
  const validate = ajv.getSchema($id) ?? ajv.compile(readJson(file) as object);
  return validate(document) === true ? [] : validate.errors;
}
