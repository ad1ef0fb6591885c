import { switchOn } from '../../../host/events/settings.ts';
import { lacksIn } from '../../../watch/host-lacks.ts';
import type { Host } from '../../ports.ts';
import { refuseWhile } from '../held.ts';
import type { WatchPort } from '../ports.ts';

/**
 * This host, as far as Docker needs more of it than rules.
 *
 * @param held - why nothing may be written now
 */
export const realHostNeeds = (
  stateDir: string,
  { withLock }: Pick<Host, 'withLock'>,
  held: () => Promise<string | undefined>,
): Pick<WatchPort, 'lacks' | 'switchOn'> => ({
  lacks: async () => {
    // Most watches never need it.
    const { diagnoseHost } = await import('../../diagnose/diagnose-host.ts');
    const { realDiagnosisHost } = await import('../../diagnose/real-diagnosis-host.ts');
    const host = realDiagnosisHost(stateDir);
    const asked = { target: undefined, from: '', probe: false };
    const { diagnosis } = await diagnoseHost(host, asked, () => undefined);
    return lacksIn(diagnosis.checks);
  },
  switchOn: (names) =>
    withLock(async () => {
      await refuseWhile(held);
      return names.filter((name) => switchOn(name));
    }),
});
