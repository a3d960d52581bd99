"""The asynchronous half of the seed: consumers of the outbox and what they set in motion."""
