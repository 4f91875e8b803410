import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Account, TestShards } from './test-shards.js';

/** One row a key. */
@Entity('person')
export class Person {
  @PrimaryColumn('bigint', { unsigned: true })
  id!: string;

  @Column({ type: 'varchar', length: 40, collation: 'utf8mb4_bin' })
  name!: string;

  @Column('int')
  age!: number;

  @Column('datetime', { name: 'seen_at', precision: 3 })
  seenAt!: Date;

  @Column({ type: 'varchar', length: 40, collation: 'utf8mb4_bin', nullable: true })
  nickname!: string | null;

  @Column('double')
  weight!: number;
}

/** Many rows a key. */
@Entity('visit')
export class Visit {
  @PrimaryColumn('bigint', { name: 'person_id', unsigned: true })
  personId!: string;

  @PrimaryColumn('bigint', { unsigned: true })
  id!: string;

  @Column({ type: 'varchar', length: 40, collation: 'utf8mb4_bin' })
  place!: string;
}

export const PEOPLE_TABLES = [
  `CREATE TABLE person (
     id BIGINT UNSIGNED PRIMARY KEY, name VARCHAR(40) NOT NULL, age INT NOT NULL, seen_at DATETIME(3) NOT NULL,
     nickname VARCHAR(40) NULL, weight DOUBLE NOT NULL
   ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE visit (
     person_id BIGINT UNSIGNED NOT NULL, id BIGINT UNSIGNED NOT NULL, place VARCHAR(40) NOT NULL,
     PRIMARY KEY (person_id, id)
   ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
];

export function person(id: string, given: Partial<Person> = {}): Person {
  return { id, name: `Name ${id}`, age: 30, seenAt: new Date(0), nickname: null, weight: 70, ...given };
}

export class People {
  private constructor(readonly shards: TestShards) {}

  static async start(): Promise<People> {
    return new People(await TestShards.start(PEOPLE_TABLES));
  }

  async open(options: Parameters<TestShards['router']>[0] = {}) {
    const { router, registry, topology } = await this.shards.router({
      entities: [Account, Person, Visit],
      ...options,
    });
    const [people, visits] = [router.repository(Person, 'id'), router.repository(Visit, 'personId')];
    return { router, registry, ring: topology.ring, people, visits };
  }

  stop(): Promise<void> {
    return this.shards.stop();
  }
}
