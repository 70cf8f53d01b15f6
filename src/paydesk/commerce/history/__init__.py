"""What happened: versions and event stores, two readings of one row per change."""
