export { type SeedChoice, seedData, type SeedOutcome } from './seed.js';
