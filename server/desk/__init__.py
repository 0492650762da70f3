"""The desk: pages for who runs a programme, in a browser."""
