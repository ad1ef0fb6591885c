import { describeEngine } from '../../support/incident/eras.ts';
import { repairCases } from './cases.ts';

describeEngine('damage, check, restore · legacy variant', '20.10', () => {
  repairCases('20.10', 'legacy');
});
