import { Injectable } from '@nestjs/common';
import { type EmailChange, EmailChangeDirectory } from '@shop/contracts';
import { DataSource } from 'typeorm';

/** Primary key. */
const FIND = `
  SELECT email, left_email AS leftEmail, token, expires_at AS expiresAt FROM email_changes
  WHERE user_id = ? AND change_id = ? AND expires_at > NOW(3)
`;

/** As they are on the primary. */
@Injectable()
export class StoredEmailChanges extends EmailChangeDirectory {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  async find(userId: string, changeId: string): Promise<EmailChange | null> {
    const [change] = await this.dataSource.query<EmailChange[]>(FIND, [userId, changeId]);
    return change ?? null;
  }
}
