"""The synchronous scenarios of the seed, one file each."""
