"""Pure: reading a push, judging its changes, merging them. No clock, disk, network."""
