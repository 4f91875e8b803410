export interface SalesLine {
  /** Days since 1970-01-01. */
  day: number;
  productId: string;
  quantity: number;
  /** Minor units. */
  unitPriceMinor: bigint;
}

export interface DayTotal {
  /** `2026-11-29`. */
  day: string;
  orders: number;
  units: number;
  revenueMinor: bigint;
}

export interface ProductTotal {
  productId: string;
  units: number;
  revenueMinor: bigint;
}

const DAY_MS = 24 * 60 * 60_000;

export const dayNumber = (day: string): number => Date.parse(day) / DAY_MS;
export const dayText = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** What a report says, added up line by line: memory grows with days and products, not with orders. */
export class SalesTotals {
  private readonly byDay = new Map<number, DayTotal>();
  private readonly byProduct = new Map<string, ProductTotal>();

  /** Each day of the period has a row, also one without orders. */
  constructor(from: string, to: string) {
    for (let day = dayNumber(from); day <= dayNumber(to); day += 1)
      this.byDay.set(day, { day: dayText(day), orders: 0, units: 0, revenueMinor: 0n });
  }

  addOrder(day: number): void {
    this.byDay.get(day)!.orders += 1;
  }

  addLine({ day, productId, quantity, unitPriceMinor }: SalesLine): void {
    const amount = BigInt(quantity) * unitPriceMinor;
    let product = this.byProduct.get(productId);
    if (!product) this.byProduct.set(productId, (product = { productId, units: 0, revenueMinor: 0n }));
    for (const total of [this.byDay.get(day)!, product]) {
      total.units += quantity;
      total.revenueMinor += amount;
    }
  }

  get days(): DayTotal[] {
    return [...this.byDay.values()];
  }

  /** The best first: by revenue, then units, then the older one. */
  get products(): ProductTotal[] {
    return [...this.byProduct.values()].sort(
      (a, b) =>
        compare(b.revenueMinor, a.revenueMinor) ||
        b.units - a.units ||
        compare(BigInt(a.productId), BigInt(b.productId)),
    );
  }

  get sum(): Omit<DayTotal, 'day'> {
    const sum = { orders: 0, units: 0, revenueMinor: 0n };
    for (const { orders, units, revenueMinor } of this.byDay.values()) {
      sum.orders += orders;
      sum.units += units;
      sum.revenueMinor += revenueMinor;
    }
    return sum;
  }
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
