"""Tables of layers as files and cells, read alike by both programs. Pure."""
