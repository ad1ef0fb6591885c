import { hostname } from 'node:os';
import type { PageAbout } from '../../report/page/frame.ts';
import packageJson from '../../../package.json' with { type: 'json' };

/** Where, when and by what a page or a bundle is made. */
export const pageAbout = (now = new Date()): PageAbout => ({
  host: hostname(),
  time: `${now.toISOString().slice(0, 19).replace('T', ' ')} UTC`,
  version: packageJson.version,
});
