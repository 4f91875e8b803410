/** Names of well-known computer scientists; `.example` is reserved (RFC 2606), so no mail can reach a stranger. */
const NAMES = [
  'Ada Lovelace',
  'Alan Turing',
  'Barbara Liskov',
  'Betty Holberton',
  'Claude Shannon',
  'Donald Knuth',
  'Dorothy Vaughan',
  'Edsger Dijkstra',
  'Frances Allen',
  'Grace Hopper',
  'Hedy Lamarr',
  'Jean Bartik',
  'Jim Gray',
  'Karen Spärck Jones',
  'Katherine Johnson',
  'Leslie Lamport',
  'Margaret Hamilton',
  'Mary Keller',
  'Radia Perlman',
  'Tony Hoare',
] as const;

/** The same on every machine: `ada@demo.fourfold.example` and nineteen others. */
export const demoUsers: readonly { name: string; email: string }[] = NAMES.map((name) => ({
  name,
  email: `${name.split(' ')[0]?.toLowerCase()}@demo.fourfold.example`,
}));
