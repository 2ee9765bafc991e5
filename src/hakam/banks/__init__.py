"""Banks: hashes of content that is known already, whose it is, why and until when it is kept, what a match asks for."""
