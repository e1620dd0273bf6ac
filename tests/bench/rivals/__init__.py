"""What ours is compared with: the least that does a similar job with the same parts."""
