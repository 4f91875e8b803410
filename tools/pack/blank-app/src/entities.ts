import { Column, Entity, PrimaryColumn } from 'typeorm';

/** In the main cluster. */
@Entity('notes')
export class Note {
  @PrimaryColumn({ type: 'varchar', length: 40 })
  id!: string;

  @Column({ type: 'varchar', length: 200 })
  text!: string;
}

/** On the shard of its id. */
@Entity('visitors')
export class Visitor {
  @PrimaryColumn({ type: 'bigint', unsigned: true })
  id!: string;

  @Column({ type: 'varchar', length: 200, collation: 'utf8mb4_bin' })
  name!: string;
}
