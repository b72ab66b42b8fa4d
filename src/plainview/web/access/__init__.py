"""Who may see and do what on the pages: sign-in, sessions, purposes, and the Cedar policies."""
