import { register } from 'prom-client';
import { vi } from 'vitest';

// The register outlives a file, since the files of a worker share their modules; so does what a failed test has put in place.
register.clear();
vi.restoreAllMocks();
vi.useRealTimers();
