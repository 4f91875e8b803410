import { isIP } from 'node:net';
import { z } from 'zod';

/** An address, or a network with the length of its prefix. */
function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** Comma-separated. No names such as `loopback`: who may say where a client is, is to be read in the list. */
export const proxiesVariable = z
  .string()
  .default('')
  .transform((text) => text.split(',').flatMap((network) => network.trim() || []))
  .refine(
    (networks) => networks.every(isNetwork),
    'must be addresses or networks like 10.0.0.0/8, comma-separated',
  );
