"""Attack or crowd: what a rise at a live event is made of, measured, and read by thresholds that anybody can check."""
