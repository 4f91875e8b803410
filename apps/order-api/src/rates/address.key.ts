import { isIPv6 } from 'node:net';

/** What is counted as one address: of IPv6 the network of 64 bits, all of which one client has. */
export function addressKey(address: string): string {
  const plain = /^::ffff:([\d.]+)$/i.exec(address)?.[1] ?? address;
  if (!isIPv6(plain)) return plain;
  const [head, tail] = plain.split('::') as [string, string?];
  const [first, last] = [groupsOf(head), groupsOf(tail)];
  const zeros = tail === undefined ? [] : Array<string>(8 - first.length - last.length).fill('0');
  const network = [...first, ...zeros, ...last].slice(0, 4);
  return network.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}

const groupsOf = (text = ''): string[] => (text === '' ? [] : text.split(':'));
