import { DeliveryLookup } from './delivery.lookup.js';

const TIMEOUT_MS = 2_000;

/** Asks maildev, the local mail catcher, by its REST API. */
export class MaildevLookup extends DeliveryLookup {
  constructor(private readonly baseUrl: string) {
    super();
  }

  async accepted(messageIdHeader: string): Promise<'yes' | 'no' | 'unknown'> {
    try {
      const query = new URLSearchParams({ 'headers.message-id': messageIdHeader });
      const response = await fetch(`${this.baseUrl}/api/email?${query.toString()}`, {
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!response.ok) return 'unknown';
      const mails = (await response.json()) as unknown[];
      return mails.length > 0 ? 'yes' : 'no';
    } catch {
      return 'unknown';
    }
  }
}
