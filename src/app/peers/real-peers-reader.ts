import { hostname } from 'node:os';
import { listenAtPeer } from '../../host/peers/listen-peer.ts';
import { readPeer } from '../../host/peers/read-peer.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { realDiagnosisHost } from '../diagnose/real-diagnosis-host.ts';
import type { PeersReader } from './diagnose-peers.ts';

/** This host, and others by file and by ssh. */
export const realPeersReader = (stateDir: string): PeersReader => ({
  host: realDiagnosisHost(stateDir),
  about: { host: hostname(), program: packageJson.version },
  readPeer,
  listenAtPeer,
});
