"""ATOL registers by protocol 5: tasks in the buffer, commands, receipts."""
