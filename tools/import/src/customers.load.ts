import { forEachBounded } from './bounded.js';
import type { PlannedCustomer } from './customer.naming.js';
import { findOrCreateUser } from './find-or-create.js';
import { type ImportContext, unlessRefused } from './import.context.js';

export interface LoadedCustomers {
  idByEmail: Map<string, string>;
  created: number;
  existing: number;
}

/** Makes sure that every customer of the file has a user. */
export async function loadCustomers(
  context: ImportContext,
  customers: readonly PlannedCustomer[],
): Promise<LoadedCustomers> {
  const { client, concurrency, progress, signal } = context;
  const loaded: LoadedCustomers = { idByEmail: new Map(), created: 0, existing: 0 };
  const load = async (customer: PlannedCustomer) => {
    const { value, created } = await findOrCreateUser(client, customer);
    loaded.idByEmail.set(customer.email, value.id);
    loaded.created += created ? 1 : 0;
    loaded.existing += created ? 0 : 1;
  };
  progress.begin('customers', customers.length);
  const step = async (customer: PlannedCustomer) => {
    await unlessRefused(context, `customer ${customer.email}`, () => load(customer));
    progress.advance();
  };
  await forEachBounded(customers, concurrency, step, signal);
  return loaded;
}
