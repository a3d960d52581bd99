"""The robotic complex: `port` says what is asked of it, `registers` is the map, `modbus` the line."""
