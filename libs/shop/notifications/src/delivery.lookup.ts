/**
 * Asks the mail system whether it has a message already. SMTP itself can't tell: a sender that dies after the server's
 * last "250" and before its own record doesn't know. Many providers can be asked by Message-ID.
 */
export abstract class DeliveryLookup {
  /** @returns `unknown` when the mail system can't be asked */
  abstract accepted(messageIdHeader: string): Promise<'yes' | 'no' | 'unknown'>;
}

/**
 * Plain SMTP: the mail system can't be asked. The one case in which a customer may see the same e-mail (same
 * Message-ID) twice.
 */
export class NoDeliveryLookup extends DeliveryLookup {
  accepted(): Promise<'unknown'> {
    return Promise.resolve('unknown');
  }
}
