"""Tables of laboratories: what their columns mean, which bag a row is of. Pure."""
