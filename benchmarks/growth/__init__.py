"""What work costs when little is held, and when much is: `make bench-growth`."""
