export interface PlannedCustomer {
  email: string;
  name: string;
}

/** The file has no names and no addresses: `.example` is reserved (RFC 2606), so no mail can reach a stranger. */
const DOMAIN = 'online-retail.example';

export function namedCustomer(customerId: string): PlannedCustomer {
  return { email: `customer-${customerId}@${DOMAIN}`, name: `Customer ${customerId}` };
}

/** An invoice without a customer is given to a guest who bought once. */
export function guestOf(invoiceNo: string): PlannedCustomer {
  return { email: `guest-${invoiceNo.toLowerCase()}@${DOMAIN}`, name: `Guest ${invoiceNo}` };
}
