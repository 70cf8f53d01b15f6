"""Work that nobody waits for, done by the processes of an installation while they serve."""
