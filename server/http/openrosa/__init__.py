"""OpenRosa 1.0, as ODK Collect speaks it: forms, lists, and what was filled in."""
