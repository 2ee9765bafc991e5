"""Scripts that train the shipped models from a folder of labelled posts. Not part of the installed package."""
