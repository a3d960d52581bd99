"""Pure words and rules of the restaurant: no await, no I/O, no clock of its own."""
