"""The worker process: sweepers for what other processes left, and queued and timed jobs."""
