SELECT json_build_object(
  'version', current_setting('server_version'),
  'in_recovery', pg_is_in_recovery(),
  'max_connections', current_setting('max_connections')::int,
  'reserved_connections', current_setting('superuser_reserved_connections')::int,
  'hidden', a.hidden,
  'connections', CASE WHEN a.hidden = 0 THEN a.clients
    ELSE (SELECT sum(numbackends) FROM pg_stat_database) END,
  'oldest_transaction_s', a.oldest,
  'idle_in_transaction', a.idle,
  'waiting_locks', (SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted),
  'replication_lag_s', CASE WHEN NOT pg_is_in_recovery() THEN NULL
    WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
    ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END,
  'replicas', r.replicas,
  'replicas_lag_s', r.lag,
  'size', pg_database_size(current_database()),
  'cache_hit_pct', (SELECT 100.0 * blks_hit / nullif(blks_hit + blks_read, 0)
    FROM pg_stat_database WHERE datname = current_database())
)
FROM (
  SELECT count(*) FILTER (WHERE query = '<insufficient privilege>') AS hidden,
    count(*) FILTER (WHERE backend_type = 'client backend') AS clients,
    coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)
      FILTER (WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())), 0) AS oldest,
    count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS idle
  FROM pg_stat_activity
) AS a, (
  SELECT count(*) AS replicas, extract(epoch FROM max(replay_lag)) AS lag FROM pg_stat_replication
) AS r
