"""`make bench`: figures for the README; timings belong here, never into a test."""
