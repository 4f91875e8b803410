import { broken } from '../testing/broken.js';
import { betweenPods } from '../testing/broken-network.cases.js';
import { inPods } from '../testing/broken-pods.cases.js';
import { operated } from '../testing/broken-operated.cases.js';
import { inProd } from '../testing/broken-prod.cases.js';
import { inTheWhole } from '../testing/broken-whole.cases.js';

// One file, for one worker: each that renders an overlay and loads the schemas takes a second.
broken('in pods', inPods, 'dev');
broken('between pods', betweenPods, 'dev');
broken('in the whole', inTheWhole, 'dev');
broken('with operators and Sentinels', operated, 'operated');
broken('in the prod overlay', inProd, 'prod');
