/**
 * For a FROM: the rows `seq` = 1 … `count`. MariaDB alone has tables `seq_1_to_…`, and MySQL ends a recursive expression
 * after a thousand rows.
 */
export function sequence(count: number): string {
  return `(SELECT seq FROM JSON_TABLE(CONCAT('[0', REPEAT(',0', ${count} - 1), ']'), '$[*]' COLUMNS (seq FOR ORDINALITY)) AS list) AS sequence`;
}
