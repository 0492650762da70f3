"""Pure rules of the laptop: no clock, disk, network or framework."""
