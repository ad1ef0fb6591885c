import { eraOf, type Era } from '../../../docker/era.ts';
import { intentOf } from '../../../docker/intent/intent.ts';
import type { HostIntent } from '../../../docker/intent/values.ts';
import type { Inventory } from '../../../docker/inventory/inventory.ts';
import type { Settings } from '../../../docker/settings.ts';
import { inferSettings, type SettingsEvidence } from './settings-in-rules.ts';

/** What the Engine means to happen to packets, and what that was derived with. */
export interface InferredIntent {
  readonly intent: HostIntent;
  readonly era: Era;
  readonly settings: Settings;
}

/**
 * What the Engine means to happen to packets, with the settings of its daemon as far as anything shows them.
 *
 * @returns undefined for an Engine before 18.03.1, of which that is not known
 */
export function inferIntent(
  evidence: SettingsEvidence & { readonly inventory: Inventory },
): InferredIntent | undefined {
  const { inventory } = evidence;
  const era = eraOf(inventory.version);
  if (era === undefined) return undefined;
  const settings = inferSettings(evidence);
  return { intent: intentOf(inventory, { era: era.policy, settings }), era, settings };
}
