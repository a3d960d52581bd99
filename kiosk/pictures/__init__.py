"""Pictures of dishes that people upload: looked at by a process of their own, kept under the hash of their content."""
