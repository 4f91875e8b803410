import { register } from 'prom-client';

// The register outlives a file, since the files of a worker share their modules.
register.clear();
