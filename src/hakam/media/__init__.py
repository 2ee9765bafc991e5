"""Pictures, clips and sound as values: decode, hash, compare. No database, no network; programs only in `sandbox`.

NumPy, OpenCV, Pillow and Numba come with the extra `hakam[media]`. Modules that need them say so when they are absent.
"""
