#!/bin/sh
# Starts one MariaDB server: start-mariadb.sh primary|replica|shard [argument for mariadbd ...]
#
# The data folder is made once. Server id, accounts, database and replication are brought to what this file says at
# every start, before the server takes connections, so a change here or a new password needs a restart and nothing else.
# Reads POD_NAME (its last number tells replicas and shards apart) and the passwords of the accounts of its role.
set -eu

role=$1
shift
ordinal=${POD_NAME##*-}
folder=${DATA_FOLDER:-/var/lib/mysql}
init=${INIT_FILE:-/tmp/init.sql}

case $role in
  # The primary and its replicas write in one GTID domain, each shard in its own.
  primary) server_id=1 domain=0 durable=1 ;;
  # A replica that loses its last second fetches it again.
  replica) server_id=$((10 + ordinal)) domain=0 durable=0 ;;
  shard) server_id=$((100 + ordinal)) domain=$((100 + ordinal)) durable=1 ;;
  *) echo "start-mariadb.sh: there is no role $role" >&2; exit 2 ;;
esac

# Made beside and renamed: an installation that was cut short never passes for a data folder.
if [ ! -d "$folder/data" ]; then
  rm -rf "$folder/draft"
  mariadb-install-db --no-defaults --datadir="$folder/draft" --auth-root-authentication-method=normal \
    --skip-test-db >/dev/null
  mv "$folder/draft" "$folder/data"
fi

. "${0%/*}/accounts.sh"
umask 077
{
  accounts "$role"
  echo "DROP USER IF EXISTS ''@'localhost', ''@'$(hostname)', 'root'@'$(hostname)', 'root'@'127.0.0.1', 'root'@'::1';"
  echo "ALTER USER 'root'@'localhost' IDENTIFIED BY '$ROOT_PASSWORD';"
  echo "SET SESSION sql_log_bin = 1;"
  case $role in
    primary) echo 'CREATE DATABASE IF NOT EXISTS fourfold;' ;;
    shard) echo 'CREATE DATABASE IF NOT EXISTS fourfold_shard;' ;;
    replica)
      echo 'STOP SLAVE;'
      echo "CHANGE MASTER TO MASTER_HOST='${PRIMARY_HOST:-mariadb-primary}', MASTER_PORT=${PRIMARY_PORT:-3306}," \
        "MASTER_USER='fourfold_repl', MASTER_PASSWORD='$DB_REPL_PASSWORD', MASTER_USE_GTID=slave_pos," \
        'MASTER_CONNECT_RETRY=1;'
      echo 'START SLAVE;'
      ;;
  esac
} >"$init"

[ "$role" = replica ] && set -- --read-only --skip-slave-start "$@"
exec mariadbd --defaults-file="${CONFIG_FILE:-/etc/fourfold/fourfold.cnf}" --datadir="$folder/data" \
  --server-id="$server_id" --gtid-domain-id="$domain" --init-file="$init" \
  --innodb-flush-log-at-trx-commit="$((durable == 1 ? 1 : 2))" --sync-binlog="$durable" "$@"
