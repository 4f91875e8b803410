import { hash } from 'node:crypto';

/** The ring of the textbooks: each shard at 150 random points of the circle, a key belongs to the next point. */
const VNODES = 150;

export class VnodeRing {
  private readonly tokens: Uint32Array;
  private readonly owners: Uint16Array;

  constructor(private readonly shards: readonly string[]) {
    const points = shards
      .flatMap((shard, owner) =>
        Array.from({ length: VNODES }, (_, vnode) => ({ owner, token: md5Token(`${shard}-${vnode}`) })),
      )
      .sort((a, b) => a.token - b.token);
    this.tokens = Uint32Array.from(points, ({ token }) => token);
    this.owners = Uint16Array.from(points, ({ owner }) => owner);
  }

  locate(key: string): string {
    return this.shards[this.ownerAt(md5Token(key))]!;
  }

  /** Index of the shard that has this position of the circle. */
  ownerAt(token: number): number {
    let low = 0;
    let high = this.tokens.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.tokens[middle]! < token) low = middle + 1;
      else high = middle;
    }
    return this.owners[low % this.tokens.length]!;
  }
}

export function md5Token(key: string): number {
  return Number.parseInt(hash('md5', key, 'hex').slice(0, 8), 16);
}
