"""Simulated devices: same bytes as the hardware, own process, own non-volatile memory, own ledger."""
