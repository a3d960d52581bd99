"""The operator of fiscal data as a device: takes documents over TCP, answers tickets."""
