"""What the queue can take, measured with real processes beside a plain RQ worker: `make bench-queue`."""
