"""A waiting room: a live event admits as many as it holds, in a fair order that any edge node checks without a call."""
