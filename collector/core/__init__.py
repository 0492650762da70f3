"""Pure parts of the laptop: no clock, disk, network or randomness."""
