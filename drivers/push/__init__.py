"""Push gateways."""
