export { RestartBackOff } from './restart.back-off.js';
export { AppSupervisor } from './app.supervisor.js';
