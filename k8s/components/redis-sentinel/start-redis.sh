#!/bin/sh
# Starts one Redis of a group: start-redis.sh cache|queue redis-<group>.conf
#
# It follows the master that the Sentinels name. While there are none yet, the first pod of the group is the master.
# Reads POD_NAME, REDIS_PASSWORD and SENTINEL_PASSWORD.
set -eu

group=$1
config=${CONFIG_FOLDER:-/etc/fourfold}/$2
nodes=redis-$group-node
self=$POD_NAME.$nodes

# Empty where no Sentinel answers.
master=$(REDISCLI_AUTH=$SENTINEL_PASSWORD timeout 5 redis-cli -h "${SENTINEL_HOST:-redis-sentinel}" -p "${SENTINEL_PORT:-26379}" \
  sentinel get-master-addr-by-name "$group" 2>/dev/null | head -n 1) || master=
case $master in
  "$nodes"-*) ;;
  # No answer, or an error in place of one.
  *) master=$nodes-0.$nodes ;;
esac

set -- "$config" --requirepass "$REDIS_PASSWORD" --masterauth "$REDIS_PASSWORD" --replica-announce-ip "$self"
[ "$master" = "$self" ] || set -- "$@" --replicaof "$master" 6379
exec redis-server "$@"
