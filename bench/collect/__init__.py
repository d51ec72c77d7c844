"""What ``bench.bench_collect`` measures with: a client, the server, and the limits beside them."""
