export { BlackHole } from './black.hole.js';
export { engineVariables } from './engine.variables.js';
export { eventually, type EventuallyOptions } from './eventually.js';
export { FaultProxy } from './fault.proxy.js';
export { ForkedProcess } from './forked.process.js';
export { freePort } from './free-port.js';
export { gate, type Gate } from './gate.js';
export { migratedDatabase, type MigratedDatabase, type MigratedDatabaseChoice } from './migrated-database.js';
export { ModelDatabase, type Row } from './model.database.js';
export { outageSideOf } from './outage.side.js';
export { type OwnStack, startOwnStack } from './own-stack.js';
export { OpenLoop, percentile, type Sample } from './open-loop.js';
export type { Break } from './proxied.connection.js';
export { PATIENT_CACHE } from './patient-cache.js';
export {
  type OutageOptions,
  type OutageReport,
  type OutageSide,
  redisOutage,
} from './redis-outage.scenario.js';
export { fullRun, repetitions } from './repetitions.js';
export { RedisClusterFixture } from './redis-cluster.fixture.js';
export { RedisFailoverFixture } from './redis-failover.fixture.js';
export { RedisProcesses } from './redis.processes.js';
export { RedisServerFixture } from './redis-server.fixture.js';
export {
  ReplicatedServers,
  type ReplicatedServerName,
  type ReplicaName,
} from './replicated-servers.fixture.js';
export { runCommandScript } from './run-command.js';
export { type ProgramOptions, type RunningProgram, runningProgram } from './running.program.js';
export { S3Server } from './s3-server.fixture.js';
export { seeded } from './seeded.js';
export { sequence } from './sequence.js';
export { createDatabase, type TestDatabase, type TestDatabaseChoice, withDatabase } from './test-database.js';
export {
  describeTopology,
  type PrimaryAddress,
  type RedisAddress,
  type ReplicaAddress,
  type ServerAddress,
  testEngine,
  type TestTopology,
  type WriterAddress,
} from './test-topology.js';
export { type ProcessState, StalenessOracle } from './staleness.oracle.js';
export { type SmallDisk, smallDisk } from './small-disk.js';
export {
  type ReceivedMail,
  type SmtpAnswer,
  type SmtpAnswers,
  SmtpServerFixture,
} from './smtp-server.fixture.js';
export { StallWatch } from './stall.watch.js';
export { topology } from './topology.js';
