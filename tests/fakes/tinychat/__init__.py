"""TinyChat: the smallest platform there could be, and a server that does as it is told."""
