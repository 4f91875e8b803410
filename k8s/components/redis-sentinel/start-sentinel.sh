#!/bin/sh
# Starts one Sentinel on a copy of sentinel.conf, which it keeps what it learns in.
# Reads POD_NAME and the passwords SENTINEL_PASSWORD, CACHE_PASSWORD and QUEUE_PASSWORD.
set -eu

folder=${DATA_FOLDER:-/data}
# Made beside and renamed: a copy that was cut short never passes for a whole one.
if [ ! -f "$folder/sentinel.conf" ]; then
  {
    cat "${CONFIG_FOLDER:-/etc/fourfold}/sentinel.conf"
    echo "requirepass $SENTINEL_PASSWORD"
    echo "sentinel sentinel-pass $SENTINEL_PASSWORD"
    echo "sentinel auth-pass cache $CACHE_PASSWORD"
    echo "sentinel auth-pass queue $QUEUE_PASSWORD"
    echo "sentinel announce-ip $POD_NAME.redis-sentinel-pods"
  } >"$folder/draft"
  mv "$folder/draft" "$folder/sentinel.conf"
fi
exec redis-sentinel "$folder/sentinel.conf"
