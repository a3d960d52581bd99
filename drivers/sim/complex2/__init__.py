"""The second complex: another maker's firmware, built from docs/protocols/robot.md alone, over Modbus TCP."""
