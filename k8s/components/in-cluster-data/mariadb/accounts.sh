# Read by start-mariadb.sh here and by provision.sh of docker/, which mount it: accounts are the same in both.

# The statements that give account $1 the password $2 and the grant $3.
account() {
  echo "CREATE USER IF NOT EXISTS '$1'@'%';"
  echo "ALTER USER '$1'@'%' IDENTIFIED BY '$2';"
  echo "GRANT $3 TO '$1'@'%';"
}

# The statements for the accounts of a server of kind $1: primary, replica or shard. The account that writes does not
# exist on a replica. Reads the passwords of its kind, DB_{APP,MIGRATE,READ,MONITOR,REPL}_PASSWORD.
# The grants are those of tools/stack (mariadb-accounts.ts).
accounts() {
  ours='`fourfold%`.*'
  # Kept out of the binary log, so that no account wanders from the primary to a replica.
  echo 'SET SESSION sql_log_bin = 0;'
  if [ "$1" != replica ]; then
    account fourfold_app "$DB_APP_PASSWORD" "SELECT, INSERT, UPDATE, DELETE ON $ours"
    # The warehouse's sync has to see open transactions.
    account fourfold_app "$DB_APP_PASSWORD" 'PROCESS ON *.*'
    account fourfold_migrate "$DB_MIGRATE_PASSWORD" "ALL ON $ours"
  fi
  if [ "$1" != shard ]; then
    account fourfold_read "$DB_READ_PASSWORD" "SELECT ON $ours"
    account fourfold_monitor "$DB_MONITOR_PASSWORD" 'REPLICA MONITOR, BINLOG MONITOR ON *.*'
  fi
  if [ "$1" = primary ]; then
    account fourfold_repl "$DB_REPL_PASSWORD" 'REPLICATION SLAVE ON *.*'
  fi
}
