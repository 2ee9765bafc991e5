"""Media servers: what each asks the gate, and how a stream of it is watched and cut. One file a server."""
