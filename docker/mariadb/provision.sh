#!/bin/bash
# Brings running MariaDB servers to what the platform needs: accounts, databases, replication. It says what there is to
# be, so it may run at every start, also over servers that have all of it: then it writes nothing to the binary log, and
# replication pauses for a moment. The image's own init folder would run it on empty volumes alone.
#
# PRIMARY=host:port, REPLICAS and SHARDS: the same, separated by spaces. MARIADB_ROOT_PASSWORD and the passwords of the
# accounts, DB_{APP,MIGRATE,READ,MONITOR,REPL}_PASSWORD.
set -euo pipefail

for name in PRIMARY REPLICAS SHARDS; do
  [ -n "${!name:-}" ] || { echo "provision: $name is not set" >&2; exit 2; }
done
for name in MARIADB_ROOT_PASSWORD DB_{APP,MIGRATE,READ,MONITOR,REPL}_PASSWORD; do
  # They are parts of URLs and of statements as they are.
  [[ ${!name:-} =~ ^[A-Za-z0-9._~-]+$ ]] ||
    { echo "provision: $name must have letters, digits and . _ ~ - alone, and at least one" >&2; exit 2; }
done

# `accounts`, from k8s/components/in-cluster-data/mariadb: accounts are the same there.
. "${ACCOUNTS:-/accounts.sh}"

# As root on $1 (host:port).
sql() {
  MYSQL_PWD=$MARIADB_ROOT_PASSWORD mariadb --no-defaults --protocol=tcp --connect-timeout=10 \
    --host="${1%:*}" --port="${1##*:}" --user=root "${@:2}"
}

has_database() {
  [ -n "$(sql "$1" -N -B -e "SELECT 1 FROM information_schema.schemata WHERE schema_name = '$2'")" ]
}

# Asked first: even IF NOT EXISTS goes into the binary log.
database() {
  has_database "$1" "$2" || sql "$1" -e "CREATE DATABASE \`$2\`"
}

# Has the replica $1 follow the primary, and waits until it receives and applies.
follow() {
  local status deadline=$((SECONDS + 60))
  field() { sed -n "s/^ *$1: *//p" <<<"$status"; }
  follows() {
    status=$(sql "$1" -E -e 'SHOW SLAVE STATUS')
    [ "$(field Master_Host):$(field Master_Port)" = "$PRIMARY" ] &&
      [ "$(field Slave_IO_Running)/$(field Slave_SQL_Running)" = Yes/Yes ]
  }
  # A new server has logged how it was set up, under numbers that the primary's first changes have too.
  status=$(sql "$1" -E -e 'SHOW SLAVE STATUS')
  if [ -z "$status" ] && ! has_database "$1" fourfold; then sql "$1" -e 'RESET MASTER'; fi
  # Also one that follows: its connection outlives the password that it was made with, a restart does not.
  sql "$1" -e "STOP SLAVE; CHANGE MASTER TO MASTER_HOST='${PRIMARY%:*}', MASTER_PORT=${PRIMARY##*:},
    MASTER_USER='fourfold_repl', MASTER_PASSWORD='$DB_REPL_PASSWORD', MASTER_USE_GTID=slave_pos,
    MASTER_CONNECT_RETRY=1; START SLAVE"
  until follows "$1" && has_database "$1" fourfold; do
    if [ $SECONDS -ge $deadline ]; then
      echo "provision: $1 does not follow $PRIMARY: $(field Last_IO_Error) $(field Last_SQL_Error)" >&2
      exit 1
    fi
    sleep 0.2
  done
}

accounts primary | sql "$PRIMARY"
database "$PRIMARY" fourfold
for at in $SHARDS; do
  accounts shard | sql "$at"
  database "$at" fourfold_shard
done
for at in $REPLICAS; do
  accounts replica | sql "$at"
  follow "$at"
  echo "provision: $at follows $PRIMARY"
done
