"""The go-live gate: before a stream starts, the media server asks whether this account may be live here, now."""
