"""The robotic complex behind its Modbus map."""
