import { describeEngine } from '../support/incident/eras.ts';
import { repairCases } from './repair-cases.ts';

describeEngine('damage, check, restore · legacy backend', '20.10', () => {
  repairCases('20.10', 'legacy');
});
