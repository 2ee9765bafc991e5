"""The room of data protection: what is kept how long and why, what is held, what is erased, what people may ask for."""
