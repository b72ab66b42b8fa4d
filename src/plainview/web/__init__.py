"""API and console. Reads the store; never the lens."""
