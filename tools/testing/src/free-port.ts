import { freePorts } from '@fourfold-tools/stack';

/** A port that no process of this machine listens on, and that none but its caller takes before it does. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port!;
}
