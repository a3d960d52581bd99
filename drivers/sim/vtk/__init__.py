"""A simulated Vendotek reader: its memory and its bank, the reader that obeys the protocol, the device at its line."""
