import { readNameServers } from '../../host/doctor/name-servers.ts';
import { realDiagnosisHost } from '../diagnose/real-diagnosis-host.ts';
import type { ReachHost } from './ports.ts';

/** This host, as its table of reachability is made of it. */
export const realReachHost = (stateDir: string): ReachHost => ({
  ...realDiagnosisHost(stateDir),
  readNameServers,
});
