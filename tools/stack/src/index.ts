export { addableShards } from './added-shard.names.js';
export {
  appEnvironment,
  type AppChoice,
  type DatabaseChoice,
  databaseUrl,
  migrationEnvironment,
} from './app-environment.js';
export {
  appLaunch,
  appNames,
  appReady,
  appRecord,
  appStopGraceMs,
  StopMarker,
  supervisorRecord,
} from './app-process.js';
export {
  alertInhibitions,
  alertmanagerServer,
  alertReactions,
  type Reactions,
} from './alertmanager.server.js';
export type { Report } from './bring-up.js';
export { requireExecutable } from './executables.js';
export { installMissing, installPrograms, type InstallRequest } from './install-missing.js';
export { isLoopback } from './is-loopback.js';
export { tailOf } from './log-file.js';
export { accountStatements, mainDatabase, shardDatabase, userOf } from './database-accounts.js';
export { type DatabaseEngine, type DatabaseRole, type EngineName, engineOf } from './database-engine.js';
export { mariadbConfig } from './mariadb-config.js';
export { installMysql } from './mysql-files.js';
export { poll } from './poll.js';
export { checkPorts, freePorts, isPortFree, type PortClaim } from './port-check.js';
export { endProcess } from './end-process.js';
export {
  cpuSeconds,
  hasProc,
  identify,
  isAlive,
  procFile,
  type ProcessIdentity,
  threadFiles,
} from './process-identity.js';
export { prometheusServer, type Watched } from './prometheus.server.js';
export { privateTopology, removeAbandonedTopologies, removeTopology } from './private-topology.js';
export { replicaStatus, type ReplicaStatus } from './replication.js';
export { RunRecord } from './run-record.js';
export { awaitReady, startServer, type ServerLaunch, type StartedServer } from './server-process.js';
export { ForeignFolderError } from './state-folder.js';
export { PortForbiddenError, PortInUseError, StackError, UsageError } from './stack-error.js';
export { engineFrom, envOf, stackOptionsFromEnv, stateLayout, type StackOptions } from './stack-options.js';
export { loadSecrets, type Secrets } from './secrets.js';
export { socketPath } from './socket-path.js';
export { Stack } from './stack.js';
export { statusTable } from './stack-status.js';
export { topologyServers } from './topology.js';
export {
  type AppName,
  host,
  type NodeKind,
  type NodeState,
  type ServerNode,
  type TopologyNode,
} from './topology-node.js';
export { portNames, type PortName, type TopologyPorts } from './topology-ports.js';
