import { mutationSuite } from '../support/mutate/suite.ts';

mutationSuite('legacy');
