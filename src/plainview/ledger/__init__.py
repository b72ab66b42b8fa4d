"""The append-only transparency log: C2SP tlog-tiles, signed-note checkpoints, witnesses."""
