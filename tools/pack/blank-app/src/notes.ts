import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Cached, MultiLevelCache } from '@fourfold/cache';
import { Outbox } from '@fourfold/outbox';
import { DataSource, type EntityManager, Repository } from 'typeorm';
import { Note } from './entities.js';
import { greetings } from './greetings.js';

@Injectable()
export class Notes {
  /** How often `find` went to the database. */
  loads = 0;

  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(Note) private readonly repository: Repository<Note>,
    private readonly outbox: Outbox<typeof greetings>,
    private readonly cache: MultiLevelCache,
  ) {}

  @Cached({ namespace: 'note' })
  async find(id: string): Promise<Note | null> {
    this.loads += 1;
    const note = await this.repository.findOneBy({ id });
    return note && { ...note };
  }

  async save(note: Note): Promise<void> {
    await this.repository.save(note);
    await this.cache.invalidate('note', note.id);
  }

  /** As the database has it. */
  async textOf(id: string): Promise<string | undefined> {
    return (await this.repository.findOneBy({ id }))?.text;
  }

  /** The message is there if and only if the transaction commits. */
  async greetLater(noteId: string, text: string): Promise<void> {
    await this.dataSource.transaction((manager) =>
      this.outbox.add(manager, {
        messageId: `greeting:${noteId}`,
        queue: greetings.name,
        payload: { noteId, text },
      }),
    );
  }

  /** Which server a query of TypeORM's is answered by. */
  serverOfRead(): Promise<string> {
    return serverOf(this.dataSource.manager);
  }

  serverOfWrite(): Promise<string> {
    return this.dataSource.transaction(serverOf);
  }
}

async function serverOf(manager: EntityManager): Promise<string> {
  const query = manager.createQueryBuilder(Note, 'note').select('@@server_id', 'id').addSelect('COUNT(*)');
  return String((await query.getRawOne<{ id: number }>())?.id);
}
