"""Where to sample: points drawn by chance in a plot, and the way from one to the next."""
