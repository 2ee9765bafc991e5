"""Message franking: a report from an end-to-end encrypted chat proves what was sent, and nobody else reads anything."""
