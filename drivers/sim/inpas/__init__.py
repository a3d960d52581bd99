"""A simulated DualConnector: the reader's memory and its bank, the XML that it reads and writes, the service."""
