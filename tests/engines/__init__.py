"""Real servers for the tests: one Postgres server and one Spark cluster, on loopback only."""
