#!/bin/sh
# Starts one Sentinel on a copy of sentinel.conf, in which it keeps what it learns. Passwords and its name are written at
# every start, so a new password needs a restart and nothing else.
# Reads POD_NAME and the passwords SENTINEL_PASSWORD, CACHE_PASSWORD and QUEUE_PASSWORD.
set -eu

folder=${DATA_FOLDER:-/data}
config=${CONFIG_FOLDER:-/etc/fourfold}/sentinel.conf
[ ! -f "$folder/sentinel.conf" ] || config=$folder/sentinel.conf
# Made beside and renamed: a copy that was cut short never passes for a whole one.
{
  # A Sentinel keeps requirepass as the password of its user `default`.
  grep -vE '^(requirepass|user default|sentinel (sentinel-pass|auth-pass|announce-ip)) ' "$config"
  echo "requirepass $SENTINEL_PASSWORD"
  echo "sentinel sentinel-pass $SENTINEL_PASSWORD"
  echo "sentinel auth-pass cache $CACHE_PASSWORD"
  echo "sentinel auth-pass queue $QUEUE_PASSWORD"
  echo "sentinel announce-ip $POD_NAME.redis-sentinel-pods"
} >"$folder/draft"
mv "$folder/draft" "$folder/sentinel.conf"
exec redis-sentinel "$folder/sentinel.conf"
