"""What the store in one SQLite file is made of: its writer, its sums of minutes, its room."""
