import { storeConformance } from './store-conformance.js';
import { inSimulation, onDisk } from './store-place.js';

storeConformance('on disk', onDisk);
storeConformance('simulated disk', inSimulation);
