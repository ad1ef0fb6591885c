import { describeEngines } from '../../support/incident/eras.ts';
import { repairCases } from './cases.ts';

describeEngines('damage, check, restore', (era) => {
  repairCases(era, 'nft');
});
