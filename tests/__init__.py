"""Tests are sentences named after the seed's steps."""
